//! The `hostless` command from outside: what it prints where, and how it exits.

mod check;
mod demo;
mod hostless;
mod invoke;
mod probe;

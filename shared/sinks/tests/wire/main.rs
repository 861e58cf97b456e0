//! Sinks over the wire, against receivers that behave as the real ones do.

mod compliance;
mod kept;
mod mackerel;
mod remote_write;
mod secrets;
mod support;

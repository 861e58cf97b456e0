//! Handshakes with servers of the tests' own, over pipes within the process; and certificates that are none.

mod chains;
mod facts;
mod garbage;
mod handshakes;
mod laboratory;
mod resolving;
mod verdicts;

//! Receivers that stand in for the services that metrics are delivered to.
//!
//! Each decodes what it gets, keeps it, answers as the real service does, and writes down every breach of
//! the rules that the sender should have kept, whether or not the real service would have minded: a test
//! asserts that there are none. [Faults](crate::faults) by script go around the handlers.

pub mod mackerel;
pub mod present;
pub mod remote_write;
mod scripted;

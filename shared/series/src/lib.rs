//! What flows through hostless: series of samples, and the pure rules over them.
//!
//! Everything here takes values and returns values. This crate knows no YAML, no clock, no I/O and nothing
//! asynchronous; it names no AWS service and no receiver. Sources make [`Series`], sinks consume them.

pub mod exposition;
pub mod go_regex;
pub mod naming;
pub mod relabel;

mod batch;
mod labels;
mod model;
mod timestamp;
mod window;

pub use batch::{Again, Batch, Collected, Part, SourceError};
pub use labels::{Labels, METRIC_NAME};
pub use model::{Kind, Origin, Resource, Sample, Series};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use window::Window;

//! What an invocation comes to: always a report, and why it failed if it did.

use crate::error::RunError;
use crate::report::Report;

/// The end of one invocation.
#[derive(Debug)]
pub struct Outcome {
    /// What was done. It is logged and printed in any case.
    pub report: Report,
    /// Why the invocation fails, if it does.
    pub failure: Option<RunError>,
}

//! What a source hands over: series with the promise of how they can be had again, and what went wrong on the way.

use std::fmt;

use crate::{Series, Window};

/// All that one collection brought. Partial success is a value: the errors cost the batches nothing.
#[derive(Debug, Default)]
pub struct Collected {
    /// The series, grouped by how they can be had again.
    pub batches: Vec<Batch>,
    /// What could not be collected, one entry each.
    pub errors: Vec<SourceError>,
}

/// Series with the same answer to "what if they cannot be delivered now?".
#[derive(Debug)]
pub struct Batch {
    /// How these samples can be had again.
    pub again: Again,
    /// The series.
    pub series: Vec<Series>,
}

/// How samples that were not delivered can be had again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The source keeps them: read the window of the part again.
    Reread(Part, Window),
    /// They are gone if they are not kept: what a sink cannot take now goes to the spool.
    Spool,
    /// They are said anew in each run, best effort.
    Drop,
}

/// What can fail by itself inside a source, and so has watermarks of its own: a role in a region, a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part(String);

impl Part {
    /// A part by its stable name; the name stands in the state.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that could not be collected, as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// Where: `cloudwatch:GetMetricData:eu-west-1`, a distribution, a target.
    pub source: String,
    /// What happened, as the source said it.
    pub message: String,
}

impl SourceError {
    /// An error of `source`.
    pub fn new(source: impl Into<String>, message: impl Into<String>) -> Self {
        Self { source: source.into(), message: message.into() }
    }
}

//! What a function brings along: its name, its section of the configuration, and its source.

use std::collections::BTreeSet;
use std::time::Duration;

use aws::Aws;
use clock::Budget;
use config::{Findings, Sections};
use series::{Collected, Part, Series, SourceError, Timestamp, Window};

/// One Lambda function.
pub trait Function: Send + Sync + 'static {
    /// What it is called: the folder, the binary, the key of its section.
    const NAME: &'static str;
    /// Its section, validated.
    type Settings: Send;
    /// Where its series come from.
    type Source: Source;

    /// Reads the function's own sections; nothing if there are none, or if they are wrong (the findings say how).
    fn read(sections: &Sections, findings: &mut Findings) -> Option<Self::Settings>;

    /// Builds the source. No call goes out before it is asked for something.
    fn source(settings: Self::Settings, aws: &Aws) -> Self::Source;
}

/// A source that keeps its data, so that a window can be read again: CloudWatch.
pub trait Source: Send + Sync {
    /// What can fail by itself. Follows from the settings alone.
    fn parts(&self) -> Vec<PartPlan>;

    /// Finds out what there is to read in a part.
    fn discover(
        &self,
        part: &Part,
        now: Timestamp,
        budget: &Budget,
    ) -> impl Future<Output = Result<Discovered, SourceError>> + Send;

    /// Reads one window of a part that was discovered before.
    fn pull(&self, pull: &Pull<'_>, budget: &Budget) -> impl Future<Output = Pulled> + Send;
}

/// One part and its timing.
#[derive(Debug, Clone)]
pub struct PartPlan {
    /// Which part.
    pub part: Part,
    /// The distance of its datapoints.
    pub period: Duration,
    /// How long a datapoint takes to settle.
    pub delay: Duration,
}

/// What there is to read in a part.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The stable key of each query.
    pub queries: BTreeSet<String>,
    /// Info series, with one sample at the time that was given.
    pub info: Vec<Series>,
    /// What could not be found out.
    pub errors: Vec<SourceError>,
}

/// A window of a part to read.
#[derive(Debug)]
pub struct Pull<'a> {
    /// Which part.
    pub part: &'a Part,
    /// Start inclusive, end exclusive, both multiples of the period.
    pub window: Window,
    /// Which of its queries, by key.
    pub queries: &'a BTreeSet<String>,
}

/// What a pull brought.
#[derive(Debug, Default)]
pub struct Pulled {
    /// Every series that there is in the part, without samples where it has none or was not asked for: a sink that
    /// makes up names has to see all of them. And what went wrong.
    pub collected: Collected,
    /// The queries that stayed unanswered, by key.
    pub unanswered: BTreeSet<String>,
    /// How many metrics were asked for, as CloudWatch bills them.
    pub metrics_requested: u64,
}

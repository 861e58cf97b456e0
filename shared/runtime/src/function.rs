//! What a function brings along: its name, its section of the configuration, and its source.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::{Aws, Secrets};
use clock::{Budget, Clock};
use config::{Finding, Findings, SecretRef, Sections};
use series::{Collected, Part, Series, SourceError, Timestamp, Window};

use crate::event::Shard;

/// One Lambda function.
pub trait Function: Send + Sync + 'static {
    /// What it is called: the folder, the binary, the key of its section.
    const NAME: &'static str;
    /// The section without which it has nothing to do.
    const SECTION: &'static str = Self::NAME;
    /// Its section, validated.
    type Settings: Send;
    /// Where its series come from.
    type Source: Source;

    /// Reads the function's own sections; nothing if there are none, or if they are wrong (the findings say how).
    fn read(sections: &Sections, findings: &mut Findings) -> Option<Self::Settings>;

    /// Every place that holds a secret of its own sections, and where it is named: a finding without a reason.
    fn secrets(settings: &Self::Settings) -> Vec<(Finding, SecretRef)> {
        let _ = settings;
        Vec::new()
    }

    /// Builds the source. No call goes out before it is asked for something.
    fn source(settings: Self::Settings, surroundings: &Surroundings<'_>) -> Self::Source;
}

/// What a source can reach the world with.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// AWS.
    pub aws: &'a Aws,
    /// HTTP and trust roots.
    pub factory: &'a http::Factory,
    /// Secrets by reference.
    pub secrets: &'a Secrets,
    /// What time it is.
    pub clock: &'a Clock,
    /// How many probes may go on at one time.
    pub probes_at_once: usize,
}

/// Where series come from. A source may keep its data, so that a window can be read again (CloudWatch: `parts`, `discover`,
/// `pull`), or show what is there only now (the ECS API: `observes`, `observe`), or both. It says what it has; of the other
/// half it says nothing.
pub trait Source: Send + Sync {
    /// What can be read again and can fail by itself. Follows from the settings alone.
    fn parts(&self) -> Vec<PartPlan> {
        Vec::new()
    }

    /// Finds out what there is to read in a part.
    fn discover(
        &self,
        part: &Part,
        now: Timestamp,
        budget: &Budget,
    ) -> impl Future<Output = Result<Discovered, SourceError>> + Send {
        let _ = (now, budget);
        let nothing = SourceError::new(part.to_string(), "holds nothing that can be read again");
        async { Err(nothing) }
    }

    /// Reads one window of a part that was discovered before.
    fn pull(&self, pull: &Pull<'_>, budget: &Budget) -> impl Future<Output = Pulled> + Send {
        let _ = (pull, budget);
        async { Pulled::default() }
    }

    /// Whether there is something to observe. Follows from the settings alone.
    fn observes(&self) -> bool {
        false
    }

    /// Looks at what can be had only now, for `observation.time`.
    fn observe(
        &self,
        observation: &Observation,
        budget: &Budget,
    ) -> impl Future<Output = Observed> + Send {
        let _ = (observation, budget);
        async { Observed::default() }
    }
}

/// What is asked of an observation.
#[derive(Debug, Clone, Copy)]
pub struct Observation {
    /// The time of the event: every sample carries it.
    pub time: Timestamp,
    /// The time of the observation before; one interval earlier where there is none. For what is counted "since the last run".
    pub since: Timestamp,
    /// The time from one scheduled run to the next.
    pub interval: Duration,
    /// The share of the targets that this invocation looks at.
    pub shard: Shard,
}

/// What an observation brought.
#[derive(Debug, Default)]
pub struct Observed {
    /// The series, each with one sample at the time of the observation, and what went wrong.
    pub collected: Collected,
    /// Whether each part that was looked at answered.
    pub parts: BTreeMap<Part, Result<(), SourceError>>,
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

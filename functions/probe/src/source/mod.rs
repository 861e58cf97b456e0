//! Probes as a source: what can be had only now.
//!
//! An observation has two halves. `gathering` finds the targets of all jobs and keeps those that are due in this run and of this
//! shard; `probing` probes them, a bounded number at a time, for as long as the run has time, and makes series of what came.
//! `seen` remembers which series a target had (`scrape_series_added`); `complaints` says what went wrong, once a job and cause
//! however many targets it met.

mod complaints;
mod gathering;
mod probing;
mod seen;
#[cfg(test)]
mod tests;

use clock::Budget;
use jobs::Discovery;
use runtime::{Observation, Observed, Source, Surroundings};
use series::{Again, Batch, SourceError};

use crate::frame::Equipment;
use crate::settings::Settings;
use gathering::Gathered;
use probing::Probed;
use seen::Seen;

/// All probe jobs.
#[derive(Debug)]
pub struct ProbeSource {
    settings: Settings,
    equipment: Equipment,
    discovery: Discovery,
    seen: Seen,
    bounds: Bounds,
}

/// What one run may hold at a time.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Probes that are going on at once.
    at_once: usize,
    /// Series that are kept until the end. No probe is started behind this: they take about 700 bytes each, in a function
    /// that has a few hundred megabytes.
    series: usize,
}

/// The most series that a run holds.
const MOST_SERIES: usize = 100_000;

impl ProbeSource {
    pub(crate) fn new(settings: Settings, surroundings: &Surroundings<'_>) -> Self {
        let discovery = Discovery::new(surroundings.factory.clone(), surroundings.secrets.clone());
        Self {
            settings,
            equipment: Equipment::new(surroundings),
            discovery,
            seen: Seen::default(),
            bounds: Bounds { at_once: surroundings.probes_at_once, series: MOST_SERIES },
        }
    }
}

impl Source for ProbeSource {
    fn observes(&self) -> bool {
        true
    }

    async fn observe(&self, observation: &Observation, budget: &Budget) -> Observed {
        let Gathered { due, mut parts, mut errors, mut complaints } =
            self.gather(observation, budget).await;
        let Probed { series, complaints: more, idle } =
            self.probe(due, observation.time, budget).await;
        complaints.join(more);
        for (job, why) in idle {
            let error = SourceError::new(complaints::source(job), why);
            parts.insert(gathering::part(job), Err(error));
        }
        errors.extend(complaints.into_errors());
        let mut observed = Observed { parts, ..Observed::default() };
        observed.collected.errors = errors;
        observed.collected.batches.push(Batch { again: Again::Spool, series });
        observed
    }
}

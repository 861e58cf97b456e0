//! The targets of this run: all jobs are asked at once, and one that cannot say its targets costs the others nothing.

use std::collections::BTreeMap;

use clock::Budget;
use futures::{StreamExt, stream};
use jobs::{Job, Target, Targets, is_due, targets};
use runtime::Observation;
use series::{Part, SourceError};

use super::ProbeSource;
use super::complaints::{Complaints, source};

/// Jobs whose targets are looked for at one time.
const AT_ONCE: usize = 8;

/// What finding targets may take of a run's time for probing.
const SHARE: u32 = 3;

/// A target that is to be probed in this run.
#[derive(Debug)]
pub(super) struct Due<'a> {
    pub(super) job: &'a Job,
    pub(super) target: Target,
    /// Tells it from every other target, in every run.
    pub(super) key: String,
    /// The job must not have its targets scraped: it has too many.
    pub(super) is_refused: bool,
}

/// The targets that are due, and what went wrong in finding them.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    /// One of each job in turn, so that no job has to wait behind the whole of a larger one.
    pub(super) due: Vec<Due<'a>>,
    pub(super) parts: BTreeMap<Part, Result<(), SourceError>>,
    pub(super) errors: Vec<SourceError>,
    pub(super) complaints: Complaints<'a>,
}

impl ProbeSource {
    pub(super) async fn gather(&self, observation: &Observation, budget: &Budget) -> Gathered<'_> {
        let budget = budget.at_most(budget.remaining() / SHARE);
        let now = self.equipment.clock.now();
        let jobs = &self.settings.jobs;
        let found = stream::iter(0..jobs.len()).map(async |at| {
            let groups = self.discovery.groups(&jobs[at], now, &budget).await;
            groups.map(|(groups, errors)| (targets(&jobs[at], &groups), errors))
        });
        let found: Vec<_> = found.buffered(AT_ONCE).collect().await;
        let mut gathered = Gathered::default();
        let mut by_job = Vec::new();
        for (job, found) in jobs.iter().zip(found) {
            let (found, errors) = match found {
                Ok(found) => found,
                Err(error) => {
                    gathered.errors.push(error.clone());
                    gathered.parts.insert(part(&job.name), Err(error));
                    continue;
                }
            };
            gathered.errors.extend(errors);
            gathered.parts.insert(part(&job.name), Ok(()));
            by_job.push(gathered.take(job, found, observation).into_iter());
        }
        while !by_job.is_empty() {
            by_job.retain_mut(|job| {
                let next = job.next();
                let is_there = next.is_some();
                gathered.due.extend(next);
                is_there
            });
        }
        gathered
    }
}

impl<'a> Gathered<'a> {
    /// Those of a job's targets that this run is to probe.
    fn take(&mut self, job: &'a Job, found: Targets, observation: &Observation) -> Vec<Due<'a>> {
        let Targets { targets, errors, refused } = found;
        let said = |message: &str| SourceError::new(source(&job.name), message);
        if targets.is_empty() && errors.is_empty() {
            let none = "the job has no target: its discovery found none, or relabel_configs drops them all";
            self.errors.push(said(none));
        }
        if let Some(first) = errors.first() {
            let count = errors.len();
            self.errors.push(said(&format!(
                "{count} of {} targets cannot be used; the first: {first}",
                count + targets.len()
            )));
        }
        self.errors.extend(refused.as_deref().map(said));
        let Observation { time, interval, shard, since: _ } = *observation;
        let is_refused = refused.is_some();
        let due = targets.into_iter().filter(|target| is_due(target.interval, time, interval));
        due.map(|target| Due { job, key: key(&target), target, is_refused })
            .filter(|due| shard.holds(&due.key))
            .collect()
    }
}

/// Each job can fail by itself.
pub(super) fn part(job: &str) -> Part {
    Part::new(job)
}

fn key(target: &Target) -> String {
    let mut key = target.labels.to_string();
    for (name, values) in &target.params {
        key.push('\0');
        key.push_str(name);
        for value in values {
            key.push('\u{1}');
            key.push_str(value);
        }
    }
    key
}

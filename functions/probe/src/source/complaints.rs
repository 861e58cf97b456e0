//! What went wrong with targets, gathered by job and cause: a hundred thousand targets with one mistake are one entry, and
//! with a mistake each they are few. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jobs::{Job, Target};
use series::SourceError;

use crate::frame::shown;

/// Targets that an entry names.
const NAMED: usize = 3;

/// Causes of a job that have an entry. A cause may quote what is a single target's own.
const CAUSES: usize = 20;

/// Complaints by job and cause.
#[derive(Debug, Default)]
pub(super) struct Complaints<'a>(BTreeMap<&'a str, Causes>);

type Causes = BTreeMap<String, Targets>;

#[derive(Debug, Default)]
struct Targets {
    count: usize,
    names: Vec<String>,
}

impl<'a> Complaints<'a> {
    /// One target more with this cause.
    pub(super) fn add(&mut self, job: &'a Job, target: &Target, cause: impl Into<String>) {
        let of = self.0.entry(&job.name).or_default().entry(cause.into()).or_default();
        of.count += 1;
        if of.names.len() < NAMED {
            of.names.push(name(target));
        }
    }

    /// Takes over another one's.
    pub(super) fn join(&mut self, other: Self) {
        for (job, causes) in other.0 {
            let known = self.0.entry(job).or_default();
            for (cause, Targets { count, names }) in causes {
                let of = known.entry(cause).or_default();
                of.count += count;
                of.names.extend(names);
                of.names.truncate(NAMED);
            }
        }
    }

    /// One entry each: `probe:blackbox`, `2 targets (a, b): the cause`. Where a job has too many, those that most targets share
    /// are told, and the others counted.
    pub(super) fn into_errors(self) -> impl Iterator<Item = SourceError> {
        self.0.into_iter().flat_map(|(job, causes)| {
            entries(causes).into_iter().map(move |entry| SourceError::new(source(job), entry))
        })
    }
}

fn entries(causes: Causes) -> Vec<String> {
    let mut causes: Vec<_> = causes.into_iter().collect();
    if causes.len() > CAUSES {
        causes.sort_by_key(|(_, targets)| Reverse(targets.count));
    }
    let rest = causes.split_off(CAUSES.min(causes.len()));
    let mut entries: Vec<_> = causes.into_iter().map(entry).collect();
    if !rest.is_empty() {
        let targets = rest.iter().map(|(_, targets)| targets.count).sum();
        let (targets, more) = (counted(targets, "target"), counted(rest.len(), "more cause"));
        entries.push(format!("{targets}: {more}, each of no more targets than those above"));
    }
    entries
}

fn entry((cause, Targets { count, names }): (String, Targets)) -> String {
    let more = if count > names.len() { ", …" } else { "" };
    format!("{} ({}{more}): {cause}", counted(count, "target"), names.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// How errors name a job.
pub(super) fn source(job: &str) -> String {
    format!("probe:{job}")
}

/// What is to be probed, or else the target as its series have it.
fn name(target: &Target) -> String {
    let asked = target.params.get("target").and_then(|values| values.first());
    let instance = target.labels.get("instance").unwrap_or(&target.address);
    shown(asked.map_or(instance, |asked| asked))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use config::{Document, Findings, Global, Sections};

    use super::*;

    fn job() -> Job {
        let body = b"scrape_configs: [{job_name: blackbox, metrics_path: /probe}]".to_vec();
        let document = Document { name: "p.yml".to_owned(), directory: None, body };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        Job::read_all(&sections, &Global::default(), &mut findings).remove(0)
    }

    fn target(address: &str) -> Target {
        Target {
            labels: series::Labels::default(),
            address: address.to_owned(),
            params: BTreeMap::new(),
            interval: Duration::from_secs(60),
            timeout: Duration::from_secs(10),
        }
    }

    /// Two targets with one cause, and so many with a cause each, from two places.
    fn told(single: usize) -> Vec<String> {
        let job = job();
        let (mut one, mut other) = (Complaints::default(), Complaints::default());
        for at in 0..single {
            let half = if at % 2 == 0 { &mut one } else { &mut other };
            half.add(&job, &target("a"), format!("cause {at:05}"));
        }
        one.add(&job, &target("b"), "shared");
        other.add(&job, &target("c"), "shared");
        one.join(other);
        one.into_errors().map(|error| error.message).collect()
    }

    #[test]
    fn causes_of_single_targets_are_told_up_to_a_number() {
        let few = told(19);
        assert_eq!(few.len(), 20);
        assert!(few[0].ends_with("1 target (a): cause 00000"), "{few:?}");
        assert!(few[19].ends_with("2 targets (b, c): shared"), "{few:?}");
        let one_more = told(20);
        assert_eq!(one_more.len(), 21);
        assert!(one_more[20].starts_with("1 target: 1 more cause,"), "{one_more:?}");
        let many = told(20_000);
        assert_eq!(many.len(), 21);
        assert!(many[0].ends_with("2 targets (b, c): shared"), "{many:?}");
        assert!(many[20].starts_with("19981 targets: 19981 more causes,"), "{many:?}");
    }
}

//! What went wrong with targets, gathered by job and cause: a hundred thousand targets with one mistake are one entry. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;

use jobs::{Job, Target};
use series::SourceError;

use crate::frame::shown;

/// Targets that an entry names.
const NAMED: usize = 3;

/// Complaints by job and cause.
#[derive(Debug, Default)]
pub(super) struct Complaints<'a>(BTreeMap<(&'a str, String), Targets>);

#[derive(Debug, Default)]
struct Targets {
    count: usize,
    names: Vec<String>,
}

impl<'a> Complaints<'a> {
    /// One target more with this cause.
    pub(super) fn add(&mut self, job: &'a Job, target: &Target, cause: impl Into<String>) {
        let of = self.0.entry((&job.name, cause.into())).or_default();
        of.count += 1;
        if of.names.len() < NAMED {
            of.names.push(name(target));
        }
    }

    /// Takes over another one's.
    pub(super) fn join(&mut self, other: Self) {
        for (key, Targets { count, names }) in other.0 {
            let of = self.0.entry(key).or_default();
            of.count += count;
            of.names.extend(names);
            of.names.truncate(NAMED);
        }
    }

    /// One entry each: `probe:blackbox`, `2 targets (a, b): the cause`.
    pub(super) fn into_errors(self) -> impl Iterator<Item = SourceError> {
        self.0.into_iter().map(|((job, cause), Targets { count, names })| {
            let mut who = format!("{count} target{}", if count == 1 { "" } else { "s" });
            let more = if count > names.len() { ", …" } else { "" };
            write!(who, " ({}{more})", names.join(", ")).expect("text grows");
            SourceError::new(source(job), format!("{who}: {cause}"))
        })
    }
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

//! Groups to targets: labels as Prometheus sets them (`scrape/target.go`, `PopulateLabels`), relabeled. Pure.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use config::duration;
use series::{Labels, relabel};

use crate::shown::shown;
use crate::{Group, Job};

const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const METRICS_PATH: &str = "__metrics_path__";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";
const PARAM: &str = "__param_";
const RESERVED: &str = "__";
const JOB: &str = "job";
const INSTANCE: &str = "instance";

/// One target after relabeling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The labels that its series get: `job`, `instance`, …; none that begins with `__`.
    pub labels: Labels,
    /// `__address__` after relabeling.
    pub address: String,
    /// The parameters of the request: the job's `params` with each first value as `__param_<name>` came out.
    pub params: BTreeMap<String, Vec<String>>,
    /// `__scrape_interval__` after relabeling.
    pub interval: Duration,
    /// `__scrape_timeout__` after relabeling.
    pub timeout: Duration,
}

/// What a job's groups came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets {
    /// Each target once, by labels and parameters, in the order in which they were found.
    pub targets: Vec<Target>,
    /// Targets that cannot be used, and why.
    pub errors: Vec<String>,
    /// Why none of the targets may be scraped: `target_limit`. Each of them then leaves a scrape that failed.
    pub refused: Option<String>,
}

/// The targets of a job.
pub fn targets(job: &Job, groups: &[Group]) -> Targets {
    let mut all = Targets::default();
    let mut seen = HashSet::new();
    for group in groups {
        for (at, address) in group.targets.iter().enumerate() {
            match target(job, group, address) {
                Ok(Some(target)) => {
                    if seen.insert(fingerprint(&target)) {
                        all.targets.push(target);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    all.errors.push(format!("instance {at} in group {}: {error}", group.source));
                }
            }
        }
    }
    let count = all.targets.len();
    let limit = job.limits.targets.filter(|limit| count as u64 > *limit);
    all.refused = limit
        .map(|limit| format!("target_limit exceeded (number of targets: {count}, limit: {limit})"));
    all
}

/// Tells targets apart in the room of two numbers: there may be a hundred thousand.
fn fingerprint(target: &Target) -> [u64; 2] {
    [0_u8, 1].map(|salt| {
        let mut hasher = DefaultHasher::new();
        (salt, target).hash(&mut hasher);
        hasher.finish()
    })
}

/// Why a target cannot be used, in Prometheus's words.
#[derive(Debug, thiserror::Error)]
enum TargetError {
    #[error("no address")]
    NoAddress,
    #[error("{0:?} is not a valid hostname")]
    Address(String),
    #[error("error parsing scrape {what}: {error}")]
    Duration { what: &'static str, error: duration::DurationError },
    #[error("scrape {0} cannot be 0")]
    Zero(&'static str),
    #[error("scrape timeout cannot be greater than scrape interval ({timeout:?} > {interval:?})")]
    Order { timeout: String, interval: String },
}

/// `None` if relabeling drops it.
fn target(job: &Job, group: &Group, address: &str) -> Result<Option<Target>, TargetError> {
    let Some(labels) = relabel::apply(&job.relabel, discovered(job, group, address)) else {
        return Ok(None);
    };
    let address = labels.get(ADDRESS).ok_or(TargetError::NoAddress)?.to_owned();
    if address.contains('/') {
        return Err(TargetError::Address(shown(&address)));
    }
    let interval = time(&labels, INTERVAL, "interval")?;
    let timeout = time(&labels, TIMEOUT, "timeout")?;
    if timeout > interval {
        let text = |label| labels.get(label).unwrap_or_default().to_owned();
        return Err(TargetError::Order { timeout: text(TIMEOUT), interval: text(INTERVAL) });
    }
    let params = params(job, &labels);
    let mut labels = labels;
    if labels.get(INSTANCE).is_none() {
        labels.set(INSTANCE, &*address);
    }
    labels.retain(|name| !name.starts_with(RESERVED));
    Ok(Some(Target { labels, address, params, interval, timeout }))
}

/// A target's labels before relabeling.
fn discovered(job: &Job, group: &Group, address: &str) -> Labels {
    let mut labels: Labels =
        group.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    labels.set(ADDRESS, address);
    let mut default = |name: &str, value: &str| {
        if labels.get(name).is_none() {
            labels.set(name, value);
        }
    };
    default(JOB, &job.name);
    default(INTERVAL, &duration::format(job.interval));
    default(TIMEOUT, &duration::format(job.timeout));
    default(METRICS_PATH, &job.metrics_path);
    default(SCHEME, &job.scheme);
    for (name, values) in &job.params {
        if let Some(first) = values.first() {
            default(&format!("{PARAM}{name}"), first);
        }
    }
    labels
}

fn time(labels: &Labels, name: &str, what: &'static str) -> Result<Duration, TargetError> {
    let text = labels.get(name).unwrap_or_default();
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err(TargetError::Zero(what)),
        Ok(time) => Ok(time),
        Err(error) => Err(TargetError::Duration { what, error }),
    }
}

fn params(job: &Job, labels: &Labels) -> BTreeMap<String, Vec<String>> {
    let mut params = job.params.clone();
    let relabeled =
        labels.iter().filter_map(|(name, value)| Some((name.strip_prefix(PARAM)?, value)));
    for (name, value) in relabeled {
        let values = params.entry(name.to_owned()).or_default();
        match values.first_mut() {
            Some(first) => value.clone_into(first),
            None => values.push(value.to_owned()),
        }
    }
    params
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;

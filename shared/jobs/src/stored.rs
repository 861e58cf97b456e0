//! What a scrape leaves in Prometheus (`scrape/scrape.go`): its samples with the target's labels, relabeled and limited, and
//! the report series (`up` and the like). Pure.

use std::collections::HashSet;
use std::time::Duration;

use series::naming::{is_label_name, is_metric_name};
use series::relabel::{self, NameScheme};
use series::{Kind, Labels, METRIC_NAME, Origin, Resource, Sample, Series, Timestamp};

use crate::shown::shown;
use crate::{Job, Limits, Target};

const EXPORTED: &str = "exported_";

/// What a scrape gave.
#[derive(Debug)]
pub struct Scrape {
    /// The series as the page had them, each with one sample; without the target's labels. `None`: the scrape failed.
    pub page: Option<Vec<Series>>,
    /// How long it took.
    pub took: Duration,
}

/// Why a page is refused as a whole, in Prometheus's words.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("missing metric name (__name__ label)")]
    NoName,
    #[error("invalid metric name or label names: {0}")]
    Name(Labels),
    #[error("label_limit exceeded (metric: {metric}, number of labels: {count}, limit: {limit})")]
    Labels { metric: String, count: usize, limit: u64 },
    #[error(
        "label_name_length_limit exceeded (metric: {metric}, label name: {name}, length: {length}, limit: {limit})"
    )]
    NameLength { metric: String, name: String, length: usize, limit: u64 },
    #[error(
        "label_value_length_limit exceeded (metric: {metric}, label name: {name}, value: {value:?}, length: {length}, limit: {limit})"
    )]
    ValueLength { metric: String, name: String, value: String, length: usize, limit: u64 },
    #[error("sample limit exceeded")]
    Samples,
}

/// The series that Prometheus would have stored, all stamped `time`; and why the page was refused, if it was.
///
/// `honor_labels` decides who wins where the page has a label of the target's; `metric_relabel_configs`, then the limits.
/// Where a limit is broken nothing of the page is stored, and `up` is 0. `added` says of a series, as it is stored, whether
/// the scrape before had no such one: those are counted in `scrape_series_added`.
pub fn stored(
    job: &Job,
    target: &Target,
    scrape: Scrape,
    time: Timestamp,
    added: &mut dyn FnMut(&Series) -> bool,
) -> (Vec<Series>, Option<String>) {
    let Scrape { page, took } = scrape;
    let mut appended = Appended::default();
    let outcome = page.map(|page| appended.append(job, target, page, time, added));
    let is_up = matches!(outcome, Some(Ok(())));
    let Appended { stored, identities, scraped, relabeled, new } = appended;
    let (stored, identities) = if is_up { (stored, identities) } else { Default::default() };
    let mut report = Report { target, time, stored, identities };
    report.say("up", if is_up { 1.0 } else { 0.0 });
    report.say("scrape_duration_seconds", took.as_secs_f64());
    report.say("scrape_samples_scraped", scraped as f64);
    report.say("scrape_samples_post_metric_relabeling", relabeled as f64);
    report.say("scrape_series_added", new as f64);
    if job.extra_metrics {
        report.say("scrape_timeout_seconds", target.timeout.as_secs_f64());
        report.say("scrape_sample_limit", job.limits.samples.unwrap_or_default() as f64);
    }
    let refusal = outcome.and_then(Result::err).map(|error| error.to_string());
    (report.stored, refusal)
}

/// A page on its way into the store.
#[derive(Default)]
struct Appended {
    stored: Vec<Series>,
    identities: HashSet<Labels>,
    /// Samples on the page.
    scraped: usize,
    /// Samples that relabeling left.
    relabeled: usize,
    /// Series that were not there before.
    new: usize,
}

impl Appended {
    /// Takes in a page, until something is wrong with it. Past the limit of samples it goes on counting.
    fn append(
        &mut self,
        job: &Job,
        target: &Target,
        page: Vec<Series>,
        time: Timestamp,
        added: &mut dyn FnMut(&Series) -> bool,
    ) -> Result<(), PageError> {
        let limit = job.limits.samples.unwrap_or(u64::MAX);
        for Series { labels, origin, samples } in page {
            for sample in samples {
                self.scraped += 1;
                let labels = with_target(labels.clone(), &target.labels, job.honor_labels);
                let Some(labels) = relabel::apply(&job.metric_relabel, labels) else {
                    continue;
                };
                check_names(&labels, job.names)?;
                check_labels(&labels, &job.limits)?;
                self.relabeled += 1;
                // Of two that have become one, the first is stored.
                if self.relabeled as u64 > limit || !self.identities.insert(labels.clone()) {
                    continue;
                }
                let samples = vec![Sample { at: time, ..sample }];
                let series = Series { labels, origin: origin.clone(), samples };
                self.new += usize::from(added(&series));
                self.stored.push(series);
            }
        }
        if self.relabeled as u64 > limit { Err(PageError::Samples) } else { Ok(()) }
    }
}

/// The page's labels and the target's in one set.
fn with_target(mut labels: Labels, target: &Labels, honor: bool) -> Labels {
    let mut conflicts = Vec::new();
    for (name, _) in target.iter() {
        let own = labels.get(name).map(str::to_owned);
        if honor && own.is_some() {
            continue;
        }
        conflicts.extend(own.map(|own| (name, own)));
        labels.adopt(name, target);
    }
    // Short names first: `exported_job` of the page makes way for what `job` is to be called.
    conflicts.sort_by_key(|(name, _)| name.len());
    for (name, value) in conflicts {
        let mut name = format!("{EXPORTED}{name}");
        while labels.get(&name).is_some() {
            name.insert_str(0, EXPORTED);
        }
        labels.set(name, value);
    }
    labels
}

fn check_names(labels: &Labels, names: NameScheme) -> Result<(), PageError> {
    let metric = labels.get(METRIC_NAME).ok_or(PageError::NoName)?;
    let is_valid = match names {
        NameScheme::Utf8 => labels.iter().all(|(name, _)| !name.is_empty()),
        NameScheme::Legacy => {
            is_metric_name(metric) && labels.iter().all(|(name, _)| is_label_name(name))
        }
    };
    if is_valid { Ok(()) } else { Err(PageError::Name(shown_values(labels))) }
}

fn check_labels(labels: &Labels, limits: &Limits) -> Result<(), PageError> {
    let metric = || shortened(labels.name());
    let broken = |length: usize, limit: Option<u64>| limit.filter(|limit| length as u64 > *limit);
    let count = labels.len();
    if let Some(limit) = broken(count, limits.labels) {
        return Err(PageError::Labels { metric: metric(), count, limit });
    }
    for (name, value) in labels.iter() {
        let length = name.len();
        if let Some(limit) = broken(length, limits.name_length) {
            let (metric, name) = (metric(), shortened(name));
            return Err(PageError::NameLength { metric, name, length, limit });
        }
        let length = value.len();
        if let Some(limit) = broken(length, limits.value_length) {
            let (metric, name, value) = (metric(), shortened(name), shortened(&shown(value)));
            return Err(PageError::ValueLength { metric, name, value, length, limit });
        }
    }
    Ok(())
}

/// Labels of a target are often URLs. The metric's own name is what is wrong, and stays whole.
fn shown_values(labels: &Labels) -> Labels {
    let shown = |(name, value): (&str, &str)| {
        let value = if name == METRIC_NAME { value.to_owned() } else { shown(value) };
        (name.to_owned(), value)
    };
    labels.iter().map(shown).collect()
}

/// As much of a text as Prometheus shows.
fn shortened(text: &str) -> String {
    text.chars().take(50).collect()
}

/// What is said of a scrape as a whole.
struct Report<'a> {
    target: &'a Target,
    time: Timestamp,
    stored: Vec<Series>,
    identities: HashSet<Labels>,
}

impl Report<'_> {
    fn say(&mut self, metric: &str, value: f64) {
        let own = &self.target.labels;
        let mut labels = Labels::named(metric);
        for (name, _) in own.iter() {
            // Prometheus makes room for a label that a report never has. So a target's own `exported_job` is lost to its
            // `job`, which comes later; not so where the longer name comes later.
            labels.remove(&format!("{EXPORTED}{name}"));
            labels.adopt(name, own);
        }
        // Where the page says the same, the page came first.
        if !self.identities.insert(labels.clone()) {
            return;
        }
        let label = |name| own.get(name).unwrap_or_default();
        let (job, instance) = (label("job"), label("instance"));
        let name = own.get("name").unwrap_or(instance).to_owned();
        let resource = Resource { id: format!("{job}/{instance}"), name };
        let origin =
            Origin { kind: Kind::Info, metric: metric.to_owned(), resource: resource.into() };
        let samples = vec![Sample { at: self.time, value }];
        self.stored.push(Series { labels, origin, samples });
    }
}

#[cfg(test)]
#[path = "stored_tests.rs"]
mod tests;

//! Reading a window of many series at once: queries to answers to series, all of them, whatever came of each.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::Client;
use clock::Budget;
use series::{Again, Batch, Collected, Part, Sample, Series, Timestamp, Window};

use crate::{Answer, Fetched, Limiter, Query, fetch};

/// One query and the series that it fills.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is asked.
    pub query: Query,
    /// What the answer belongs to, still without samples.
    pub series: Series,
    /// Whether a settled period without a datapoint is a 0.
    pub zero: bool,
}

/// Entries by the key of their query ([`Query::key`]), which stands in the state.
pub type Entries = BTreeMap<String, Entry>;

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// Whose part these entries are.
    pub part: &'a Part,
    /// All that there is in the part.
    pub entries: &'a Entries,
    /// Which of them are asked for.
    pub asked: &'a BTreeSet<String>,
    /// Settled, a multiple of the entries' periods.
    pub window: Window,
}

/// What a reading brought.
#[derive(Debug, Default)]
pub struct Read {
    /// Every series of the part, those without samples too: which names two of them would share must not depend on which of
    /// them have samples. And what went wrong.
    pub collected: Collected,
    /// The keys that were asked for and not answered.
    pub unanswered: BTreeSet<String>,
    /// As [`Fetched::metrics_requested`].
    pub metrics_requested: u64,
}

/// Asks CloudWatch for the window of the entries that are asked for.
pub async fn read(
    client: &Client,
    reading: &Reading<'_>,
    limiter: &Limiter,
    budget: &Budget,
) -> Read {
    let asked: Vec<_> =
        reading.entries.iter().filter(|(key, _)| reading.asked.contains(*key)).collect();
    let queries: Vec<Query> = asked.iter().map(|(_, entry)| entry.query.clone()).collect();
    let fetched = fetch(client, &queries, reading.window, limiter, budget).await;
    let keys: Vec<&String> = asked.into_iter().map(|(key, _)| key).collect();
    converted(reading, &keys, fetched)
}

/// Answers to series. Pure.
fn converted(reading: &Reading<'_>, asked: &[&String], fetched: Fetched) -> Read {
    let (mut samples, mut unanswered) = (BTreeMap::new(), BTreeSet::new());
    for (key, answer) in asked.iter().zip(fetched.answers) {
        match answer {
            Answer::Complete(found) => drop(samples.insert(*key, found)),
            Answer::Unanswered { .. } => drop(unanswered.insert((*key).clone())),
            // Final: nothing to wait for. The errors say it.
            Answer::Forbidden { .. } => {}
        }
    }
    let series = |(key, entry): (&String, &Entry)| {
        let samples = match samples.remove(key) {
            Some(found) if entry.zero => with_zeros(&found, &entry.query, reading.window),
            found => found.unwrap_or_default(),
        };
        Series { samples, ..entry.series.clone() }
    };
    let series = reading.entries.iter().map(series).collect();
    let again = Again::Reread(reading.part.clone(), reading.window);
    // Troubles that were got over cost nothing, but the report says what happened.
    let errors = fetched.errors.into_iter().chain(fetched.notices).collect();
    let collected = Collected { batches: vec![Batch { again, series }], errors };
    Read { collected, unanswered, metrics_requested: fetched.metrics_requested }
}

/// A zero for each period without a datapoint. The window has settled and the answer is complete, so that nothing real
/// can follow.
fn with_zeros(samples: &[Sample], query: &Query, window: Window) -> Vec<Sample> {
    let found = |at: Timestamp| samples.binary_search_by_key(&at, |sample| sample.at).ok();
    let sample = |slot: Window| {
        found(slot.from).map_or(Sample { at: slot.from, value: 0.0 }, |index| samples[index])
    };
    window.slices(query.period, 1).map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use series::{Kind, Labels, METRIC_NAME, Origin, Resource};

    use crate::{Metric, Statistic};

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    fn entry(name: &str, zero: bool) -> (String, Entry) {
        let metric =
            Metric { namespace: "N".to_owned(), name: name.to_owned(), dimensions: Vec::new() };
        let period = Duration::from_secs(60);
        let query = Query { metric: Arc::new(metric), statistic: Statistic::SUM, period };
        let resource = Resource { id: name.to_owned(), name: name.to_owned() };
        let series = Series {
            labels: Labels::default().with(METRIC_NAME, name),
            origin: Origin {
                kind: Kind::CloudFront,
                metric: name.to_owned(),
                resource: resource.into(),
            },
            samples: Vec::new(),
        };
        (query.key().to_string(), Entry { query, series, zero })
    }

    #[test]
    fn every_series_is_there_and_zeros_fill_only_what_is_missing_of_answers() {
        let entries: Entries =
            [("a", true), ("b", false), ("c", true), ("d", true)].map(|(n, z)| entry(n, z)).into();
        let keys: Vec<&String> = entries.keys().collect();
        let found = vec![Sample { at: minute(2), value: 7.0 }];
        let answers = vec![
            Answer::Complete(found.clone()),
            Answer::Complete(found),
            Answer::Unanswered { reason: "PartialData".to_owned() },
        ];
        let (part, asked) = (Part::new("p"), BTreeSet::new());
        let window = Window::new(minute(1), minute(4));
        let reading = Reading { part: &part, entries: &entries, asked: &asked, window };
        let fetched = Fetched { answers, metrics_requested: 3, ..Fetched::default() };
        let read = converted(&reading, &keys[..3], fetched);

        let batch = &read.collected.batches[0];
        assert_eq!(batch.again, Again::Reread(part.clone(), window));
        let samples = |one: &Series| -> Vec<(i64, f64)> {
            one.samples.iter().map(|sample| (sample.at.as_secs() / 60, sample.value)).collect()
        };
        let all: Vec<_> = batch.series.iter().map(samples).collect();
        assert_eq!(all, [vec![(1, 0.0), (2, 7.0), (3, 0.0)], vec![(2, 7.0)], vec![], vec![]]);
        assert_eq!(read.unanswered, BTreeSet::from([keys[2].clone()]));
        assert_eq!(read.metrics_requested, 3);
    }
}

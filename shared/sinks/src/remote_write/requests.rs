//! From series to the requests that carry them. Pure.
//!
//! Samples go time-major, oldest first, and no request holds two samples of one series. Then sending a request again
//! after an unclear failure is harmless on every receiver that deduplicates: all that it can find is its newest sample
//! of each series, once more. (A plain Prometheus undoes a whole request for one sample that is out of order.)

use std::collections::HashMap;
use std::ops::Range;

use series::{Labels, METRIC_NAME, Sample, Series};

use super::decode::Decoded;
use super::encode::{EncodedLabels, series_len};
use crate::admission::{Admission, DUPLICATE};
use crate::outgoing::Outgoing;
use crate::refusals::Refusals;

/// Counted for series that relabeling left without a name: the specification asks for one.
pub(crate) const NAMELESS: &str = "missing metric name";

/// What one request may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Samples; `queue_config.max_samples_per_send`.
    pub(crate) samples: usize,
    /// Bytes before compression. A sample that is larger by itself goes alone.
    pub(crate) bytes: usize,
}

/// One sample of one series; `series` counts in [`Plan::labels`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Item {
    /// Whose sample it is.
    pub(crate) series: usize,
    /// The sample.
    pub(crate) sample: Sample,
}

/// What is to be sent.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The label sets.
    pub(crate) labels: EncodedLabels,
    /// The samples, in the order in which they go.
    pub(crate) items: Vec<Item>,
    /// The requests, each a stretch of `items`.
    pub(crate) requests: Vec<Range<usize>>,
    /// What is not sent, by reason.
    pub(crate) refusals: Refusals,
}

/// Plans the requests for `series`.
pub(crate) fn plan(
    series: &[Series],
    outgoing: &Outgoing,
    admission: &Admission,
    bounds: Bounds,
) -> Plan {
    let mut plan = Plan::default();
    plan.collect(series, outgoing, admission);
    plan.put_in_order();
    plan.cut(bounds);
    plan
}

/// Plans the requests for what was kept in one body.
pub(crate) fn plan_kept(kept: Decoded, admission: &Admission, bounds: Bounds) -> Plan {
    let Decoded { labels, samples } = kept;
    let mut plan = Plan { labels, ..Plan::default() };
    for (series, sample) in samples.into_iter().enumerate() {
        if admission.admits(sample.at, &mut plan.refusals) {
            plan.items.push(Item { series, sample });
        }
    }
    plan.cut(bounds);
    plan
}

impl Plan {
    /// Relabeling can make two series one: they share an index, so that they are one series in what follows.
    fn collect(&mut self, series: &[Series], outgoing: &Outgoing, admission: &Admission) {
        let mut known: HashMap<Labels, usize> = HashMap::with_capacity(series.len());
        for one in series.iter().filter(|one| !one.samples.is_empty()) {
            let Some(labels) = outgoing.labels(one) else {
                continue;
            };
            if labels.get(METRIC_NAME).is_none() {
                self.refusals.add(NAMELESS, one.samples.len() as u64);
                continue;
            }
            let encoded = &mut self.labels;
            let index = *known.entry(labels).or_insert_with_key(|labels| {
                encoded.push(labels.iter());
                encoded.len() - 1
            });
            for &sample in &one.samples {
                if admission.admits(sample.at, &mut self.refusals) {
                    self.items.push(Item { series: index, sample });
                }
            }
        }
    }

    /// Oldest first; of two samples of one series at one time, the one that came first stays.
    fn put_in_order(&mut self) {
        self.items.sort_by_key(|item| (item.sample.at, item.series));
        let before = self.items.len();
        self.items.dedup_by_key(|item| (item.sample.at, item.series));
        self.refusals.add(DUPLICATE, (before - self.items.len()) as u64);
    }

    fn cut(&mut self, bounds: Bounds) {
        // The number of the request that a series was last put into, counted from 1.
        let mut last = vec![0; self.labels.len()];
        let (mut start, mut bytes) = (0, 0);
        for (at, item) in self.items.iter().enumerate() {
            let length = series_len(self.labels.get(item.series), &item.sample);
            let number = self.requests.len() + 1;
            let full = at - start >= bounds.samples || bytes + length > bounds.bytes;
            if at > start && (full || last[item.series] == number) {
                self.requests.push(start..at);
                (start, bytes) = (at, 0);
            }
            bytes += length;
            last[item.series] = self.requests.len() + 1;
        }
        if start < self.items.len() {
            self.requests.push(start..self.items.len());
        }
    }
}

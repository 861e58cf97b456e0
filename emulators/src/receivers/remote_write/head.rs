//! What a receiver has stored, and the rule by which a time-series database takes a sample or does not.
//!
//! The rule is that of Prometheus's `memSeries.appendable` (tsdb/head_append.go), which Cortex, Mimir and
//! AMP inherit. It runs in two steps, as there: each sample of a request is judged against what was stored
//! before the request; what passed is then written, and a sample that one of its own request has overtaken
//! is dropped in silence, unless it may come out of order. Knows neither HTTP nor the present.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::proto::Sample;

/// The identity of a series: its labels, `__name__` included, without empty values.
pub type Labels = BTreeMap<String, String>;

/// Samples of one series by timestamp in milliseconds.
pub type Samples = BTreeMap<i64, f64>;

/// How far behind the newest sample of all an in-order sample may be: half a block of two hours.
const HALF_BLOCK_MS: i64 = 60 * 60 * 1000;

/// A sample that arrived for a timestamp that its series already had, and that was not refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// The series.
    pub labels: Labels,
    /// The timestamp in milliseconds.
    pub timestamp: i64,
    /// The value that was there.
    pub stored: f64,
    /// The value that arrived.
    pub sent: f64,
}

/// Why a database takes no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unappendable {
    /// Older than the series' newest sample, with no out-of-order window.
    OutOfOrder,
    /// The timestamp of the newest sample with another value.
    NewValueForTimestamp,
    /// Before the out-of-order window.
    TooOld,
    /// More than an hour behind the newest sample of all, with no out-of-order window.
    OutOfBounds,
}

/// The stored series.
#[derive(Clone, Debug, Default)]
pub struct Head {
    series: BTreeMap<Labels, Samples>,
    /// What was taken behind a newer sample of its series.
    late: BTreeSet<(Labels, i64)>,
    max_time: Option<i64>,
    repeats: Vec<Repeat>,
}

impl Head {
    /// All series.
    #[must_use]
    pub fn series(&self) -> &BTreeMap<Labels, Samples> {
        &self.series
    }

    /// What arrived more than once, in the order of arrival.
    #[must_use]
    pub fn repeats(&self) -> &[Repeat] {
        &self.repeats
    }

    /// The window that holds for one request whose first sample is at `first`: the newest time does not
    /// move while a request is judged.
    #[must_use]
    pub fn window(&self, first: i64, out_of_order: Duration) -> Window {
        let newest = self.max_time.unwrap_or(first);
        let out_of_order_ms = i64::try_from(out_of_order.as_millis()).unwrap_or(i64::MAX);
        Window { newest, out_of_order_ms }
    }

    /// Would `sample` be taken for the series `labels`?
    ///
    /// # Errors
    /// Why not.
    pub fn judge(
        &self,
        labels: &Labels,
        sample: Sample,
        window: Window,
    ) -> Result<(), Unappendable> {
        let last = self.series.get(labels).and_then(|samples| samples.last_key_value());
        window.judge(last.map(|(t, v)| (*t, *v)), sample)
    }

    /// Writes samples that were judged, each of them judged once more: one that another of its request has
    /// overtaken beyond the window is dropped without a word. Returns how many were written.
    pub fn commit(&mut self, samples: Vec<(Labels, Sample)>, window: Window) -> usize {
        let mut written = 0;
        for (labels, sample) in samples {
            if self.judge(&labels, sample, window).is_err() {
                continue;
            }
            let series = self.series.get(&labels);
            let newest = series.and_then(|samples| samples.last_key_value()).map(|(time, _)| *time);
            let stored = series.and_then(|samples| samples.get(&sample.timestamp)).copied();
            let is_late = newest.is_some_and(|newest| sample.timestamp < newest);
            // Late samples have a chunk of their own, which takes a timestamp once and wins when it is read:
            // a first late value hides the one that was in order, a second late one is lost.
            let is_kept = if is_late {
                self.late.insert((labels.clone(), sample.timestamp))
            } else {
                stored.is_none()
            };
            if let Some(stored) = stored {
                self.repeats.push(repeat(labels.clone(), sample, stored));
            } else {
                written += 1;
            }
            if is_kept {
                self.insert(labels, sample);
            }
        }
        written
    }

    /// Writes a sample whatever is there; of two values for one timestamp the greater stays, as
    /// VictoriaMetrics deduplicates.
    pub fn put(&mut self, labels: Labels, sample: Sample) {
        match self.series.get(&labels).and_then(|s| s.get(&sample.timestamp)).copied() {
            Some(stored) => {
                let value = if sample.value > stored { sample.value } else { stored };
                self.repeats.push(repeat(labels.clone(), sample, stored));
                self.insert(labels, Sample { value, ..sample });
            }
            None => self.insert(labels, sample),
        }
    }

    fn insert(&mut self, labels: Labels, sample: Sample) {
        self.max_time = self.max_time.max(Some(sample.timestamp));
        self.series.entry(labels).or_default().insert(sample.timestamp, sample.value);
    }
}

fn repeat(labels: Labels, sample: Sample, stored: f64) -> Repeat {
    Repeat { labels, timestamp: sample.timestamp, stored, sent: sample.value }
}

/// The bounds of time that one request meets.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    newest: i64,
    out_of_order_ms: i64,
}

impl Window {
    fn judge(self, last: Option<(i64, f64)>, sample: Sample) -> Result<(), Unappendable> {
        let Sample { value, timestamp } = sample;
        let in_bounds = timestamp >= self.newest.saturating_sub(HALF_BLOCK_MS);
        if in_bounds {
            match last {
                None => return Ok(()),
                Some((newest, _)) if timestamp > newest => return Ok(()),
                Some((newest, stored)) if timestamp == newest => {
                    let same = stored.to_bits() == value.to_bits();
                    return same.then_some(()).ok_or(Unappendable::NewValueForTimestamp);
                }
                Some(_) => {}
            }
        }
        match self.out_of_order_ms {
            0 if !in_bounds => Err(Unappendable::OutOfBounds),
            0 => Err(Unappendable::OutOfOrder),
            window if timestamp >= self.newest.saturating_sub(window) => Ok(()),
            _ => Err(Unappendable::TooOld),
        }
    }
}

//! Which receiver the emulator plays: what it stores of a request and what it answers.
//!
//! Pure: a decoded request and the present in, a [`Verdict`] out. The behaviours are measured (Prometheus
//! 2.42, VictoriaMetrics 1.79) or read in the source (Cortex, whose messages AMP sends).

use std::collections::BTreeMap;
use std::time::Duration;

use super::head::{Head, Labels, Unappendable, Window};
use super::proto::{Sample, TimeSeries, WriteRequest};
use super::{cortex, prometheus, victoria_metrics};

/// The receivers that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personality {
    /// AMP, Cortex, Mimir: stores what is good of a request, and answers 400 when anything was bad.
    Amp {
        /// How far behind the newest sample an out-of-order one may be: a workspace has 60 s at first,
        /// 600 s at most; zero switches it off.
        ooo_window: Duration,
    },
    /// Prometheus 2.42 with its receiver on: one bad sample rolls the whole request back.
    Prometheus {
        /// `storage.tsdb.out_of_order_time_window`.
        ooo_window: Duration,
    },
    /// VictoriaMetrics 1.79: refuses nothing, keeps repeats.
    VictoriaMetrics,
}

impl Default for Personality {
    fn default() -> Self {
        Self::Amp { ooo_window: Duration::from_secs(60) }
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The HTTP status.
    pub status: u16,
    /// The body of the answer.
    pub body: String,
    /// How many samples were written.
    pub stored: usize,
    /// How many samples were refused, by reason, under AMP's names of the `DiscardedSamples` metric.
    pub refused: BTreeMap<&'static str, usize>,
}

impl Verdict {
    pub(super) fn accepted(status: u16, stored: usize) -> Self {
        Self { status, body: String::new(), stored, refused: BTreeMap::new() }
    }
}

/// What a receiver is told beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The present, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Series with one of these labels are refused for good, whoever is played.
    pub poisoned: &'a [(String, String)],
}

impl Circumstances<'_> {
    /// Is this one of the series that a test wants refused?
    #[must_use]
    pub fn is_poisoned(&self, series: &TimeSeries) -> bool {
        self.poisoned.iter().any(|(name, value)| series.label(name) == Some(value))
    }
}

impl Personality {
    /// Takes in a request as this receiver would.
    pub fn ingest(
        self,
        head: &mut Head,
        request: &WriteRequest,
        around: Circumstances<'_>,
    ) -> Verdict {
        match self {
            Self::Amp { ooo_window } => cortex::ingest(head, request, ooo_window, around),
            Self::Prometheus { ooo_window } => {
                prometheus::ingest(head, request, ooo_window, around)
            }
            Self::VictoriaMetrics => victoria_metrics::ingest(head, request, around),
        }
    }
}

/// The window of a request, fixed by the first of its samples where nothing is stored yet.
pub(super) fn window(head: &Head, request: &WriteRequest, ooo_window: Duration) -> Window {
    let first = request.timeseries.iter().flat_map(|s| &s.samples).map(|s| s.timestamp).next();
    head.window(first.unwrap_or(0), ooo_window)
}

/// The identity under which a series is stored: a label with an empty value is the same as none, and of a
/// repeated name the last value counts.
pub(super) fn identity(series: &TimeSeries) -> Labels {
    let kept = series.labels.iter().filter(|l| !l.value.is_empty());
    kept.map(|l| (l.name.clone(), l.value.clone())).collect()
}

/// The reason and the wording of the database for a sample that it does not take.
pub(super) fn wording(why: Unappendable) -> (&'static str, &'static str) {
    match why {
        Unappendable::OutOfOrder => ("sample-out-of-order", "out of order sample"),
        Unappendable::NewValueForTimestamp => {
            ("new-value-for-timestamp", "duplicate sample for timestamp")
        }
        Unappendable::TooOld => ("sample-too-old", "too old sample"),
        Unappendable::OutOfBounds => ("sample-out-of-bounds", "out of bounds"),
    }
}

/// Samples that passed, each with its series.
pub(super) type Passed = Vec<(Labels, Sample)>;

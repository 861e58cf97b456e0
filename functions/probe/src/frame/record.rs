//! What a probe leaves behind: metrics, and for whoever looks on, the steps with their times. It is there whole even where the
//! probe was stopped in the middle.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Stopwatch;

use crate::frame::Metric;

/// Metrics and steps of one probe.
#[derive(Debug)]
pub(crate) struct Record {
    began: Stopwatch,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    gauges: Vec<Gauge>,
    /// Absent where nobody looks on.
    steps: Option<Vec<Step>>,
}

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gauge {
    pub(crate) metric: &'static Metric,
    /// Without `__name__`.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Since the probe began.
    pub(crate) at: Duration,
    /// In blackbox_exporter's words where it has some.
    pub(crate) message: String,
}

impl Record {
    /// An empty record; the probe begins now. `with_steps`: keep the steps, too.
    pub(crate) fn start(with_steps: bool) -> Self {
        let inner = Inner { steps: with_steps.then(Vec::new), ..Inner::default() };
        Self { began: Stopwatch::start(), inner: Mutex::new(inner) }
    }

    /// The time since the probe began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// When the probe began, for deadlines.
    pub(crate) fn began(&self) -> &Stopwatch {
        &self.began
    }

    /// Sets a metric without labels.
    pub(crate) fn set(&self, metric: &'static Metric, value: f64) {
        self.set_with(metric, &[], value);
    }

    /// Sets the sample with these labels, in place of an earlier value.
    pub(crate) fn set_with(&self, metric: &'static Metric, labels: &[(&str, &str)], value: f64) {
        self.update(metric, labels, |_| value);
    }

    /// Adds to the sample with these labels, which begins at 0.
    pub(crate) fn add(&self, metric: &'static Metric, labels: &[(&str, &str)], value: f64) {
        self.update(metric, labels, |before| before + value);
    }

    fn update(
        &self,
        metric: &'static Metric,
        labels: &[(&str, &str)],
        change: impl FnOnce(f64) -> f64,
    ) {
        let mut inner = self.inner();
        let is_it = |gauge: &&mut Gauge| {
            gauge.metric == metric
                && gauge.labels.len() == labels.len()
                && gauge.labels.iter().zip(labels).all(|(a, b)| (a.0.as_str(), a.1.as_str()) == *b)
        };
        if let Some(gauge) = inner.gauges.iter_mut().find(is_it) {
            gauge.value = change(gauge.value);
            return;
        }
        let labels =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        inner.gauges.push(Gauge { metric, labels, value: change(0.0) });
    }

    /// Writes a step down, if somebody looks on: `record.step(format_args!("Resolved target address ip={ip}"))`.
    pub(crate) fn step(&self, message: fmt::Arguments<'_>) {
        let at = self.elapsed();
        if let Some(steps) = &mut self.inner().steps {
            steps.push(Step { at, message: message.to_string() });
        }
    }

    /// What was recorded, in the order in which it was first set.
    pub(crate) fn into_parts(self) -> (Vec<Gauge>, Vec<Step>) {
        let inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        (inner.gauges, inner.steps.unwrap_or_default())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

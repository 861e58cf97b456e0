//! What must have arrived of probes, worked out from what targets do to their guests, and from nothing that the function
//! says of them.
//!
//! As in `truth`, names and values are written down by hand: the series of each kind of target stand in `tables`. A value that
//! only the probe itself can know, a duration, is due with any value: it stands there as NaN, which no probe has.

mod tables;

use crate::ecs_truth::in_words;
use crate::samples::Labels;
use crate::truth::Holding;
use crate::world::World;

pub use tables::{CERTIFICATES_END, DROPPED};

/// The value of a series that may have any.
pub const ANY: f64 = f64::NAN;

const SECONDS_A_DAY: f64 = 86_400.0;

/// What a target does to its guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// The page of the emulated site, at once.
    Page,
    /// The same inside TLS, with the site's certificates.
    SecurePage,
    /// Takes connections.
    Listens,
    /// Takes connections, and does not say what the module waits for.
    SaysNothing,
    /// Answers a question for an address with one.
    Answers,
    /// An address where nobody is, to be asked for a page.
    NobodyThere,
}

/// One target: `job`, `instance` and `name` are all of its labels, and the last two are the same.
#[derive(Debug, Clone)]
pub struct ProbeTruth {
    job: &'static str,
    name: String,
    conduct: Conduct,
}

/// A series of a target, by its names at both kinds of sink.
#[derive(Debug, Clone)]
pub struct ProbeSeries {
    /// What remote write calls it: `metric{label="value",…}`.
    pub remote_write: String,
    /// What Mackerel calls it, if it goes there.
    pub mackerel: Option<String>,
    value: f64,
    /// A time, of which Mackerel gets the days until then.
    is_time: bool,
}

/// A line of the tables: the metric, its own label, its metric in Mackerel (nothing: it does not go there), its value.
struct Row(&'static str, Option<(&'static str, &'static str)>, &'static str, f64);

impl ProbeTruth {
    /// A target of a job.
    pub fn of(job: &'static str, name: impl Into<String>, conduct: Conduct) -> Self {
        Self { job, name: name.into(), conduct }
    }

    /// What a probe leaves that took its course.
    pub fn undisturbed(&self) -> Vec<ProbeSeries> {
        self.series(tables::undisturbed(self.conduct))
    }

    /// What a probe leaves in any case, with any value: its process stood still in the middle of it, and what it saw, if it saw
    /// the target at all, is not how the target is.
    pub fn in_any_case(&self) -> Vec<ProbeSeries> {
        let rows = tables::in_any_case().into_iter();
        self.series(rows.map(|Row(metric, label, name, _)| Row(metric, label, name, ANY)))
    }

    /// What a probe may leave beyond [`ProbeTruth::undisturbed`] whose process stood still in the middle of it: that it came to
    /// the end of its time.
    pub fn cut_short(&self) -> Vec<ProbeSeries> {
        self.series([tables::failed("timeout")])
    }

    fn series(&self, rows: impl IntoIterator<Item = Row>) -> Vec<ProbeSeries> {
        let one = |Row(metric, own, short, value): Row| {
            let of_target = [
                ("__name__", metric),
                ("job", self.job),
                ("instance", &self.name),
                ("name", &self.name),
            ];
            let pairs = of_target.into_iter().chain(own);
            let labels: Labels =
                pairs.map(|(label, value)| (label.to_owned(), value.to_owned())).collect();
            let mackerel = (!short.is_empty()).then(|| format!("probe.{short}.{}", self.name));
            let is_time = short == "cert_days";
            ProbeSeries { remote_write: in_words(&labels), mackerel, value, is_time }
        };
        rows.into_iter().map(one).collect()
    }
}

impl ProbeSeries {
    /// Its value at remote write; [`ANY`] if it may have any.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Its value in Mackerel, of a sample at this time; [`ANY`] if it may have any.
    pub fn value_in_mackerel(&self, at: i64) -> f64 {
        if self.is_time { (self.value - at as f64) / SECONDS_A_DAY } else { self.value }
    }
}

impl World {
    /// What the receiver holds of probes, by `metric{label="value",…}`; no self metrics.
    pub fn probes_in_remote_write(&self) -> Holding {
        let held = self.receiver.series().into_iter().filter(|(labels, _)| is_of_probes(labels));
        let in_seconds = |(at, value): (i64, f64)| (at / 1000, value);
        let named = held.map(|(labels, samples)| {
            (in_words(&labels), samples.into_iter().map(in_seconds).collect())
        });
        named.collect()
    }
}

/// Whether a series of remote write is of a probe.
pub fn is_of_probes(labels: &Labels) -> bool {
    !labels["__name__"].starts_with("hostless_")
}

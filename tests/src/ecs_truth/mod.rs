//! What must have arrived of ECS, worked out from the emulated fleet alone, and how a sink differs from it.
//!
//! As in `truth`, names are written down by hand: those of the API's counts in `counts`, those of CloudWatch's metrics in
//! `metrics`.

mod counts;
mod metrics;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use emulators::traffic::ecs::EcsFleet;

use crate::samples::{Labels, Samples};
use crate::truth::{Holding, Points, assert_same, disorder};
use crate::world::{World, minute};

/// One account's fleet in one region, and what is true of it.
#[derive(Debug, Clone)]
pub struct EcsTruth {
    account: String,
    region: String,
    fleet: Arc<EcsFleet>,
}

/// What both kinds of sink are to hold: by the series of remote write, and its name in Mackerel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EcsDue(BTreeMap<(String, String), Points>);

impl EcsTruth {
    /// What is true of a fleet.
    pub fn of(account: &str, region: &str, fleet: impl Into<Arc<EcsFleet>>) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), fleet: fleet.into() }
    }

    /// What the API counts at these minutes. Tasks that stopped are counted from the minute before on, and from `since` on at
    /// the first one.
    pub fn counts(&self, since: i64, runs: impl IntoIterator<Item = i64>) -> EcsDue {
        let mut before = since;
        let each = runs.into_iter().map(|run| {
            let window = (minute(before).as_secs(), minute(run).as_secs());
            before = run;
            counts::at(self, window)
        });
        each.fold(EcsDue::default(), EcsDue::and)
    }

    /// What CloudWatch has of these minutes whatever is switched on.
    pub fn metrics(&self, minutes: Range<i64>) -> EcsDue {
        metrics::of_ecs(self, &window(minutes))
    }

    /// What Container Insights has of these minutes, but for single tasks.
    pub fn insights(&self, minutes: Range<i64>) -> EcsDue {
        metrics::of_insights(self, &window(minutes))
    }

    /// What Container Insights has in these minutes of the single tasks that ECS shows at the end of them.
    pub fn tasks(&self, minutes: Range<i64>) -> EcsDue {
        metrics::of_tasks(self, &window(minutes))
    }

    /// The ARN of something.
    fn arn(&self, kind: &str, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{kind}/{rest}", self.region, self.account)
    }

    /// The labels of all series but those of single tasks. A label without a value is none.
    fn labels(&self, name: &str, own: &[(&str, &str)]) -> Labels {
        let place =
            [("__name__", name), ("account_id", &self.account), ("region", self.region.as_str())];
        labels(own.iter().copied().chain(place))
    }
}

impl EcsDue {
    /// Both.
    pub fn and(mut self, other: Self) -> Self {
        for (series, points) in other.0 {
            self.0.entry(series).or_default().extend(points);
        }
        self
    }

    /// What is left of it: the series that `is_kept`, by what remote write calls them (`metric{label="value",…}`).
    pub fn only(mut self, is_kept: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|(series, _), _| is_kept(series));
        self
    }

    /// What remote write is to hold.
    pub fn remote_write(&self) -> Holding {
        self.0.iter().map(|((series, _), points)| (series.clone(), points.clone())).collect()
    }

    /// What Mackerel is to hold.
    pub fn mackerel(&self) -> Holding {
        self.0.iter().map(|((_, name), points)| (name.clone(), points.clone())).collect()
    }

    fn say(&mut self, labels: &Labels, name: &str, points: impl IntoIterator<Item = (i64, f64)>) {
        let points: Points = points.into_iter().collect();
        if !points.is_empty() {
            let series = (in_words(labels), format!("ecs.{name}"));
            self.0.entry(series).or_default().extend(points);
        }
    }
}

impl World {
    /// What is true of the fleet that the function's own account has in a region.
    pub fn ecs(&self, region: &str) -> EcsTruth {
        EcsTruth::of(&self.aws.key().account, region, self.aws.ecs_fleet(region))
    }

    /// What the receiver holds of ECS, by `metric{label="value",…}`; neither info series nor self metrics.
    pub fn ecs_in_remote_write(&self) -> Holding {
        let seconds = |(at, value): (i64, f64)| (at / 1000, value);
        held_of_ecs(
            self.receiver
                .series()
                .into_iter()
                .map(|(labels, samples)| (labels, samples.into_iter().map(seconds).collect())),
        )
    }

    /// Asserts that remote write holds exactly this, and got each sample once and in order.
    #[track_caller]
    pub fn assert_ecs_in_remote_write(&self, due: &EcsDue) {
        assert_same(&self.ecs_in_remote_write(), &due.remote_write());
        assert_eq!(self.receiver.violations(), Vec::<String>::new());
        assert_eq!(self.receiver.refused(), BTreeMap::new(), "nothing was refused");
        let repeats = self.receiver.duplicates().into_iter();
        let repeats = repeats.filter(|one| is_of_ecs(&one.labels));
        let repeats: BTreeSet<_> =
            repeats.map(|one| (in_words(&one.labels), one.timestamp)).collect();
        assert_eq!(repeats, BTreeSet::new(), "nothing came twice");
        let accepted = self.receiver.accepted();
        let series = accepted.iter().filter_map(|request| request.decoded.as_ref());
        let series = series.flat_map(|request| &request.timeseries);
        let samples = series.flat_map(|one| {
            one.samples.iter().map(move |sample| (format!("{:?}", one.labels), sample.timestamp))
        });
        assert_eq!(disorder(samples), BTreeSet::new(), "in order");
    }

    /// Asserts the same of Mackerel.
    #[track_caller]
    pub fn assert_ecs_in_mackerel(&self, due: &EcsDue) {
        assert_same(&self.held_by_mackerel(), &due.mackerel());
        assert_eq!(self.mackerel.violations(), Vec::<String>::new());
        assert_eq!(self.mackerel_disorder(), BTreeSet::new(), "in order, and none twice");
    }

    /// Asserts both.
    #[track_caller]
    pub fn assert_ecs(&self, due: &EcsDue) {
        self.assert_ecs_in_remote_write(due);
        self.assert_ecs_in_mackerel(due);
    }
}

/// `metric{label="value",…}`, labels in order.
pub fn in_words(labels: &Labels) -> String {
    let name = labels.get("__name__").map(String::as_str).unwrap_or_default();
    let others = labels.iter().filter(|(label, _)| *label != "__name__");
    let others: Vec<String> = others.map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("{name}{{{}}}", others.join(","))
}

/// What is of ECS of what a receiver of remote write holds, by `metric{label="value",…}`; neither info series nor self
/// metrics. Times are in seconds.
pub fn held_of_ecs(held: impl IntoIterator<Item = (Labels, Samples)>) -> Holding {
    let held = held.into_iter().filter(|(labels, _)| is_of_ecs(labels));
    held.map(|(labels, samples)| (in_words(&labels), samples.into_iter().collect())).collect()
}

fn is_of_ecs(labels: &Labels) -> bool {
    let name = &labels["__name__"];
    (name.starts_with("ecs_") || name.starts_with("aws_ecs_")) && !name.ends_with("_info")
}

fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(label, value)| (label.to_owned(), value.to_owned())).collect()
}

fn window(minutes: Range<i64>) -> Range<i64> {
    minute(minutes.start).as_secs()..minute(minutes.end).as_secs()
}

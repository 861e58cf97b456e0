//! A function that counts: what it says can be had only at its time, as the counts of an API or the outcome of probes.
//!
//! It stands in for such functions where their own subject does not matter: how observations are claimed, delivered,
//! spooled and drained. Its section is `ecs`, since every section has a name that the configuration knows.

use std::collections::BTreeMap;

use clock::Budget;
use config::{Findings, Sections};
use runtime::{Function, Observation, Observed, Source, Surroundings};
use series::{
    Again, Batch, Collected, Kind, Labels, Origin, Part, Resource, Sample, Series, Timestamp,
};

use crate::truth::Holding;
use crate::world::minute;

/// The function.
#[derive(Debug, Clone, Copy)]
pub struct Counting;

/// How many series, and which minutes have none but one that a receiver may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    series: u32,
    odd_minute: Option<i64>,
}

impl Function for Counting {
    const NAME: &'static str = "ecs";
    type Settings = Counts;
    type Source = Counts;

    fn read(sections: &Sections, findings: &mut Findings) -> Option<Counts> {
        let mut section = sections.get("ecs")?.mapping(findings)?;
        let series = section.take("series").and_then(|node| node.integer(findings)).unwrap_or(5);
        let odd_minute = section.take("odd_minute").and_then(|node| node.integer(findings));
        section.finish(findings);
        Some(Counts { series, odd_minute })
    }

    fn source(settings: Counts, _: &Surroundings<'_>) -> Counts {
        settings
    }
}

impl Counts {
    /// What there is to count at a time.
    fn at(&self, time: Timestamp) -> Vec<Series> {
        if self.odd_minute.is_some_and(|odd| minute(odd) == time) {
            return vec![one("odd".to_owned(), time, 1.0)];
        }
        (0..self.series).map(|n| one(n.to_string(), time, value(n, time))).collect()
    }

    /// What a sink is to hold of these minutes, by `count{n}`.
    pub fn due(series: u32, minutes: impl IntoIterator<Item = i64>) -> Holding {
        let mut due = Holding::new();
        for at in minutes.into_iter().map(minute) {
            for n in 0..series {
                due.entry(format!("count{{{n}}}")).or_default().insert(at.as_secs(), value(n, at));
            }
        }
        due
    }
}

/// A value that nobody has by accident.
fn value(n: u32, time: Timestamp) -> f64 {
    f64::from(n) * 1e6 + (time.as_secs() / 60 % 100_000) as f64
}

fn one(n: String, at: Timestamp, value: f64) -> Series {
    let resource = Resource { id: n.clone(), name: n.clone() };
    let origin = Origin { kind: Kind::Ecs, metric: "count".to_owned(), resource: resource.into() };
    let labels = Labels::named("count").with("n", n);
    Series { labels, origin, samples: vec![Sample { at, value }] }
}

impl Source for Counts {
    fn observes(&self) -> bool {
        true
    }

    async fn observe(&self, observation: &Observation, _: &Budget) -> Observed {
        let series = self.at(observation.time);
        let batches = vec![Batch { again: Again::Spool, series }];
        let collected = Collected { batches, errors: Vec::new() };
        Observed { collected, parts: BTreeMap::from([(Part::new("here"), Ok(()))]) }
    }
}

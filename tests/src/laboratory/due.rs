//! What a sink is to hold in the end, worked out from the emulated accounts and from what was looked at when.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::ledger::Ledger;
use super::site::{REGION, Site};
use super::subject::Subject;
use super::trouble::Receiver;
use crate::truth::{Holding, Points};

/// What a sink is to hold.
#[derive(Debug, Default)]
pub struct Due {
    /// This can be read again, and must be there.
    pub read: Holding,
    /// This was there only when somebody looked, and must be there: whoever looked answered for it.
    pub observed: Holding,
    /// This may be there: the process that looked was killed before it could answer for it.
    pub perhaps: Holding,
}

impl Due {
    /// What `minutes` hold of what can be read again, and of what was observed what the ledger tells of.
    pub fn of(site: &Site, receiver: Receiver, minutes: Range<i64>, ledger: &Ledger) -> Self {
        let read = site.produced(receiver, minutes);
        let counts = match site.subject() {
            Subject::CloudFront => Holding::new(),
            Subject::Ecs => {
                let counts = site.world.ecs(REGION).counts(-1, [0]);
                if receiver == Receiver::RemoteWrite {
                    counts.remote_write()
                } else {
                    counts.mackerel()
                }
            }
        };
        let at = |times| {
            counts
                .iter()
                .map(|(name, points)| (name.clone(), stamped(points, times, receiver)))
                .collect()
        };
        Self { read, observed: at(&ledger.observed), perhaps: at(&ledger.begun) }
    }

    /// Whether a sample is one that anybody can have.
    pub fn allows(&self, series: &str, at: i64) -> bool {
        let has =
            |holding: &Holding| holding.get(series).is_some_and(|points| points.contains_key(&at));
        has(&self.read) || has(&self.observed) || has(&self.perhaps)
    }
}

/// What is counted at these times: it is the same at all times. Mackerel keeps minutes.
fn stamped(points: &Points, times: &BTreeSet<i64>, receiver: Receiver) -> Points {
    let value = points.values().next().copied();
    let kept = |at: i64| if receiver == Receiver::Mackerel { at - at.rem_euclid(60) } else { at };
    times.iter().filter_map(|time| Some((kept(*time), value?))).collect()
}

/// The key by which the state knows the query behind each series, by the name that either sink holds it under.
pub fn queries(site: &Site) -> BTreeMap<String, String> {
    match site.subject() {
        Subject::CloudFront => site.world.queries(),
        Subject::Ecs => {
            let metrics = site.world.ecs(REGION).metrics(0..1);
            let names = metrics.remote_write().into_keys().chain(metrics.mackerel().into_keys());
            names.filter_map(|name| Some((name.clone(), query_of_ecs(&name)?))).collect()
        }
    }
}

/// Of the one service that has tasks.
fn query_of_ecs(series: &str) -> Option<String> {
    let named = |table: [(&str, &'static str); 2]| {
        table.into_iter().find_map(|(part, name)| series.contains(part).then_some(name))
    };
    let metric = named([("cpu", "CPUUtilization"), ("memory", "MemoryUtilization")])?;
    let statistic = named([("_average", "Average"), ("_maximum", "Maximum")])?;
    Some(format!("AWS/ECS|{metric}|ClusterName=production,ServiceName=web|{statistic}"))
}

//! What a sink is to hold in the end, worked out from the emulated accounts and from what was looked at when.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::ledger::Ledger;
use super::site::{REGION, Site};
use super::subject::Subject;
use super::trouble::Receiver;
use crate::truth::{Holding, Points};

/// What a sink is to hold. A value that is NaN is one that only the function can know: any is right.
#[derive(Debug, Default)]
pub struct Due {
    /// This can be read again, and must be there.
    pub read: Holding,
    /// This was there only when somebody looked, and must be there: whoever looked answered for it.
    pub observed: Holding,
    /// This may be there: the process that looked was killed before it could answer for it. A process that is told neither by
    /// STS nor by the ECS API whose account it is in says of its region only that it is down.
    pub perhaps: Holding,
    /// Two observations that need not say the same fall into these times, and the receiver keeps the one that comes last.
    pub met: BTreeSet<i64>,
}

impl Due {
    /// What `minutes` hold of what can be read again, and of what was observed what the ledger tells of.
    pub fn of(site: &Site, receiver: Receiver, minutes: Range<i64>, ledger: &Ledger) -> Self {
        let read = site.produced(receiver, minutes);
        let (observed, perhaps) = match (site.subject(), &site.probed) {
            (Subject::Ecs, _) => counted(site, receiver, ledger),
            (_, Some(probed)) => probed.due(receiver, ledger),
            (_, None) => Default::default(),
        };
        let met = site.probed.as_ref().map(|_| ledger.met(receiver)).unwrap_or_default();
        Self { read, observed, perhaps, met }
    }

    /// Whether a sample is one that anybody can have.
    pub fn allows(&self, series: &str, at: i64) -> bool {
        let has =
            |holding: &Holding| holding.get(series).is_some_and(|points| points.contains_key(&at));
        has(&self.read) || has(&self.observed) || has(&self.perhaps)
    }
}

/// What the ECS API counts, when it was looked at: what must be there, and what may be.
fn counted(site: &Site, receiver: Receiver, ledger: &Ledger) -> (Holding, Holding) {
    let counts = site.world.ecs(REGION).counts(-1, [0]);
    let counts = match receiver {
        Receiver::RemoteWrite => counts.remote_write(),
        Receiver::Mackerel => counts.mackerel(),
    };
    let at = |times| -> Holding {
        let stamped =
            |(name, points): (&String, _)| (name.clone(), stamped(points, times, receiver));
        counts.iter().map(stamped).collect()
    };
    let mut perhaps = at(&ledger.begun);
    if site.account_may_be_unknown() {
        let name = format!("ecs_up{{region=\"{REGION}\"}}");
        let times = ledger.begun.iter().map(|at| (*at, 0.0));
        perhaps.insert(name, times.collect());
    }
    (at(&ledger.observed), perhaps)
}

/// What is counted at these times: it is the same at all times.
fn stamped(points: &Points, times: &BTreeSet<i64>, receiver: Receiver) -> Points {
    let value = points.values().next().copied();
    times.iter().filter_map(|time| Some((receiver.kept(*time), value?))).collect()
}

/// The key by which the state knows the query behind each series, by the name that either sink holds it under.
pub fn queries(site: &Site) -> BTreeMap<String, String> {
    match site.subject() {
        Subject::CloudFront => site.world.queries(),
        Subject::Probe => BTreeMap::new(),
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

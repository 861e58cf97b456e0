//! The accountant: what the sources produced beside what each receiver holds. Every sample is there once, or is
//! accounted for by something that was said; anything else is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::AddAssign;

use emulators::receivers::mackerel::points;

use super::due::{Due, queries};
use super::ledger::Ledger;
use super::site::Site;
use super::trouble::Receiver;
use crate::truth::Holding;

/// What became of samples, over one sink or all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balance {
    /// What the sources had.
    pub produced: u64,
    /// What the receivers hold of it, with the right value.
    pub delivered: u64,
    /// What came again, as it was, and was accepted.
    pub repeated: u64,
    /// What a receiver refused for good, and does not have.
    pub refused: u64,
    /// What of that nobody reported, since the process was killed before it could.
    pub unsaid: u64,
    /// What a sink did without, and said so: too old by its own measure, or set aside.
    pub held_back: u64,
    /// What neither a receiver nor the store took, and was said to be lost.
    pub unkept: u64,
    /// What was older than `catch_up` allows, and said to be given up.
    pub given_up: u64,
    /// What nobody accounts for.
    pub lost: u64,
}

impl AddAssign for Balance {
    fn add_assign(&mut self, other: Self) {
        let Self {
            produced,
            delivered,
            repeated,
            refused,
            unsaid,
            held_back,
            unkept,
            given_up,
            lost,
        } = other;
        self.produced += produced;
        self.delivered += delivered;
        self.repeated += repeated;
        self.refused += refused;
        self.unsaid += unsaid;
        self.held_back += held_back;
        self.unkept += unkept;
        self.given_up += given_up;
        self.lost += lost;
    }
}

/// The balance of one sink, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Audit {
    /// The figures.
    pub balance: Balance,
    /// Sentences about samples that are missing, wrong or nobody's.
    pub complaints: Vec<String>,
}

/// A sample: the name of its series, and its time in seconds.
type Key = (String, i64);

/// What a receiver's journal tells.
#[derive(Debug, Default)]
struct Journal {
    /// What was in a request that was refused.
    refused: BTreeSet<Key>,
    /// How much was accepted of what was there already.
    repeated: u64,
    complaints: Vec<String>,
}

/// Compares what one sink has with what it is to have. Values are the same to the bit; what is due as NaN may have any.
pub fn audit(site: &Site, receiver: Receiver, due: &Due, ledger: &Ledger) -> Audit {
    let held = site.held(receiver);
    let journal = match receiver {
        Receiver::RemoteWrite => remote_write(site),
        Receiver::Mackerel => mackerel(site, &due.met),
    };
    let (sink, queries) = (receiver.sink(), queries(site));
    let mut audit = Audit { complaints: journal.complaints.clone(), ..Audit::default() };
    audit.balance.repeated = journal.repeated;
    let mut missing = Vec::new();
    let lasting = samples(&due.read).map(|sample| (sample, true));
    for ((key, value), is_lasting) in
        lasting.chain(samples(&due.observed).map(|sample| (sample, false)))
    {
        audit.balance.produced += 1;
        let given_up = || is_lasting && ledger.gave_up(sink, queries.get(&key.0), key.1);
        let too_old = || !is_lasting && ledger.held_back_in_spool(receiver, key.1);
        match held.get(&key.0).and_then(|points| points.get(&key.1)).copied() {
            Some(has) if is_right(has, value) => audit.balance.delivered += 1,
            Some(has) => audit.complain(&key, format!("is {has} at {sink}, not {value}")),
            None if given_up() => audit.balance.given_up += 1,
            None if journal.refused.contains(&key) => audit.balance.refused += 1,
            None if too_old() => audit.balance.held_back += 1,
            None => missing.push(key),
        }
    }
    audit.explain(sink, &missing, ledger);
    for (key, _) in samples(&held).filter(|((series, at), _)| !due.allows(series, *at)) {
        audit.complain(&key, format!("is at {sink}, and nobody produced it"));
    }
    audit
}

/// Whether a value is the one that is due.
fn is_right(has: f64, due: f64) -> bool {
    has.to_bits() == due.to_bits() || due.is_nan()
}

impl Audit {
    /// What is neither there nor known to be refused was held back by the function itself, if it said so of so many.
    fn explain(&mut self, sink: &str, missing: &[Key], ledger: &Ledger) {
        let (unkept, held_back) = ledger.held_back(sink);
        let explained = (unkept + held_back).min(missing.len() as u64);
        let (refused, said) = (self.balance.refused, ledger.refused_by(sink));
        self.balance.unsaid = refused.saturating_sub(said);
        if self.balance.unsaid > 0 && ledger.killed == 0 {
            let complaint = format!("{sink} refused {refused} samples, and {said} were reported");
            self.complaints.push(complaint);
        }
        self.balance.unkept = unkept.min(explained);
        self.balance.held_back += explained - self.balance.unkept;
        for key in missing.iter().skip(usize::try_from(explained).unwrap_or(usize::MAX)) {
            self.complain(key, format!("is not at {sink}, and nobody said why"));
        }
    }

    fn complain(&mut self, (series, at): &Key, what: impl Display) {
        self.balance.lost += 1;
        self.complaints.push(format!("{series} at {} {what}", series::Timestamp::from_secs(*at)));
    }
}

fn samples(holding: &Holding) -> impl Iterator<Item = (Key, f64)> {
    holding.iter().flat_map(|(series, points)| {
        points.iter().map(|(at, value)| ((series.clone(), *at), *value))
    })
}

fn remote_write(site: &Site) -> Journal {
    let receiver = &site.world.receiver;
    let mut journal = Journal { complaints: receiver.violations(), ..Journal::default() };
    let is_refused = |status: u16| (400..500).contains(&status);
    for request in receiver.requests() {
        if !request.verdict.as_ref().is_some_and(|verdict| is_refused(verdict.status)) {
            continue;
        }
        for series in request.decoded.iter().flat_map(|message| &message.timeseries) {
            let pair = |label: &emulators::receivers::remote_write::proto::Label| {
                (label.name.clone(), label.value.clone())
            };
            let labels = series.labels.iter().map(pair).collect();
            let times = series.samples.iter().map(|sample| sample.timestamp / 1000);
            if let Some(name) = site.series(&labels) {
                journal.refused.extend(times.map(|at| (name.clone(), at)));
            }
        }
    }
    for repeat in receiver.duplicates() {
        let Some(name) = site.series(&repeat.labels) else { continue };
        journal.repeated += 1;
        if repeat.sent.to_bits() != repeat.stored.to_bits() {
            let (sent, stored) = (repeat.sent, repeat.stored);
            journal.complaints.push(format!("{name} was {stored} and came again as {sent}"));
        }
    }
    journal
}

fn mackerel(site: &Site, met: &BTreeSet<i64>) -> Journal {
    let api = &site.world.mackerel;
    let mut journal = Journal { complaints: api.violations(), ..Journal::default() };
    let mut seen: BTreeMap<Key, String> = BTreeMap::new();
    for request in api.requests() {
        let Some(answer) = &request.answer else { continue };
        let Ok(points) = points::parse(&request.body) else { continue };
        for point in points {
            let (key, value) = ((point.name, point.time), point.value.to_string());
            if answer.status == 400 {
                journal.refused.insert(key);
            } else if answer.status == 200 {
                let before = seen.insert(key.clone(), value.clone());
                journal.repeated += u64::from(before.is_some());
                let differs = before.as_ref().is_some_and(|before| *before != value);
                if differs && !met.contains(&key.1) {
                    let before = before.unwrap_or_default();
                    journal
                        .complaints
                        .push(format!("{} was {before} and came again as {value}", key.0));
                }
            }
        }
    }
    journal
}

impl Receiver {
    /// The sink's name in reports.
    pub fn sink(self) -> &'static str {
        match self {
            Self::RemoteWrite => "remote_write:receiver",
            Self::Mackerel => "mackerel:production",
        }
    }
}

//! What the function said: what it refused, gave up or set aside, and why. Read from its reports and its log, as an
//! operator would; the accountant takes nothing for explained that was not said.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use runtime::{Outcome, RunError};
use series::{SourceError, Timestamp};

use super::trouble::Receiver;

/// Everything that was said in an experiment.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Samples that were refused for good, by sink and reason.
    pub refused: BTreeMap<(String, String), u64>,
    /// Windows that were given up.
    pub given_up: Vec<GivenUp>,
    /// Samples that a sink itself held back, by sink: nobody but the function can tell which.
    pub own: BTreeMap<String, u64>,
    /// Samples that neither a sink nor the store took, by sink.
    pub unkept: BTreeMap<String, u64>,
    /// Samples that are set aside, by sink: the receiver refused them, and they are in the store.
    pub set_aside: BTreeMap<String, u64>,
    /// Bodies in the spool that a sink held back, by sink, first and last time, with so many samples. Said at once: whoever
    /// reports it says it again.
    pub held_back_in_spool: BTreeMap<(String, i64, i64), u64>,
    /// The times of the events that were begun, in seconds since the epoch.
    pub begun: BTreeSet<i64>,
    /// Those of which an invocation stood still on its way.
    pub stood_still: BTreeSet<i64>,
    /// Those of which the whole observation was made, and answered for.
    pub observed: BTreeSet<i64>,
    /// How the invocations ended that came to an end: `ok`, or the type of their error.
    pub ends: BTreeMap<&'static str, u64>,
    /// How many of them had nothing to complain of but samples that a receiver refuses.
    pub clean: u64,
    /// How many invocations were killed: what they had to report nobody heard.
    pub killed: u64,
    /// All of it, for whoever looks for secrets.
    pub text: String,
}

/// A window that a sink will never get, in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenUp {
    /// The sink's name.
    pub sink: String,
    /// Start inclusive, end exclusive.
    pub window: (i64, i64),
    /// The query that it is about; all of them where there is none.
    pub query: Option<String>,
}

impl Ledger {
    /// Takes in what an invocation said.
    pub fn enter(&mut self, outcome: &Outcome) {
        let Outcome { report, failure } = outcome;
        let end = failure.as_ref().map_or("ok", |failure| failure.error_type());
        *self.ends.entry(end).or_default() += 1;
        let is_refusal = |error: &SourceError| refusal(&error.message).is_some();
        self.clean += u64::from(failure.is_none() && report.errors.iter().all(is_refusal));
        for SourceError { source, message } in &report.errors {
            if let Some((samples, reason)) = refusal(message) {
                *self.refused.entry((source.clone(), reason.to_owned())).or_default() += samples;
            }
            for (counts, samples) in [
                (&mut self.own, own(message)),
                (&mut self.unkept, counted(message, "are lost: they could not be kept")),
                (&mut self.set_aside, counted(message, "are set aside in")),
            ] {
                *counts.entry(source.clone()).or_default() += samples.unwrap_or_default();
            }
            self.given_up.extend(GivenUp::read(source, message));
        }
        if has_observed(outcome) {
            self.observed.insert(report.time.as_secs());
        }
        self.text += &format!("{report:?}\n{}\n{failure:?}\n", report.to_json());
        self.text += &failure.as_ref().map(ToString::to_string).unwrap_or_default();
    }

    /// Takes in the log: what a process says at once is heard even if it is killed before it can report it.
    pub fn enter_log(&mut self, log: &str) {
        let said = log.lines().filter_map(|line| {
            let (_, said) = line.split_once(": ")?;
            let (message, sink) = said.rsplit_once(" source=")?;
            Some((message, sink.trim_matches('"')))
        });
        for (message, sink) in said {
            self.given_up.extend(GivenUp::read(sink, message));
            if let Some((first, last, samples)) = of_spool(message) {
                let bodies = (sink.to_owned(), first, last);
                *self.held_back_in_spool.entry(bodies).or_default() += samples;
            }
        }
        self.text += log;
    }

    /// How many samples a sink did without that no receiver saw, as far as it is not known which: those that nobody kept,
    /// and others.
    pub fn held_back(&self, sink: &str) -> (u64, u64) {
        let of = |counts: &BTreeMap<String, u64>| counts.get(sink).copied().unwrap_or_default();
        let in_spool = self.held_back_in_spool.iter().filter(|((who, ..), _)| who == sink);
        let known = in_spool.map(|(_, samples)| samples).sum();
        (of(&self.unkept), of(&self.own).saturating_sub(known) + of(&self.set_aside))
    }

    /// Whether what was observed at a time, as the receiver keeps times, was held back when it came out of the spool.
    pub fn held_back_in_spool(&self, receiver: Receiver, at: i64) -> bool {
        let mut bodies = self.held_back_in_spool.keys();
        bodies.any(|(sink, first, last)| {
            sink == receiver.sink() && (receiver.kept(*first)..=receiver.kept(*last)).contains(&at)
        })
    }

    /// The times, as a receiver keeps them, that two observations fall into.
    pub fn met(&self, receiver: Receiver) -> BTreeSet<i64> {
        let mut kept = BTreeSet::new();
        let times = self.begun.iter().map(|at| receiver.kept(*at));
        times.filter(|at| !kept.insert(*at)).collect()
    }

    /// How many samples a sink was said to refuse, those that are set aside for it included.
    pub fn refused_by(&self, sink: &str) -> u64 {
        let refused = self.refused.iter().filter(|((who, _), _)| who == sink);
        let set_aside = self.set_aside.get(sink).copied().unwrap_or_default();
        refused.map(|(_, samples)| samples).sum::<u64>() + set_aside
    }

    /// Whether a sample is one that a sink was said to do without.
    pub fn gave_up(&self, sink: &str, query: Option<&String>, at: i64) -> bool {
        self.given_up.iter().any(|one| {
            let window: Range<i64> = one.window.0..one.window.1;
            one.sink == sink
                && window.contains(&at)
                && one.query.as_ref().is_none_or(|given| Some(given) == query)
        })
    }
}

/// Whether an invocation observed all that there was, and is to answer for it: it was the one to do it, no part of the
/// API failed, and the state did not.
fn has_observed(outcome: &Outcome) -> bool {
    let Outcome { report, failure } = outcome;
    let is_of_a_sink =
        |error: &SourceError| report.sinks.iter().any(|one| one.sink == error.source);
    let is_of_cloudwatch = |error: &SourceError| error.source.starts_with("cloudwatch:");
    let harmless = |error: &SourceError| is_of_a_sink(error) || is_of_cloudwatch(error);
    let failed = matches!(failure, Some(RunError::State(_) | RunError::Config(_)));
    !report.skipped && !failed && report.errors.iter().all(harmless)
}

/// `12 samples refused: older than this sink takes`, said without an answer of the receiver.
fn own(message: &str) -> Option<u64> {
    let (samples, _) = refusal(message).filter(|_| !message.contains(" (status "))?;
    Some(samples)
}

/// `of the bodies of 2026-11-20T09:26:00Z to 2026-11-20T09:31:00Z in the spool: 12 samples refused: older than this sink takes`
fn of_spool(message: &str) -> Option<(i64, i64, u64)> {
    let (times, said) = message.strip_prefix("of the bodies of ")?.split_once(" in the spool: ")?;
    let (first, last) = times.split_once(" to ")?;
    let seconds = |text: &str| Timestamp::parse_rfc3339(text).ok().map(|at| at.as_secs());
    Some((seconds(first)?, seconds(last)?, own(said)?))
}

/// The count in `… 12 samples <said> …`.
fn counted(message: &str, said: &str) -> Option<u64> {
    let (before, _) = message.split_once(said)?;
    let before = before.trim_end().strip_suffix(" samples")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// `12 samples refused: out of order sample (status 400: …)`
fn refusal(message: &str) -> Option<(u64, &str)> {
    let (count, reason) = message.split_once(" refused: ")?;
    let samples = count.strip_suffix(" samples").or_else(|| count.strip_suffix(" sample"))?;
    let reason = reason.split_once(" (").map_or(reason, |(reason, _)| reason);
    Some((samples.parse().ok()?, reason))
}

impl GivenUp {
    /// `us-east-1: 2026-11-20T09:38:00Z to 2026-11-20T09:50:00Z of all queries is older than catch_up allows and is given up`
    fn read(sink: &str, message: &str) -> Option<Self> {
        let said = message.strip_suffix(" is older than catch_up allows and is given up")?;
        let (window, what) = said.split_once(" of ")?;
        let (from, to) = window.rsplit_once(" to ")?;
        let (_, from) = from.rsplit_once(": ")?;
        let seconds = |text: &str| Timestamp::parse_rfc3339(text).ok().map(|at| at.as_secs());
        let query = (what != "all queries").then(|| what.to_owned());
        Some(Self { sink: sink.to_owned(), window: (seconds(from)?, seconds(to)?), query })
    }
}

#[cfg(test)]
mod tests {
    use runtime::Report;

    use super::*;

    #[test]
    fn what_is_refused_is_counted_by_reason() {
        let table = [
            (
                "12 samples refused: out of order sample (status 400: x (y))",
                Some((12, "out of order sample")),
            ),
            ("1 sample refused: timestamp in the future", Some((1, "timestamp in the future"))),
            ("deliver to amp: status 503", None),
        ];
        for (message, expected) in table {
            assert_eq!(refusal(message), expected, "{message}");
        }
    }

    #[test]
    fn what_nobody_but_the_function_can_tell_of_is_counted() {
        let table = [
            ("12 samples refused: older than this sink takes", (0, 12)),
            ("12 samples refused: out of order sample (status 400: x)", (0, 0)),
            ("7 samples are lost: they could not be kept: no time was left", (7, 0)),
            ("3 samples are set aside in aside/ecs/0-of-1/m/x: it was refused", (0, 3)),
            ("deliver to amp: status 503", (0, 0)),
        ];
        for (message, expected) in table {
            let mut report = Report::empty("ecs", Timestamp::from_secs(0), false);
            report.errors.push(SourceError::new("m", message));
            let mut ledger = Ledger::default();
            ledger.enter(&Outcome { report, failure: None });
            assert_eq!(ledger.held_back("m"), expected, "{message}");
        }
    }

    #[test]
    fn what_grew_too_old_in_the_spool_is_known_by_its_time_and_counted_once() {
        let own = "5 samples refused: older than this sink takes";
        let mut report = Report::empty("ecs", Timestamp::from_secs(0), false);
        report.errors.push(SourceError::new(Receiver::Mackerel.sink(), own));
        let mut ledger = Ledger::default();
        ledger.enter(&Outcome { report, failure: None });
        let said = format!(
            "of the bodies of 1970-01-01T00:01:30Z to 1970-01-01T00:01:30Z in the spool: {own}"
        );
        let sink = Receiver::Mackerel.sink();
        ledger.enter_log(&format!(
            "2026-11-20T09:00:00Z  WARN runtime::draining: {said} source=\"{sink}\"\n"
        ));
        assert_eq!(ledger.held_back(sink), (0, 0));
        assert!(ledger.held_back_in_spool(Receiver::Mackerel, 60));
        assert!(!ledger.held_back_in_spool(Receiver::RemoteWrite, 90));
    }

    #[test]
    fn a_window_that_is_given_up_is_read_with_what_it_is_about() {
        let said = "us-east-1:arn:aws:iam::1:role/r: 1970-01-01T00:01:00Z to 1970-01-01T00:03:00Z of all queries is \
                    older than catch_up allows and is given up";
        let whole = GivenUp { sink: "m".to_owned(), window: (60, 180), query: None };
        assert_eq!(GivenUp::read("m", said), Some(whole.clone()));
        let query = "AWS/CloudFront|Requests|DistributionId=E1,Region=Global|Sum".to_owned();
        let one = GivenUp { query: Some(query.clone()), ..whole };
        assert_eq!(GivenUp::read("m", &said.replace("all queries", &query)), Some(one.clone()));
        let mut ledger = Ledger { given_up: vec![one], ..Ledger::default() };
        assert!(ledger.gave_up("m", Some(&query), 60) && !ledger.gave_up("m", Some(&query), 180));
        assert!(!ledger.gave_up("n", Some(&query), 60) && !ledger.gave_up("m", None, 60));
        ledger
            .enter_log(&format!("2026-11-20T09:00:00Z  WARN runtime::run: {said} source=\"n\"\n"));
        assert!(ledger.gave_up("n", Some(&query), 60) && ledger.gave_up("n", None, 60));
    }
}

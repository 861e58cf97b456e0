//! What a run counts while it goes, and the report that comes of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use series::{Part, Series, SourceError, Timestamp, Window};
use sinks::{Delivery, Refusals};

use crate::error::RunError;
use crate::report::SinkReport;
use crate::shown::Shown;
use crate::spool::Waiting;

/// What a run has done so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) window: Option<Window>,
    pub(crate) samples: u64,
    pub(crate) sinks: Vec<SinkReport>,
    pub(crate) errors: Vec<SourceError>,
    pub(crate) metrics_requested: u64,
    /// What each sink refused, by reason, over all that it was given: a spool may bring thousands of bodies.
    refused: BTreeMap<usize, Refusals>,
    /// The series as collected, where somebody asked to see them.
    pub(crate) shown: Option<Shown>,
    distinct: HashSet<u64>,
    /// Parts that were read: nothing where one answered, else why it did not.
    parts: BTreeMap<Part, Option<SourceError>>,
    undelivered: BTreeMap<usize, String>,
    /// Sinks for which there was too much in one run.
    stopped: BTreeSet<usize>,
    pub(crate) state_error: Option<String>,
    /// The oldest body that waits in each sink's spool.
    oldest: BTreeMap<usize, Timestamp>,
    lost: u64,
    /// Whether a spool of which nothing is noted could not be looked into.
    pub(crate) unsure: bool,
}

impl Tally {
    /// A tally for these sinks; `shown` where the series are to be shown.
    pub(crate) fn new(sinks: impl Iterator<Item = String>, shown: Option<Shown>) -> Self {
        let sinks = sinks.map(|sink| SinkReport { sink, ..SinkReport::default() }).collect();
        Self { sinks, shown, ..Self::default() }
    }

    /// Counts series that were collected.
    pub(crate) fn collected(&mut self, series: &[Series]) {
        let with_samples = || series.iter().filter(|one| !one.samples.is_empty());
        for one in with_samples() {
            let mut hasher = DefaultHasher::new();
            one.labels.hash(&mut hasher);
            self.distinct.insert(hasher.finish());
            self.samples += one.samples.len() as u64;
        }
        if let Some(shown) = &mut self.shown {
            with_samples().for_each(|one| shown.take(one));
        }
    }

    /// How many distinct series were collected.
    pub(crate) fn series(&self) -> u64 {
        self.distinct.len() as u64
    }

    /// Notes a window that was read.
    pub(crate) fn read(&mut self, window: Window) {
        self.window = Some(self.window.map_or(window, |whole| whole.union(window)));
    }

    /// Notes that a part gave nothing; what it gave before stands.
    pub(crate) fn part_failed(&mut self, part: &Part, error: SourceError) {
        self.parts.entry(part.clone()).or_insert(Some(error));
    }

    /// Notes that a part answered.
    pub(crate) fn part_answered(&mut self, part: &Part) {
        self.parts.insert(part.clone(), None);
    }

    /// Whether a part answered in this run.
    pub(crate) fn has_answered(&self, part: &Part) -> bool {
        matches!(self.parts.get(part), Some(None))
    }

    /// Notes what a sink did with `offered` samples.
    pub(crate) fn delivered(&mut self, sink: usize, offered: u64, delivery: Delivery) {
        let Delivery {
            sent,
            rejected,
            requests,
            bytes,
            refused,
            notes,
            outcome,
            delivered_before: _,
        } = delivery;
        self.refused.entry(sink).or_default().merge(refused);
        let report = &mut self.sinks[sink];
        report.sent += sent;
        report.rejected += rejected;
        report.requests += requests;
        report.bytes += bytes;
        self.errors.extend(notes);
        let Err(failure) = outcome else {
            return;
        };
        report.pending += offered.saturating_sub(sent + rejected);
        if failure.unfinished {
            let message = format!("{failure}; the rest follows in the next run");
            self.errors.push(SourceError::new(report.sink.clone(), message));
            self.stop(sink);
        } else {
            self.down(sink, failure.to_string());
        }
    }

    /// What was refused, an entry for each sink and reason.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = SourceError> {
        let of_sink = |(sink, refused): (&usize, &Refusals)| {
            refused.entries(&self.sinks[*sink].sink).collect::<Vec<_>>()
        };
        self.refused.iter().flat_map(of_sink)
    }

    /// Notes that a sink cannot be delivered to in this run.
    pub(crate) fn down(&mut self, sink: usize, why: String) {
        self.errors.push(SourceError::new(self.sinks[sink].sink.clone(), why.clone()));
        self.undelivered.entry(sink).or_insert(why);
    }

    /// Notes that there was too much for one run of what a sink was to get.
    pub(crate) fn stop(&mut self, sink: usize) {
        self.stopped.insert(sink);
    }

    /// Notes what waits in a sink's spool.
    pub(crate) fn waits<'w>(
        &mut self,
        sink: usize,
        waiting: impl IntoIterator<Item = &'w Waiting>,
    ) {
        for one in waiting {
            self.sinks[sink].pending += one.samples;
            let oldest = self.oldest.entry(sink).or_insert(one.at);
            *oldest = (*oldest).min(one.at);
        }
    }

    /// Notes that a spool could not be looked into of which the state says nothing. To hold everything back for what most
    /// likely is not there would risk what is.
    pub(crate) fn not_looked(&mut self, sink: usize, why: &str) {
        let message =
            format!("{why}; nothing is noted to wait there, and the next run looks again");
        self.errors.push(SourceError::new(self.sinks[sink].sink.clone(), message));
        self.unsure = true;
    }

    /// Notes that a sink took from its spool what one run can give it, and that this was not all.
    pub(crate) fn still_waits(&mut self, sink: usize) {
        let report = &self.sinks[sink];
        let message = format!(
            "{} samples still wait in the spool; they follow in the next runs",
            report.pending
        );
        self.errors.push(SourceError::new(report.sink.clone(), message));
        self.stop(sink);
    }

    /// Notes what was put in a sink's spool in this run.
    pub(crate) fn keeps(&mut self, sink: usize, kept: &[Waiting]) {
        self.sinks[sink].spooled += kept.iter().map(|one| one.samples).sum::<u64>();
        self.waits(sink, kept);
    }

    /// Notes samples that neither the sink nor the spool took.
    pub(crate) fn loses(&mut self, sink: usize, samples: u64, why: &str) {
        self.sinks[sink].rejected += samples;
        self.lost += samples;
        self.down(sink, format!("{samples} samples are lost: they could not be kept: {why}"));
    }

    /// The time of the oldest body in a sink's spool.
    pub(crate) fn oldest(&self, sink: usize) -> Option<Timestamp> {
        self.oldest.get(&sink).copied()
    }

    /// Whether a sink takes nothing more in this run.
    pub(crate) fn is_out(&self, sink: usize) -> bool {
        self.undelivered.contains_key(&sink) || self.stopped.contains(&sink)
    }

    /// What becomes of samples that were not delivered, of those that the next run can read again and of others.
    fn promise(&self, remembers: bool) -> &'static str {
        match remembers {
            _ if self.lost > 0 => "everything else comes with the next runs",
            false => "nothing remembers it: send the event again",
            true if self.oldest.is_empty() => "nothing is lost: it is read again in the next run",
            true => "nothing is lost: it waits in the spool, or is read again in the next run",
        }
    }

    /// Why the run as a whole fails, if it does; `remembers` says whether there is a state.
    pub(crate) fn failure(&self, remembers: bool) -> Option<RunError> {
        if let Some(message) = &self.state_error {
            return Some(RunError::State(message.clone()));
        }
        let failed: Vec<_> = self.parts.values().flatten().collect();
        if !failed.is_empty() && failed.len() == self.parts.len() {
            let messages: Vec<_> =
                failed.iter().map(|error| format!("{}: {}", error.source, error.message)).collect();
            return Some(RunError::Source(messages.join("; ")));
        }
        if self.undelivered.is_empty() {
            return None;
        }
        let messages: Vec<_> = self.undelivered.values().map(String::as_str).collect();
        let promise = self.promise(remembers);
        Some(RunError::Delivery(format!("{}; {promise}", messages.join("; "))))
    }
}

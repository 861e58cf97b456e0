//! One lane of a run: its slices, oldest first, each read, delivered to the lane's sinks, and remembered before the next.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use series::{Collected, Series, SourceError, Timestamp, Window};

use crate::corrections;
use crate::function::{Discovered, Pull, Pulled, Source};
use crate::run::{Job, Run};
use crate::windows::{self, Choice, Lane};

/// While others wait for it, a sink gets no longer than this for one slice.
const PATIENCE: Duration = Duration::from_secs(5);

/// More owed queries than this are not kept in the state: the window as a whole is read again.
const MAX_OWED: usize = 5_000;

/// One slice of a lane, and how its queries were answered.
struct Step<'a> {
    slice: Window,
    asked: &'a BTreeSet<String>,
    unanswered: &'a BTreeSet<String>,
}

impl<S: Source> Run<'_, S> {
    /// Serves one lane, oldest slice first. False where the run has to end.
    pub(crate) async fn serve(
        &mut self,
        job: &Job,
        discovered: &Discovered,
        others_wait: bool,
    ) -> bool {
        self.forgive_vanished(job, &discovered.queries);
        let mut queries = job.lane.choice.of(&discovered.queries);
        let periods = windows::periods_per_slice(queries.len());
        let window = self.within_reach(job);
        let slices: Vec<_> = window.slices(job.part.period, periods).collect();
        for (done, slice) in slices.iter().enumerate() {
            let (awake, down): (Vec<_>, Vec<_>) =
                job.lane.sinks.iter().partition(|sink| !self.tally.is_out(**sink));
            let most = |window: Window| window.points(job.part.period) * queries.len() as u64;
            let rest = Window::new(slice.from, window.to);
            let no_time = self.budgets.collect.is_over();
            if (awake.is_empty() && !self.dry_run) || no_time {
                self.leave(&job.lane.sinks, most(rest));
                if no_time {
                    self.leave_unread(job, rest);
                }
                break;
            }
            self.leave(&down, most(*slice));
            let pulled = self.pull(job, *slice, &awake, &queries).await;
            let Some(pulled) = self.usable(job, *slice, &queries, pulled) else {
                self.leave(&awake, most(Window::new(slice.from, window.to)));
                break;
            };
            let step = Step { slice: *slice, asked: &queries, unanswered: &pulled.unanswered };
            let alone = done + 1 == slices.len() || awake.len() == 1;
            let wait_for_all = alone && !others_wait;
            self.deliver(job, &step, &awake, pulled.collected, wait_for_all).await;
            if !self.save().await {
                return false;
            }
            // A query that stays unanswered gets nothing newer until it is served.
            queries.retain(|query| !pulled.unanswered.contains(query));
        }
        true
    }

    /// What of a lane may be read now. An owed query is brought up to its siblings, never past them: from there on it
    /// is read together with them, and would be read twice.
    fn within_reach(&self, job: &Job) -> Window {
        let Lane { sinks, window, choice } = &job.lane;
        let (Some(memory), Choice::Only(_)) = (&self.memory, choice) else {
            return *window;
        };
        let awake = sinks.iter().filter(|sink| !self.tally.is_out(**sink));
        let level = awake
            .filter_map(|sink| memory.state.watermark(&self.terms[*sink].sink, &job.part.part));
        Window::new(window.from, level.min().unwrap_or(window.to).min(window.to))
    }

    /// A part of which nothing was read for want of time has failed. One that lags goes on in the next run.
    fn leave_unread(&mut self, job: &Job, rest: Window) {
        if self.tally.has_answered(&job.part.part) {
            return;
        }
        let message = format!("no time was left to read {rest}; it is read in the next run");
        let error = SourceError::new(job.part.part.to_string(), message);
        self.tally.errors.push(error.clone());
        self.tally.part_failed(&job.part.part, error);
    }

    fn leave(&mut self, sinks: &[usize], samples: u64) {
        for sink in sinks {
            self.tally.sinks[*sink].pending += samples;
        }
    }

    /// A query that no longer exists is owed to nobody.
    fn forgive_vanished(&mut self, job: &Job, existing: &BTreeSet<String>) {
        let Choice::Only(owed) = &job.lane.choice else {
            return;
        };
        let Some(memory) = &mut self.memory else {
            return;
        };
        for query in owed.difference(existing) {
            for sink in &job.lane.sinks {
                let name = &self.terms[*sink].sink;
                memory.state.forgive(name, &job.part.part, query);
                let message =
                    format!("{}: {query} is owed, but it no longer exists", job.part.part);
                self.tally.errors.push(SourceError::new(name.clone(), message));
            }
        }
    }

    async fn pull(
        &mut self,
        job: &Job,
        slice: Window,
        sinks: &[usize],
        queries: &BTreeSet<String>,
    ) -> Pulled {
        if queries.is_empty() {
            return Pulled::default();
        }
        let window = Window::new(self.reread_from(job, slice, sinks), slice.to);
        let pull = Pull { part: &job.part.part, window, queries };
        self.source.pull(&pull, &self.budgets.collect).await
    }

    /// Where to read from so that sinks that take corrections see the last points again.
    fn reread_from(&self, job: &Job, slice: Window, sinks: &[usize]) -> Timestamp {
        let Some(memory) = &self.memory else {
            return slice.from;
        };
        if slice.from != job.lane.window.from || matches!(job.lane.choice, Choice::Only(_)) {
            return slice.from;
        }
        let earliest = |sink: &usize| {
            let terms = &self.terms[*sink];
            let since = memory.state.since(&terms.sink, &job.part.part).unwrap_or(slice.from);
            (slice.from - terms.reread).floor(job.part.period).max(since)
        };
        sinks.iter().map(earliest).min().unwrap_or(slice.from)
    }

    /// Counts what a pull brought. Nothing where it brought too little to go on with.
    fn usable(
        &mut self,
        job: &Job,
        slice: Window,
        queries: &BTreeSet<String>,
        pulled: Pulled,
    ) -> Option<Pulled> {
        self.tally.metrics_requested += pulled.metrics_requested;
        self.tally.errors.extend(pulled.collected.errors.iter().cloned());
        let nothing = !queries.is_empty() && pulled.unanswered.len() == queries.len();
        if nothing || pulled.unanswered.len() > MAX_OWED {
            let message = format!("{}: {slice} stays unanswered", job.part.part);
            let why = pulled.collected.errors.first().cloned();
            let why = why.unwrap_or_else(|| SourceError::new(job.part.part.to_string(), message));
            // Owed queries are a few among many: the part as a whole has not failed.
            if matches!(job.lane.choice, Choice::AllBut(_)) {
                self.tally.part_failed(&job.part.part, why);
            }
            return None;
        }
        self.tally.part_answered(&job.part.part);
        self.tally.read(slice);
        Some(pulled)
    }

    async fn deliver(
        &mut self,
        job: &Job,
        step: &Step<'_>,
        sinks: &[usize],
        collected: Collected,
        wait_for_all: bool,
    ) {
        let series: Vec<Series> =
            collected.batches.into_iter().flat_map(|batch| batch.series).collect();
        let fresh = corrections::since(&series, step.slice.from);
        self.tally.collected(&fresh);
        if self.dry_run {
            return;
        }
        let budget = match wait_for_all {
            true => self.budgets.deliver,
            false => self.budgets.deliver.at_most(PATIENCE),
        };
        let run = sinks::Run { budget, ..self.sending() };
        let offers: Vec<_> =
            sinks.iter().map(|sink| (*sink, self.offer(job, *sink, &series, &fresh))).collect();
        let sent =
            offers.iter().map(async |(sink, offer)| self.sinks[*sink].deliver(offer, &run).await);
        let deliveries = join_all(sent).await;
        for ((sink, offer), delivery) in offers.into_iter().zip(deliveries) {
            let reached = match &delivery.outcome {
                Ok(()) => Some(step.slice.to),
                Err(_) => delivery.delivered_before.map(|at| at.floor(job.part.period)),
            };
            let samples = offer.iter().map(|one| one.samples.len() as u64).sum();
            self.tally.delivered(sink, samples, delivery);
            if let Some(to) = reached.filter(|to| *to > step.slice.from) {
                let slice = Window::new(step.slice.from, to);
                self.advance(job, &Step { slice, ..*step }, sink, &offer);
            }
        }
    }

    /// What of a slice is offered to one sink.
    fn offer<'s>(
        &self,
        job: &Job,
        sink: usize,
        series: &'s [Series],
        fresh: &'s [Series],
    ) -> Cow<'s, [Series]> {
        let terms = &self.terms[sink];
        match &self.memory {
            Some(memory) if !terms.reread.is_zero() => {
                let part = &job.part.part;
                let watermark =
                    memory.state.watermark(&terms.sink, part).unwrap_or(job.lane.window.from);
                let watermark = watermark.min(job.lane.window.from);
                Cow::Owned(corrections::news(series, &terms.sink, part, watermark, &memory.state))
            }
            _ => Cow::Borrowed(fresh),
        }
    }

    /// Moves a sink's watermark behind a slice that it took, or behind the part of it.
    fn advance(&mut self, job: &Job, step: &Step<'_>, sink: usize, offer: &[Series]) {
        let Some(memory) = &mut self.memory else {
            return;
        };
        let (terms, part) = (&self.terms[sink], &job.part.part);
        match &job.lane.choice {
            Choice::AllBut(_) => {
                memory.state.advance(&terms.sink, part, step.slice.to);
                for query in step.unanswered {
                    memory.state.owe(&terms.sink, part, query, step.slice.from);
                }
            }
            Choice::Only(_) => {
                for query in step.asked.difference(step.unanswered) {
                    memory.state.serve(&terms.sink, part, query, step.slice.to);
                }
            }
        }
        if !terms.reread.is_zero() {
            let lately = Window::new(step.slice.to - terms.reread, step.slice.to);
            corrections::remember(offer, &terms.sink, part, lately, &mut memory.state);
        }
    }
}

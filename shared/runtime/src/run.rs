//! One run: plans its lanes, finds out what there is to read, has each lane served (`serving`), and keeps the state.
//! Knows sources and sinks only by what they promise.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::{Budget, Clock};
use futures::future::join_all;
use series::{Part, Series, SourceError, Window};
use sinks::{Sink, SplitAllowance};
use tokio::time::timeout_at;

use crate::error::RunError;
use crate::event::Shard;
use crate::function::{Discovered, PartPlan, Source};
use crate::memory::Memory;
use crate::tally::Tally;
use crate::windows::{self, Lane, Moment, Terms};

/// When a run has to stop what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budgets {
    /// No pull is started behind this.
    pub(crate) collect: Budget,
    /// Nothing is sent behind this; what remains is for state and report.
    pub(crate) deliver: Budget,
    /// The end of everything.
    pub(crate) whole: Budget,
}

impl Budgets {
    /// Divides what a run may take: two thirds for collecting, a tenth (at most two seconds) kept for state and report.
    pub(crate) fn of(whole: Budget) -> Self {
        let left = whole.remaining();
        let kept = (left / 10).min(Duration::from_secs(2));
        Self { collect: whole.keeping(left / 3), deliver: whole.keeping(kept), whole }
    }
}

/// What a run works with.
pub(crate) struct Run<'a, S> {
    pub(crate) function: &'static str,
    /// Tells this invocation from all others.
    pub(crate) id: u64,
    pub(crate) source: &'a S,
    pub(crate) sinks: &'a [Sink],
    pub(crate) terms: Vec<Terms>,
    pub(crate) moment: Moment,
    pub(crate) clock: &'a Clock,
    pub(crate) budgets: Budgets,
    pub(crate) splits: SplitAllowance,
    /// Somebody asked for this time: receivers decide what is too old.
    pub(crate) by_hand: bool,
    /// Absent for runs that leave the state alone.
    pub(crate) memory: Option<Memory<'a>>,
    pub(crate) dry_run: bool,
    pub(crate) shard: Shard,
    /// Whether to look into the spools even where the state says nothing of them: nobody knows what happened before.
    pub(crate) looks_everywhere: bool,
    /// There was something to observe, but not in this run.
    pub(crate) skipped: bool,
    pub(crate) tally: Tally,
}

/// A lane and the part it belongs to.
pub(crate) struct Job {
    pub(crate) part: PartPlan,
    pub(crate) lane: Lane,
}

impl<S: Source> Run<'_, S> {
    /// Reads and delivers; `window` where one was asked for by hand. Whether there was anything to do.
    pub(crate) async fn go(&mut self, window: Option<Window>) -> bool {
        let jobs = self.plan(window);
        let observation = if window.is_none() { self.claim().await } else { None };
        if self.tally.state_error.is_some() || !self.save().await {
            return false;
        }
        self.skipped = self.source.observes() && window.is_none() && observation.is_none();
        let said = self.observe(observation).await;
        if !self.save().await {
            return true;
        }
        let mut info = self.serve_all(&jobs).await;
        info.extend(said);
        if self.tally.state_error.is_none() {
            self.offer_info(info).await;
        }
        observation.is_some() || !jobs.is_empty()
    }

    /// Serves the lanes in their order; gives back what is said anew in each run.
    async fn serve_all(&mut self, jobs: &[Job]) -> Vec<Series> {
        let found = self.discover(jobs).await;
        for (done, job) in jobs.iter().enumerate() {
            let Some(discovered) = found.get(&job.part.part) else {
                continue;
            };
            let others_wait = done + 1 < jobs.len();
            if !self.serve(job, discovered, others_wait).await {
                return Vec::new();
            }
        }
        found.into_values().flat_map(|discovered| discovered.info).collect()
    }

    /// Why the run as a whole fails, if it does.
    pub(crate) fn failure(&self) -> Option<RunError> {
        self.tally.failure(self.memory.is_some())
    }

    /// All lanes of all parts, those with the newest data first.
    fn plan(&mut self, window: Option<Window>) -> Vec<Job> {
        let mut jobs = Vec::new();
        for part in self.source.parts() {
            let plan = match &mut self.memory {
                Some(memory) => {
                    windows::scheduled(&self.moment, &part, &self.terms, &mut memory.state)
                }
                None => windows::stateless(&self.moment, &part, &self.terms, window),
            };
            if self.memory.is_some() {
                // The state will remember what is given up: said at once, as a process that is killed reports nothing.
                for SourceError { source, message } in &plan.left_out {
                    tracing::warn!(source, "{message}");
                }
            }
            self.tally.errors.extend(plan.left_out);
            jobs.extend(plan.lanes.into_iter().map(|lane| Job { part: part.clone(), lane }));
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.lane.window.from));
        jobs
    }

    async fn discover(&mut self, jobs: &[Job]) -> BTreeMap<Part, Discovered> {
        let parts: BTreeSet<&Part> = jobs.iter().map(|job| &job.part.part).collect();
        let (source, moment, budget) = (self.source, self.moment, &self.budgets.collect);
        let asked = parts
            .into_iter()
            .map(async |part| (part, source.discover(part, moment.time, budget).await));
        let mut found = BTreeMap::new();
        for (part, discovered) in join_all(asked).await {
            match discovered {
                Ok(mut discovered) => {
                    discovered.queries.retain(|query| self.shard.holds(query));
                    discovered.info.retain(|one| self.shard.holds(&one.labels.to_string()));
                    self.tally.errors.append(&mut discovered.errors);
                    found.insert(part.clone(), discovered);
                }
                Err(error) => {
                    // Where observing the part failed as well, it may have said so.
                    if !self.tally.errors.contains(&error) {
                        self.tally.errors.push(error.clone());
                    }
                    self.tally.part_failed(part, error);
                }
            }
        }
        found
    }

    /// What a sink has to know of this run.
    pub(crate) fn sending(&self) -> sinks::Run<'_> {
        let (now, budget) = (self.clock.now(), self.budgets.deliver);
        sinks::Run { now, budget, splits: &self.splits, by_hand: self.by_hand }
    }

    /// Writes the state. False where that fails: going on would deliver what cannot be remembered.
    pub(crate) async fn save(&mut self) -> bool {
        let Some(memory) = &mut self.memory else {
            return true;
        };
        let written = timeout_at(self.budgets.whole.end(), memory.write()).await;
        match written.unwrap_or_else(|_| Err("the state could not be written in time".to_owned())) {
            Ok(()) => true,
            Err(error) => {
                self.tally.state_error = Some(error);
                false
            }
        }
    }

    /// Info series, best effort: said anew in each run.
    async fn offer_info(&mut self, info: Vec<Series>) {
        self.tally.collected(&info);
        let sinks: Vec<usize> =
            (0..self.sinks.len()).filter(|sink| !self.tally.is_out(*sink)).collect();
        if self.dry_run || info.is_empty() || sinks.is_empty() {
            return;
        }
        let run = self.sending();
        let sent =
            sinks.iter().map(async |sink| (*sink, self.sinks[*sink].deliver(&info, &run).await));
        for (sink, delivery) in join_all(sent).await {
            let failed = delivery.outcome.as_ref().err().map(ToString::to_string);
            let counted = sinks::Delivery { outcome: Ok(()), ..delivery };
            self.tally.delivered(sink, 0, counted);
            if let Some(why) = failed {
                let message = format!("info series were not delivered: {why}");
                self.tally.errors.push(SourceError::new(self.terms[sink].sink.clone(), message));
            }
        }
    }
}

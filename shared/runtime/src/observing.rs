//! What can be had only now: observed once for each event, delivered at once or kept in the spool.
//!
//! Of two invocations that are given the same event, the one that writes its claim into the state observes; the other one
//! skips. A sink gets what waits in its spool first, and anything newer only if nothing waits any more.

use std::time::Duration;

use futures::future::{join, join_all};
use series::{Again, Batch, Series, Timestamp};
use sinks::Body;
use tokio::time::timeout_at;

use crate::draining::{Drain, Drained};
use crate::function::{Observation, Observed, Source};
use crate::memory::Memory;
use crate::run::Run;
use crate::spool::{Kept, Spool};
use crate::state::Head;

/// Things that were counted "since the last run" are not looked for further back than this: ECS forgets stopped tasks then.
const FURTHEST: Duration = Duration::from_secs(3600);

impl<S: Source> Run<'_, S> {
    /// What there is to observe, if this invocation is the one to do it. An event that is repeated, or that comes more than
    /// an interval late, is skipped: what it asks for is gone.
    pub(crate) async fn claim(&mut self) -> Option<Observation> {
        if !self.source.observes() {
            return None;
        }
        let (time, interval) = (self.moment.time, self.moment.interval);
        let before = time - interval;
        let observation =
            |since: Timestamp| Observation { time, since, interval, shard: self.shard };
        let Some(memory) = &mut self.memory else {
            return Some(observation(before));
        };
        let since = memory.state.observed().unwrap_or(before).max(time - FURTHEST);
        if self.moment.now.since(time) > interval {
            return None;
        }
        let claimed = timeout_at(self.budgets.whole.end(), memory.claim(time, self.id)).await;
        match claimed.unwrap_or_else(|_| Err("the state could not be written in time".to_owned())) {
            Ok(true) => Some(observation(since)),
            Ok(false) => None,
            Err(error) => {
                self.tally.state_error = Some(error);
                None
            }
        }
    }

    /// Drains the spools, and observes meanwhile if that is to be done; then delivers what was observed, or keeps it.
    /// Gives back the series that are said anew in each run.
    pub(crate) async fn observe(&mut self, observation: Option<Observation>) -> Vec<Series> {
        let looked = async {
            match &observation {
                Some(observation) => self.source.observe(observation, &self.budgets.collect).await,
                None => Observed::default(),
            }
        };
        let (observed, drained) = join(looked, self.drain()).await;
        for (sink, drained) in drained {
            self.take_drained(sink, drained);
        }
        let (lasting, said) = self.take_observed(observed);
        if observation.is_some() && !self.dry_run {
            self.hand_over(&lasting).await;
        }
        said
    }

    /// Drains each spool in which something may wait. That of a sink which is out is only looked at.
    async fn drain(&self) -> Vec<(usize, Drained)> {
        let (Some(memory), true) = (&self.memory, self.source.observes()) else {
            return Vec::new();
        };
        let head = |sink: usize| memory.state.head(&self.terms[sink].sink);
        let may_wait = |sink: &usize| self.looks_everywhere || head(*sink).is_some();
        let (run, collect) = (self.sending(), self.budgets.collect);
        let drains = (0..self.sinks.len()).filter(may_wait).map(async |sink| {
            let (spool, offers) = (self.spool(memory, sink), !self.tally.is_out(sink));
            let drain = Drain { spool, sink: &self.sinks[sink], run, until: collect, offers };
            (sink, drain.all(head(sink)).await)
        });
        join_all(drains).await
    }

    fn spool<'m>(&self, memory: &Memory<'m>, sink: usize) -> Spool<'m> {
        Spool::of(memory.store(), self.function, self.shard, &self.terms[sink].sink)
    }

    /// Counts what was drained. While something waits, or is noted to, its sink gets nothing newer.
    fn take_drained(&mut self, sink: usize, drained: Drained) {
        let head = drained.head();
        let name = &self.terms[sink].sink;
        let is_noted = self.memory.as_ref().is_some_and(|memory| memory.state.head(name).is_some());
        self.tally.waits(sink, drained.waiting.iter());
        let Drained { deliveries, errors, failure, looked, .. } = drained;
        deliveries.into_iter().for_each(|delivery| self.tally.delivered(sink, 0, delivery));
        self.tally.errors.extend(errors);
        // Of a spool that could not be looked at, what was remembered stands.
        if let Some(memory) = self.memory.as_mut().filter(|_| head.is_some() || failure.is_none()) {
            memory.state.set_head(&self.terms[sink].sink, head.clone());
        }
        match failure {
            Some(why) if !looked && !is_noted => self.tally.not_looked(sink, &why),
            Some(why) => self.tally.down(sink, why),
            None if head.is_some() && !self.tally.is_out(sink) => self.tally.still_waits(sink),
            None => {}
        }
    }

    /// Counts what was observed; divides it into what must not be lost and what is said anew in each run.
    fn take_observed(&mut self, observed: Observed) -> (Vec<Series>, Vec<Series>) {
        let Observed { collected, parts } = observed;
        for (part, answered) in parts {
            match answered {
                Ok(()) => self.tally.part_answered(&part),
                Err(error) => self.tally.part_failed(&part, error),
            }
        }
        self.tally.errors.extend(collected.errors);
        let is_said_anew = |batch: &Batch| batch.again == Again::Drop;
        let (said, lasting): (Vec<Batch>, Vec<Batch>) =
            collected.batches.into_iter().partition(is_said_anew);
        let series =
            |batches: Vec<Batch>| batches.into_iter().flat_map(|batch| batch.series).collect();
        let (lasting, said): (Vec<Series>, Vec<Series>) = (series(lasting), series(said));
        self.tally.collected(&lasting);
        (lasting, said)
    }

    /// Delivers to each sink; keeps what it cannot take, or may not yet.
    async fn hand_over(&mut self, series: &[Series]) {
        let run = self.sending();
        let handed = (0..self.sinks.len()).map(async |sink| match self.tally.is_out(sink) {
            true => self.sinks[sink].keep(series, &run),
            false => self.sinks[sink].deliver_or_keep(series, &run).await,
        });
        let handed = join_all(handed).await;
        let mut waiting = Vec::new();
        for (sink, (delivery, bodies)) in handed.into_iter().enumerate() {
            self.tally.delivered(sink, 0, delivery);
            if !bodies.is_empty() {
                waiting.push((sink, bodies));
            }
        }
        if !waiting.is_empty() {
            self.keep(waiting).await;
        }
    }

    /// Puts bodies in the spool. The note in the state goes first, so that whoever comes next knows where to look; where
    /// it cannot be written, the next cold start looks everywhere.
    async fn keep(&mut self, bodies: Vec<(usize, Vec<Body>)>) {
        let Some(memory) = &mut self.memory else {
            return;
        };
        for (sink, _) in &bodies {
            let name = &self.terms[*sink].sink;
            if memory.state.head(name).is_none() {
                memory.state.set_head(name, Some(Head::default()));
            }
        }
        self.save().await;
        let Some(memory) = &self.memory else {
            return;
        };
        let puts = bodies.into_iter().map(async |(sink, bodies)| {
            let spool = self.spool(memory, sink);
            (sink, spool.keep(self.moment.time, bodies, &self.budgets.whole).await)
        });
        for (sink, Kept { kept, lost }) in join_all(puts).await {
            self.tally.keeps(sink, &kept);
            for (samples, why) in lost {
                self.tally.loses(sink, samples, &why);
            }
        }
    }
}

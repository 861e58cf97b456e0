//! Draining a spool: what waits goes out oldest first, before anything newer goes to its sink.
//!
//! A sink that is down keeps everything waiting, however long. A body that only its sink's opinion of it keeps waiting must
//! not hold up the others: with the tenth try the next one is tried, and only if something of that is taken is the first one
//! set aside. What a sink took of a body, or refused of one of which it took something, is done with: only the rest of it
//! waits on. A rest that is then refused as a whole is not tried ten times: its sink is known to take others.

use std::collections::VecDeque;
use std::time::Duration;

use clock::Budget;
use series::SourceError;
use sinks::{Delivery, Failure, Sink, SplitAllowance};
use tokio::time::timeout_at;

use crate::spool::{Spool, Waiting};
use crate::state::Head;

/// Tries of the head, with the last of which the next body is tried.
const TRIES: u32 = 10;

/// A sink that does not answer gets no longer than this for one body.
const PATIENCE: Duration = Duration::from_secs(5);

/// What draining one spool came to.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    /// What each attempt took or gave up.
    pub(crate) deliveries: Vec<Delivery>,
    /// Whether it could be looked what waits.
    pub(crate) looked: bool,
    /// What still waits, oldest first.
    pub(crate) waiting: VecDeque<Waiting>,
    /// How often the oldest was tried in vain.
    tries: u32,
    /// What a person should know.
    pub(crate) errors: Vec<SourceError>,
    /// Why the sink, or the store, did not go on.
    pub(crate) failure: Option<String>,
}

/// A spool, its sink, and the time there is.
pub(crate) struct Drain<'a> {
    pub(crate) spool: Spool<'a>,
    pub(crate) sink: &'a Sink,
    pub(crate) run: sinks::Run<'a>,
    /// No body is started behind this.
    pub(crate) until: Budget,
    /// Whether the sink is to get anything; else it is only looked what waits.
    pub(crate) offers: bool,
}

/// What became of one body.
enum Offered {
    /// Nothing of it waits any more: it was taken or given up, or another invocation was faster.
    Settled,
    /// This is left of it.
    Partly(Waiting, Failure),
    Refused(Failure),
    Damaged(String),
}

impl Drained {
    /// What is to be remembered of the spool; nothing where it is empty.
    pub(crate) fn head(&self) -> Option<Head> {
        let oldest = self.waiting.front()?;
        Some(Head { name: oldest.to_string(), tries: self.tries })
    }

    /// A body waits no longer.
    fn settle(&mut self, index: usize) {
        self.waiting.remove(index);
        if index == 0 {
            self.tries = 0;
        }
    }

    /// What is left of a body waits in its place.
    fn replace(&mut self, index: usize, rest: Waiting) {
        if let Some(place) = self.waiting.get_mut(index) {
            *place = rest;
        }
        if index == 0 {
            self.tries = 0;
        }
    }

    /// The sink goes no further: it failed, unless there was only too much for one run.
    fn stop(&mut self, failure: &Failure) {
        if !failure.unfinished {
            self.failure = Some(failure.to_string());
        }
    }
}

/// What the store answers, in time: one that hangs must not hold the run.
async fn within<T>(
    budget: &Budget,
    call: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let answered = timeout_at(budget.end(), call).await;
    answered.unwrap_or_else(|_| Err("the store did not answer in time".to_owned()))
}

impl Drain<'_> {
    /// Drains as far as the sink and the time allow. `head` is what was remembered of the spool.
    pub(crate) async fn all(&self, head: Option<&Head>) -> Drained {
        let mut drained = Drained::default();
        if let Err(error) = self.go(head, &mut drained).await {
            drained.failure = Some(format!("deliver to {}: its spool: {error}", self.sink.name()));
        }
        drained
    }

    /// Stops at the first failure; one of the store is the error.
    async fn go(&self, head: Option<&Head>, drained: &mut Drained) -> Result<(), String> {
        drained.waiting = within(&self.until, self.spool.waiting()).await?.into();
        drained.looked = true;
        if self.offers {
            self.say_what_is_too_old(&drained.waiting);
        }
        drained.tries = head
            .filter(|head| drained.head().is_some_and(|now| now.name == head.name))
            .map_or(0, |head| head.tries);
        let mut is_first = true;
        while let Some(oldest) = drained.waiting.front().cloned() {
            if !self.offers || self.until.is_over() || !self.one(&oldest, is_first, drained).await?
            {
                break;
            }
            is_first = false;
        }
        Ok(())
    }

    /// Deals with the oldest body. Whether to go on with the next one. The first one of a run has all that a run may spend on
    /// looking for bad samples.
    async fn one(
        &self,
        oldest: &Waiting,
        is_first: bool,
        drained: &mut Drained,
    ) -> Result<bool, String> {
        match self.offer(oldest, &self.run, drained).await? {
            Offered::Settled => drained.settle(0),
            Offered::Damaged(why) => self.set_aside(&why, drained).await?,
            Offered::Partly(rest, failure) => {
                drained.replace(0, rest);
                drained.stop(&failure);
                return Ok(false);
            }
            Offered::Refused(failure) => {
                drained.tries += u32::from(is_first || !failure.unfinished);
                let is_known_bad = oldest.is_rest && !failure.unfinished;
                let is_suspected = is_known_bad || drained.tries >= TRIES;
                if !is_suspected || !self.takes_the_next(drained).await? {
                    drained.stop(&failure);
                    return Ok(false);
                }
                let tries = drained.tries;
                let why =
                    format!("it was refused {tries} times, and the next one was taken: {failure}");
                self.set_aside(&why, drained).await?;
            }
        }
        Ok(true)
    }

    /// Whether the sink takes something of the second body: then it is the first one's own fault. What the first one's bad
    /// samples cost does not count against it.
    async fn takes_the_next(&self, drained: &mut Drained) -> Result<bool, String> {
        let Some(next) = drained.waiting.get(1).cloned() else {
            return Ok(false);
        };
        let before = drained.deliveries.len();
        let run = sinks::Run { splits: &SplitAllowance::default(), ..self.run };
        match self.offer(&next, &run, drained).await? {
            Offered::Settled => drained.settle(1),
            Offered::Partly(rest, _) => drained.replace(1, rest),
            Offered::Refused(_) | Offered::Damaged(_) => return Ok(false),
        }
        Ok(drained.deliveries.iter().skip(before).any(|delivery| delivery.sent > 0))
    }

    async fn offer(
        &self,
        one: &Waiting,
        run: &sinks::Run<'_>,
        drained: &mut Drained,
    ) -> Result<Offered, String> {
        let Some(body) = self.in_time(self.spool.body(one)).await? else {
            return Ok(Offered::Settled);
        };
        let run = sinks::Run { budget: run.budget.at_most(PATIENCE), ..*run };
        let (mut delivery, rest) = match self.sink.redeliver(&body, &run).await {
            Err(damaged) => return Ok(Offered::Damaged(damaged.to_string())),
            Ok(redelivered) => redelivered,
        };
        let outcome = std::mem::replace(&mut delivery.outcome, Ok(()));
        self.say_what_is_given_up(one, &delivery);
        let offered = match (outcome, rest) {
            (Ok(()), _) => self.in_time(self.spool.remove(one)).await.map(|()| Offered::Settled),
            (Err(failure), Some(rest)) => {
                let left = self.in_time(self.spool.replace(one, rest)).await;
                let partly = |left| Offered::Partly(left, failure);
                left.map(|left| left.map_or(Offered::Settled, partly))
            }
            (Err(failure), None) => Ok(Offered::Refused(failure)),
        };
        if offered.is_err() {
            // All of it comes again, and is counted then.
            delivery.forget_refusals();
        }
        drained.deliveries.push(delivery);
        offered
    }

    /// At once, before the bodies are gone: a process that is killed reports nothing. A week of them is one line.
    fn say_what_is_too_old(&self, waiting: &VecDeque<Waiting>) {
        let too_old = waiting.iter().take_while(|one| self.sink.is_too_late_for(one.at, &self.run));
        let (samples, last) =
            too_old.fold((0, None), |(samples, _), one| (samples + one.samples, Some(one.at)));
        if let (Some(first), Some(last)) = (waiting.front(), last) {
            let (source, first) = (self.sink.name(), first.at);
            tracing::warn!(
                source,
                "of the bodies of {first} to {last} in the spool: {samples} samples refused: older than this sink takes"
            );
        }
    }

    /// The same of a body by itself.
    fn say_what_is_given_up(&self, one: &Waiting, delivery: &Delivery) {
        if self.sink.is_too_late_for(one.at, &self.run) {
            return;
        }
        for SourceError { source, message } in delivery.refused.entries(self.sink.name()) {
            tracing::warn!(source, "of the bodies of {0} to {0} in the spool: {message}", one.at);
        }
    }

    /// What the store answers while there is time to deliver.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        within(&self.run.budget.at_most(PATIENCE), call).await
    }

    /// The oldest body makes room.
    async fn set_aside(&self, why: &str, drained: &mut Drained) -> Result<(), String> {
        if let Some(oldest) = drained.waiting.front() {
            let key = self.in_time(self.spool.set_aside(oldest)).await?;
            let message = format!("{} samples are set aside in {key}: {why}", oldest.samples);
            drained.errors.push(SourceError::new(self.sink.name(), message));
        }
        drained.waiting.pop_front();
        drained.tries = 0;
        Ok(())
    }
}

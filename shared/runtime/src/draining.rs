//! Draining a spool: what waits goes out oldest first, before anything newer goes to its sink.
//!
//! A sink that is down keeps everything waiting, however long. A body that only its sink's opinion of it keeps waiting must
//! not hold up the others: after ten tries the next one is tried, and only if that is taken is the first one set aside.
//! What a sink took of a body, or refused of one of which it took something, is done with: only the rest of it waits on.

use std::collections::VecDeque;
use std::time::Duration;

use clock::Budget;
use series::SourceError;
use sinks::{Delivery, Failure, Sink};
use tokio::time::timeout_at;

use crate::spool::{Spool, Waiting};
use crate::state::Head;

/// Tries of the head before the next body is tried.
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
    /// Another invocation was faster.
    Gone,
    /// Taken, or given up for good.
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
        drained.tries = head
            .filter(|head| drained.head().is_some_and(|now| now.name == head.name))
            .map_or(0, |head| head.tries);
        while let Some(oldest) = drained.waiting.front().cloned() {
            if !self.offers || self.until.is_over() {
                break;
            }
            match self.offer(&oldest, drained).await? {
                Offered::Gone | Offered::Settled => self.take(0, drained).await?,
                Offered::Damaged(why) => self.set_aside(&why, drained).await?,
                Offered::Partly(rest, failure) => {
                    drained.waiting[0] = rest;
                    drained.tries = 0;
                    drained.stop(&failure);
                    break;
                }
                Offered::Refused(failure) if failure.unfinished => break,
                Offered::Refused(failure) => {
                    drained.tries += 1;
                    if drained.tries < TRIES || !self.takes_the_next(drained).await? {
                        drained.stop(&failure);
                        break;
                    }
                    let why = format!(
                        "it was refused {} times, and the next one was taken: {failure}",
                        drained.tries
                    );
                    self.set_aside(&why, drained).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether the sink takes the second body: then it is the first one's own fault.
    async fn takes_the_next(&self, drained: &mut Drained) -> Result<bool, String> {
        let Some(next) = drained.waiting.get(1).cloned() else {
            return Ok(false);
        };
        match self.offer(&next, drained).await? {
            Offered::Settled => self.take(1, drained).await?,
            Offered::Partly(rest, _) => drained.waiting[1] = rest,
            Offered::Gone | Offered::Refused(_) | Offered::Damaged(_) => return Ok(false),
        }
        Ok(true)
    }

    async fn offer(&self, one: &Waiting, drained: &mut Drained) -> Result<Offered, String> {
        let Some(body) = within(&self.until, self.spool.body(one)).await? else {
            return Ok(Offered::Gone);
        };
        let run = sinks::Run { budget: self.run.budget.at_most(PATIENCE), ..self.run };
        let (mut delivery, rest) = match self.sink.redeliver(&body, &run).await {
            Err(damaged) => return Ok(Offered::Damaged(damaged.to_string())),
            Ok(redelivered) => redelivered,
        };
        let left = match rest {
            Some(rest) => within(&self.run.budget, self.spool.replace(one, rest)).await.map(Some),
            None => Ok(None),
        };
        if left.is_err() {
            // All of it comes again, and is counted then.
            delivery.forget_refusals();
        }
        let outcome = std::mem::replace(&mut delivery.outcome, Ok(()));
        drained.deliveries.push(delivery);
        Ok(match (outcome, left?) {
            (Ok(()), _) => Offered::Settled,
            (Err(failure), Some(left)) => Offered::Partly(left, failure),
            (Err(failure), None) => Offered::Refused(failure),
        })
    }

    /// One body needs to wait no longer.
    async fn take(&self, index: usize, drained: &mut Drained) -> Result<(), String> {
        if let Some(one) = drained.waiting.get(index) {
            within(&self.run.budget, self.spool.remove(one)).await?;
        }
        drained.waiting.remove(index);
        if index == 0 {
            drained.tries = 0;
        }
        Ok(())
    }

    /// The oldest body makes room.
    async fn set_aside(&self, why: &str, drained: &mut Drained) -> Result<(), String> {
        if let Some(oldest) = drained.waiting.front() {
            let key = within(&self.run.budget, self.spool.set_aside(oldest)).await?;
            let message = format!("{} samples are set aside in {key}: {why}", oldest.samples);
            drained.errors.push(SourceError::new(self.sink.name(), message));
        }
        drained.waiting.pop_front();
        drained.tries = 0;
        Ok(())
    }
}

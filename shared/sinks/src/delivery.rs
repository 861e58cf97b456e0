//! What a delivery is given and what it gives back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use clock::Budget;
use series::{SourceError, Timestamp};

use crate::refusals::Refusals;

/// What a delivery has to know of the run that it is part of.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The time at which the delivery begins, for signatures and for the age of samples.
    pub now: Timestamp,
    /// When delivering has to stop.
    pub budget: Budget,
    /// What splitting may cost in this run.
    pub splits: &'a SplitAllowance,
    /// The window was asked for by hand: samples older than `catch_up` are sent all the same, and it is the receiver
    /// who decides.
    pub by_hand: bool,
}

/// How many requests a run may spend on parts of refused ones: [`PER_RUN`](Self::PER_RUN) for each sink, over all that
/// is delivered to it in the run.
#[derive(Debug, Default)]
pub struct SplitAllowance(Mutex<BTreeMap<String, u32>>);

impl SplitAllowance {
    /// How many there are for each sink.
    pub const PER_RUN: u32 = 64;

    /// What is left for a sink.
    pub fn left(&self, sink: &str) -> u32 {
        let spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self::PER_RUN.saturating_sub(spent.get(sink).copied().unwrap_or_default())
    }

    /// Spends one.
    pub(crate) fn spend(&self, sink: &str) {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *spent.entry(sink.to_owned()).or_default() += 1;
    }
}

/// What became of some series, or of a kept body, at one sink.
#[derive(Debug)]
pub struct Delivery {
    /// Samples that the receiver took. They stay taken when the outcome is a failure.
    pub sent: u64,
    /// Samples that were given up for good, by reason in `refused`. When the outcome is a failure, only those that do not
    /// come again: with [`deliver`](crate::Sink::deliver) those before `delivered_before`, with
    /// [`deliver_or_keep`](crate::Sink::deliver_or_keep) and [`redeliver`](crate::Sink::redeliver) those that are in no body.
    pub rejected: u64,
    /// Requests over the wire, repeats and parts included.
    pub requests: u64,
    /// Bytes of the bodies of these requests, as sent.
    pub bytes: u64,
    /// What was given up, by reason.
    pub refused: Refusals,
    /// What else a person should know (names that met).
    pub notes: Vec<SourceError>,
    /// Whether everything was delivered or given up.
    pub outcome: Result<(), Failure>,
    /// Where a failure came in the middle: every sample before this time was delivered or given up and need not come
    /// again. A receiver that has the newer samples of a series may refuse the older ones, so they must not. Only
    /// [`deliver`](crate::Sink::deliver) says it: bodies are kept sample by sample.
    pub delivered_before: Option<Timestamp>,
}

impl Delivery {
    /// Takes back what was counted as given up: it was not remembered, and comes again.
    pub fn forget_refusals(&mut self) {
        self.rejected = 0;
        self.refused = Refusals::default();
    }
}

/// Why a sink could not be delivered to. Fits after "failed to"; names the sink and what it answered, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What happened.
    pub message: String,
    /// The receiver is not down: there was only too much for one run, in time or in requests for parts.
    pub unfinished: bool,
}

impl Failure {
    pub(crate) fn new(sink: &str, what: impl std::fmt::Display) -> Self {
        Self { message: format!("deliver to {sink}: {what}"), unfinished: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sink_has_an_allowance_of_its_own() {
        let splits = SplitAllowance::default();
        (0..70).for_each(|_| splits.spend("remote_write:amp"));
        assert_eq!((splits.left("remote_write:amp"), splits.left("mackerel:web")), (0, 64));
    }
}

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

/// What became of some series at one sink.
#[derive(Debug)]
pub struct Delivery {
    /// Samples that the receiver took. They stay taken when the outcome is a failure.
    pub sent: u64,
    /// Samples that were given up for good, by reason in `errors`. When the outcome is a failure, only of those before
    /// `delivered_before`: everything else comes again.
    pub rejected: u64,
    /// Requests over the wire, repeats and parts included.
    pub requests: u64,
    /// Bytes of the bodies of these requests, as sent.
    pub bytes: u64,
    /// What was refused, by reason, and what else a person should know (names that met).
    pub errors: Vec<SourceError>,
    /// Whether everything was delivered or given up.
    pub outcome: Result<(), Failure>,
    /// Where a failure came in the middle: every sample before this time was delivered or given up and need not come
    /// again. A receiver that has the newer samples of a series may refuse the older ones, so they must not.
    pub delivered_before: Option<Timestamp>,
}

/// Why a sink could not be delivered to. Fits after "failed to"; names the sink and what it answered, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What happened.
    pub message: String,
    /// The receiver was taking samples when the budget ended: it is not down, there was only too much for one run.
    pub out_of_time: bool,
}

impl Failure {
    pub(crate) fn new(sink: &str, what: impl std::fmt::Display) -> Self {
        Self { message: format!("deliver to {sink}: {what}"), out_of_time: false }
    }
}

/// What the requests of one delivery came to, before judgement.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Samples taken.
    pub(crate) samples: u64,
    /// How many items, counted from the front, are in requests that were answered for good.
    pub(crate) settled: usize,
    /// Requests over the wire.
    pub(crate) requests: u64,
    /// Bytes of bodies over the wire.
    pub(crate) bytes: u64,
    /// What the receiver refused.
    pub(crate) refused: Refusals,
    /// Whether all requests were answered for good.
    pub(crate) outcome: Result<(), Failure>,
}

impl Sent {
    pub(crate) fn nothing() -> Self {
        let refused = Refusals::default();
        Self { samples: 0, settled: 0, requests: 0, bytes: 0, refused, outcome: Ok(()) }
    }

    /// The verdict over a whole delivery. A receiver that took nothing and refused something refuses for a reason that
    /// lies outside the samples (a wrong path, a tenant's limit): nothing is given up. One that took a part of them
    /// meant the others. `own` are samples that were never sent, `notes` further entries of the report, and `times` the
    /// time of each item.
    pub(crate) fn judge(
        self,
        sink: &str,
        own: Refusals,
        notes: Vec<SourceError>,
        times: impl Iterator<Item = Timestamp>,
    ) -> Delivery {
        let Self { samples, settled, requests, bytes, refused, outcome } = self;
        let refused_samples = refused.samples();
        let outcome = outcome.and_then(|()| match refused.first_answer() {
            Some(said) if samples == 0 => Err(Failure::new(
                sink,
                format_args!(
                    "all {refused_samples} samples were refused, none is given up: {said}"
                ),
            )),
            _ => Ok(()),
        });
        // Suspects of a request stand at its end: the oldest of what is open need not be the first.
        let oldest_open = times.skip(settled).min();
        let delivered_before =
            oldest_open.filter(|_| outcome.is_err() && samples > 0 && settled > 0);
        let mut given_up = own;
        given_up.merge(refused);
        if outcome.is_err() && delivered_before.is_none() {
            given_up = Refusals::default();
        }
        let errors = notes.into_iter().chain(given_up.entries(sink)).collect();
        let rejected = given_up.samples();
        Delivery { sent: samples, rejected, requests, bytes, errors, outcome, delivered_before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One item a second.
    fn times(items: i64) -> impl Iterator<Item = Timestamp> {
        (0..items).map(Timestamp::from_secs)
    }

    fn sent(samples: u64, refused: u64) -> Sent {
        let mut sent = Sent { samples, requests: 1, bytes: 10, ..Sent::nothing() };
        sent.refused.add_answer("status 400: out of order sample", refused);
        sent
    }

    #[test]
    fn what_one_receiver_refuses_among_others_is_given_up_and_reported() {
        let mut own = Refusals::default();
        own.add("timestamp in the future", 2);
        let delivery = sent(5, 3).judge("remote_write:amp", own, Vec::new(), times(8));
        assert_eq!((delivery.sent, delivery.rejected), (5, 5));
        assert_eq!(delivery.outcome, Ok(()));
        assert_eq!(delivery.errors.len(), 2);
    }

    #[test]
    fn a_receiver_that_takes_nothing_makes_a_failure_and_nothing_is_given_up() {
        let delivery =
            sent(0, 3).judge("remote_write:amp", Refusals::default(), Vec::new(), times(3));
        assert_eq!((delivery.sent, delivery.rejected), (0, 0));
        assert_eq!(
            delivery.outcome.expect_err("a failure").to_string(),
            "deliver to remote_write:amp: all 3 samples were refused, none is given up: \
             status 400: out of order sample"
        );
        assert!(delivery.errors.is_empty());
    }

    #[test]
    fn an_outage_gives_nothing_up_but_keeps_the_count_of_what_was_taken() {
        let outage =
            Sent { outcome: Err(Failure::new("mackerel:web", "status 503")), ..sent(5, 3) };
        let delivery = outage.judge("mackerel:web", Refusals::default(), Vec::new(), times(9));
        assert_eq!((delivery.sent, delivery.rejected, delivery.requests), (5, 0, 1));
        assert_eq!(delivery.delivered_before, None, "the first request was not answered for good");
    }

    #[test]
    fn an_outage_in_the_middle_says_what_need_not_come_again() {
        let failure = Failure::new("mackerel:web", "status 503");
        let outage = Sent { outcome: Err(failure), settled: 6, ..sent(5, 1) };
        let delivery = outage.judge("mackerel:web", Refusals::default(), Vec::new(), times(9));
        assert_eq!(delivery.delivered_before, Some(Timestamp::from_secs(6)));
        assert_eq!((delivery.rejected, delivery.errors.len()), (1, 1), "that one is past");
    }

    #[test]
    fn refusals_before_an_outage_that_took_nothing_are_no_progress() {
        let failure = Failure::new("mackerel:web", "status 503");
        let outage = Sent { outcome: Err(failure), settled: 6, ..sent(0, 6) };
        let delivery = outage.judge("mackerel:web", Refusals::default(), Vec::new(), times(9));
        assert_eq!((delivery.delivered_before, delivery.rejected), (None, 0));
    }

    #[test]
    fn each_sink_has_an_allowance_of_its_own() {
        let splits = SplitAllowance::default();
        (0..70).for_each(|_| splits.spend("remote_write:amp"));
        assert_eq!((splits.left("remote_write:amp"), splits.left("mackerel:web")), (0, 64));
    }
}

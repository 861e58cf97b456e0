//! The verdict over what the requests of one delivery came to. Pure.

use std::ops::Range;

use series::{SourceError, Timestamp};

use crate::delivery::{Delivery, Failure};
use crate::parts::Resolved;
use crate::refusals::Refusals;

/// What the requests of one delivery came to, before judgement.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Samples taken.
    pub(crate) samples: u64,
    /// How many items, counted from the front, are in requests that were answered for good.
    pub(crate) settled: usize,
    /// Of each item, whether it was neither taken nor refused.
    pub(crate) open: Vec<bool>,
    /// Requests over the wire.
    pub(crate) requests: u64,
    /// Bytes of bodies over the wire.
    pub(crate) bytes: u64,
    /// What the receiver refused in requests that were answered for good.
    pub(crate) refused: Refusals,
    /// What it refused in the request behind these, in the middle of which sending ended.
    pub(crate) refused_midway: Refusals,
    /// Whether all requests were answered for good.
    pub(crate) outcome: Result<(), Failure>,
}

/// What becomes of samples that a failure leaves over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// Their source is read again.
    ComesAgain,
    /// They are kept, each for itself.
    IsKept,
    /// They stay in the body that they came in, without those that are not left over if any were taken.
    StaysInBody {
        /// Whether the body is the rest of one of which some were.
        is_rest: bool,
    },
}

impl Sent {
    /// Nothing yet, of so many items.
    pub(crate) fn nothing(items: usize) -> Self {
        Self {
            samples: 0,
            settled: 0,
            open: vec![true; items],
            requests: 0,
            bytes: 0,
            refused: Refusals::default(),
            refused_midway: Refusals::default(),
            outcome: Ok(()),
        }
    }

    /// Notes what these items, which went in one request or in parts of it, came to.
    pub(crate) fn resolve(&mut self, items: Range<usize>, resolved: Resolved) {
        self.samples += resolved.samples();
        let Resolved { taken: _, refused, bad: _, open } = resolved;
        self.refused_midway.merge(refused);
        self.open[items].fill(false);
        open.into_iter().for_each(|items| self.open[items].fill(true));
    }

    /// Notes that every request up to this item was answered for good.
    pub(crate) fn settle(&mut self, end: usize) {
        self.settled = end;
        self.refused.merge(std::mem::take(&mut self.refused_midway));
    }

    /// The verdict, and of each item whether it has to be kept. A receiver that took nothing and refused something
    /// refuses for a reason that lies outside the samples (a wrong path, a tenant's limit): nothing is given up. One that
    /// took a part of them meant the others. Of samples that are kept, those that only become older are given up all the
    /// same where their age is why they are refused. `own` are samples that were never sent, `notes` further entries of the
    /// report, and `times` the time of each item.
    pub(crate) fn judge(
        self,
        sink: &str,
        own: Refusals,
        notes: Vec<SourceError>,
        leftover: Leftover,
        times: impl Iterator<Item = Timestamp>,
    ) -> (Delivery, Vec<bool>) {
        let Self { samples, settled, mut open, requests, bytes, refused, refused_midway, outcome } =
            self;
        let is_past = samples > 0;
        let for_ever = leftover != Leftover::ComesAgain && refused.are_for_ever();
        let outcome = outcome.and_then(|()| match is_past || for_ever {
            true => Ok(()),
            false => everything_refused(sink, &refused),
        });
        if outcome.is_err() && !is_past {
            open.fill(true);
        }
        // Suspects of a request stand at its end: the oldest of what is open need not be the first.
        let oldest_open = times.skip(settled).min();
        let came_far = outcome.is_err() && samples > 0 && settled > 0;
        let delivered_before = oldest_open.filter(|_| came_far && leftover == Leftover::ComesAgain);
        let (own_is_past, refused_is_past) = match leftover {
            _ if outcome.is_ok() => (true, true),
            Leftover::ComesAgain => (delivered_before.is_some(), delivered_before.is_some()),
            Leftover::IsKept => (true, is_past),
            Leftover::StaysInBody { .. } => (is_past, is_past),
        };
        let mut given_up = if own_is_past { own } else { Refusals::default() };
        if refused_is_past {
            given_up.merge(refused);
        }
        if refused_is_past && leftover != Leftover::ComesAgain {
            given_up.merge(refused_midway);
        }
        let (sent, rejected, refused) = (samples, given_up.samples(), given_up);
        let delivery =
            Delivery { sent, rejected, requests, bytes, refused, notes, outcome, delivered_before };
        (delivery, open)
    }
}

/// An error where anything was refused: nothing was taken.
fn everything_refused(sink: &str, refused: &Refusals) -> Result<(), Failure> {
    refused.first_answer().map_or(Ok(()), |said| {
        let count = refused.samples();
        let what = format!("all {count} samples were refused, none is given up: {said}");
        Err(Failure::new(sink, what))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Leftover::{ComesAgain, IsKept, StaysInBody};

    const BAD: &str = "status 400: label value too long";

    /// What `samples` taken and `refused` refused items of 9 come to, one item a second, with `own` refusals of ours.
    fn judged(sent: Sent, own: u64, leftover: Leftover) -> (Delivery, usize) {
        let mut refusals = Refusals::default();
        refusals.add("timestamp in the future", own);
        let times = (0..9).map(Timestamp::from_secs);
        let (delivery, open) =
            sent.judge("remote_write:amp", refusals, Vec::new(), leftover, times);
        (delivery, open.into_iter().filter(|open| *open).count())
    }

    fn refused(samples: u64) -> Refusals {
        let mut refusals = Refusals::default();
        refusals.add_answer(BAD, samples);
        refusals
    }

    fn one_part(samples: Range<usize>) -> Vec<Range<usize>> {
        std::iter::once(samples).collect()
    }

    /// All 9 items were answered for good.
    fn to_the_end(samples: u64) -> Sent {
        let mut sent = Sent { requests: 1, bytes: 10, ..Sent::nothing(9) };
        let taken = one_part(0..samples as usize);
        let bad = Resolved { taken, refused: refused(9 - samples), ..Resolved::default() };
        sent.resolve(0..9, bad);
        sent.settle(9);
        sent
    }

    /// Of two requests of three items the first was answered for good, of the second an item was refused and one taken;
    /// the third was not sent.
    fn broken_off(samples: u64) -> Sent {
        let mut sent = Sent { requests: 4, ..Sent::nothing(9) };
        let first = Resolved {
            taken: one_part(0..samples.min(2) as usize),
            refused: refused(3 - samples.min(2)),
            ..Resolved::default()
        };
        sent.resolve(0..3, first);
        sent.settle(3);
        let taken = samples.saturating_sub(2) as usize;
        let second = Resolved {
            taken: one_part(6 - taken..6),
            refused: refused(1),
            open: (4..6 - taken).map(|at| at..at + 1).collect(),
            ..Resolved::default()
        };
        sent.resolve(3..6, second);
        sent.outcome = Err(Failure::new("remote_write:amp", "status 503"));
        sent
    }

    fn counts(delivery: &Delivery) -> (u64, u64, usize) {
        (delivery.sent, delivery.rejected, delivery.refused.entries("remote_write:amp").count())
    }

    #[test]
    fn what_one_receiver_refuses_among_others_is_given_up_and_reported() {
        for leftover in [ComesAgain, IsKept, StaysInBody { is_rest: false }] {
            let (delivery, kept) = judged(to_the_end(6), 2, leftover);
            assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (6, 5, 2)));
            assert_eq!((kept, delivery.delivered_before), (0, None));
        }
    }

    #[test]
    fn a_receiver_that_takes_nothing_makes_a_failure_and_nothing_is_given_up() {
        for (leftover, own) in [(ComesAgain, 0), (IsKept, 2), (StaysInBody { is_rest: false }, 0)] {
            let (delivery, kept) = judged(to_the_end(0), 2, leftover);
            assert_eq!((delivery.sent, delivery.rejected, kept), (0, own, 9), "{leftover:?}");
            assert_eq!(
                delivery.outcome.expect_err("a failure").to_string(),
                "deliver to remote_write:amp: all 9 samples were refused, none is given up: \
                 status 400: label value too long"
            );
        }
    }

    #[test]
    fn an_outage_before_the_first_answer_leaves_everything() {
        for (leftover, own) in [(ComesAgain, 0), (IsKept, 2), (StaysInBody { is_rest: false }, 0)] {
            let failure = Failure::new("mackerel:web", "status 503");
            let outage = Sent { outcome: Err(failure), ..Sent::nothing(9) };
            let (delivery, kept) = judged(outage, 2, leftover);
            assert_eq!((delivery.sent, delivery.rejected, kept), (0, own, 9), "{leftover:?}");
            assert_eq!(delivery.delivered_before, None);
        }
    }

    #[test]
    fn an_outage_in_the_middle_says_what_need_not_come_again() {
        let (delivery, _) = judged(broken_off(3), 0, ComesAgain);
        assert_eq!(delivery.delivered_before, Some(Timestamp::from_secs(3)));
        assert_eq!(counts(&delivery), (3, 1, 1), "the one of the first request is past");
    }

    #[test]
    fn an_outage_in_the_middle_keeps_what_was_neither_taken_nor_refused() {
        let (delivery, kept) = judged(broken_off(3), 2, IsKept);
        assert_eq!(counts(&delivery), (3, 4, 2));
        assert_eq!((kept, delivery.delivered_before), (4, None));
    }

    #[test]
    fn an_outage_in_the_middle_of_a_body_leaves_what_was_neither_taken_nor_refused() {
        for is_rest in [false, true] {
            let (delivery, left) = judged(broken_off(3), 2, StaysInBody { is_rest });
            assert_eq!((counts(&delivery), left), ((3, 4, 2), 4));
        }
    }

    #[test]
    fn what_is_kept_and_refused_for_its_age_is_given_up() {
        const OLD: &str = "status 400: too old sample";
        for (leftover, is_given_up) in
            [(ComesAgain, false), (IsKept, true), (StaysInBody { is_rest: false }, true)]
        {
            let mut sent = Sent::nothing(9);
            let mut refused = Refusals::default();
            refused.add_answer(OLD, 9);
            sent.resolve(0..9, Resolved { refused, ..Resolved::default() });
            sent.settle(9);
            let (delivery, _) = judged(sent, 0, leftover);
            let expected = if is_given_up { 9 } else { 0 };
            assert_eq!((delivery.outcome.is_ok(), delivery.rejected), (is_given_up, expected));
        }
    }

    #[test]
    fn refusals_before_an_outage_that_took_nothing_are_no_progress() {
        let (delivery, _) = judged(broken_off(0), 0, ComesAgain);
        assert_eq!((delivery.delivered_before, delivery.rejected), (None, 0));
        let (delivery, kept) = judged(broken_off(0), 0, IsKept);
        assert_eq!((delivery.rejected, kept), (0, 9));
    }
}

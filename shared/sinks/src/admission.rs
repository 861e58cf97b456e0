//! Which samples go to a sink at all. What no receiver takes is counted here instead of costing the others a refused
//! request.

use std::time::Duration;

use series::Timestamp;

use crate::delivery::Run;
use crate::refusals::Refusals;

/// Counted for samples with a timestamp after the present. One of them moves the head of a Prometheus forward, and
/// everything behind it is out of order for the other senders.
pub(crate) const FUTURE: &str = "timestamp in the future";
/// Counted for samples that are older than what the sink takes.
pub(crate) const TOO_OLD: &str = "older than this sink takes";
/// Counted for the second of two samples with one label set and one timestamp.
pub(crate) const DUPLICATE: &str = "duplicate sample for timestamp";

/// Between the moment a window is computed and the moment its samples are sent, a run may spend its budget: samples
/// that were inside `catch_up` then still are.
const SENDING: Duration = Duration::from_secs(300);

/// The times that a sink takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    newest: Timestamp,
    oldest: Option<Timestamp>,
}

impl Admission {
    /// What may be sent in `run`: nothing from the future; in a scheduled run nothing that has fallen out of `catch_up`;
    /// and never anything older than `limit`, where there is one.
    pub(crate) fn new(run: &Run<'_>, catch_up: Duration, limit: Option<Duration>) -> Self {
        let now = run.now;
        let scheduled = (!run.by_hand).then_some(now - (catch_up + SENDING));
        Self { newest: now, oldest: scheduled.max(limit.map(|limit| now - limit)) }
    }

    /// The same for samples that were kept: they were not ahead of the clock then, and if they are now, the clock is
    /// wrong and not they. Whoever sends them waits for it.
    pub(crate) fn of_kept(self) -> Self {
        Self { newest: Timestamp::from_millis(i64::MAX), ..self }
    }

    /// Whether a sample of this time is sent; if not, it is counted.
    pub(crate) fn admits(&self, at: Timestamp, refusals: &mut Refusals) -> bool {
        let reason = if at > self.newest {
            FUTURE
        } else if self.oldest.is_some_and(|oldest| at < oldest) {
            TOO_OLD
        } else {
            return true;
        };
        refusals.add(reason, 1);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::SplitAllowance;
    use clock::Budget;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn only_samples_between_catch_up_and_now_are_sent() {
        let now = Timestamp::from_secs(1_000_000);
        let splits = SplitAllowance::default();
        let budget = Budget::starting_now(MINUTE);
        let run = Run { now, budget, splits: &splits, by_hand: false };
        let by_hand = Run { by_hand: true, ..run };
        let cases = [
            ("now", &run, None, now, true),
            ("a millisecond ahead", &run, None, now + Duration::from_millis(1), false),
            ("at the edge of catch_up", &run, None, now - MINUTE * 50, true),
            ("caught up, then waited for a slow receiver", &run, None, now - MINUTE * 54, true),
            ("fallen out of catch_up", &run, None, now - MINUTE * 56, false),
            ("asked for by hand", &by_hand, None, now - MINUTE * 500, true),
            (
                "by hand, but the sink has a limit of its own",
                &by_hand,
                Some(MINUTE * 60),
                now - MINUTE * 61,
                false,
            ),
            ("the limit is the stricter one", &run, Some(MINUTE * 10), now - MINUTE * 11, false),
        ];
        for (what, run, limit, at, expected) in cases {
            let mut refusals = Refusals::default();
            let admission = Admission::new(run, MINUTE * 50, limit);
            assert_eq!(admission.admits(at, &mut refusals), expected, "{what}");
            assert_eq!(refusals.samples(), u64::from(!expected), "{what}");
        }
    }

    #[test]
    fn what_was_kept_may_become_too_old_but_is_never_from_the_future() {
        let now = Timestamp::from_secs(1_000_000);
        let splits = SplitAllowance::default();
        let budget = Budget::starting_now(MINUTE);
        let run = Run { now, budget, splits: &splits, by_hand: false };
        let admission = Admission::new(&run, MINUTE * 50, None).of_kept();
        let mut refusals = Refusals::default();
        assert!(admission.admits(now + MINUTE, &mut refusals));
        assert!(!admission.admits(now - MINUTE * 56, &mut refusals));
        assert_eq!(refusals.of(TOO_OLD), 1);
    }
}

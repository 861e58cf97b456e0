//! How fast a service may be asked: one limiter for all workers, so that together they stay inside its quotas.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Budget;
use tokio::sync::{Semaphore, SemaphorePermit};

/// One quota: so much a second, of which the first `at_once` need not be spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How much a second.
    pub per_second: f64,
    /// How much at once, after a rest.
    pub at_once: usize,
}

/// What a call takes of one of a limiter's rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Which of the rates, by its place in [`Limiter::new`].
    pub rate: usize,
    /// How much.
    pub amount: u64,
}

/// Shared by all workers; clones are the same limiter. One for everything is always safe; one for each account and region
/// uses the quotas in full.
#[derive(Debug, Clone)]
pub struct Limiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    slots: Semaphore,
    /// Only its elapsed time is read: a stopwatch.
    stopwatch: Budget,
    paces: Mutex<Vec<Pace>>,
}

impl Limiter {
    /// A limiter for so many calls on the wire at one time (at least one) and these rates.
    pub fn new(concurrency: usize, rates: &[Rate]) -> Self {
        Self(Arc::new(Shared {
            slots: Semaphore::new(concurrency.max(1)),
            stopwatch: Budget::starting_now(Duration::ZERO),
            paces: Mutex::new(rates.iter().copied().map(Pace::new).collect()),
        }))
    }

    /// Waits for this call's turn. `None`: its turn does not come within the budget, and nothing was taken from the
    /// rates. The call is on the wire for as long as the permit lives.
    pub async fn turn(&self, costs: &[Cost], budget: &Budget) -> Option<SemaphorePermit<'_>> {
        let slot =
            tokio::time::timeout_at(budget.end(), self.0.slots.acquire()).await.ok()?.ok()?;
        let wait = self.reserve(costs, budget.remaining())?;
        // The timer's own grain is a millisecond.
        if wait >= Duration::from_millis(1) {
            tokio::time::sleep(wait).await;
        }
        Some(slot)
    }

    /// Holds back every call that has not begun: the service said that all of them together are too fast.
    pub fn hold(&self, pause: Duration) {
        let until = self.0.stopwatch.elapsed() + pause;
        self.lock().iter_mut().for_each(|pace| pace.hold(until));
    }

    /// Takes from all rates, or from none when the slowest of them takes longer than `patience`; how long to wait.
    fn reserve(&self, costs: &[Cost], patience: Duration) -> Option<Duration> {
        let now = self.0.stopwatch.elapsed();
        let mut paces = self.lock();
        let ready = costs.iter().map(|cost| paces[cost.rate].ready(now)).max().unwrap_or(now);
        let wait = ready.saturating_sub(now);
        if wait >= patience {
            return None;
        }
        for Cost { rate, amount } in costs {
            paces[*rate].take(*amount, ready);
        }
        Some(wait)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Pace>> {
        self.0.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One rate, as the generic cell rate algorithm keeps it: the time at which everything taken so far is paid for. What
/// is taken is paid afterwards, so that a single large request never waits, and the next one does. Pure: times are
/// handed in, counted from any fixed moment.
#[derive(Debug, Clone, PartialEq)]
struct Pace {
    rate: f64,
    /// How far ahead of payment a call may begin.
    credit: Duration,
    paid_at: Duration,
}

impl Pace {
    fn new(Rate { per_second, at_once }: Rate) -> Self {
        let mut pace = Self { rate: per_second, credit: Duration::ZERO, paid_at: Duration::ZERO };
        pace.credit = pace.price(at_once.saturating_sub(1) as u64);
        pace
    }

    /// When the next call may begin, `now` or later.
    fn ready(&self, now: Duration) -> Duration {
        self.paid_at.saturating_sub(self.credit).max(now)
    }

    /// A call of this cost begins at `at`, which is not before [`Self::ready`].
    fn take(&mut self, cost: u64, at: Duration) {
        self.paid_at = self.paid_at.max(at) + self.price(cost);
    }

    /// No call may begin before `until`.
    fn hold(&mut self, until: Duration) {
        self.paid_at = self.paid_at.max(until + self.credit);
    }

    fn price(&self, cost: u64) -> Duration {
        Duration::try_from_secs_f64(cost as f64 / self.rate).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALLS: [Cost; 1] = [Cost { rate: 0, amount: 1 }];

    fn limiter(concurrency: usize) -> Limiter {
        let calls = Rate { per_second: 20.0, at_once: 10 };
        let things = Rate { per_second: 100.0, at_once: 1 };
        Limiter::new(concurrency, &[calls, things])
    }

    fn things(amount: u64) -> [Cost; 2] {
        [CALLS[0], Cost { rate: 1, amount }]
    }

    fn close(took: Duration, seconds: f64) -> bool {
        (took.as_secs_f64() - seconds).abs() < 0.02
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_calls_go_at_once_and_the_others_at_their_rate() {
        let limiter = limiter(1);
        let budget = Budget::starting_now(Duration::from_secs(60));
        for _ in 0..10 {
            drop(limiter.turn(&CALLS, &budget).await.expect("the budget is long enough"));
        }
        assert_eq!(budget.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            drop(limiter.turn(&CALLS, &budget).await.expect("the budget is long enough"));
        }
        assert!(close(budget.elapsed(), 1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_call_is_paid_for_by_the_next_one() {
        let limiter = limiter(1);
        let budget = Budget::starting_now(Duration::from_secs(60));
        drop(limiter.turn(&things(300), &budget).await.expect("free"));
        assert_eq!(budget.elapsed(), Duration::ZERO);
        drop(limiter.turn(&CALLS, &budget).await.expect("another rate"));
        assert_eq!(budget.elapsed(), Duration::ZERO);
        drop(limiter.turn(&things(1), &budget).await.expect("paid for"));
        assert!(close(budget.elapsed(), 3.0));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_allowed_calls_are_on_the_wire() {
        let limiter = limiter(2);
        let budget = Budget::starting_now(Duration::from_secs(1));
        let first = limiter.turn(&CALLS, &budget).await.expect("free");
        let second = limiter.clone();
        let second = second.turn(&CALLS, &budget).await.expect("free");
        assert!(limiter.turn(&CALLS, &budget).await.is_none(), "both slots are taken");
        assert!(budget.is_over());
        drop((first, second));
        let later = Budget::starting_now(Duration::from_secs(1));
        assert!(limiter.turn(&CALLS, &later).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_refused_at_once_and_costs_nothing() {
        let limiter = limiter(1);
        let budget = Budget::starting_now(Duration::from_secs(2));
        drop(limiter.turn(&things(300), &budget).await);
        for _ in 0..10 {
            assert!(limiter.turn(&things(300), &budget).await.is_none());
        }
        assert_eq!(budget.elapsed(), Duration::ZERO);
        let patient = Budget::starting_now(Duration::from_secs(4));
        assert!(limiter.turn(&things(1), &patient).await.is_some());
        assert!(close(patient.elapsed(), 3.0));
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_holds_everybody_back() {
        let limiter = limiter(5);
        let budget = Budget::starting_now(Duration::from_secs(10));
        limiter.hold(Duration::from_secs(2));
        drop(limiter.turn(&CALLS, &budget).await);
        assert!(close(budget.elapsed(), 2.0));
    }

    proptest! {
        #[test]
        fn in_no_stretch_of_time_more_than_rate_and_burst_begin(
            rate in 1u32..100,
            at_once in 1usize..10,
            arrivals in proptest::collection::vec(0u64..300, 1..200),
        ) {
            let mut pace = Pace::new(Rate { per_second: f64::from(rate), at_once });
            let mut now = Duration::ZERO;
            let mut begun = Vec::new();
            for gap in arrivals {
                now += Duration::from_millis(gap);
                let ready = pace.ready(now);
                pace.take(1, ready);
                begun.push(ready.as_secs_f64());
            }
            for (first, from) in begun.iter().enumerate() {
                for (last, to) in begun.iter().enumerate().skip(first) {
                    let allowed = at_once as f64 + (to - from) * f64::from(rate);
                    prop_assert!((last - first + 1) as f64 <= allowed + 1e-6);
                }
            }
        }
    }
}

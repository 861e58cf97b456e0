//! How fast CloudWatch may be asked: one limiter for all workers, so that together they stay inside the quotas.
//!
//! GetMetricData: 50 requests a second, and 180,000 datapoints a second where the window starts within the last three
//! hours, 396,000 where it starts earlier. ListMetrics: 25 requests a second
//! ([quotas](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html), for an account in
//! a region). CloudWatch counts the datapoints that a request could have, not those that there are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Budget;
use series::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Windows that start no longer ago than this count against the lower datapoint rate.
const RECENT: Duration = Duration::from_secs(3 * 60 * 60);

/// What a [`Limiter`] allows. The default is CloudWatch's default quotas, with five calls at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Calls on the wire at one time.
    pub concurrency: usize,
    /// GetMetricData requests a second.
    pub requests: f64,
    /// Datapoints a second in windows that start within the last three hours.
    pub recent_points: f64,
    /// Datapoints a second in older windows.
    pub older_points: f64,
    /// ListMetrics requests a second.
    pub listings: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            concurrency: 5,
            requests: 50.0,
            recent_points: 180_000.0,
            older_points: 396_000.0,
            listings: 25.0,
        }
    }
}

/// Shared by all workers of a run; clones are the same limiter. One for everything is always safe; one for each
/// account and region uses the quotas in full.
#[derive(Debug, Clone)]
pub struct Limiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    slots: Semaphore,
    recent_since: Timestamp,
    /// Only its elapsed time is read: a stopwatch.
    stopwatch: Budget,
    paces: Mutex<Paces>,
}

#[derive(Debug)]
struct Paces {
    requests: Pace,
    recent_points: Pace,
    older_points: Pace,
    listings: Pace,
}

/// What a call weighs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Weight {
    /// GetMetricData for at most so many datapoints from a window with this start.
    Data { from: Timestamp, points: u64 },
    /// ListMetrics.
    Listing,
}

impl Limiter {
    /// A limiter for a run at `now`, with CloudWatch's default quotas.
    pub fn new(now: Timestamp) -> Self {
        Self::with(Rates::default(), now)
    }

    /// A limiter for a run at `now` with other rates, for accounts whose quotas were changed.
    pub fn with(rates: Rates, now: Timestamp) -> Self {
        let at_once = rates.concurrency.max(1);
        let paces = Paces {
            requests: Pace::new(rates.requests, at_once),
            recent_points: Pace::new(rates.recent_points, 1),
            older_points: Pace::new(rates.older_points, 1),
            listings: Pace::new(rates.listings, at_once),
        };
        Self(Arc::new(Shared {
            slots: Semaphore::new(at_once),
            recent_since: now - RECENT,
            stopwatch: Budget::starting_now(Duration::ZERO),
            paces: Mutex::new(paces),
        }))
    }

    /// Waits for this call's turn. `None`: its turn does not come within the budget, and nothing was taken from the
    /// rates. The call is on the wire for as long as the permit lives.
    pub(crate) async fn turn(
        &self,
        weight: Weight,
        budget: &Budget,
    ) -> Option<SemaphorePermit<'_>> {
        let slot =
            tokio::time::timeout_at(budget.end(), self.0.slots.acquire()).await.ok()?.ok()?;
        let wait = self.reserve(weight, budget.remaining())?;
        // The timer's own grain is a millisecond.
        if wait >= Duration::from_millis(1) {
            tokio::time::sleep(wait).await;
        }
        Some(slot)
    }

    /// Holds back every call that has not begun: CloudWatch said that all of them together are too fast.
    pub(crate) fn hold(&self, pause: Duration) {
        let until = self.0.stopwatch.elapsed() + pause;
        let mut paces = self.0.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.requests.hold(until);
        paces.listings.hold(until);
    }

    fn reserve(&self, weight: Weight, patience: Duration) -> Option<Duration> {
        let now = self.0.stopwatch.elapsed();
        let mut paces = self.0.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let Paces { requests, recent_points, older_points, listings } = &mut *paces;
        match weight {
            Weight::Listing => reserve([(listings, 1)], now, patience),
            Weight::Data { from, points } => {
                let recent = from >= self.0.recent_since;
                let rate = if recent { recent_points } else { older_points };
                reserve([(requests, 1), (rate, points)], now, patience)
            }
        }
    }
}

/// Takes from all paces, or from none when the slowest of them takes longer than `patience`; how long to wait.
fn reserve<const N: usize>(
    mut paces: [(&mut Pace, u64); N],
    now: Duration,
    patience: Duration,
) -> Option<Duration> {
    let ready = paces.iter().map(|(pace, _)| pace.ready(now)).max().unwrap_or(now);
    let wait = ready.saturating_sub(now);
    if wait >= patience {
        return None;
    }
    for (pace, cost) in &mut paces {
        pace.take(*cost, ready);
    }
    Some(wait)
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
    /// `rate` a second, of which the first `at_once` need not be spaced.
    fn new(rate: f64, at_once: usize) -> Self {
        let mut pace = Self { rate, credit: Duration::ZERO, paid_at: Duration::ZERO };
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

    const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);

    fn recent(points: u64) -> Weight {
        Weight::Data { from: NOW - RECENT, points }
    }

    fn older(points: u64) -> Weight {
        Weight::Data { from: NOW - RECENT - Duration::from_millis(1), points }
    }

    /// How long `calls` calls take, one after the other, that CloudWatch answers at once.
    async fn pace_of(weight: Weight, calls: usize) -> Duration {
        let limiter = Limiter::new(NOW);
        let budget = Budget::starting_now(Duration::from_secs(3600));
        for _ in 0..calls {
            let turn = limiter.turn(weight, &budget).await;
            drop(turn.expect("the budget is long enough"));
        }
        budget.elapsed()
    }

    fn close(took: Duration, seconds: f64) -> bool {
        (took.as_secs_f64() - seconds).abs() < 0.02
    }

    #[tokio::test(start_paused = true)]
    async fn five_requests_go_at_once_and_the_others_fifty_a_second() {
        assert_eq!(pace_of(recent(1), 5).await, Duration::ZERO);
        assert!(close(pace_of(recent(1), 105).await, 2.0));
    }

    #[tokio::test(start_paused = true)]
    async fn large_requests_wait_for_the_datapoints_of_those_before() {
        assert_eq!(pace_of(recent(100_800), 1).await, Duration::ZERO);
        assert!(close(pace_of(recent(90_000), 11).await, 5.0));
        assert!(close(pace_of(older(99_000), 9).await, 2.0));
    }

    #[tokio::test(start_paused = true)]
    async fn listings_have_a_pace_of_their_own() {
        assert!(close(pace_of(Weight::Listing, 55).await, 2.0));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_allowed_calls_are_on_the_wire() {
        let limiter = Limiter::with(Rates { concurrency: 2, ..Rates::default() }, NOW);
        let budget = Budget::starting_now(Duration::from_secs(1));
        let first = limiter.turn(recent(1), &budget).await.expect("free");
        let second = limiter.clone();
        let second = second.turn(recent(1), &budget).await.expect("free");
        assert!(limiter.turn(recent(1), &budget).await.is_none(), "both slots are taken");
        assert!(budget.is_over());
        drop((first, second));
        let later = Budget::starting_now(Duration::from_secs(1));
        assert!(limiter.turn(recent(1), &later).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_refused_at_once_and_costs_nothing() {
        let limiter = Limiter::new(NOW);
        let budget = Budget::starting_now(Duration::from_secs(2));
        drop(limiter.turn(recent(540_000), &budget).await);
        for _ in 0..10 {
            assert!(limiter.turn(recent(540_000), &budget).await.is_none());
        }
        assert_eq!(budget.elapsed(), Duration::ZERO);
        let patient = Budget::starting_now(Duration::from_secs(4));
        assert!(limiter.turn(recent(1), &patient).await.is_some());
        assert!(close(patient.elapsed(), 3.0));
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_holds_everybody_back() {
        let limiter = Limiter::new(NOW);
        let budget = Budget::starting_now(Duration::from_secs(10));
        limiter.hold(Duration::from_secs(2));
        drop(limiter.turn(older(1), &budget).await);
        assert!(close(budget.elapsed(), 2.0));
    }

    proptest! {
        #[test]
        fn in_no_stretch_of_time_more_than_rate_and_burst_begin(
            rate in 1u32..100,
            at_once in 1usize..10,
            arrivals in proptest::collection::vec(0u64..300, 1..200),
        ) {
            let mut pace = Pace::new(f64::from(rate), at_once);
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

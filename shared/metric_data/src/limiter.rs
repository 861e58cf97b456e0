//! How fast CloudWatch may be asked: one limiter for all workers, so that together they stay inside the quotas.
//!
//! GetMetricData: 50 requests a second, and 180,000 datapoints a second where the window starts within the last three
//! hours, 396,000 where it starts earlier. ListMetrics: 25 requests a second
//! ([quotas](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html), for an account in
//! a region). CloudWatch counts the datapoints that a request could have, not those that there are.

use std::time::Duration;

use aws::{Cost, Rate};
use series::Timestamp;

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
pub struct Limiter {
    pub(crate) paced: aws::Limiter,
    recent_since: Timestamp,
}

/// The places of the rates in [`aws::Limiter`].
#[derive(Debug, Clone, Copy)]
enum Place {
    Requests,
    RecentPoints,
    OlderPoints,
    Listings,
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
        let rate = |per_second, at_once| Rate { per_second, at_once };
        // In the order of `Place`.
        let paces = [
            rate(rates.requests, at_once),
            rate(rates.recent_points, 1),
            rate(rates.older_points, 1),
            rate(rates.listings, at_once),
        ];
        Self { paced: aws::Limiter::new(at_once, &paces), recent_since: now - RECENT }
    }

    /// What a call takes of which rate.
    pub(crate) fn costs(&self, weight: Weight) -> Vec<Cost> {
        let cost = |place: Place, amount| Cost { rate: place as usize, amount };
        match weight {
            Weight::Listing => vec![cost(Place::Listings, 1)],
            Weight::Data { from, points } => {
                let recent = from >= self.recent_since;
                let place = if recent { Place::RecentPoints } else { Place::OlderPoints };
                vec![cost(Place::Requests, 1), cost(place, points)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::Budget;

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
            let turn = limiter.paced.turn(&limiter.costs(weight), &budget).await;
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
}

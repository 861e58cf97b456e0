//! Half-open stretches of time, start inclusive and end exclusive: CloudWatch's own convention
//! ([GetMetricData](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html)).

use std::fmt;
use std::time::Duration;

use crate::Timestamp;

/// The time from `from` (inclusive) to `to` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first moment inside.
    pub from: Timestamp,
    /// The first moment behind.
    pub to: Timestamp,
}

impl Window {
    /// The window from `from` to `to`; empty if `to` is not after `from`.
    pub const fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to }
    }

    /// Whether no moment lies inside.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// Whether `at` lies inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// How many multiples of `period` lie inside: the most datapoints that one query can have here.
    pub fn points(&self, period: Duration) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let span = self.to.since(self.from.ceil(period)).as_millis();
        let points = span.div_ceil(period.as_millis());
        u64::try_from(points).unwrap_or(u64::MAX)
    }

    /// This window in consecutive pieces of at most `points` periods each, oldest first.
    /// `period` and `points` must not be zero.
    pub fn slices(self, period: Duration, points: u32) -> impl Iterator<Item = Self> {
        let length = period * points;
        let mut from = self.from;
        std::iter::from_fn(move || {
            let slice = Self::new(from, (from + length).min(self.to));
            from = slice.to;
            (!slice.is_empty()).then_some(slice)
        })
    }

    /// The smallest window that holds both.
    pub fn union(self, other: Self) -> Self {
        Self::new(self.from.min(other.from), self.to.max(other.to))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn minutes(from: i64, to: i64) -> Window {
        Window::new(Timestamp::from_secs(from * 60), Timestamp::from_secs(to * 60))
    }

    #[test]
    fn an_empty_window_has_no_points_and_no_slices() {
        assert_eq!(minutes(5, 5).points(MINUTE), 0);
        assert_eq!(minutes(6, 5).slices(MINUTE, 3).count(), 0);
    }

    #[test]
    fn five_minutes_hold_five_one_minute_points_and_one_five_minute_point() {
        assert_eq!(minutes(0, 5).points(MINUTE), 5);
        assert_eq!(minutes(0, 5).points(MINUTE * 5), 1);
        assert_eq!(minutes(1, 5).points(MINUTE * 5), 0);
    }

    proptest! {
        #[test]
        fn slices_are_the_window_without_gap_or_overlap(from in 0i64..10_000, length in 1i64..3_000, points in 1u32..500) {
            let window = minutes(from, from + length);
            let slices: Vec<_> = window.slices(MINUTE, points).collect();
            prop_assert_eq!(slices.first().map(|slice| slice.from), Some(window.from));
            prop_assert_eq!(slices.last().map(|slice| slice.to), Some(window.to));
            prop_assert!(slices.windows(2).all(|pair| pair[0].to == pair[1].from));
            prop_assert!(slices.iter().all(|slice| slice.points(MINUTE) <= u64::from(points)));
        }
    }
}

//! How long to wait before the same request is tried again. Pure: the attempt, what the receiver asked for and the dice
//! are arguments.

use std::time::Duration;

/// Exponential backoff between two bounds, with jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
}

impl Backoff {
    /// Waits of at least `min` and at most `max`, whatever the number of attempts; a `max` below `min` counts as `min`.
    pub(crate) const fn new(min: Duration, max: Duration) -> Self {
        let max = if max.as_nanos() < min.as_nanos() { min } else { max };
        Self { min, max }
    }

    /// The wait after `failures` failed attempts (1 for the first): somewhere in the upper fifth of `min · 2^failures`,
    /// inside the bounds, so that a wait is never much shorter than the one before. `dice` lies in 0..1. A receiver that asked for more patience (`Retry-After`) gets it, even
    /// above the upper bound.
    pub(crate) fn wait(&self, failures: u32, dice: f64, asked: Option<Duration>) -> Duration {
        let doubled = self.min.saturating_mul(1u32.checked_shl(failures).unwrap_or(u32::MAX));
        let top = doubled.min(self.max);
        let bottom = (top * 4 / 5).max(self.min);
        let wait = bottom + (top - bottom).mul_f64(dice.clamp(0.0, 1.0));
        asked.map_or(wait, |asked| asked.max(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROMETHEUS: Backoff = Backoff::new(Duration::from_millis(30), Duration::from_secs(5));

    #[test]
    fn the_defaults_of_prometheus_double_up_to_five_seconds() {
        let lowest: Vec<_> = (1..=9).map(|n| PROMETHEUS.wait(n, 0.0, None).as_millis()).collect();
        let highest: Vec<_> = (1..=9).map(|n| PROMETHEUS.wait(n, 1.0, None).as_millis()).collect();
        assert_eq!(lowest, [48, 96, 192, 384, 768, 1536, 3072, 4000, 4000]);
        assert_eq!(highest, [60, 120, 240, 480, 960, 1920, 3840, 5000, 5000]);
    }

    #[test]
    fn a_receiver_that_asks_for_more_gets_more_and_one_that_asks_for_less_does_not() {
        let hour = Duration::from_secs(3600);
        assert_eq!(PROMETHEUS.wait(1, 0.0, Some(hour)), hour);
        assert_eq!(PROMETHEUS.wait(1, 0.0, Some(Duration::ZERO)), Duration::from_millis(48));
    }

    proptest! {
        #[test]
        fn a_wait_stays_inside_the_bounds_and_never_overflows(
            min in 1u64..100_000, more in 0u64..1_000_000, failures in any::<u32>(), dice in 0.0f64..1.0,
        ) {
            let (min, max) = (Duration::from_millis(min), Duration::from_millis(min + more));
            let wait = Backoff::new(min, max).wait(failures, dice, None);
            prop_assert!(min <= wait && wait <= max, "{wait:?}");
        }

        #[test]
        fn a_wait_is_at_least_four_fifths_of_the_one_before(
            failures in 1u32..60, one in 0.0f64..1.0, two in 0.0f64..1.0,
        ) {
            let waits = [(failures, one), (failures + 1, two)].map(|(n, dice)| PROMETHEUS.wait(n, dice, None));
            prop_assert!(waits[1].as_secs_f64() >= waits[0].as_secs_f64() * 0.799, "{waits:?}");
        }
    }
}

//! Which jobs are due. Pure.

use std::time::Duration;

use series::Timestamp;

/// Whether a job of this interval runs at `time`, when invocations come every `schedule`. Follows from the time alone: of any
/// run of consecutive invocations exactly those are due that first reach a new multiple of the interval.
///
/// An event's time may be off by up to half a schedule: it counts as the nearest multiple of the schedule.
pub fn is_due(interval: Duration, time: Timestamp, schedule: Duration) -> bool {
    if schedule < SHORTEST || interval <= schedule {
        return true;
    }
    let nominal = (time + schedule / 2).floor(schedule);
    // A multiple of the interval lies after the invocation before, and not after this one.
    nominal.floor(interval) > nominal - schedule
}

/// Times are whole milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::is_due;
    use proptest::prelude::*;
    use series::Timestamp;
    use std::time::Duration;

    /// The minutes after the epoch at which a job runs, of those in a schedule of so many seconds.
    fn due(interval: u64, schedule: u64, invocations: i64) -> Vec<i64> {
        let times = (0..invocations).map(|at| at * i64::try_from(schedule).expect("small"));
        let (interval, schedule) = (Duration::from_secs(interval), Duration::from_secs(schedule));
        times.filter(|time| is_due(interval, Timestamp::from_secs(*time), schedule)).collect()
    }

    #[test]
    fn a_job_runs_when_its_interval_comes_round() {
        assert_eq!(due(60, 60, 4), [0, 60, 120, 180]);
        assert_eq!(due(300, 60, 11), [0, 300, 600]);
        assert_eq!(due(900, 300, 7), [0, 900, 1800]);
    }

    #[test]
    fn a_job_with_a_shorter_interval_than_the_schedule_runs_always() {
        assert_eq!(due(15, 60, 3), [0, 60, 120]);
        assert!(is_due(Duration::from_secs(60), Timestamp::from_secs(7), Duration::ZERO));
    }

    #[test]
    fn an_interval_that_is_no_multiple_of_the_schedule_is_met_by_the_next_invocation() {
        // 90, 180, 270, 360
        assert_eq!(due(90, 60, 7), [0, 120, 180, 300, 360]);
        assert_eq!(due(100, 60, 6), [0, 120, 240, 300]);
    }

    #[test]
    fn an_event_that_is_early_or_late_counts_as_the_one_it_was_to_be() {
        let (interval, schedule) = (Duration::from_secs(300), Duration::from_secs(60));
        for (seconds, expected) in [
            (270, true),
            (299, true),
            (301, true),
            (329, true),
            (241, false),
            (360, false),
            (331, false),
        ] {
            let due = is_due(interval, Timestamp::from_secs(seconds), schedule);
            assert_eq!(due, expected, "{seconds}");
        }
    }

    proptest! {
        #[test]
        fn each_multiple_of_a_long_interval_is_met_once_whatever_the_jitter(
            schedule_ms in 1_000_u64..600_000,
            factor in 1.0_f64..20.0,
            first in -1_000_i64..1_000_000,
            jitters in proptest::collection::vec(-0.49_f64..0.49, 1..200),
        ) {
            let interval_ms = (schedule_ms as f64 * factor) as u64;
            let (schedule, interval) = (Duration::from_millis(schedule_ms), Duration::from_millis(interval_ms));
            let (schedule_ms, interval_ms) = (schedule_ms as i64, interval_ms as i64);
            let mut last = (first - 1) * schedule_ms;
            for (at, jitter) in (first..).zip(&jitters) {
                let nominal = at * schedule_ms;
                let time = Timestamp::from_millis(nominal + (schedule_ms as f64 * jitter) as i64);
                let met = nominal.div_euclid(interval_ms) - last.div_euclid(interval_ms);
                prop_assert!(met <= 1, "an interval is not shorter than the schedule");
                prop_assert_eq!(is_due(interval, time, schedule), met == 1);
                last = nominal;
            }
        }
    }
}

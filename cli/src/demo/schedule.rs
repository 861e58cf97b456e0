//! When the demo's runs take place. Pure.

use std::ops::Range;
use std::time::Duration;

use series::Timestamp;

/// The time between runs.
pub(super) const EVERY: Duration = Duration::from_secs(300);

/// How long CloudFront's data takes to settle: what `delay` is where nobody says otherwise.
const DELAY: Duration = Duration::from_secs(120);

/// The runs of which Mackerel's outage spoils the deliveries, counted from 0.
pub(super) const OUTAGE: Range<u32> = 4..6;

/// The run before which all functions are started anew: what waits for Mackerel outlives a process.
pub(super) const RESTART: u32 = OUTAGE.end;

/// The runs that find the site down that is probed. Mackerel hears of the first of them later.
pub(super) const SITE_OUTAGE: Range<u32> = 5..7;

/// The demo's hour begins at 2026-11-20T09:00:00Z: the same numbers every time.
const HOUR: Timestamp = Timestamp::from_secs(1_795_165_200);

/// Runs at equal distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schedule {
    /// The time of the first run.
    pub(super) first: Timestamp,
    /// How many there are.
    pub(super) runs: u32,
}

impl Schedule {
    /// One hour that is the same every time.
    pub(super) fn of_the_hour() -> Self {
        Self { first: HOUR + EVERY + DELAY, runs: 12 }
    }

    /// The runs that end now. Prometheus and AMP refuse what is an hour old, so that it is five minutes less.
    pub(super) fn until(now: Timestamp) -> Self {
        let runs = 11;
        let last = now.floor(Duration::from_secs(60));
        Self { first: last - EVERY * (runs - 1), runs }
    }

    /// The time of each run.
    pub(super) fn times(self) -> impl Iterator<Item = Timestamp> {
        (0..self.runs).map(move |run| self.first + EVERY * run)
    }

    /// The times at which the site is down that is probed.
    pub(super) fn site_outage(self) -> impl Iterator<Item = Timestamp> {
        SITE_OUTAGE.map(move |run| self.first + EVERY * run)
    }

    /// What the runs read, in seconds since the epoch, the end not included.
    pub(super) fn window(self) -> Range<i64> {
        let from = self.first - DELAY - EVERY;
        from.as_secs()..(from + EVERY * self.runs).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_runs_read_one_whole_hour() {
        let schedule = Schedule::of_the_hour();
        assert_eq!(schedule.window(), HOUR.as_secs()..HOUR.as_secs() + 3600);
        let times: Vec<_> = schedule.times().map(|at| at.to_string()).collect();
        assert_eq!(times.len(), 12);
        assert_eq!((&*times[0], &*times[11]), ("2026-11-20T09:07:00Z", "2026-11-20T10:02:00Z"));
    }

    #[test]
    fn runs_until_now_end_in_this_minute_and_read_nothing_that_is_an_hour_old() {
        let now = HOUR + Duration::from_secs(59);
        let schedule = Schedule::until(now);
        assert_eq!(schedule.times().last(), Some(HOUR));
        let window = schedule.window();
        assert_eq!(window.end, (HOUR - DELAY).as_secs());
        assert!(now.as_secs() - window.start < 3600 - 60, "a minute is left for delivering");
    }
}

//! Points in time as CloudWatch, Prometheus and Mackerel know them: whole milliseconds since the Unix epoch.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text that is no RFC 3339 time.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not an RFC 3339 time such as 2026-11-20T09:26:00Z")]
pub struct ParseTimestampError(String);

impl Timestamp {
    /// The time that lies `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The time that lies `secs` seconds after the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch: the unit of Prometheus samples.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the unit of Mackerel samples.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The last multiple of `period` that is not after this time. `period` must not be zero.
    pub fn floor(self, period: Duration) -> Self {
        let period = millis(period);
        Self(self.0.div_euclid(period) * period)
    }

    /// The first multiple of `period` that is not before this time. `period` must not be zero.
    pub fn ceil(self, period: Duration) -> Self {
        let floor = self.floor(period);
        if floor == self { self } else { floor + period }
    }

    /// How long after `earlier` this time is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 time, with any offset and fraction.
    pub fn parse_rfc3339(text: &str) -> Result<Self, ParseTimestampError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .and_then(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok())
            .map(Self)
            .ok_or_else(|| ParseTimestampError(text.to_owned()))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

/// RFC 3339 in UTC; the fraction only where there is one. Outside the years that RFC 3339 can say: the milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn floor_and_ceil_meet_on_a_multiple_of_the_period() {
        let at = Timestamp::from_secs(120);
        assert_eq!(at.floor(MINUTE), at);
        assert_eq!(at.ceil(MINUTE), at);
        assert_eq!(Timestamp::from_millis(120_001).floor(MINUTE), at);
        assert_eq!(Timestamp::from_millis(120_001).ceil(MINUTE), at + MINUTE);
        assert_eq!(Timestamp::from_millis(-1).floor(MINUTE), Timestamp::from_secs(-60));
    }

    #[test]
    fn rfc3339_goes_both_ways_in_utc() {
        let at = Timestamp::parse_rfc3339("2026-11-20T18:26:00+09:00").expect("a valid time");
        assert_eq!(at.to_string(), "2026-11-20T09:26:00Z");
        assert_eq!(at.as_secs(), 1_795_166_760);
        let fraction = Timestamp::parse_rfc3339("2026-11-20T09:26:00.250Z").expect("a valid time");
        assert_eq!(fraction.to_string(), "2026-11-20T09:26:00.25Z");
    }

    #[test]
    fn a_text_that_is_no_time_is_quoted_in_the_error() {
        let error = Timestamp::parse_rfc3339("yesterday").expect_err("not a time");
        assert!(error.to_string().starts_with("\"yesterday\" is not an RFC 3339 time"));
    }

    #[test]
    fn since_never_goes_below_zero() {
        assert_eq!(Timestamp::from_secs(60).since(Timestamp::from_secs(120)), Duration::ZERO);
        assert_eq!(Timestamp::from_secs(120).since(Timestamp::from_secs(60)), MINUTE);
    }
}

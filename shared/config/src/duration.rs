//! Prometheus durations (`1h30m`): [`parse`] accepts and refuses what `model.ParseDuration` does, in its words.
//!
//! A year is 365 days, a week 7 days, a day 24 hours. Units go from large to small, each at most once; there are
//! no signs, fractions or spaces, and only `0` may stand without a unit.

use std::fmt::Write as _;
use std::time::Duration;

/// Units in milliseconds, from large to small.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 60 * 60 * 1000),
    ("w", 7 * 24 * 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// Go keeps a duration as a signed 64-bit number of nanoseconds, which ends after 292 years.
const LONGEST_MS: u64 = i64::MAX as u64 / 1_000_000;

/// Why a text is no duration, in the words of Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing there.
    #[error("empty duration string")]
    Empty,
    /// Not digits and units in falling order.
    #[error("not a valid duration string: {0:?}")]
    Malformed(String),
    /// A unit that does not exist.
    #[error("unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// Longer than 292 years.
    #[error("duration out of range")]
    OutOfRange,
}

/// Reads a duration such as `1m30s`.
///
/// # Errors
/// When Prometheus would refuse it.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    match text {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(Duration::ZERO),
        _ => {}
    }
    let malformed = || DurationError::Malformed(text.to_owned());
    let (mut rest, mut units, mut total_ms) = (text, &UNITS[..], 0_u64);
    while !rest.is_empty() {
        let (digits, after) = split(rest, |c| !c.is_ascii_digit());
        let (unit, after) = split(after, |c| c.is_ascii_digit());
        let number: u64 = digits.parse().map_err(|_| malformed())?;
        if unit.is_empty() {
            return Err(malformed());
        }
        let length_ms = unit_ms(unit).ok_or_else(|| DurationError::UnknownUnit {
            unit: unit.to_owned(),
            text: text.to_owned(),
        })?;
        let position = units.iter().position(|(_, ms)| *ms == length_ms).ok_or_else(malformed)?;
        units = &units[position + 1..];
        total_ms = number
            .checked_mul(length_ms)
            .and_then(|ms| total_ms.checked_add(ms))
            .filter(|ms| *ms <= LONGEST_MS)
            .ok_or(DurationError::OutOfRange)?;
        rest = after;
    }
    Ok(Duration::from_millis(total_ms))
}

/// Writes a duration as Prometheus does: whole milliseconds; years and weeks only where nothing is left over,
/// because `90d` reads better than `12w6d`.
pub fn format(duration: Duration) -> String {
    let mut left_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left_ms == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, length_ms) in UNITS {
        let only_if_exact = matches!(unit, "y" | "w");
        let count = left_ms / length_ms;
        if count == 0 || (only_if_exact && left_ms % length_ms != 0) {
            continue;
        }
        // Writing to a `String` cannot fail.
        let _infallible = write!(text, "{count}{unit}");
        left_ms %= length_ms;
    }
    text
}

fn unit_ms(unit: &str) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms)
}

fn split(text: &str, at: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::{format, parse};
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_prometheus_reads_them() {
        let table = [
            ("0", 0),
            ("0w", 0),
            ("0s", 0),
            ("324ms", 324),
            ("3s", 3_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("4d", 345_600_000),
            ("4d1h", 349_200_000),
            ("14d", 1_209_600_000),
            ("3w", 1_814_400_000),
            ("3w2d1h", 1_990_800_000),
            ("10y", 315_360_000_000),
            ("1m30s", 90_000),
            ("8w4d", 5_184_000_000),
        ];
        for (text, expected_ms) in table {
            assert_eq!(parse(text), Ok(Duration::from_millis(expected_ms)), "{text}");
        }
    }

    #[test]
    fn wrong_durations_are_refused_in_the_words_of_prometheus() {
        let table = [
            ("", "empty duration string"),
            ("1", r#"not a valid duration string: "1""#),
            ("1y1m1d", r#"not a valid duration string: "1y1m1d""#),
            ("1s1s", r#"not a valid duration string: "1s1s""#),
            ("-1w", r#"not a valid duration string: "-1w""#),
            ("d", r#"not a valid duration string: "d""#),
            ("1.5d", r#"unknown unit "." in duration "1.5d""#),
            ("5x", r#"unknown unit "x" in duration "5x""#),
            ("1 m", r#"unknown unit " m" in duration "1 m""#),
            ("99999999999999999999s", r#"not a valid duration string: "99999999999999999999s""#),
            ("294y", "duration out of range"),
            ("200y10400w", "duration out of range"),
            ("107675d", "duration out of range"),
            ("2584200h", "duration out of range"),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).map_err(|e| e.to_string()), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_prometheus_writes_them() {
        let table = [("90d", "90d"), ("365d", "1y"), ("14d", "2w"), ("60m", "1h"), ("0ms", "0s")];
        for (text, expected) in table {
            let duration = parse(text).expect("a valid duration");
            assert_eq!(format(duration), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ms in 0..=super::LONGEST_MS) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse(&format(duration)), Ok(duration));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9ywdhms.é -]{0,24}") {
            let _outcome = parse(&text);
        }
    }
}

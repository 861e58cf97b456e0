//! Go's [`time.ParseDuration`](https://pkg.go.dev/time#ParseDuration), which is not Prometheus's: `1d` is refused, `1.5h` is
//! fine, and so is `-1s`.

use std::time::Duration;

use config::{Findings, Node};

use super::reading;

/// A duration may be negative; where it is used, that counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GoDuration {
    nanoseconds: i64,
}

/// Units in nanoseconds. The micro sign and the Greek letter look alike.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The largest amount: that of Go's most negative duration.
const LARGEST: u64 = 1 << 63;

/// Why a text is none, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DurationError {
    #[error("invalid duration")]
    Invalid,
    #[error("missing unit in duration")]
    MissingUnit,
    #[error("unknown unit {0:?} in duration")]
    UnknownUnit(String),
}

impl GoDuration {
    pub(super) fn parse(text: &str) -> Result<Self, DurationError> {
        let (is_negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self { nanoseconds: 0 });
        }
        if rest.is_empty() {
            return Err(DurationError::Invalid);
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (amount, after) = element(rest)?;
            total = total
                .checked_add(amount)
                .filter(|total| *total <= LARGEST)
                .ok_or(DurationError::Invalid)?;
            rest = after;
        }
        let nanoseconds =
            if is_negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
        nanoseconds.map(|nanoseconds| Self { nanoseconds }).ok_or(DurationError::Invalid)
    }

    /// How long it is, if it is longer than nothing.
    pub(super) fn positive(self) -> Option<Duration> {
        let nanoseconds = u64::try_from(self.nanoseconds).ok().filter(|own| *own > 0)?;
        Some(Duration::from_nanos(nanoseconds))
    }
}

/// A number and its unit, in nanoseconds, and what follows them.
fn element(text: &str) -> Result<(u64, &str), DurationError> {
    let (whole, after) = split(text, |c| !c.is_ascii_digit());
    let fraction = after.strip_prefix('.').map(|after| split(after, |c| !c.is_ascii_digit()));
    let (fraction, after) = fraction.unwrap_or(("", after));
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Invalid);
    }
    let whole = if whole.is_empty() { Ok(0) } else { whole.parse::<u64>() };
    let whole = whole.ok().filter(|whole| *whole <= LARGEST).ok_or(DurationError::Invalid)?;
    let (unit, after) = split(after, |c| c == '.' || c.is_ascii_digit());
    if unit.is_empty() {
        return Err(DurationError::MissingUnit);
    }
    let length = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, length)| *length);
    let length = length.ok_or_else(|| DurationError::UnknownUnit(unit.to_owned()))?;
    let amount = whole
        .checked_mul(length)
        .and_then(|amount| amount.checked_add(part_of(fraction, length)))
        .filter(|amount| *amount <= LARGEST)
        .ok_or(DurationError::Invalid)?;
    Ok((amount, after))
}

/// `5` of `1.5s`, in nanoseconds. Digits that Go has no room for change nothing.
fn part_of(fraction: &str, length: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in fraction.bytes() {
        let next = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')));
        let Some(next) = next.filter(|next| *next <= LARGEST) else {
            break;
        };
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (length as f64 / scale)) as u64
}

fn split(text: &str, at: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

/// A duration field. A number without a unit is no text, and so no duration either.
pub(super) fn read_duration(node: &Node, findings: &mut Findings) -> Option<GoDuration> {
    let text = reading::text(node, findings)?;
    let (kind, reason) = match reading::number_kind(node) {
        Some(kind) => (kind, "a number has no unit".to_owned()),
        None => match GoDuration::parse(&text) {
            Ok(duration) => return Some(duration),
            Err(error) => ("!!str", error.to_string()),
        },
    };
    let shown = reading::shortened(&text);
    findings.error(
        node,
        format!(
            "cannot unmarshal {kind} `{shown}` into time.Duration: {reason}; \
             write a Go duration such as 5s, 1m30s or 500ms"
        ),
    );
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("30s", 30_000_000_000),
            ("1478s", 1_478_000_000_000),
            ("-5s", -5_000_000_000),
            ("+5s", 5_000_000_000),
            ("-0", 0),
            ("+0", 0),
            ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000),
            ("5.s", 5_000_000_000),
            (".5s", 500_000_000),
            ("1.0040s", 1_004_000_000),
            ("100.00100s", 100_001_000_000),
            ("10ns", 10),
            ("11us", 11_000),
            ("12\u{b5}s", 12_000),
            ("12\u{3bc}s", 12_000),
            ("13ms", 13_000_000),
            ("15m", 900_000_000_000),
            ("16h", 57_600_000_000_000),
            ("3h30m", 12_600_000_000_000),
            ("10.5s4m", 250_500_000_000),
            ("-2m3.4s", -123_400_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("39h9m14.425s", 140_954_425_000_000),
            ("52763797000ms", 52_763_797_000_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254740993ns", 9_007_199_254_740_993),
            ("9223372036854775807ns", i64::MAX),
            ("9223372036854775.807us", i64::MAX),
            ("9223372036s854ms775us807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("-2562047h47m16.854775808s", i64::MIN),
            ("0.100000000000000000000h", 360_000_000_000),
            ("0.830103483285477580700h", 2_988_372_539_827),
        ] {
            assert_eq!(GoDuration::parse(text), Ok(GoDuration { nanoseconds: expected }), "{text}");
        }
    }

    #[test]
    fn wrong_durations_are_refused_in_gos_words() {
        for (text, expected) in [
            ("", "invalid duration"),
            ("3", "missing unit in duration"),
            ("-", "invalid duration"),
            ("s", "invalid duration"),
            (".", "invalid duration"),
            ("-.", "invalid duration"),
            (".s", "invalid duration"),
            ("+.s", "invalid duration"),
            ("1d", "unknown unit \"d\" in duration"),
            ("1w", "unknown unit \"w\" in duration"),
            ("1.5.5s", "missing unit in duration"),
            ("1 s", "unknown unit \" s\" in duration"),
            ("5S", "unknown unit \"S\" in duration"),
            ("\u{85}\u{85}", "invalid duration"),
            ("1\u{20ac}", "unknown unit \"\u{20ac}\" in duration"),
            ("9223372036854775810ns", "invalid duration"),
            ("9223372036854775808ns", "invalid duration"),
            ("-9223372036854775809ns", "invalid duration"),
            ("9223372036854776us", "invalid duration"),
            ("3000000h", "invalid duration"),
            ("9223372036854775807ns1ns", "invalid duration"),
        ] {
            let error = GoDuration::parse(text).map_err(|error| error.to_string());
            assert_eq!(error, Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn only_what_is_longer_than_nothing_counts() {
        let positive = |text| GoDuration::parse(text).expect(text).positive();
        assert_eq!(positive("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!((positive("0"), positive("0s"), positive("-1s")), (None, None, None));
    }

    proptest! {
        #[test]
        fn whole_numbers_of_every_unit_are_themselves(count in 0..2_000_000_u64, unit in 0..UNITS.len()) {
            let (name, length) = UNITS[unit];
            let parsed = GoDuration::parse(&format!("{count}{name}"));
            prop_assert_eq!(parsed, Ok(GoDuration { nanoseconds: (count * length) as i64 }));
        }

        #[test]
        fn what_rust_prints_is_read_back(ns in 0..i64::MAX as u64) {
            // Rust prints a duration as a fraction of one unit. Go adds fractions as floats: exact up to 2⁵³.
            let duration = Duration::from_nanos(ns);
            let parsed = GoDuration::parse(&format!("{}s{}ns", duration.as_secs(), duration.subsec_nanos()));
            prop_assert_eq!(parsed, Ok(GoDuration { nanoseconds: ns as i64 }));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+]?[0-9.hmsnuµμ é]{0,24}") {
            let _outcome = GoDuration::parse(&text);
        }
    }
}

//! The statistics that CloudWatch can compute
//! ([definitions](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html)).
//!
//! One statistic that CloudWatch does not know fails the whole request it stands in, with up to 499 innocent queries.
//! So none gets as far as a request.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A statistic in CloudWatch's own spelling: `Sum`, `p99.9`, `TM(10%:90%)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statistic(Cow<'static, str>);

/// A text that is no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a CloudWatch statistic such as Sum, Average, Minimum, Maximum, SampleCount, p99, tm90 or TM(10%:90%)"
)]
pub struct StatisticError(String);

impl Statistic {
    /// The sum of all values of the period.
    pub const SUM: Self = Self(Cow::Borrowed("Sum"));
    /// `Sum / SampleCount`.
    pub const AVERAGE: Self = Self(Cow::Borrowed("Average"));
    /// The lowest value of the period.
    pub const MINIMUM: Self = Self(Cow::Borrowed("Minimum"));
    /// The highest value of the period.
    pub const MAXIMUM: Self = Self(Cow::Borrowed("Maximum"));
    /// How many values the period has.
    pub const SAMPLE_COUNT: Self = Self(Cow::Borrowed("SampleCount"));

    /// CloudWatch's spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Statistic {
    type Err = StatisticError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_basic(text) || is_percentage(text) || is_range(text) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(StatisticError(text.to_owned()))
        }
    }
}

fn is_basic(text: &str) -> bool {
    matches!(text, "Sum" | "Average" | "Minimum" | "Maximum" | "SampleCount" | "IQM")
}

/// `p99`, `tm90`, `wm98`, `tc90`, `ts90.5`: up to this percentage.
fn is_percentage(text: &str) -> bool {
    ["p", "tm", "wm", "tc", "ts"]
        .iter()
        .any(|prefix| text.strip_prefix(prefix).and_then(number).is_some_and(|n| n <= 100.0))
}

/// `TM(10%:90%)`, `TM(150:)`, `PR(:300)`: between two boundaries, of which one may be left open. Percentages and
/// values are not mixed, and a percentile rank is asked for values only.
fn is_range(text: &str) -> bool {
    let Some((function, bounds)) = text.strip_suffix(')').and_then(|text| text.split_once('('))
    else {
        return false;
    };
    let percentages = match function {
        "TM" | "WM" | "TC" | "TS" => bounds.contains('%'),
        "PR" => false,
        _ => return false,
    };
    let Some((lower, upper)) = bounds.split_once(':') else {
        return false;
    };
    match (Bound::read(lower, percentages), Bound::read(upper, percentages)) {
        (Bound::At(lower), Bound::At(upper)) => lower < upper,
        (Bound::At(_), Bound::Open) | (Bound::Open, Bound::At(_)) => true,
        _ => false,
    }
}

enum Bound {
    Open,
    At(f64),
    Wrong,
}

impl Bound {
    fn read(text: &str, percentage: bool) -> Self {
        let value = match (text, percentage) {
            ("", _) => return Self::Open,
            (text, true) => text.strip_suffix('%').and_then(number).filter(|n| *n <= 100.0),
            (text, false) => number(text),
        };
        value.map_or(Self::Wrong, Self::At)
    }
}

/// Digits with up to ten decimal places; no sign, no exponent.
fn number(text: &str) -> Option<f64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (digits(whole) && digits(decimals) && decimals.len() <= 10).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudwatch_computes_is_accepted_as_it_is_spelled() {
        for text in [
            "Sum",
            "Average",
            "Minimum",
            "Maximum",
            "SampleCount",
            "IQM",
            "p0",
            "p50",
            "p99.9",
            "p99.9999999999",
            "p100",
            "tm90",
            "wm98",
            "tc90",
            "ts90.5",
            "TM(10%:90%)",
            "TM(2%:98%)",
            "TM(150:1000)",
            "TM(:95%)",
            "TM(5%:)",
            "TC(:0.5)",
            "TS(80%:)",
            "WM(10%:90%)",
            "PR(:300)",
            "PR(100:2000)",
            "PR(100:)",
        ] {
            let statistic: Statistic = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(statistic.as_str(), text);
        }
    }

    #[test]
    fn what_would_fail_a_whole_request_is_refused() {
        for text in [
            "",
            "sum",
            "SUM",
            "Mean",
            "p",
            "p101",
            "p-1",
            "p1e1",
            "p99.",
            "p.5",
            "p99.99999999999",
            "P99",
            "tm",
            "TM90",
            "TM()",
            "TM(:)",
            "TM(90%:10%)",
            "TM(10%:90)",
            "TM(10%)",
            "TM(0%:101%)",
            "PR(10%:90%)",
            "PR(5:5)",
            "XX(1:2)",
            "TM(1:2",
            "Sum ",
            "p٣",
        ] {
            let error = text.parse::<Statistic>().expect_err(text);
            assert!(
                error.to_string().starts_with(&format!("\"{text}\" is not a CloudWatch statistic"))
            );
        }
    }

    #[test]
    fn the_constants_are_what_parsing_gives() {
        for constant in [
            Statistic::SUM,
            Statistic::AVERAGE,
            Statistic::MINIMUM,
            Statistic::MAXIMUM,
            Statistic::SAMPLE_COUNT,
        ] {
            assert_eq!(constant.as_str().parse(), Ok(constant));
        }
    }
}

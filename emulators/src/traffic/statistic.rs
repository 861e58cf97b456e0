//! CloudWatch's statistics: their names, and how they are taken over the data of a period.

use std::str::FromStr;

/// What was measured in one minute: a statistic set, with the distribution of the samples where it
/// is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datum {
    /// How many samples there were.
    pub sample_count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest of them.
    pub minimum: f64,
    /// The largest of them.
    pub maximum: f64,
    /// Where the samples lie. A plain statistic set has no percentiles unless all its samples are
    /// equal.
    pub quantiles: Option<Quantiles>,
}

impl Datum {
    /// A total that is published once a minute.
    #[must_use]
    pub fn total(value: f64) -> Self {
        Self::samples(value, 1.0)
    }

    /// `count` samples of one value.
    #[must_use]
    pub fn samples(value: f64, count: f64) -> Self {
        Self {
            sample_count: count,
            sum: value * count,
            minimum: value,
            maximum: value,
            quantiles: None,
        }
    }

    /// What is there of it while only this share of the samples has arrived: no statistic of it is
    /// above the final one.
    #[must_use]
    pub fn partial(self, share: f64) -> Self {
        let lower = |value: f64| {
            if value.fract() == 0.0 { (value * share).floor() } else { value * share }
        };
        let total_of_one = self.sample_count <= 1.0;
        Self {
            sample_count: if total_of_one { 1.0 } else { (self.sample_count * share).ceil() },
            sum: if total_of_one { lower(self.sum) } else { self.sum * share * share },
            minimum: lower(self.minimum),
            maximum: lower(self.maximum),
            quantiles: self.quantiles.map(|q| Quantiles { median: q.median * share, ..q }),
        }
    }

    fn percentile(&self, percent: f64) -> Option<f64> {
        let all_equal = self.minimum.total_cmp(&self.maximum).is_eq();
        self.quantiles.map(|q| q.at(percent)).or(all_equal.then_some(self.minimum))
    }
}

/// A skewed distribution of positive samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// The 50th percentile.
    pub median: f64,
    /// How wide the samples lie, as the scale of their logarithms.
    pub spread: f64,
}

impl Quantiles {
    /// The sample below which `percent` of the samples lie, with three decimals.
    #[must_use]
    pub fn at(&self, percent: f64) -> f64 {
        let share = (percent / 100.0).clamp(0.000_5, 0.999_5);
        let value = self.median * (self.spread * (share / (1.0 - share)).ln()).exp();
        (value * 1000.0).round() / 1000.0
    }
}

/// A statistic that GetMetricData can be asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// How many samples.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// `pNN.NN`, from 0 to 100.
    Percentile(f64),
}

/// A text that names no statistic that the emulator knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown statistic {0:?}")]
pub struct UnknownStatistic(pub String);

impl FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(text: &str) -> Result<Self, UnknownStatistic> {
        Ok(match text {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            other => {
                Self::Percentile(percent(other).ok_or_else(|| UnknownStatistic(text.to_owned()))?)
            }
        })
    }
}

/// `p0` to `p100`, with up to ten decimals.
fn percent(text: &str) -> Option<f64> {
    let number = text.strip_prefix('p')?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 10 {
        return None;
    }
    number.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

/// The statistic over all data of a period. `None`: there is no datum, or it has no such statistic.
///
/// Percentiles of several data are the mean of theirs, weighted by samples: the samples themselves
/// are not kept.
#[must_use]
pub fn combine(data: &[Datum], statistic: Statistic) -> Option<f64> {
    if data.is_empty() {
        return None;
    }
    let sample_count: f64 = data.iter().map(|datum| datum.sample_count).sum();
    let sum: f64 = data.iter().map(|datum| datum.sum).sum();
    let minimum = data.iter().map(|datum| datum.minimum).fold(f64::INFINITY, f64::min);
    let maximum = data.iter().map(|datum| datum.maximum).fold(f64::NEG_INFINITY, f64::max);
    match statistic {
        Statistic::SampleCount => Some(sample_count),
        Statistic::Sum => Some(sum),
        Statistic::Average => Some(sum / sample_count),
        Statistic::Minimum => Some(minimum),
        Statistic::Maximum => Some(maximum),
        Statistic::Percentile(percent) => match data {
            [datum] => datum.percentile(percent),
            data => data
                .iter()
                .map(|datum| Some(datum.percentile(percent)? * datum.sample_count))
                .sum::<Option<f64>>()
                .map(|weighted| weighted / sample_count),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_cloudwatch_reads_them() {
        assert_eq!("Sum".parse(), Ok(Statistic::Sum));
        assert_eq!("p99.9".parse(), Ok(Statistic::Percentile(99.9)));
        assert_eq!("p100".parse(), Ok(Statistic::Percentile(100.0)));
        for wrong in ["sum", "p101", "p", "P50", "p5e1", "p-1", "p50.", "99", ""] {
            assert!(wrong.parse::<Statistic>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_period_is_combined_from_its_minutes() {
        let data = [Datum::samples(10.0, 1.0), Datum::samples(40.0, 2.0)];
        let over = |statistic| combine(&data, statistic);
        assert_eq!(over(Statistic::Sum), Some(90.0));
        assert_eq!(over(Statistic::SampleCount), Some(3.0));
        assert_eq!(over(Statistic::Average), Some(30.0));
        assert_eq!(over(Statistic::Minimum), Some(10.0));
        assert_eq!(over(Statistic::Maximum), Some(40.0));
        assert_eq!(over(Statistic::Percentile(50.0)), Some(30.0));
        assert_eq!(combine(&[], Statistic::Sum), None);
    }

    #[test]
    fn a_statistic_set_has_no_percentiles() {
        let set =
            Datum { sample_count: 2.0, sum: 3.0, minimum: 1.0, maximum: 2.0, quantiles: None };
        assert_eq!(combine(&[set], Statistic::Percentile(50.0)), None);
    }

    #[test]
    fn a_partial_datum_is_never_above_the_final_one() {
        let quantiles = Quantiles { median: 80.0, spread: 0.3 };
        let data = [
            Datum::total(1234.0),
            Datum {
                sample_count: 700.0,
                sum: 900.0,
                minimum: 0.0,
                maximum: 100.0,
                quantiles: None,
            },
            Datum {
                sample_count: 9.0,
                sum: 720.0,
                minimum: 20.0,
                maximum: 300.0,
                quantiles: Some(quantiles),
            },
        ];
        for datum in data {
            for statistic in [
                Statistic::SampleCount,
                Statistic::Sum,
                Statistic::Average,
                Statistic::Minimum,
                Statistic::Maximum,
                Statistic::Percentile(90.0),
            ] {
                let [settled, partial] =
                    [datum, datum.partial(0.5)].map(|datum| combine(&[datum], statistic));
                assert!(partial <= settled, "{statistic:?}: {partial:?} > {settled:?}");
            }
        }
    }
}

//! What the distributions produced, and whether a receiver holds exactly that. Pure but for asking the emulator, whose
//! numbers are the truth here: names and values are compared with what arrived, not with what was sent.

use std::collections::BTreeMap;
use std::ops::Range;

use emulators::aws::AwsEmulator;
use emulators::traffic::Distribution;
use series::naming;

use super::held::Held;

/// Values by minute, in seconds since the epoch.
pub(super) type Points = BTreeMap<i64, f64>;

/// One series as it has to arrive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// The distribution's id.
    pub(super) distribution: String,
    /// What a person calls it.
    pub(super) alias: String,
    /// CloudWatch's name of the metric.
    pub(super) metric: &'static str,
    /// The series' name in Prometheus.
    pub(super) name: String,
    /// Its name in Mackerel.
    pub(super) mackerel: String,
    /// Every minute that had traffic.
    pub(super) points: Points,
}

impl Row {
    /// What tells this series from the others of a remote-write receiver.
    pub(super) fn identity(&self) -> String {
        identity(&self.name, &self.distribution)
    }
}

/// See [`Row::identity`].
pub(super) fn identity(name: &str, distribution: &str) -> String {
    format!("{name} of {distribution}")
}

/// Every series that has a value in a window (seconds since the epoch, the end not included).
pub(super) fn rows(aws: &AwsEmulator, window: &Range<i64>) -> Vec<Row> {
    let mut rows = Vec::new();
    for distribution in &aws.fleet().distributions {
        for metric in distribution.metrics() {
            for statistic in statistics(metric) {
                let points = aws.expected(&distribution.id, metric, statistic, window.clone());
                if !points.is_empty() {
                    rows.push(row(distribution, metric, statistic, points));
                }
            }
        }
    }
    rows
}

fn row(
    distribution: &Distribution,
    metric: &'static str,
    statistic: &str,
    points: Vec<(i64, f64)>,
) -> Row {
    let alias = distribution.aliases.first().unwrap_or(&distribution.domain_name);
    let mut short = naming::snake_case(metric);
    if statistics(metric).len() > 1 {
        short = format!("{short}_{statistic}");
    }
    let resource = alias.replace(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)), "_");
    Row {
        distribution: distribution.id.clone(),
        alias: alias.clone(),
        metric,
        name: naming::metric_name("AWS/CloudFront", metric, statistic),
        mackerel: format!("cloudfront.{short}.{resource}"),
        points: points.into_iter().collect(),
    }
}

/// The statistics that mean something, by AWS's table of CloudFront's metrics.
fn statistics(metric: &str) -> &'static [&'static str] {
    match metric {
        "Requests" | "BytesDownloaded" | "BytesUploaded" => &["Sum"],
        "OriginLatency" => &["p50", "p90", "p99"],
        _ => &["Average"],
    }
}

/// How what a receiver holds compares with the truth, in values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// That there are.
    pub(super) expected: u64,
    /// That arrived as they are.
    pub(super) right: u64,
    /// That did not arrive.
    pub(super) missing: u64,
    /// That arrived with another value.
    pub(super) different: u64,
    /// That nobody produced.
    pub(super) invented: u64,
    /// That arrived more than once.
    pub(super) twice: u64,
}

impl Compared {
    /// Whether every value is there once, and nothing else.
    pub(super) fn is_exact(&self) -> bool {
        let Self { expected, right, missing, different, invented, twice } = *self;
        right == expected && missing + different + invented + twice == 0
    }
}

/// Compares what is held with what is `due`, both by the series' identity.
pub(super) fn compare<'a>(
    due: impl Iterator<Item = (String, &'a Points)>,
    held: &Held,
) -> Compared {
    let Held { series: mut held, twice } = held.clone();
    let mut compared = Compared { twice, ..Compared::default() };
    for (identity, points) in due {
        let mut held = held.remove(&identity).unwrap_or_default();
        for (at, value) in points {
            compared.expected += 1;
            match held.remove(at) {
                Some(there) if there.to_bits() == value.to_bits() => compared.right += 1,
                Some(_) => compared.different += 1,
                None => compared.missing += 1,
            }
        }
        compared.invented += held.len() as u64;
    }
    compared.invented += held.values().map(|points| points.len() as u64).sum::<u64>();
    compared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(i64, f64)]) -> Points {
        values.iter().copied().collect()
    }

    fn compared(held: &[(&str, &[(i64, f64)])], twice: u64) -> Compared {
        let due = [
            ("a".to_owned(), points(&[(0, 1.0), (60, 2.0)])),
            ("b".to_owned(), points(&[(0, 3.0)])),
        ];
        let series = held.iter().map(|(name, values)| ((*name).to_owned(), points(values)));
        let held = Held { series: series.collect(), twice };
        compare(due.iter().map(|(name, points)| (name.clone(), points)), &held)
    }

    #[test]
    fn what_is_all_there_once_is_exact() {
        let all = compared(&[("a", &[(0, 1.0), (60, 2.0)]), ("b", &[(0, 3.0)])], 0);
        assert_eq!(all, Compared { expected: 3, right: 3, ..Compared::default() });
        assert!(all.is_exact());
    }

    #[test]
    fn each_kind_of_difference_is_counted() {
        let differs = compared(&[("a", &[(0, 1.5), (120, 9.0)]), ("c", &[(0, 3.0)])], 1);
        let counts =
            Compared { expected: 3, right: 0, missing: 2, different: 1, invented: 2, twice: 1 };
        assert_eq!(differs, counts);
        assert!(!differs.is_exact());
    }

    #[test]
    fn a_repeat_alone_is_not_exact() {
        let repeated = compared(&[("a", &[(0, 1.0), (60, 2.0)]), ("b", &[(0, 3.0)])], 1);
        assert!(!repeated.is_exact());
    }

    #[test]
    fn the_demo_has_all_kinds_of_names() {
        let aws = AwsEmulator::start(emulators::aws::Options::default());
        let rows = rows(&aws, &(1_795_165_200..1_795_165_260));
        let www: Vec<_> = rows.iter().filter(|row| row.alias == "www.example.com").collect();
        assert_eq!(www.len(), 16);
        let named = |name: &str| www.iter().find(|row| row.name == name).map(|row| &*row.mackerel);
        assert_eq!(
            named("aws_cloudfront_requests_sum"),
            Some("cloudfront.requests.www_example_com")
        );
        assert_eq!(
            named("aws_cloudfront_origin_latency_p90"),
            Some("cloudfront.origin_latency_p90.www_example_com")
        );
    }
}

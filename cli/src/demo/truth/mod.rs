//! What the emulated services produced, and whether a receiver holds exactly that. Their numbers are the truth here: names and
//! values are compared with what arrived, not with what was sent. Pure but for asking the emulator.
//!
//! `cloudfront` and `ecs` tell what CloudWatch has, `counts` what the ECS API said at each run, `probes` what there was to be seen
//! of the site.

mod cloudfront;
mod counts;
mod ecs;
mod probes;

use std::collections::BTreeMap;

use series::Labels;

use super::bench::Bench;
use super::document::JOB;
use super::held::Held;
use super::schedule::Schedule;

/// Values by time, in seconds since the epoch.
pub(super) type Points = BTreeMap<i64, f64>;

/// One series as it has to arrive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Where it comes from.
    pub(super) origin: Origin,
    /// What it is about: a distribution's id, a service of a cluster, a target.
    pub(super) resource: String,
    /// What a person calls that.
    pub(super) alias: String,
    /// CloudWatch's name of the metric, for its unit; of the others the unit itself.
    pub(super) metric: &'static str,
    /// The series' name in Prometheus.
    pub(super) name: String,
    /// What tells this series from the others of a remote-write receiver.
    pub(super) identity: String,
    /// Its name in Mackerel; none where it does not go there.
    pub(super) mackerel: Option<String>,
    /// Every value that there was.
    pub(super) points: Points,
    /// The values that Mackerel gets instead, where they are the days until these times.
    pub(super) days: Option<Points>,
}

impl Row {
    /// The metric, for its unit, and the values as Mackerel has them.
    pub(super) fn posted(&self) -> (&'static str, &Points) {
        self.days.as_ref().map_or((self.metric, &self.points), |days| ("days", days))
    }
}

/// Where a series comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    CloudFront,
    Ecs,
    EcsApi,
    Probe,
}

/// The identity of a series that the truth knows of; nothing for info series and self metrics, which are said anew in each run.
pub(super) fn identity(labels: &BTreeMap<String, String>) -> Option<String> {
    let name = labels.get("__name__")?;
    if let Some(distribution) = labels.get("dimension_DistributionId") {
        return Some(cloudfront::identity(name, distribution));
    }
    let is_of_ecs = name.starts_with("ecs_") || name.starts_with("aws_ecs_");
    // A scrape is stored whole, `probe_…_info` and `up` included.
    let is_of_probe = labels.get("job").is_some_and(|job| job == JOB);
    let is_known = is_of_probe || (is_of_ecs && !name.ends_with("_info"));
    is_known.then(|| labels.iter().collect::<Labels>().to_string())
}

/// Every series that has a value, when these runs take place and probes saw this.
pub(super) fn rows(bench: &Bench, schedule: Schedule, probed: &[String]) -> Vec<Row> {
    let (aws, window) = (&bench.aws, schedule.window());
    let mut rows = cloudfront::rows(aws, &window);
    rows.extend(ecs::rows(aws, &window));
    rows.extend(counts::rows(aws, schedule));
    rows.extend(probes::rows(schedule, bench.site_ends, probed));
    rows
}

/// What probes say they saw and cannot have seen, in words.
pub(super) fn impossible(probed: &[String]) -> Vec<String> {
    probes::impossible(probed)
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
    fn info_series_and_self_metrics_have_no_truth() {
        let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for (pairs, expected) in [
            (
                &[("__name__", "aws_cloudfront_requests_sum"), ("dimension_DistributionId", "E1")]
                    [..],
                Some("aws_cloudfront_requests_sum of E1"),
            ),
            (
                &[("__name__", "ecs_services"), ("cluster", "a")],
                Some("ecs_services{cluster=\"a\"}"),
            ),
            (
                &[("__name__", "aws_ecs_cpuutilization_average")],
                Some("aws_ecs_cpuutilization_average"),
            ),
            (
                &[("__name__", "probe_tls_version_info"), ("job", "blackbox")],
                Some("probe_tls_version_info{job=\"blackbox\"}"),
            ),
            (&[("__name__", "ecs_service_info"), ("cluster", "a")], None),
            (&[("__name__", "aws_cloudfront_info")], None),
            (&[("__name__", "hostless_run_success"), ("function", "ecs")], None),
        ] {
            assert_eq!(identity(&labels(pairs)).as_deref(), expected);
        }
    }
}

//! What CloudFront measured of the distributions.

use std::ops::Range;

use emulators::aws::AwsEmulator;
use emulators::traffic::Distribution;
use series::naming;

use super::{Origin, Row};

/// What tells a series from the others. Tags make labels too; they tell nothing apart.
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
    let name = naming::metric_name("AWS/CloudFront", metric, statistic);
    Row {
        origin: Origin::CloudFront,
        resource: distribution.id.clone(),
        alias: alias.clone(),
        metric,
        identity: identity(&name, &distribution.id),
        name,
        mackerel: Some(format!("cloudfront.{short}.{resource}")),
        days: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_all_kinds_of_names() {
        let aws = AwsEmulator::start(emulators::aws::Options::default());
        let rows = rows(&aws, &(1_795_165_200..1_795_165_260));
        let www: Vec<_> = rows.iter().filter(|row| row.alias == "www.example.com").collect();
        assert_eq!(www.len(), 16);
        let named = |name: &str| {
            www.iter().find(|row| row.name == name).and_then(|row| row.mackerel.as_deref())
        };
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

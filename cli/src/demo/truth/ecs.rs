//! What ECS measured of services and clusters: `AWS/ECS`, which every cluster publishes.

use std::ops::Range;

use emulators::aws::AwsEmulator;
use emulators::traffic::ecs::AWS_ECS;
use series::{Labels, naming};

use super::{Origin, Row};
use crate::demo::bench::{ACCOUNT, REGION};

/// Metrics with their names in Mackerel and the statistics that are read.
type Table = &'static [(&'static str, &'static str, &'static [&'static str])];

const UTILIZATION: Table = &[
    ("CPUUtilization", "cpu_utilization", &["Average", "Maximum"]),
    ("MemoryUtilization", "memory_utilization", &["Average", "Maximum"]),
];
const RESERVATION: Table = &[
    ("CPUReservation", "cpu_reservation", &["Average"]),
    ("MemoryReservation", "memory_reservation", &["Average"]),
];

/// Every series that has a value in a window (seconds since the epoch, the end not included).
pub(super) fn rows(aws: &AwsEmulator, window: &Range<i64>) -> Vec<Row> {
    let fleet = aws.ecs_fleet(REGION);
    let mut rows = Vec::new();
    for cluster in &fleet.clusters {
        let name = cluster.name.as_str();
        let whole = Subject {
            arn: format!("cluster/{name}"),
            dimensions: vec![("ClusterName", name)],
            prefix: "cluster_",
            alias: name.to_owned(),
        };
        rows.extend(whole.rows(aws, UTILIZATION, window));
        rows.extend(whole.rows(aws, RESERVATION, window));
        for service in &cluster.services {
            let service = service.name.as_str();
            let one = Subject {
                arn: format!("service/{name}/{service}"),
                dimensions: vec![("ClusterName", name), ("ServiceName", service)],
                prefix: "",
                alias: format!("{name}/{service}"),
            };
            rows.extend(one.rows(aws, UTILIZATION, window));
        }
    }
    rows
}

/// A cluster or a service.
struct Subject<'a> {
    /// The last part of its ARN.
    arn: String,
    dimensions: Vec<(&'static str, &'a str)>,
    /// What its Mackerel metrics begin with.
    prefix: &'static str,
    alias: String,
}

impl Subject<'_> {
    fn rows(&self, aws: &AwsEmulator, table: Table, window: &Range<i64>) -> Vec<Row> {
        let mut rows = Vec::new();
        for (metric, short, statistics) in table {
            for statistic in *statistics {
                let window = window.clone();
                let points =
                    aws.expected_ecs(REGION, AWS_ECS, metric, &self.dimensions, statistic, window);
                let short = match statistics.len() {
                    1 => (*short).to_owned(),
                    _ => format!("{short}_{}", statistic.to_lowercase()),
                };
                if !points.is_empty() {
                    rows.push(self.row(metric, statistic, &short, points));
                }
            }
        }
        rows
    }

    fn row(
        &self,
        metric: &'static str,
        statistic: &str,
        short: &str,
        points: Vec<(i64, f64)>,
    ) -> Row {
        let name = naming::metric_name(AWS_ECS, metric, statistic);
        let mut labels = Labels::named(name.as_str())
            .with("name", format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{}", self.arn))
            .with("account_id", ACCOUNT)
            .with("region", REGION);
        for (dimension, value) in &self.dimensions {
            labels.set(format!("dimension_{dimension}"), *value);
        }
        Row {
            origin: Origin::Ecs,
            resource: self.arn.clone(),
            alias: self.alias.clone(),
            metric,
            name,
            identity: labels.to_string(),
            mackerel: Some(format!("ecs.{}{short}.{}", self.prefix, self.alias.replace('/', "-"))),
            days: None,
            points: points.into_iter().collect(),
        }
    }
}

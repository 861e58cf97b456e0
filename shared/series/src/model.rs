//! The series model.

use std::sync::Arc;

use crate::{Labels, Timestamp};

/// One value at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When; for CloudWatch data the start of the period, as CloudWatch stamps it.
    pub at: Timestamp,
    /// How much.
    pub value: f64,
}

/// One series: its labels (metric name included), where it comes from, and its samples, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What identifies it in Prometheus. Relabeling changes these.
    pub labels: Labels,
    /// What it was at its source. Nothing changes this.
    pub origin: Origin,
    /// Sorted by time, each time once.
    pub samples: Vec<Sample>,
}

/// Where a series comes from. Set by its source, untouched by relabeling; default Mackerel names come from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// What kind of series it is.
    pub kind: Kind,
    /// The metric without namespace, and without the statistic where only one is read: `requests`, `origin_latency_p90`.
    pub metric: String,
    /// What the metric measures. Shared by all series of one resource.
    pub resource: Arc<Resource>,
}

/// Kinds of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A CloudWatch metric of a CloudFront distribution.
    CloudFront,
    /// A count of the ECS API, or a CloudWatch metric of an ECS cluster, service, family, task or container.
    Ecs,
    /// What a probe measured of its target.
    Probe,
    /// Constant value, interesting labels, for joins: never goes to Mackerel.
    Info,
    /// What hostless says about its own run: never goes to Mackerel.
    SelfMetric,
}

/// The thing that a metric measures: a distribution, a service, a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// Unique and stable, such as a distribution's id.
    pub id: String,
    /// What a person calls it, such as `www.example.com`.
    pub name: String,
}

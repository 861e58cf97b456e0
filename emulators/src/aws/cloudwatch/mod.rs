//! CloudWatch: ListMetrics, GetMetricData, and PutMetricData for metrics of the tests' own.
//!
//! `query` says what a valid request is, `series` what points a metric has (`vended`: those of AWS's
//! own services), `metric_data` puts them together and `page` cuts them into pages; `list_metrics`
//! and `custom` are the other two operations. None of them knows which of the three protocols the caller speaks.

mod custom;
mod list_metrics;
mod metric_data;
mod page;
mod query;
mod series;
mod vended;

use std::collections::BTreeMap;

use super::error::ServiceError;
use super::front::Context;
use super::protocol::node::{Node, map};

pub(crate) use custom::CustomMetrics;
pub(crate) use list_metrics::Listings;

/// The service's XML namespace.
pub(crate) const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";

const CLOUDFRONT: &str = "AWS/CloudFront";
/// CloudFront's metrics live here and nowhere else.
const CLOUDFRONT_REGION: &str = "us-east-1";

pub(super) fn call(
    context: &Context<'_>,
    operation: &str,
    request: &Node,
) -> Result<Node, ServiceError> {
    match operation {
        "GetMetricData" => metric_data::get(context, request),
        "ListMetrics" => list_metrics::list(context, request),
        "PutMetricData" => custom::put(context, request),
        other => Err(ServiceError::unknown_operation(other)),
    }
}

/// What makes a metric: namespace, name and the exact set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Metric {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
}

impl Metric {
    fn of_distribution(id: &str, name: &str) -> Self {
        let dimensions = [("DistributionId", id), ("Region", "Global")];
        Self {
            namespace: CLOUDFRONT.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    fn read(node: &Node) -> Result<Self, ServiceError> {
        Ok(Self {
            namespace: node.required_text("Namespace")?.to_owned(),
            name: node.required_text("MetricName")?.to_owned(),
            dimensions: dimensions(node)?,
        })
    }

    fn node(&self) -> Node {
        let dimensions = self.dimensions.iter().map(|(name, value)| {
            map([("Name", name.as_str().into()), ("Value", value.as_str().into())])
        });
        map([
            ("Namespace", self.namespace.as_str().into()),
            ("MetricName", self.name.as_str().into()),
            ("Dimensions", dimensions.collect()),
        ])
    }
}

/// The `Dimensions` of a metric: at most 30, each with name and value, none twice.
fn dimensions(node: &Node) -> Result<BTreeMap<String, String>, ServiceError> {
    let mut dimensions = BTreeMap::new();
    for dimension in node.list("Dimensions")? {
        let name = dimension.required_text("Name")?;
        let value = dimension.required_text("Value")?;
        if dimensions.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(ServiceError::validation(format!("The dimension {name} is given twice.")));
        }
    }
    if dimensions.len() > 30 {
        let message = "The collection Dimensions must not have a size greater than 30.";
        return Err(ServiceError::validation(message));
    }
    Ok(dimensions)
}

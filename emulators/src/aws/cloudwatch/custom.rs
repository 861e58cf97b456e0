//! PutMetricData: metrics that a test publishes itself.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Mutex;

use super::{Metric, dimensions};
use crate::aws::error::ServiceError;
use crate::aws::front::Context;
use crate::aws::protocol::node::{Node, map};
use crate::faults::locked;
use crate::sigv4::Caller;
use crate::traffic::Datum;

/// Where a metric lives.
type Place = (String, String, Metric);

/// Published data, by account, region and metric.
#[derive(Debug, Default)]
pub(crate) struct CustomMetrics {
    stored: Mutex<BTreeMap<Place, BTreeMap<i64, Vec<Datum>>>>,
}

impl CustomMetrics {
    /// The data of one metric in `window`, oldest first.
    pub(super) fn data(
        &self,
        caller: &Caller,
        metric: &Metric,
        window: Range<i64>,
    ) -> Vec<(i64, Datum)> {
        let place = (caller.account.clone(), caller.region.clone(), metric.clone());
        let stored = locked(&self.stored);
        let Some(data) = stored.get(&place) else {
            return Vec::new();
        };
        data.range(window)
            .flat_map(|(second, data)| data.iter().map(|datum| (*second, *datum)))
            .collect()
    }

    /// The caller's metrics that have data in `window`.
    pub(super) fn active(&self, caller: &Caller, window: RangeInclusive<i64>) -> Vec<Metric> {
        locked(&self.stored)
            .iter()
            .filter(|((account, region, _), data)| {
                *account == caller.account
                    && *region == caller.region
                    && data.range(window.clone()).next().is_some()
            })
            .map(|((_, _, metric), _)| metric.clone())
            .collect()
    }
}

pub(super) fn put(context: &Context<'_>, request: &Node) -> Result<Node, ServiceError> {
    let namespace = request.text("Namespace")?.unwrap_or_default();
    if namespace.is_empty() {
        return Err(ServiceError::sender(
            "MissingParameter",
            "The parameter Namespace is required.",
        ));
    }
    if namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    let metric_data = request.list("MetricData")?;
    if metric_data.len() > 1000 {
        return Err(invalid("The collection MetricData must not have a size greater than 1000."));
    }
    let now = context.world.now();
    // All or nothing: the whole request is read before anything is stored.
    let published =
        metric_data.iter().map(|node| read(namespace, node, now)).collect::<Result<Vec<_>, _>>()?;
    let mut stored = locked(&context.world.custom_metrics.stored);
    for (metric, second, data) in published {
        let place = (context.caller.account.clone(), context.caller.region.clone(), metric);
        stored.entry(place).or_default().entry(second).or_default().extend(data);
    }
    Ok(map([]))
}

fn read(namespace: &str, node: &Node, now: i64) -> Result<(Metric, i64, Vec<Datum>), ServiceError> {
    let metric = Metric {
        namespace: namespace.to_owned(),
        name: node.required_text("MetricName")?.to_owned(),
        dimensions: dimensions(node)?,
    };
    let second = node.seconds("Timestamp")?.unwrap_or(now);
    let is_high_resolution = node.integer("StorageResolution")? == Some(1);
    let second = if is_high_resolution { second } else { second - second.rem_euclid(60) };
    let data = data(node)?;
    if data.iter().any(|datum| !datum.sum.is_finite()) {
        return Err(invalid("The value NaN for parameter MetricData.member.Value is invalid."));
    }
    Ok((metric, second, data))
}

/// The samples, in whichever of the three ways they are given.
fn data(node: &Node) -> Result<Vec<Datum>, ServiceError> {
    if let Some(value) = node.number("Value")? {
        return Ok(vec![Datum::samples(value, 1.0)]);
    }
    if let Some(set) = node.get("StatisticValues") {
        let part = |name| set.number(name)?.ok_or_else(|| ServiceError::missing(name));
        return Ok(vec![Datum {
            sample_count: part("SampleCount")?,
            sum: part("Sum")?,
            minimum: part("Minimum")?,
            maximum: part("Maximum")?,
            quantiles: None,
        }]);
    }
    let numbers = |name| {
        let items = node.list(name)?.iter();
        items
            .map(|item| item.as_number().ok_or_else(|| ServiceError::wrong_type(name)))
            .collect::<Result<Vec<_>, _>>()
    };
    let values = numbers("Values")?;
    let counts = numbers("Counts")?;
    if values.is_empty()
        || values.len() > 150
        || (!counts.is_empty() && counts.len() != values.len())
    {
        return Err(ServiceError::sender(
            "InvalidParameterCombination",
            "At least one of the parameters must be specified: Value, Values (at most 150, with as many Counts), StatisticValues.",
        ));
    }
    let counts = counts.into_iter().chain(std::iter::repeat(1.0));
    Ok(values.into_iter().zip(counts).map(|(value, count)| Datum::samples(value, count)).collect())
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::sender("InvalidParameterValue", message)
}

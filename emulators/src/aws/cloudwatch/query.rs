//! What a GetMetricData request asks for, and what is refused before anything is looked up.

use std::collections::BTreeSet;

use super::Metric;
use crate::aws::error::ServiceError;
use crate::aws::protocol::node::Node;
use crate::traffic::Statistic;

/// Queries in one call.
const MAX_QUERIES: usize = 500;
/// Datapoints on one page, and the default of `MaxDatapoints`.
const MAX_DATAPOINTS: usize = 100_800;

const DAY: i64 = 86_400;

/// A valid request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) queries: Vec<Query>,
    /// Epoch seconds, inclusive, rounded down.
    pub(super) start: i64,
    /// Epoch seconds, exclusive.
    pub(super) end: i64,
    pub(super) newest_first: bool,
    pub(super) max_datapoints: usize,
}

/// One query for one statistic of one metric.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) metric: Metric,
    /// Seconds.
    pub(super) period: i64,
    pub(super) statistic: Statistic,
    pub(super) unit: Option<String>,
    pub(super) label: String,
    pub(super) account: Option<String>,
    pub(super) return_data: bool,
}

impl Request {
    /// Reads and checks a request; `now` decides how far the start is rounded down.
    pub(super) fn read(node: &Node, now: i64) -> Result<Self, ServiceError> {
        let invalid = |message: &str| Err(ServiceError::validation(message));
        let nodes = node.list("MetricDataQueries")?;
        if nodes.is_empty() {
            return Err(ServiceError::missing("MetricDataQueries"));
        }
        if nodes.len() > MAX_QUERIES {
            return invalid(
                "The collection MetricDataQueries must not have a size greater than 500.",
            );
        }
        let start = node.seconds("StartTime")?.ok_or_else(|| ServiceError::missing("StartTime"))?;
        let end = node.seconds("EndTime")?.ok_or_else(|| ServiceError::missing("EndTime"))?;
        if start >= end {
            return invalid("The parameter StartTime must be less than the parameter EndTime.");
        }
        let queries = nodes.iter().map(Query::read).collect::<Result<Vec<_>, _>>()?;
        let ids: BTreeSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
        if ids.len() < queries.len() {
            return invalid("The values for parameter id in MetricDataQueries are not unique.");
        }
        let granularity = granularity(start, now, &queries);
        Ok(Self {
            start: start - start.rem_euclid(granularity),
            end,
            newest_first: newest_first(node)?,
            max_datapoints: max_datapoints(node)?,
            queries,
        })
    }
}

/// What the start is rounded down to: coarser for older data, finer where a high-resolution period
/// is asked for.
fn granularity(start: i64, now: i64, queries: &[Query]) -> i64 {
    let finest = queries.iter().map(|query| query.period).min().unwrap_or(60).min(60);
    match now - start {
        age if age <= 15 * DAY => finest,
        age if age <= 63 * DAY => 300,
        _ => 3600,
    }
}

fn newest_first(node: &Node) -> Result<bool, ServiceError> {
    match node.text("ScanBy")? {
        None | Some("TimestampDescending") => Ok(true),
        Some("TimestampAscending") => Ok(false),
        Some(other) => Err(ServiceError::validation(format!(
            "Value '{other}' at 'scanBy' must satisfy enum value set: [TimestampDescending, TimestampAscending]"
        ))),
    }
}

fn max_datapoints(node: &Node) -> Result<usize, ServiceError> {
    let Some(wanted) = node.integer("MaxDatapoints")? else {
        return Ok(MAX_DATAPOINTS);
    };
    usize::try_from(wanted).ok().filter(|wanted| (1..=MAX_DATAPOINTS).contains(wanted)).ok_or_else(
        || {
            ServiceError::validation(format!(
                "The value {wanted} for parameter MaxDatapoints must be from 1 to 100800."
            ))
        },
    )
}

impl Query {
    fn read(node: &Node) -> Result<Self, ServiceError> {
        let id = node.required_text("Id")?;
        if !is_id(id) {
            return Err(ServiceError::validation(format!(
                "The value {id} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )));
        }
        if node.get("Expression").is_some() {
            return Err(ServiceError::validation(format!(
                "Error in expression '{id}': the emulator has no metric math."
            )));
        }
        let stat = node.get("MetricStat").ok_or_else(|| {
            ServiceError::validation(format!(
                "The query {id} must have either MetricStat or Expression."
            ))
        })?;
        let metric =
            stat.get("Metric").ok_or_else(|| ServiceError::missing("MetricStat.Metric"))?;
        let metric = Metric::read(metric)?;
        let statistic = stat.required_text("Stat")?.parse().map_err(|unknown| {
            ServiceError::validation(format!("The value for parameter MetricDataQueries.member.MetricStat.Stat is not valid: {unknown}."))
        })?;
        let label = node.text("Label")?.unwrap_or(&metric.name).to_owned();
        Ok(Self {
            id: id.to_owned(),
            period: period(stat)?,
            statistic,
            unit: stat.text("Unit")?.map(str::to_owned),
            label,
            account: node.text("AccountId")?.map(str::to_owned),
            return_data: node.boolean("ReturnData")?.unwrap_or(true),
            metric,
        })
    }
}

fn period(stat: &Node) -> Result<i64, ServiceError> {
    let period =
        stat.integer("Period")?.ok_or_else(|| ServiceError::missing("MetricStat.Period"))?;
    if matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0 && period <= DAY) {
        return Ok(period);
    }
    Err(ServiceError::validation(format!(
        "The value {period} for parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
    )))
}

/// `^[a-z][a-zA-Z0-9_]*$`, at most 255 characters.
fn is_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.len() <= 255
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::protocol::node::{map, time};

    const NOW: i64 = 1_795_166_760;

    fn query(id: &str, period: i64, stat: &str) -> Node {
        let metric = Metric::of_distribution("E1", "Requests").node();
        let stat =
            map([("Metric", metric), ("Period", Node::Integer(period)), ("Stat", stat.into())]);
        map([("Id", id.into()), ("MetricStat", stat)])
    }

    fn read(queries: Vec<Node>, start: i64, end: i64) -> Result<Request, ServiceError> {
        let request = map([
            ("MetricDataQueries", Node::List(queries)),
            ("StartTime", time(start)),
            ("EndTime", time(end)),
        ]);
        Request::read(&request, NOW)
    }

    #[test]
    fn what_cloudwatch_refuses_is_refused() {
        let good = || query("q", 60, "Sum");
        let many = |count: usize| {
            (0..count).map(|n| query(&format!("q{n}"), 60, "Sum")).collect::<Vec<_>>()
        };
        let cases = [
            ("501 queries", many(501), NOW - 60, NOW),
            ("no query", vec![], NOW - 60, NOW),
            ("an id in capitals", vec![query("Q", 60, "Sum")], NOW - 60, NOW),
            ("an id with a dash", vec![query("q-1", 60, "Sum")], NOW - 60, NOW),
            ("an id twice", vec![good(), good()], NOW - 60, NOW),
            ("period 90", vec![query("q", 90, "Sum")], NOW - 60, NOW),
            ("period 0", vec![query("q", 0, "Sum")], NOW - 60, NOW),
            ("an unknown statistic", vec![query("q", 60, "sum")], NOW - 60, NOW),
            ("percentile 101", vec![query("q", 60, "p101")], NOW - 60, NOW),
            ("an empty window", vec![good()], NOW, NOW),
            (
                "an expression",
                vec![map([("Id", "e".into()), ("Expression", "m1*2".into())])],
                NOW - 60,
                NOW,
            ),
        ];
        for (name, queries, start, end) in cases {
            let error = read(queries, start, end).expect_err(name);
            assert_eq!(error.code, "ValidationError", "{name}");
        }
        assert_eq!(read(many(500), NOW - 60, NOW).expect("the limit itself").queries.len(), 500);
    }

    #[test]
    fn the_start_is_rounded_down_the_further_back_the_more() {
        let rounded = |start| read(vec![query("q", 60, "Sum")], start, NOW).expect("valid").start;
        assert_eq!(rounded(NOW - 119), NOW - 120);
        let at = |days: i64| NOW - days * DAY + 61;
        assert_eq!(rounded(at(20)), at(20) - at(20) % 300);
        assert_eq!(rounded(at(70)), at(70) - at(70) % 3600);
    }
}

//! What AWS services publish by themselves: CloudFront of its distributions, ECS of its tasks.

use std::ops::Range;
use std::sync::Arc;

use super::query::Query;
use super::{CLOUDFRONT, CLOUDFRONT_REGION, Metric};
use crate::aws::front::Context;
use crate::traffic::ecs::{AWS_ECS, CONTAINER_INSIGHTS, EcsFleet};
use crate::traffic::{Datum, Fleet, MINUTE};

/// The namespaces whose metrics are computed rather than stored.
pub(super) const NAMESPACES: [&str; 3] = [CLOUDFRONT, AWS_ECS, CONTAINER_INSIGHTS];

/// When minutes become points, for one query at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// CloudWatch's now.
    pub(super) now: i64,
    /// What is younger than this is hidden (seconds after the end of its minute).
    pub(super) late: i64,
}

/// One datum a minute in `window`, oldest first, where the dimensions are exactly those of
/// something that has data.
pub(super) fn data(
    context: &Context<'_>,
    query: &Query,
    window: &Range<i64>,
    progress: Progress,
) -> Vec<(i64, Datum)> {
    let caller = &context.caller;
    if query.metric.namespace == CLOUDFRONT {
        return cloudfront(&context.world.fleet(&caller.account), context, query, window, progress);
    }
    ecs(&context.world.ecs_fleet(&caller.account, &caller.region), context, query, window, progress)
}

fn cloudfront(
    fleet: &Arc<Fleet>,
    context: &Context<'_>,
    query: &Query,
    window: &Range<i64>,
    progress: Progress,
) -> Vec<(i64, Datum)> {
    let metric = &query.metric;
    let distribution = metric.dimensions.get("DistributionId").and_then(|id| fleet.get(id));
    let Some(distribution) = distribution else {
        return Vec::new();
    };
    let is_exact = *metric == Metric::of_distribution(&distribution.id, &metric.name);
    let is_here = context.caller.region == CLOUDFRONT_REGION;
    if !is_exact || !is_here || !has_unit(query, unit(&metric.name)) {
        return Vec::new();
    }
    minutes(context, window, progress, |minute, share| match share {
        None => distribution.datum(&metric.name, minute),
        Some(share) => distribution.partial_datum(&metric.name, minute, share),
    })
}

fn ecs(
    fleet: &Arc<EcsFleet>,
    context: &Context<'_>,
    query: &Query,
    window: &Range<i64>,
    progress: Progress,
) -> Vec<(i64, Datum)> {
    let Metric { namespace, name, dimensions } = &query.metric;
    let measured = fleet.measured(namespace, name, dimensions, window);
    let Some(measured) = measured.filter(|measured| has_unit(query, measured.unit)) else {
        return Vec::new();
    };
    minutes(context, window, progress, |minute, share| {
        let datum = measured.datum(minute)?;
        Some(share.map_or(datum, |share| datum.partial(share)))
    })
}

/// The minutes that are there; those that are not settled with the share of them that was counted.
fn minutes(
    context: &Context<'_>,
    window: &Range<i64>,
    progress: Progress,
    datum: impl Fn(i64, Option<f64>) -> Option<Datum>,
) -> Vec<(i64, Datum)> {
    let settling = context.world.settling();
    let first = window.start + (-window.start).rem_euclid(MINUTE);
    (first..window.end)
        .step_by(60)
        .filter_map(|minute| {
            let age = progress.now - (minute + MINUTE);
            if age < settling.appears || age < progress.late {
                return None;
            }
            let is_settled = age >= settling.settles;
            let share = (!is_settled).then(|| counted_share(age, settling.settles));
            datum(minute, share).map(|datum| (minute, datum))
        })
        .collect()
}

/// How much of an unsettled minute has been counted: half at first, nine tenths towards the end.
#[expect(clippy::cast_precision_loss, reason = "seconds of a few minutes")]
fn counted_share(age: i64, settles: i64) -> f64 {
    0.5 + 0.4 * (age.max(0) as f64 / settles.max(1) as f64)
}

/// A query that names a unit gets what was published with it, and nothing else.
fn has_unit(query: &Query, unit: &str) -> bool {
    query.unit.as_deref().is_none_or(|wanted| wanted == unit)
}

/// The unit that CloudFront publishes a metric with.
fn unit(metric: &str) -> &'static str {
    match metric {
        "OriginLatency" => "Milliseconds",
        rate if rate.ends_with("Rate") => "Percent",
        _ => "None",
    }
}

//! The points of one metric, as far as CloudWatch has them at a given time.

use super::query::{Query, Request};
use super::{CLOUDFRONT, CLOUDFRONT_REGION, Metric};
use crate::aws::front::Context;
use crate::traffic::{Datum, MINUTE, combine};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The points of `query`, oldest first: the start of each period that has data, and the statistic
/// over it.
///
/// `now` is CloudWatch's; `late` hides what is younger (seconds after the end of its minute).
pub(super) fn points(
    context: &Context<'_>,
    request: &Request,
    query: &Query,
    now: i64,
    late: i64,
) -> Vec<(i64, f64)> {
    let foreign = query.account.as_ref().is_some_and(|account| *account != context.caller.account);
    if foreign {
        return Vec::new();
    }
    let data = if query.metric.namespace == CLOUDFRONT {
        cloudfront(context, request, query, now, late)
    } else {
        context.world.custom_metrics.data(
            &context.caller,
            &query.metric,
            request.start..request.end,
        )
    };
    let kept = data.into_iter().filter(|(second, _)| is_kept(now - second, query.period));
    periods(kept, request.start, query)
}

/// Groups data into periods, which are counted from the start of the window.
fn periods(data: impl Iterator<Item = (i64, Datum)>, start: i64, query: &Query) -> Vec<(i64, f64)> {
    let mut periods: Vec<(i64, Vec<Datum>)> = Vec::new();
    for (second, datum) in data {
        let begin = second - (second - start).rem_euclid(query.period);
        match periods.last_mut() {
            Some((last, data)) if *last == begin => data.push(datum),
            _ => periods.push((begin, vec![datum])),
        }
    }
    periods
        .into_iter()
        .filter_map(|(begin, data)| Some((begin, combine(&data, query.statistic)?)))
        .collect()
}

/// Retention: the finer the period, the shorter the data are kept for it.
fn is_kept(age: i64, period: i64) -> bool {
    let kept_for = match period {
        period if period < 60 => 3 * HOUR,
        period if period % 300 != 0 => 15 * DAY,
        period if period % 3600 != 0 => 63 * DAY,
        _ => 455 * DAY,
    };
    age <= kept_for
}

/// One datum a minute, where the dimensions are exactly those of a distribution with traffic.
fn cloudfront(
    context: &Context<'_>,
    request: &Request,
    query: &Query,
    now: i64,
    late: i64,
) -> Vec<(i64, Datum)> {
    let metric = &query.metric;
    let fleet = context.world.fleet(&context.caller.account);
    let distribution = metric.dimensions.get("DistributionId").and_then(|id| fleet.get(id));
    let Some(distribution) = distribution else {
        return Vec::new();
    };
    let is_exact = *metric == Metric::of_distribution(&distribution.id, &metric.name);
    let is_here = context.caller.region == CLOUDFRONT_REGION;
    let has_unit = query.unit.as_deref().is_none_or(|wanted| wanted == unit(&metric.name));
    if !is_exact || !is_here || !has_unit {
        return Vec::new();
    }

    let settling = context.world.settling();
    let first = request.start + (-request.start).rem_euclid(MINUTE);
    (first..request.end)
        .step_by(60)
        .filter_map(|minute| {
            let age = now - (minute + MINUTE);
            if age < settling.appears || age < late {
                return None;
            }
            if age >= settling.settles {
                return distribution.datum(&metric.name, minute).map(|datum| (minute, datum));
            }
            let share = counted_share(age, settling.settles);
            distribution.partial_datum(&metric.name, minute, share).map(|datum| (minute, datum))
        })
        .collect()
}

/// How much of an unsettled minute has been counted: half at first, nine tenths towards the end.
#[expect(clippy::cast_precision_loss, reason = "seconds of a few minutes")]
fn counted_share(age: i64, settles: i64) -> f64 {
    0.5 + 0.4 * (age.max(0) as f64 / settles.max(1) as f64)
}

/// The unit that CloudFront publishes a metric with.
fn unit(metric: &str) -> &'static str {
    match metric {
        "OriginLatency" => "Milliseconds",
        rate if rate.ends_with("Rate") => "Percent",
        _ => "None",
    }
}

//! The points of one metric, as far as CloudWatch has them at a given time.

use super::query::{Query, Request};
use super::vended::{self, Progress};
use crate::aws::front::Context;
use crate::traffic::{Datum, combine};

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
    let window = request.start..request.end;
    let data = if vended::NAMESPACES.contains(&query.metric.namespace.as_str()) {
        vended::data(context, query, &window, Progress { now, late })
    } else {
        context.world.custom_metrics.data(&context.caller, &query.metric, window)
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

//! What hostless says about its own run, as series. Pure.

use std::time::Duration;

use series::{Kind, Labels, Origin, Resource, Sample, Series, SourceError, Timestamp};

use crate::event::Shard;
use crate::report::{Delay, Report};

/// What the self metrics are made of.
pub(crate) struct Facts<'a> {
    pub(crate) report: &'a Report,
    pub(crate) success: bool,
    pub(crate) shard: Shard,
    /// Whether the function has spools.
    pub(crate) spools: bool,
    /// How far each sink is behind.
    pub(crate) delays: Vec<Delay>,
}

/// All self metrics of a run, stamped with the event's time.
pub(crate) fn series(facts: &Facts<'_>) -> Vec<Series> {
    let report = facts.report;
    let of_a_sink = |error: &&SourceError| report.sinks.iter().any(|one| one.sink == error.source);
    let source_errors = report.errors.iter().filter(|error| !of_a_sink(error)).count();
    let whole = [
        ("hostless_run_success", f64::from(u8::from(facts.success))),
        ("hostless_run_duration_seconds", Duration::from_millis(report.duration_ms).as_secs_f64()),
        ("hostless_source_errors", source_errors as f64),
        ("hostless_cloudwatch_metrics_requested", report.metrics_requested as f64),
    ];
    let by_sink = report.sinks.iter().flat_map(|sink| {
        [
            ("hostless_samples_sent", sink.sink.as_str(), sink.sent as f64),
            ("hostless_samples_rejected", sink.sink.as_str(), sink.rejected as f64),
        ]
    });
    let behind = report.sinks.iter().zip(&facts.delays);
    let lags = behind.clone().map(|(sink, delay)| {
        ("hostless_watermark_lag_seconds", sink.sink.as_str(), delay.watermark.as_secs_f64())
    });
    let spools = behind.filter(|_| facts.spools).map(|(sink, delay)| {
        ("hostless_spool_oldest_seconds", sink.sink.as_str(), delay.spool.as_secs_f64())
    });
    let whole = whole.into_iter().map(|(name, value)| (name, "", value));
    whole
        .chain(by_sink)
        .chain(lags)
        .chain(spools)
        .map(|(name, sink, value)| one(facts, name, sink, value))
        .collect()
}

fn one(facts: &Facts<'_>, name: &str, sink: &str, value: f64) -> Series {
    let Shard { index, count } = facts.shard;
    let labels = Labels::named(name)
        .with("function", facts.report.function)
        .with("shard", if count > 1 { format!("{index}/{count}") } else { String::new() })
        .with("sink", sink);
    let resource =
        Resource { id: facts.report.function.to_owned(), name: facts.report.function.to_owned() };
    let origin =
        Origin { kind: Kind::SelfMetric, metric: name.to_owned(), resource: resource.into() };
    Series { labels, origin, samples: vec![Sample { at: report_time(facts), value }] }
}

fn report_time(facts: &Facts<'_>) -> Timestamp {
    facts.report.time
}

//! Real receivers: an hour of CloudFront traffic goes in through the handler, and their own query language gives back every
//! value at CloudWatch's timestamp, none missing, none twice.

mod prometheus;
mod victoria_metrics;

use std::collections::BTreeMap;

use cloudfront::CloudFront;
use runtime::{Handler, Outcome};
use tests::samples::{Held, Samples};
use tests::{Setup, World, minute};

/// All CloudWatch values, without the info series.
const VALUES: &str = r#"{__name__=~"aws_cloudfront_.+",__name__!="aws_cloudfront_info"}"#;

/// The minutes that an hour of runs delivers: what has settled `delay` before each.
const HOUR: std::ops::Range<i64> = -2..58;

/// Where the function keeps its state, and in which bucket.
const STATE: (&str, &str) = ("hostless", "state/cloudfront/0-of-1.json");

/// The run that [`an_hour_with_a_crash`] forgets, and the minutes that it delivers: they are delivered twice.
const CRASHED: i64 = 6;
const TWICE: std::ops::Range<i64> = 23..28;

/// A world whose only sink is this receiver.
fn world(write_url: &str, interval_minutes: i64) -> World {
    let config =
        format!("cloudfront: {{}}\nremote_write: [{{url: '{write_url}', name: receiver}}]");
    let interval_seconds = u64::try_from(interval_minutes * 60).expect("a positive interval");
    World::new(Setup { config, interval_seconds, ..Setup::default() })
}

/// The runs of an hour, one every `interval` minutes; each must go well.
async fn an_hour(world: &World, handler: &Handler<CloudFront>, interval: i64) {
    for run in 1..=60 / interval {
        well(&world.run(handler, minute(run * interval)).await);
    }
}

/// The runs of an hour, of which the sixth loses its state: killed between its delivery and the write, say. The seventh
/// finds the older one and delivers the sixth one's window again.
async fn an_hour_with_a_crash(world: &World) -> Vec<Outcome> {
    let handler = world.handler().await;
    let (bucket, key) = STATE;
    let mut outcomes = Vec::new();
    for run in 1..=12 {
        let before = world.aws.object(bucket, key);
        outcomes.push(world.run(&handler, minute(run * 5)).await);
        if run == CRASHED {
            world.aws.put_object(bucket, key, before.expect("a state"));
        }
    }
    outcomes
}

/// Asserts that a run neither failed nor had anything to complain of.
fn well(outcome: &Outcome) {
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.errors, [], "{}", outcome.report.to_json());
}

/// What the distributions produced, by `metric{distribution}`.
fn truth(world: &World, minutes: std::ops::Range<i64>) -> BTreeMap<String, Samples> {
    let due = world.due_to_remote_write(minutes).into_iter();
    due.map(|(series, points)| (series, points.into_iter().collect())).collect()
}

/// What a receiver holds, by `metric{distribution}`; two that differ in their other labels only are one too many.
fn by_series(held: Held) -> BTreeMap<String, Samples> {
    let mut by_series = BTreeMap::new();
    for (labels, samples) in held {
        let key = format!("{}{{{}}}", labels["__name__"], labels["dimension_DistributionId"]);
        assert_eq!(by_series.insert(key, samples), None, "a second series: {labels:?}");
    }
    by_series
}

//! An hour of CloudFront traffic, from CloudWatch to both kinds of sink.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tests::{Setup, World, minute};

/// The series that are ours to keep: metric → names of its labels. A change of this file is a change of the API.
const CATALOGUE: &str = include_str!("../golden/catalogue.json");

/// How many self metrics a run with two sinks says.
const SELF_METRICS: u64 = 10;

#[tokio::test]
async fn an_hour_of_traffic_arrives_whole_at_both_sinks() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    for run in 1..=12 {
        let outcome = world.run(&handler, minute(run * 5)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        assert_eq!(outcome.report.errors, []);
    }
    world.assert_whole(-2..58);
}

#[tokio::test]
async fn the_series_are_those_of_the_catalogue_and_no_others() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    for run in 1..=3 {
        world.run(&handler, minute(run * 5)).await;
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mut labels in world.receiver.series().into_keys() {
        let name = labels.remove("__name__").expect("a metric name");
        found.entry(name).or_default().extend(labels.into_keys());
    }
    let known: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_str(CATALOGUE).expect("the golden file is a catalogue");
    assert!(found == known, "the catalogue would have to be\n{}", catalogue(&found));
}

/// One metric a line, so that a change shows as one.
fn catalogue(metrics: &BTreeMap<String, BTreeSet<String>>) -> String {
    let line = |(name, labels): (&String, &BTreeSet<String>)| {
        format!("  {}: {}", json!(name), json!(labels))
    };
    format!("{{\n{}\n}}\n", metrics.iter().map(line).collect::<Vec<_>>().join(",\n"))
}

#[tokio::test]
async fn a_cold_run_reports_exactly_what_happened() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    let report = world.run(&handler, minute(5)).await.report;

    let due: usize = world.due_to_mackerel(-2..3).values().map(BTreeMap::len).sum();
    let series = world.due_to_mackerel(-2..3).len();
    let distributions = world.aws.fleet().distributions.len();
    assert_eq!((report.function, report.time, report.cold_start), ("cloudfront", minute(5), true));
    let window = report.to_json()["window"].clone();
    assert_eq!(window, json!({"from": minute(-2).to_string(), "to": minute(3).to_string()}));
    // One info series, with one sample, for each distribution.
    assert_eq!(report.series, (series + distributions) as u64);
    assert_eq!(report.samples, (due + distributions) as u64);
    assert_eq!(report.errors, []);
    assert_eq!(report.api_calls, world.aws.call_log().counts());
    // Six metrics for each distribution, ten more for the one with additional metrics.
    assert_eq!(report.metrics_requested, (6 * distributions + 10) as u64);

    let [remote_write, mackerel] = &report.sinks[..] else {
        panic!("two sinks: {:?}", report.sinks)
    };
    assert_eq!(remote_write.sink, "remote_write:amp");
    let requests = world.receiver.accepted();
    let stored = requests.iter().filter_map(|request| request.verdict.as_ref());
    let stored: usize = stored.map(|verdict| verdict.stored).sum();
    assert_eq!(remote_write.sent, report.samples);
    assert_eq!(remote_write.sent, stored as u64 - SELF_METRICS, "self metrics are not counted");
    assert_eq!(remote_write.requests, requests.len() as u64 - 1);
    let bytes: usize = requests.iter().rev().skip(1).map(|request| request.body.len()).sum();
    assert_eq!(remote_write.bytes, bytes as u64);

    assert_eq!(mackerel.sink, "mackerel:production");
    assert_eq!(mackerel.sent, due as u64);
    assert_eq!(mackerel.requests, world.mackerel.requests().len() as u64);
    assert_eq!(mackerel.bytes, world.mackerel.bytes() as u64);
    for sink in [remote_write, mackerel] {
        assert_eq!((sink.rejected, sink.spooled, sink.pending), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_warm_run_counts_its_own_calls_only() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(4)).await;
    world.aws.call_log().clear();
    let report = world.run(&handler, minute(8)).await.report;
    assert!(!report.cold_start);
    assert_eq!(report.api_calls, world.aws.call_log().counts());
    assert_eq!(report.api_calls.get("cloudwatch:GetMetricData"), Some(&1));
    assert_eq!(report.api_calls.get("cloudfront:ListDistributions"), None, "they are known");
}

#[tokio::test]
async fn self_metrics_say_how_the_run_went() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    let report = world.run(&handler, minute(5)).await.report;
    let value = |name: &str, sink: Option<&str>| {
        let series = world.receiver.samples(&[("__name__", name), ("function", "cloudfront")]);
        let of_sink =
            |labels: &&BTreeMap<String, String>| labels.get("sink").map(String::as_str) == sink;
        let labels = series.keys().find(of_sink).unwrap_or_else(|| panic!("{name} of {sink:?}"));
        let samples: Vec<_> = series[labels].iter().map(|(at, value)| (*at, *value)).collect();
        let [(at, value)] = samples[..] else { panic!("{name}: one sample, not {samples:?}") };
        assert_eq!(at, minute(5).as_millis(), "{name} is stamped with the event's time");
        value
    };
    assert_eq!(value("hostless_run_success", None), 1.0);
    assert_eq!(value("hostless_source_errors", None), 0.0);
    let requested = value("hostless_cloudwatch_metrics_requested", None);
    assert_eq!(requested, report.metrics_requested as f64);
    assert!(value("hostless_run_duration_seconds", None) > 0.0);
    for sink in &report.sinks {
        let name = Some(sink.sink.as_str());
        assert_eq!(value("hostless_samples_sent", name), sink.sent as f64);
        assert_eq!(value("hostless_samples_rejected", name), 0.0);
        assert_eq!(value("hostless_watermark_lag_seconds", name), 0.0);
    }
    let in_mackerel = world.held_by_mackerel().into_keys();
    let ours: Vec<_> = in_mackerel.filter(|name| !name.starts_with("cloudfront.")).collect();
    assert_eq!(ours, Vec::<String>::new(), "neither self metrics nor info series go to Mackerel");
}

#[tokio::test]
async fn a_small_fleet_reads_as_this_exposition() {
    let setup = Setup {
        config: "
cloudfront: {metrics: [Requests, OriginLatency, 5xxErrorRate]}
mackerel: [{service: production, api_key: k, base_url: '{mackerel}'}]"
            .to_owned(),
        interval_seconds: 60,
        ..Setup::default()
    };
    let world = World::new(setup);
    let mut fleet = (*world.aws.fleet()).clone();
    fleet.distributions.truncate(2);
    world.aws.set_fleet(fleet);
    let handler = world.handler().await;
    let outcome = world.send(&handler, &json!({"dry_run": true})).await;
    assert_eq!(outcome.failure, None);
    insta::assert_snapshot!(outcome.report.exposition.expect("a dry run shows its series"));
}

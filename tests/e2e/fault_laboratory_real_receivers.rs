//! A stretch of the laboratory with real receivers behind a gate that is away, slow or cut off by script: their own query
//! language gives back every sample, none missing, none twice.

use std::collections::BTreeMap;

use tests::laboratory::due::Due;
use tests::laboratory::experiment::{Written, with_a_real_receiver};
use tests::laboratory::trouble::Receiver;
use tests::laboratory::{Plan, Subject};
use tests::prometheus::Prometheus;
use tests::samples::{Held, Samples, differences};
use tests::victoria_metrics::VictoriaMetrics;
use tests::{Holding, minute};

const MINUTES: i64 = 60;

/// All values, without the info series.
const VALUES: &str = r#"{__name__=~"(aws_(cloudfront|ecs)|ecs)_.+",__name__!~".+_info"}"#;

/// The same of probes, which have no namespace of their own.
const VALUES_OF_PROBES: &str = r#"{job="blackbox"}"#;

/// VictoriaMetrics keeps decimal numbers of twelve digits or more.
const TOLERANCE: f64 = 1e-11;

/// A seed's plan without what would have to be told to the receiver.
fn plan(seed: u64) -> Plan {
    let mut plan = Plan::of(seed, MINUTES);
    // What is given up is missing with good reason; here nothing is to be missing.
    plan.troubles.retain(|spell| spell.label != "sink down longer than catch_up");
    plan
}

fn values(subject: Subject) -> &'static str {
    if subject == Subject::Probe { VALUES_OF_PROBES } else { VALUES }
}

/// Compares by `metric{…}`. What an invocation had counted when it was killed may be there, and need not.
fn assert_whole(written: &Written, held: Held, tolerance: f64) {
    let Written { site, ledger, end, story } = written;
    let due = Due::of(site, Receiver::RemoteWrite, -3..*end, ledger);
    let expected: Holding = due.read.clone().into_iter().chain(due.observed.clone()).collect();
    let named = held.into_iter().map(|(labels, samples)| {
        let name = site.series(&labels).unwrap_or_else(|| format!("{labels:?}"));
        let is_due = |at: i64| expected.get(&name).is_some_and(|due| due.contains_key(&at));
        let may_be_missing = |at: i64| due.allows(&name, at) && !is_due(at);
        let samples: Samples = samples.into_iter().filter(|(at, _)| !may_be_missing(*at)).collect();
        (name, samples)
    });
    let held: BTreeMap<String, Samples> = named.collect();
    // Where any value is due, it is the one that is there.
    let value = |name: &String, at: i64, due: f64| {
        let mut samples = held.get(name).into_iter().flatten();
        let found = samples.find(|(held_at, _)| *held_at == at && due.is_nan());
        found.map_or(due, |(_, held)| *held)
    };
    let points = |(name, points): (&String, &tests::Points)| {
        let points = points.iter().map(|(at, due)| (*at, value(name, *at, *due)));
        (name.clone(), points.collect::<Samples>())
    };
    let truth: BTreeMap<String, Samples> = expected.iter().map(points).collect();
    assert!(!truth.is_empty());
    assert_eq!(differences(&held, &truth, tolerance), Vec::<String>::new(), "{story}");
}

fn prometheus(subject: Subject, prometheus: &Prometheus, seed: u64) {
    let written = with_a_real_receiver(subject, &plan(seed), &prometheus.write_url());
    let held = prometheus.raw(values(subject), "4h", minute(written.end + 10));
    assert_whole(&written, held, 0.0);
}

fn victoria_metrics(subject: Subject, seed: u64) {
    let receiver = VictoriaMetrics::start(&["-dedup.minScrapeInterval=1ms"]);
    let written = with_a_real_receiver(subject, &plan(seed), &receiver.write_url());
    assert_whole(&written, receiver.export(values(subject)), TOLERANCE);
}

#[test]
fn prometheus_holds_everything_after_an_hour_of_faults() {
    prometheus(Subject::CloudFront, &Prometheus::start(), 3);
}

#[test]
fn prometheus_with_a_window_for_late_samples_holds_everything_after_an_hour_of_faults() {
    prometheus(Subject::CloudFront, &Prometheus::with_out_of_order_window("10m"), 4);
}

#[test]
fn victoria_metrics_holds_everything_once_after_an_hour_of_faults() {
    victoria_metrics(Subject::CloudFront, 5);
}

#[test]
fn prometheus_holds_what_was_counted_and_read_of_ecs_after_an_hour_of_faults() {
    prometheus(Subject::Ecs, &Prometheus::with_out_of_order_window("10m"), 6);
}

#[test]
fn victoria_metrics_holds_what_was_counted_and_read_of_ecs_after_an_hour_of_faults() {
    victoria_metrics(Subject::Ecs, 8);
}

#[test]
fn prometheus_holds_what_was_probed_after_an_hour_of_faults() {
    prometheus(Subject::Probe, &Prometheus::with_out_of_order_window("10m"), 9);
}

#[test]
fn victoria_metrics_holds_what_was_probed_after_an_hour_of_faults() {
    victoria_metrics(Subject::Probe, 12);
}

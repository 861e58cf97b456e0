//! A stretch of the laboratory with real receivers behind a gate that is away, slow or cut off by script: their own query
//! language gives back every sample, none missing, none twice.

use std::collections::BTreeMap;

use tests::laboratory::experiment::with_a_real_receiver;
use tests::laboratory::site::Site;
use tests::laboratory::trouble::Receiver;
use tests::laboratory::{Plan, Subject};
use tests::minute;
use tests::prometheus::Prometheus;
use tests::samples::{Held, Samples, differences};
use tests::victoria_metrics::VictoriaMetrics;

const MINUTES: i64 = 60;

/// All CloudWatch values, without the info series.
const VALUES: &str = r#"{__name__=~"aws_cloudfront_.+",__name__!="aws_cloudfront_info"}"#;

/// VictoriaMetrics keeps decimal numbers of twelve digits or more.
const TOLERANCE: f64 = 1e-11;

/// A seed's plan without what would have to be told to the receiver.
fn plan(seed: u64) -> Plan {
    let mut plan = Plan::of(seed, MINUTES);
    // What is given up is missing with good reason; here nothing is to be missing.
    plan.troubles.retain(|spell| spell.label != "sink down longer than catch_up");
    plan
}

fn truth(site: &Site, end: i64) -> BTreeMap<String, Samples> {
    let due = site.produced(Receiver::RemoteWrite, -3..end).into_iter();
    due.map(|(series, points)| (series, points.into_iter().collect())).collect()
}

/// What a receiver holds, by `metric{distribution}`.
fn by_series(held: Held) -> BTreeMap<String, Samples> {
    let name = |labels: &BTreeMap<String, String>| {
        format!("{}{{{}}}", labels["__name__"], labels["dimension_DistributionId"])
    };
    held.into_iter().map(|(labels, samples)| (name(&labels), samples)).collect()
}

fn prometheus(prometheus: &Prometheus, seed: u64) {
    let url = prometheus.write_url();
    let (site, end, story) = with_a_real_receiver(Subject::CloudFront, &plan(seed), &url);
    let held = by_series(prometheus.raw(VALUES, "4h", minute(end + 10)));
    assert_eq!(differences(&held, &truth(&site, end), 0.0), Vec::<String>::new(), "{story}");
}

#[test]
fn prometheus_holds_everything_after_an_hour_of_faults() {
    prometheus(&Prometheus::start(), 3);
}

#[test]
fn prometheus_with_a_window_for_late_samples_holds_everything_after_an_hour_of_faults() {
    prometheus(&Prometheus::with_out_of_order_window("10m"), 4);
}

#[test]
fn victoria_metrics_holds_everything_once_after_an_hour_of_faults() {
    let receiver = VictoriaMetrics::start(&["-dedup.minScrapeInterval=1ms"]);
    let url = receiver.write_url();
    let (site, end, story) = with_a_real_receiver(Subject::CloudFront, &plan(5), &url);
    let held = by_series(receiver.export(VALUES));
    assert_eq!(differences(&held, &truth(&site, end), TOLERANCE), Vec::<String>::new(), "{story}");
}

//! Tests of [`points`](super::points).

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use series::go_regex::GoRegex;
use series::{Kind, Sample};

use super::json::{Point, encode};
use super::points::{NOT_FINITE, Plan, plan};
use super::rules::{Rule, Template};
use crate::admission::{FUTURE, TOO_OLD};
use crate::outgoing::Outgoing;
use crate::testing::{NOW, admission, counted, series};

fn planned(series: &[series::Series]) -> Plan {
    plan(series, &Outgoing::default(), &[], &admission())
}

#[test]
fn a_point_has_a_name_a_whole_minute_and_a_value() {
    let mut one = series("requests", "E1", "a", &[]);
    one.samples.push(Sample { at: NOW - Duration::from_millis(60_001), value: 1.5 });
    let plan = planned(&[one]);
    let body = String::from_utf8(encode(&plan.points).to_vec()).expect("text");
    assert_eq!(body, r#"[{"name":"cloudfront.requests.a","time":1795166640,"value":1.5}]"#);
    assert_eq!(NOW.as_secs() - 120, 1_795_166_640);
}

#[test]
fn the_last_of_two_values_in_a_minute_wins() {
    let mut one = series("requests", "E1", "a", &[]);
    one.samples = [(90, 1.0), (70, 2.0), (30, 3.0)]
        .map(|(ago, value)| Sample { at: NOW - Duration::from_secs(ago), value })
        .into();
    let values: Vec<_> = planned(&[one]).points.iter().map(|point| point.value).collect();
    assert_eq!(values, [2.0, 3.0]);
}

#[test]
fn info_series_and_self_metrics_never_go_to_mackerel() {
    let mut all = [Kind::CloudFront, Kind::Info, Kind::SelfMetric].map(|kind| {
        let mut one = series("requests", "E1", "a", &[(1, 1.0)]);
        one.origin.kind = kind;
        one
    });
    all[1].labels.set("domain_name", "d1.cloudfront.net");
    let plan = planned(&all);
    assert_eq!(plan.points.len(), 1);
    assert!(plan.notes.is_empty() && plan.refusals.samples() == 0);
}

#[test]
fn of_a_probe_goes_what_has_a_default_name_or_a_rule() {
    let metrics =
        ["success", "http_duration_seconds.tls", "ssl_earliest_cert_expiry", "ip_protocol"];
    let all = metrics.map(|metric| {
        let mut one = series("x", "blackbox|prometheus.io", "prometheus.io", &[(1, 4.0)]);
        one.labels.set("__name__", format!("probe_{metric}"));
        one.origin.metric = metric.to_owned();
        one.origin.kind = Kind::Probe;
        one
    });
    let named = |plan: Plan| -> Vec<_> {
        plan.points.into_iter().map(|point| (point.name.to_string(), point.value)).collect()
    };
    let name = |metric: &str| format!("probe.{metric}.prometheus_io");
    let days = (4.0 - (NOW.as_secs() - 60) as f64) / 86_400.0;
    let mut expected =
        vec![(name("cert_days"), days), (name("http.tls"), 4.0), (name("success"), 4.0)];
    assert_eq!(named(planned(&all)), expected);

    let metric = GoRegex::anchored("probe_ip_protocol").expect("an expression");
    let rule = Rule::new(metric, Template::parse("ip.{resource}").expect("a template"));
    let plan = plan(&all, &Outgoing::default(), &[rule], &admission());
    expected.insert(0, ("ip.prometheus_io".to_owned(), 4.0));
    assert_eq!(named(plan), expected);
}

#[test]
fn what_mackerel_cannot_hold_is_counted_by_reason() {
    let mut one =
        series("requests", "E1", "a", &[(70, 1.0), (3, f64::NAN), (2, f64::INFINITY), (1, 2.0)]);
    one.samples.push(Sample { at: NOW + Duration::from_secs(1), value: 3.0 });
    let plan = planned(&[one]);
    assert_eq!(plan.points.len(), 1);
    let counts = [NOT_FINITE, TOO_OLD, FUTURE].map(|reason| plan.refusals.of(reason));
    assert_eq!(counts, [2, 1, 1]);
}

#[test]
fn a_request_holds_at_most_500_points_and_100_kib() {
    let many: Vec<_> = (0..1200)
        .map(|n| series("r", &format!("E{n:04}"), &format!("n{n}"), &[(1, 1.0)]))
        .collect();
    let sizes: Vec<_> = planned(&many).requests.iter().map(ExactSizeIterator::len).collect();
    assert_eq!(sizes, [500, 500, 200]);

    let mut long = many[..600].to_vec();
    for (n, one) in long.iter_mut().enumerate() {
        Arc::make_mut(&mut one.origin.resource).name = format!("{n:0>100}");
        one.samples[0].value = -1.234_567_890_123_456_7e-300;
    }
    let plan = planned(&long);
    assert!(plan.notes.is_empty(), "no name is too long");
    let lengths: Vec<_> =
        plan.requests.iter().map(|request| encode(&plan.points[request.clone()]).len()).collect();
    assert!(lengths.iter().all(|length| *length <= 100 * 1024), "{lengths:?}");
}

proptest! {
    #[test]
    fn requests_hold_every_point_once_oldest_first(count in 0usize..40, minutes in 1u64..40) {
        let samples: Vec<_> = (1..=minutes).rev().map(|at| (at, at as f64)).collect();
        let all: Vec<_> = (0..count).map(|n| series("r", &format!("E{n}"), &format!("n{n}"), &samples)).collect();
        let Plan { points, requests, .. } = planned(&all);
        prop_assert_eq!(points.len(), count * samples.len());
        prop_assert!(points.is_sorted_by_key(|point| point.time));
        let keys = counted(points.iter().map(|Point { name, time, value: _ }| (name, time)));
        prop_assert!(keys.values().all(|count| *count == 1));
        let covered: Vec<_> = requests.into_iter().flatten().collect();
        prop_assert_eq!(covered, (0..points.len()).collect::<Vec<_>>());
    }
}

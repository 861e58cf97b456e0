//! Mackerel over the wire, against an API that behaves as documented and seen live.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::{Access, MackerelApi, Options, POST_SERVICE_METRICS};
use emulators::receivers::present::Present;
use sinks::Sink;

use crate::support::{
    NOW, ago_minutes, block_on, counts, deliver, entries, failure, sink, traffic,
};

pub(crate) const KEY: &str = "top-secret-key";

pub(crate) fn api() -> MackerelApi {
    let now = Present::fixed_ms(NOW.as_millis());
    MackerelApi::start(Options { now, posts_per_minute: None, ..Options::new(&["web"], KEY) })
}

pub(crate) fn sink_with(api: &MackerelApi, more: &str) -> Sink {
    sink(&format!("mackerel: [{{service: web, base_url: '{}', {more}}}]", api.url()))
}

pub(crate) fn sink_to(api: &MackerelApi) -> Sink {
    sink_with(api, &format!("api_key: {KEY}"))
}

pub(crate) fn assert_polite(api: &MackerelApi) {
    assert_eq!(api.violations(), Vec::<String>::new());
}

#[test]
fn a_run_is_one_post_and_arrives_under_readable_names() {
    let api = api();
    let delivery = deliver(&sink_to(&api), &traffic(20, 5));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (100, 0, 1)));
    assert_eq!(delivery.bytes, api.bytes() as u64);
    let metrics = api.metrics("web");
    assert_eq!(metrics.len(), 20);
    let expected: BTreeMap<_, _> =
        (1..=5).map(|ago| (ago_minutes(ago).as_secs(), (700 + ago) as f64)).collect();
    assert_eq!(metrics["cloudfront.requests.www7_example_com"], expected);
    assert_polite(&api);
}

#[test]
fn many_points_go_in_several_posts_oldest_first() {
    let api = api();
    let delivery = deliver(&sink_to(&api), &traffic(300, 5));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (1500, 0, 3)));
    let times = api.requests().into_iter().flat_map(|request| {
        let points: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        let points = points.as_array().expect("a list").clone();
        points.into_iter().map(|point| point["time"].as_i64().expect("a whole number"))
    });
    assert!(times.is_sorted(), "a monitor is not evaluated after an older value");
    assert_polite(&api);
}

#[test]
fn posting_again_overwrites() {
    let api = api();
    let sink = sink_to(&api);
    let mut series = traffic(1, 2);
    deliver(&sink, &series).outcome.expect("delivered");
    series[0].samples[1].value = 7.0;
    deliver(&sink, &series).outcome.expect("delivered");
    assert_eq!(
        api.metrics("web")["cloudfront.requests.www0_example_com"][&ago_minutes(1).as_secs()],
        7.0
    );
    assert_polite(&api);
}

#[test]
fn rules_and_relabeling_decide_what_goes_there_under_which_name() {
    let api = api();
    let sink = sink_with(
        &api,
        &format!(
            "api_key: {KEY}, \
             write_relabel_configs: [{{source_labels: [alias], regex: www0.*, action: drop}}], \
             names: [{{match: aws_cloudfront_.*, name: 'cf.{{dimension_DistributionId}}.{{metric}}'}}]"
        ),
    );
    let delivery = deliver(&sink, &traffic(2, 1));
    assert_eq!(counts(&delivery), (1, 0, 1));
    assert_eq!(api.metrics("web").into_keys().collect::<Vec<_>>(), ["cf.E1.requests"]);
    assert_polite(&api);
}

#[test]
fn names_that_meet_are_told_apart_and_reported() {
    let api = api();
    let mut series = traffic(2, 1);
    let name = series[0].origin.resource.name.clone();
    Arc::make_mut(&mut series[1].origin.resource).name = name;
    let delivery = deliver(&sink_to(&api), &series);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (2, 0, 1)));
    assert_eq!(api.metrics("web").len(), 2);
    let entry = &entries(&delivery)[0];
    assert!(entry.contains("of E0 and ") && entry.contains("of E1 would both be named"), "{entry}");
    assert_polite(&api);
}

#[test]
fn a_bad_point_is_found_and_the_others_arrive() {
    let api = api();
    api.refuse_metric("cloudfront.requests.www13_example_com");
    let delivery = deliver(&sink_to(&api), &traffic(50, 2));
    assert_eq!((delivery.outcome.clone(), delivery.sent, delivery.rejected), (Ok(()), 98, 2));
    assert_eq!(api.metrics("web").len(), 49);
    assert!(entries(&delivery)[0].starts_with("2 samples refused: "), "{delivery:?}");
}

#[test]
fn points_that_mackerel_would_drop_in_silence_are_counted() {
    let api = api();
    let mut series = traffic(1, 1);
    let day = Duration::from_secs(24 * 3600 + 1);
    series[0].samples.insert(0, series::Sample { at: NOW - day, value: 1.0 });
    let delivery = deliver(&sink_to(&api), &series);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (1, 1, 1)));
    assert_eq!(entries(&delivery), ["1 sample refused: older than this sink takes"]);
}

#[test]
fn too_many_requests_are_waited_out() {
    let api = api();
    api.faults().push(Rule::on(POST_SERVICE_METRICS, Fault::Throttle));
    let delivery = deliver(&sink_to(&api), &traffic(2, 1));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (2, 0, 2)));
    assert_polite(&api);
}

#[test]
fn a_post_that_is_too_large_is_halved() {
    let api = api();
    api.answer_413_over(Some(4_000));
    let delivery = deliver(&sink_to(&api), &traffic(100, 2));
    assert_eq!((delivery.outcome.clone(), delivery.sent, delivery.rejected), (Ok(()), 200, 0));
    assert_eq!(api.metrics("web").values().map(BTreeMap::len).sum::<usize>(), 200);
    assert_polite(&api);
}

#[test]
fn a_service_that_does_not_exist_is_said_with_what_to_do() {
    let api = api();
    let sink =
        sink(&format!("mackerel: [{{service: nope, base_url: '{}', api_key: {KEY}}}]", api.url()));
    let delivery = deliver(&sink, &traffic(2, 1));
    assert_eq!(counts(&delivery), (0, 0, 1));
    assert_eq!(
        failure(&delivery),
        "deliver to mackerel:nope: status 404: Service not found. (does the service exist in this organization?)"
    );
}

#[test]
fn a_key_that_was_rotated_is_fetched_again_and_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{KEY}\n")).expect("a file");
    let api = api();
    let sink = sink_with(&api, &format!("api_key_file: '{}'", file.display()));
    block_on(sink.prepare()).expect("the key is there");
    deliver(&sink, &traffic(1, 1)).outcome.expect("the trailing newline is no part of the key");

    api.set_key(KEY, None);
    api.set_key("another-key", Some(Access::ReadWrite));
    let refused = deliver(&sink, &traffic(1, 1));
    assert_eq!(
        failure(&refused),
        "deliver to mackerel:web: status 401: Authentication failed. Please try with valid Api Key. \
         (is the API key right?)"
    );
    std::fs::write(&file, "another-key\n").expect("a file");
    let delivery = deliver(&sink, &traffic(1, 1));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (1, 0, 2)));
    let all = format!("{refused:?} {delivery:?} {sink:?}");
    assert!(!all.contains(KEY) && !all.contains("another-key"), "{all}");
}

#[test]
fn a_key_that_may_only_read_is_said_so() {
    let api = api();
    api.set_key(KEY, Some(Access::Read));
    let delivery = deliver(&sink_to(&api), &traffic(1, 1));
    assert_eq!(counts(&delivery), (0, 0, 2));
    let text = failure(&delivery);
    assert!(
        text.ends_with("(the API key needs the permission to write, from this address)"),
        "{text}"
    );
}

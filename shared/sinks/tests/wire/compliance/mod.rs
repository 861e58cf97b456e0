//! The sender tests of github.com/prometheus/compliance (`remotewrite/sender`), as far as they make sense for a sender that
//! scrapes nothing: it is given the samples instead of the page. Each test cites the cases it stands for; [`cases`] says
//! of every case where it is looked at, or why it is not.

mod cases;

use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::proto::TimeSeries;
use emulators::receivers::remote_write::{Options, Personality, RemoteWriteReceiver, WRITE};
use series::{Kind, Labels, Origin, Resource, Sample, Series};
use sinks::{Delivery, Sink};

use crate::support::{NOW, ago_minutes, block_on, deliver, failure, sink, traffic};

/// A receiver that keeps everything; what it was sent is looked at as it came.
fn receiver() -> RemoteWriteReceiver {
    let now = Present::fixed_ms(NOW.as_millis());
    RemoteWriteReceiver::start(Options {
        now,
        personality: Personality::VictoriaMetrics,
        ..Options::default()
    })
}

fn sink_to(receiver: &RemoteWriteReceiver) -> Sink {
    let queue = "queue_config: {min_backoff: 20ms, max_backoff: 500ms}";
    sink(&format!("remote_write: [{{url: '{}', {queue}}}]", receiver.url()))
}

/// A series as a page would give it, with values of the last minutes, the newest last.
fn page(labels: &[(&str, &str)], values: &[f64]) -> Series {
    let resource = Resource { id: "page".into(), name: "page".into() };
    let minutes = (1..=values.len() as u64).rev();
    Series {
        labels: labels.iter().copied().collect(),
        origin: Origin { kind: Kind::CloudFront, metric: "page".into(), resource: resource.into() },
        samples: minutes
            .zip(values)
            .map(|(ago, &value)| Sample { at: ago_minutes(ago), value })
            .collect(),
    }
}

fn gauge() -> Series {
    page(&[("__name__", "gauge")], &[42.0])
}

/// All series of all requests, in the order in which they arrived.
fn arrived(receiver: &RemoteWriteReceiver) -> Vec<TimeSeries> {
    let messages =
        receiver.requests().into_iter().map(|request| request.decoded.expect("a message"));
    messages.flat_map(|message| message.timeseries).collect()
}

fn labels_of(series: &TimeSeries) -> Vec<(String, String)> {
    series.labels.iter().map(|label| (label.name.clone(), label.value.clone())).collect()
}

/// Sends what a page would have and gives back what arrived.
fn pushed(series: &[Series]) -> Vec<TimeSeries> {
    let receiver = receiver();
    let delivery = deliver(&sink_to(&receiver), series);
    assert_eq!(delivery.outcome, Ok(()));
    assert_eq!(receiver.violations(), Vec::<String>::new());
    arrived(&receiver)
}

/// 1.0: Counter.
#[test]
fn a_counter_arrives_in_order_with_no_value_missing_or_twice() {
    let values: Vec<_> = (0..30).map(f64::from).collect();
    let arrived = pushed(&[page(&[("__name__", "counter")], &values)]);
    let seen: Vec<_> = arrived.iter().flat_map(|series| &series.samples).map(|s| s.value).collect();
    assert_eq!(seen, values);
}

/// 1.0: Gauge, Timestamp. 2.0: timestamp_milliseconds_format, timestamp_int64_milliseconds, timestamp_recent,
/// timestamp_precision, timestamp_ordering_within_series, TestSampleOrdering, timestamp_future_values.
#[test]
fn timestamps_are_milliseconds_of_their_own_sample_and_never_go_back() {
    let values: Vec<_> = (1..=30).rev().map(|ago| ago_minutes(ago).as_millis() as f64).collect();
    let all = ["a", "b", "c"].map(|name| page(&[("__name__", name)], &values));
    let arrived = pushed(&all);
    let samples: Vec<_> = arrived.iter().flat_map(|series| &series.samples).collect();
    assert_eq!(samples.len(), 90);
    assert!(samples.iter().all(|sample| sample.value == sample.timestamp as f64));
    assert!(samples.is_sorted_by_key(|sample| sample.timestamp));
    assert!(samples.iter().all(|sample| sample.timestamp <= NOW.as_millis()));
}

/// 1.0: Histogram, Summary. 2.0: the classic form of the histogram cases, complete_metric_family,
/// mixed_sample_and_histogram_families, real_world_scenario.
#[test]
fn histograms_and_summaries_arrive_as_the_series_they_are_made_of() {
    let all = [
        page(&[("__name__", "histogram_bucket"), ("le", "1")], &[1.0]),
        page(&[("__name__", "histogram_bucket"), ("le", "+Inf")], &[2.0]),
        page(&[("__name__", "histogram_sum")], &[3.0]),
        page(&[("__name__", "histogram_count")], &[1e9]),
        page(&[("__name__", "summary"), ("quantile", "0.99")], &[3.0]),
    ];
    let arrived = pushed(&all);
    let seen: Vec<_> = arrived.iter().map(|s| (labels_of(s), s.samples[0].value)).collect();
    let sent: Vec<_> = all
        .iter()
        .map(|s| {
            (
                s.labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
                s.samples[0].value,
            )
        })
        .collect();
    assert_eq!(seen, sent);
    assert!(arrived.iter().all(|series| series.histograms.is_empty()));
}

/// 1.0: SortedLabels, RepeatedLabels, EmptyLabels. 2.0: label_lexicographic_ordering, no_duplicate_label_names,
/// label_names_not_empty, label_values_may_be_empty, metric_name_label_present, label_name_format_valid,
/// metric_name_format_valid, reserved_label_prefix, many_labels_per_series.
#[test]
fn labels_are_sorted_unique_and_not_empty() {
    let ten: Vec<_> = (1..=10).rev().map(|n| (format!("l{n}"), n.to_string())).collect();
    let mut labels: Labels = ten.into_iter().collect();
    labels.set("__name__", "test:metric_total");
    labels.set("B", "2");
    labels.set("a", "1");
    labels.set("a", "again");
    labels.set("empty", "");
    let arrived = pushed(&[Series { labels, ..gauge() }]);
    let names: Vec<_> = arrived[0].labels.iter().map(|label| label.name.as_str()).collect();
    let expected =
        ["B", "__name__", "a", "l1", "l10", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9"];
    assert_eq!(names, expected);
}

/// 1.0: NameLabel.
#[test]
fn a_series_without_a_name_is_never_sent() {
    let receiver = receiver();
    let delivery = deliver(&sink_to(&receiver), &[page(&[("label", "value")], &[1.0])]);
    assert_eq!((delivery.outcome, delivery.rejected), (Ok(()), 1));
    assert!(receiver.requests().is_empty());
}

/// 1.0: Staleness. 2.0: float_value_encoding and the other values of that group, special_float_combinations, stale_marker.
#[test]
fn every_value_arrives_bit_by_bit() {
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let values = [
        123.45,
        42.0,
        0.0,
        -15.5,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::MAX,
        f64::MIN_POSITIVE,
        1.23e-4,
        0.123_456_789_012_345,
        stale,
    ];
    let arrived = pushed(&[page(&[("__name__", "test")], &values)]);
    let bits: Vec<_> = arrived.iter().map(|series| series.samples[0].value.to_bits()).collect();
    assert_eq!(bits, values.map(f64::to_bits));
}

/// 2.0: unicode_in_label_values, special_chars_in_label_values, very_long_label_names, very_long_label_values,
/// huge_label_values, unicode_in_labels, very_long_metric_name, metric_name_with_colons.
#[test]
fn odd_names_and_values_arrive_whole() {
    let (long_name, huge) = (format!("metric_{}", "x".repeat(760)), "v".repeat(10_000));
    let long_label = "label_".repeat(12);
    let all = [
        page(&[("__name__", "http:request:duration:seconds")], &[0.5]),
        page(&[("__name__", &long_name), (&long_label, &huge)], &[1.0]),
        page(
            &[
                ("__name__", "test"),
                ("emoji", "🚀"),
                ("query", "foo=bar&baz=qux"),
                ("text", "指标 \"\\\n"),
            ],
            &[1.0],
        ),
    ];
    let sent: Vec<Vec<_>> = all.iter().map(|series| series.labels.iter().collect()).collect();
    let arrived = pushed(&all);
    let seen: Vec<Vec<_>> = arrived
        .iter()
        .map(|series| {
            series.labels.iter().map(|label| (label.name.as_str(), label.value.as_str())).collect()
        })
        .collect();
    assert_eq!(seen, sent);
}

/// 2.0: zero_timestamp. A window by hand may reach back that far; a scheduled run's does not.
#[test]
fn a_timestamp_of_zero_is_no_negative_one() {
    let mut old = gauge();
    old.samples[0].at = series::Timestamp::from_secs(0);
    let receiver = receiver();
    let (sink, splits) = (sink_to(&receiver), sinks::SplitAllowance::default());
    let delivery = block_on(async {
        let budget = clock::Budget::starting_now(Duration::from_secs(30));
        sink.deliver(&[old], &sinks::Run { now: NOW, budget, splits: &splits, by_hand: true }).await
    });
    assert_eq!(delivery.outcome, Ok(()));
    assert_eq!(arrived(&receiver)[0].samples[0].timestamp, 0);
}

/// 1.0: Headers. 2.0: the protocol group, rw1_version_header, rw1_content_type, rw1_samples_encoding, rw1_labels_encoding,
/// rw1_no_native_histograms, rw1_symbol_table_not_used, TestRemoteWrite1Configuration, TestContentTypeNegotiation.
#[test]
fn every_request_is_a_snappy_block_with_the_headers_of_version_1() {
    let receiver = receiver();
    deliver(&sink_to(&receiver), &traffic(3, 3)).outcome.expect("delivered");
    assert_eq!(receiver.requests().len(), 3);
    for request in receiver.requests() {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("content-encoding"), Some("snappy"));
        assert_eq!(header("content-type"), Some("application/x-protobuf"));
        assert_eq!(header("x-prometheus-remote-write-version"), Some("0.1.0"));
        assert!(header("user-agent").is_some_and(|agent| agent.starts_with("hostless/")));
        assert!(!request.body.starts_with(b"\xff\x06\x00\x00sNaPpY"), "not the framed format");
        assert!(request.decoded.is_some_and(|message| !message.timeseries.is_empty()));
    }
}

/// 1.0: Ordering. 2.0: TestRobustnessUnderLoad, multiple_series_per_request, batch_size_reasonable.
#[test]
fn a_slow_receiver_gets_every_series_in_order() {
    let receiver = receiver();
    for delay in [30, 5, 80, 1, 40] {
        receiver.faults().push(Rule::on(WRITE, Fault::Delay(Duration::from_millis(delay))));
    }
    deliver(&sink_to(&receiver), &traffic(1000, 5)).outcome.expect("delivered");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 5);
    let mut newest = std::collections::BTreeMap::new();
    for series in arrived(&receiver) {
        let before = newest.insert(labels_of(&series), series.samples[0].timestamp);
        assert!(before.is_none_or(|before| before < series.samples[0].timestamp));
    }
    assert_eq!(newest.len(), 1000);
}

/// 1.0: Retries500. 2.0: retry_on_500 … retry_on_504, may_retry_on_429, sender_continues_after_errors.
#[test]
fn what_was_refused_for_a_moment_arrives_later() {
    for status in [500, 502, 503, 504, 429] {
        let receiver = receiver();
        receiver.faults().push(Rule::on(WRITE, Fault::Status(status, "not now".into())));
        let delivery = deliver(&sink_to(&receiver), &[gauge()]);
        assert_eq!(
            (delivery.outcome, delivery.sent, delivery.requests),
            (Ok(()), 1, 2),
            "{status}"
        );
        assert_eq!(receiver.series().len(), 1);
    }
}

/// Answers every request with `status` and a body.
fn always(status: u16, body: &str) -> (Delivery, RemoteWriteReceiver) {
    let receiver = receiver();
    receiver.faults().push(Rule::on(WRITE, Fault::Status(status, body.to_owned())).forever());
    let delivery = deliver(&sink_to(&receiver), &[gauge()]);
    (delivery, receiver)
}

/// 1.0: Retries400. 2.0: no_retry_on_400, no_retry_on_401, no_retry_on_404, no_retry_on_413,
/// log_error_messages_verbatim (cut to one line), handle_partial_write_response, handle_missing_written_headers.
#[test]
fn what_was_refused_for_good_is_not_sent_again_but_for_fresh_credentials() {
    for (status, requests) in [(400, 1), (401, 2), (404, 1), (413, 1)] {
        let (delivery, receiver) = always(status, "Rejected 1 sample: why it was so\n");
        assert_eq!(receiver.requests().len(), requests, "{status}");
        assert!(failure(&delivery).contains("Rejected 1 sample: why it was so"), "{delivery:?}");
    }
}

/// 2.0: backoff_required, exponential_backoff_on_retries, backoff_max_delay, backoff_with_jitter. The waits themselves are
/// tested where they are computed; here they are kept.
#[test]
fn pauses_grow_up_to_the_maximum() {
    let receiver = receiver();
    receiver.faults().push(Rule::on(WRITE, Fault::Status(503, String::new())).times(14));
    let queue = "queue_config: {min_backoff: 5ms, max_backoff: 50ms}";
    let sink = sink(&format!("remote_write: [{{url: '{}', {queue}}}]", receiver.url()));
    let delivery = deliver(&sink, &[gauge()]);
    // Doubled without end, the 14th pause alone would be longer than the run.
    assert_eq!((delivery.outcome, delivery.requests), (Ok(()), 15));
    let times: Vec<_> = receiver.requests().iter().map(|request| request.arrived_ms).collect();
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // A busy machine makes pauses longer, and clocks tick in milliseconds.
    let least = [8, 16, 32].into_iter().chain([40; 11]);
    assert!(pauses.iter().zip(least).all(|(pause, least)| pause + 2 >= least), "{pauses:?}");
}

/// 2.0: ignore_response_body_on_success, handle_200_ok, handle_204_no_content, handle_empty_response,
/// handle_malformed_response, handle_partial_write, process_written_count_headers.
#[test]
fn any_2xx_is_a_success_whatever_the_body_says() {
    for (status, body) in [(200, "partial"), (200, ""), (202, "HTTP/1.1 500 no\r\n\r\n"), (204, "")]
    {
        let (delivery, receiver) = always(status, body);
        assert_eq!((delivery.outcome, delivery.sent), (Ok(()), 1), "{status} {body:?}");
        assert_eq!(receiver.requests().len(), 1);
    }
    let receiver = receiver();
    receiver.faults().push(Rule::on(WRITE, Fault::LongBody(100 << 20)));
    assert_eq!(deliver(&sink_to(&receiver), &[gauge()]).outcome, Ok(()));
}

/// 2.0: handle_large_error_body, handle_large_error_response, handle_invalid_status_code.
#[test]
fn a_large_or_strange_error_is_told_in_a_line() {
    for (status, size) in [(400, 28_000), (400, 1 << 20), (999, 10)] {
        let (delivery, _receiver) = always(status, &"e".repeat(size));
        assert!(failure(&delivery).len() < 500, "{status}");
        assert!(failure(&delivery).contains(&format!("status {status}: eee")), "{delivery:?}");
    }
}

/// 2.0: handle_connection_refused, handle_timeout, dns_resolution_failure.
#[test]
fn a_receiver_that_is_not_there_is_an_outage() {
    let receiver = receiver();
    receiver.faults().push(Rule::on(WRITE, Fault::Hang).forever());
    let (connect, answer) = ("failed to connect: ", "failed to get an answer in time");
    let table = [
        ("http://127.0.0.1:1/".to_owned(), vec![connect]),
        // Without a network it may take the resolver some time to say so.
        ("http://no-such-host.invalid/".to_owned(), vec![connect, answer]),
        (receiver.url(), vec![answer]),
    ];
    let queue = "queue_config: {min_backoff: 1h, max_backoff: 1h}";
    for (url, expected) in table {
        let sink = sink(&format!("remote_write: [{{url: '{url}', remote_timeout: 2s, {queue}}}]"));
        let delivery = deliver(&sink, &[gauge()]);
        let text = failure(&delivery);
        assert!(expected.iter().any(|expected| text.contains(expected)), "{url}: {text}");
        assert!(text.ends_with("(after 1 attempt, no time for another)"), "{text}");
        assert_eq!((delivery.sent, delivery.rejected), (0, 0));
    }
}

/// 2.0: invalid_url_scheme.
#[test]
fn a_url_with_another_scheme_is_a_wrong_configuration() {
    let body = b"remote_write: [{url: 'invalid://receiver/write'}]".to_vec();
    let document = config::Document { name: "test.yml".into(), directory: None, body };
    let mut findings = config::Findings::new();
    let sections = config::Sections::read(&[document], &mut findings);
    assert!(sinks::read(&sections, &mut findings).is_empty());
    let found: Vec<_> = findings.errors().map(ToString::to_string).collect();
    assert_eq!(found, ["test.yml: remote_write[0].url: URL scheme must be 'http' or 'https'"]);
}

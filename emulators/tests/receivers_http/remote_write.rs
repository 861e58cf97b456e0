//! What the remote write receiver finds wrong with a request, and what it keeps of a right one.

use emulators::receivers::present::Present;
use emulators::receivers::remote_write::proto::{STALE_MARKER, TimeSeries};
use emulators::receivers::remote_write::{Options, RemoteWriteReceiver};

use crate::client::{Answer, NOW, WRITE_HEADERS, body, compressed, exchange, named, series};

pub(crate) const PATH: &str = "/api/v1/write";

pub(crate) fn start(options: Options) -> RemoteWriteReceiver {
    RemoteWriteReceiver::start(Options { now: Present::fixed_ms(NOW), ..options })
}

pub(crate) fn write(receiver: &RemoteWriteReceiver, series: &[TimeSeries]) -> Answer {
    let body = body(series);
    exchange(receiver.addr(), "POST", PATH, &WRITE_HEADERS, &body).expect("an answer")
}

/// The breaches of one request, without its number.
fn breaches_of(series: &[TimeSeries]) -> Vec<String> {
    let receiver = start(Options::default());
    write(&receiver, series);
    strip(&receiver)
}

fn strip(receiver: &RemoteWriteReceiver) -> Vec<String> {
    let numbered = receiver.violations();
    let text = |v: &String| v.strip_prefix("request 1: ").expect("a number").to_owned();
    numbered.iter().map(text).collect()
}

#[test]
fn a_right_request_is_stored_whole() {
    let receiver = start(Options::default());
    let labels = [("__name__", "requests"), ("a", "1"), ("b", "🐟/x?y=\"z\"")];
    let answer = write(&receiver, &[series(&labels, &[(-60, 1.5)]), named("up", &[(0, 1.0)])]);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(receiver.violations(), Vec::<String>::new());
    assert_eq!(receiver.series().len(), 2);
    let found = receiver.samples(&[("b", "🐟/x?y=\"z\"")]);
    let samples = found.values().next().expect("the series");
    assert_eq!(samples.iter().collect::<Vec<_>>(), [(&(NOW - 60_000), &1.5)]);
    let requests = receiver.accepted();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].number, requests[0].now_ms), (1, NOW));
    assert_eq!(requests[0].headers["user-agent"], "test/1.0");
    assert_eq!(requests[0].decoded.as_ref().map(|d| d.timeseries.len()), Some(2));
    assert_eq!(receiver.bytes(), requests[0].body.len());
}

#[test]
fn values_keep_their_bits() {
    let receiver = start(Options::default());
    let values = [
        f64::from_bits(STALE_MARKER),
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
    ];
    for (index, value) in values.into_iter().enumerate() {
        let name = format!("value_{index}");
        assert_eq!(write(&receiver, &[named(&name, &[(0, value)])]).status, 200);
        let stored = receiver.samples(&[("__name__", &name)]).into_values().next();
        let stored = stored.and_then(|samples| samples.into_values().next()).expect("the sample");
        assert_eq!(stored.to_bits(), value.to_bits(), "{value}");
    }
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

#[test]
fn each_breach_in_a_message_is_named() {
    let n = ("__name__", "m");
    let cases: [(&str, Vec<TimeSeries>, &str); 15] = [
        ("nothing in it", vec![], "the request holds no series"),
        ("no sample", vec![named("m", &[])], "series m{}: has no sample"),
        (
            "labels out of order",
            vec![series(&[n, ("b", "2"), ("a", "1")], &[(0, 1.0)])],
            r#"series m{b="2",a="1"}: label "a" stands after "b""#,
        ),
        (
            "upper case sorts before the underscore",
            vec![series(&[n, ("Region", "1")], &[(0, 1.0)])],
            r#"series m{Region="1"}: label "Region" stands after "__name__""#,
        ),
        (
            "a label twice",
            vec![series(&[n, ("a", "1"), ("a", "1")], &[(0, 1.0)])],
            r#"series m{a="1",a="1"}: label "a" is repeated"#,
        ),
        (
            "an empty value",
            vec![series(&[n, ("a", "")], &[(0, 1.0)])],
            r#"series m{a=""}: label "a" has an empty value"#,
        ),
        (
            "an empty name",
            vec![series(&[("", "x"), n], &[(0, 1.0)])],
            r#"series m{="x"}: "" is not a label name"#,
        ),
        (
            "a colon in a label name",
            vec![series(&[n, ("a:b", "1")], &[(0, 1.0)])],
            r#"series m{a:b="1"}: "a:b" is not a label name"#,
        ),
        (
            "a reserved name",
            vec![series(&[n, ("__x__", "1")], &[(0, 1.0)])],
            r#"series m{__x__="1"}: label "__x__" has a reserved name"#,
        ),
        (
            "no metric name",
            vec![series(&[("label", "value")], &[(0, 1.0)])],
            r#"series {label="value"}: has no __name__"#,
        ),
        (
            "a metric name with a digit first",
            vec![named("4xx", &[(0, 1.0)])],
            r#"series 4xx{}: "4xx" is not a metric name"#,
        ),
        (
            "samples that go back",
            vec![named("m", &[(-60, 1.0), (-120, 1.0)])],
            "series m{}: sample at 1795166640000 follows the one at 1795166700000",
        ),
        (
            "two timestamps of a series",
            vec![named("m", &[(-120, 1.0), (-60, 1.0)])],
            "series m{}: has 2 samples in one request, not one",
        ),
        (
            "two entries of a series",
            vec![named("m", &[(-120, 1.0)]), named("m", &[(-60, 1.0)])],
            "series m{}: stands twice in one request",
        ),
        (
            "the future",
            vec![named("m", &[(1, 1.0)])],
            "series m{}: sample at 1795166761000 is 1000 ms in the future",
        ),
    ];
    for (case, sent, expected) in cases {
        let breaches = breaches_of(&sent);
        assert!(breaches.iter().any(|breach| breach == expected), "{case}: {breaches:?}");
    }
}

#[test]
fn colons_are_good_in_metric_names() {
    assert_eq!(breaches_of(&[named("http:requests:rate5m", &[(0, 1.0)])]), Vec::<String>::new());
}

#[test]
fn each_breach_in_the_headers_is_named() {
    let without = |name| WRITE_HEADERS.into_iter().filter(move |(n, _)| *n != name);
    let cases = [
        (without("user-agent").collect::<Vec<_>>(), "header user-agent is missing"),
        (without("content-encoding").collect(), "header content-encoding is missing"),
        (
            without("content-type").chain([("content-type", "text/plain")]).collect(),
            r#"header content-type is "text/plain", not "application/x-protobuf""#,
        ),
        (
            without("x-prometheus-remote-write-version")
                .chain([("x-prometheus-remote-write-version", "2.0.0")])
                .collect(),
            r#"header x-prometheus-remote-write-version is "2.0.0", not "0.1.0""#,
        ),
        (
            WRITE_HEADERS.into_iter().chain([("user-agent", "custom")]).collect(),
            "header user-agent is there 2 times",
        ),
    ];
    for (headers, expected) in cases {
        let receiver = start(Options::default());
        let body = body(&[named("m", &[(0, 1.0)])]);
        exchange(receiver.addr(), "POST", PATH, &headers, &body).expect("an answer");
        assert_eq!(strip(&receiver), [expected]);
    }
}

#[test]
fn a_body_that_cannot_be_decoded_is_refused() {
    let message = snap::raw::Decoder::new()
        .decompress_vec(&body(&[named("m", &[(0, 1.0)])]))
        .expect("the message");
    let mut framed = snap::write::FrameEncoder::new(Vec::new());
    std::io::Write::write_all(&mut framed, &message).expect("room");
    let framed = framed.into_inner().expect("the frames");
    let cases = [
        ("not compressed", message, "the body is no snappy block"),
        ("the framed format", framed, "the body is no snappy block"),
        ("no protobuf", compressed(b"{\"json\":true}"), "the body holds no write request"),
    ];
    for (case, body, expected) in cases {
        let receiver = start(Options::default());
        let answer = exchange(receiver.addr(), "POST", PATH, &WRITE_HEADERS, &body);
        assert_eq!(answer.expect("an answer").status, 400, "{case}");
        let breaches = strip(&receiver);
        assert!(breaches[0].starts_with(expected), "{case}: {breaches:?}");
        assert!(receiver.series().is_empty() && receiver.accepted().is_empty(), "{case}");
    }
}

#[test]
fn a_body_over_the_limit_is_a_breach() {
    let receiver = start(Options { max_body_bytes: 30, ..Options::default() });
    let answer = write(&receiver, &[named("a_name_of_more_than_thirty_characters", &[(0, 1.0)])]);
    assert_eq!(answer.status, 413);
    assert!(strip(&receiver)[0].starts_with("the body has "));
    assert!(receiver.series().is_empty());
}

#[test]
fn other_paths_and_methods_are_refused() {
    let receiver = start(Options::default());
    let sent = body(&[named("m", &[(0, 1.0)])]);
    let ask = |method, path| {
        exchange(receiver.addr(), method, path, &WRITE_HEADERS, &sent).expect("an answer").status
    };
    assert_eq!(ask("POST", "/api/v1/remote_write"), 404);
    assert_eq!(ask("PUT", PATH), 405);
    assert!(receiver.series().is_empty());
    assert_eq!(receiver.url(), format!("http://{}{PATH}", receiver.addr()));
}

#[test]
fn metadata_exemplars_and_histograms_are_decoded() {
    use emulators::receivers::remote_write::proto::{
        Exemplar, Label, MetricMetadata, WriteRequest,
    };
    use prost::Message;

    let exemplar = Exemplar {
        labels: vec![Label { name: "trace_id".into(), value: "t".into() }],
        value: 99.5,
        timestamp: NOW,
    };
    let request = WriteRequest {
        timeseries: vec![TimeSeries {
            exemplars: vec![exemplar],
            histograms: vec![vec![8, 1]],
            ..named("m", &[])
        }],
        metadata: vec![MetricMetadata {
            kind: 2,
            metric_family_name: "m".into(),
            help: "Help.".into(),
            unit: "bytes".into(),
        }],
    };
    let receiver = start(Options::default());
    let body = compressed(&request.encode_to_vec());
    exchange(receiver.addr(), "POST", PATH, &WRITE_HEADERS, &body).expect("an answer");
    assert_eq!(receiver.requests()[0].decoded.as_ref(), Some(&request));
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

//! The release `bootstrap`, as Lambda runs it: events with a true deadline in, reports or typed errors out, logs of JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::lambda::{FunctionError, Outcome};
use serde_json::{Value, json};
use series::Timestamp;
use tests::bootstrap::Bootstrap;
use tests::live::{Live, assert_no_secret, now, window};
use tests::prometheus::Prometheus;

const FUNCTION: &str = "cloudfront";
const MINUTE: Duration = Duration::from_secs(60);

fn report(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Response(report) => report,
        other => panic!("expected a report, found {other:?}"),
    }
}

fn error(outcome: Outcome) -> FunctionError {
    match outcome {
        Outcome::Failed(error) => error,
        other => panic!("expected an error, found {other:?}"),
    }
}

/// Asserts that a real Prometheus holds what CloudWatch has of a window.
fn holds(prometheus: &Prometheus, live: &Live, window: std::ops::Range<i64>) {
    let held = prometheus.raw("aws_cloudfront_requests_sum", "3h", now());
    let held: BTreeMap<_, _> = held
        .into_iter()
        .map(|(labels, samples)| (labels["dimension_DistributionId"].clone(), samples))
        .collect();
    let fleet = live.aws.fleet();
    let truth = fleet.distributions.iter().map(|distribution| {
        let samples = live.aws.expected(&distribution.id, "Requests", "Sum", window.clone());
        (distribution.id.clone(), samples)
    });
    let truth: BTreeMap<_, _> = truth.filter(|(_, samples)| !samples.is_empty()).collect();
    assert_eq!(held, truth);
}

#[test]
fn an_hour_by_hand_goes_into_a_real_prometheus() {
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    let function = Bootstrap::start(FUNCTION, &live.environment());
    let to = Timestamp::from_secs(now().as_secs() - 600);
    let from = Timestamp::from_secs(to.as_secs() - 3600);
    let event = json!({ "from": from.to_string(), "to": to.to_string() });
    let report = report(function.invoke(&event, MINUTE));
    assert_eq!(report["errors"], json!([]));
    let window = window(&report);
    assert!((3600..=3660).contains(&(window.end - window.start)), "{window:?}");
    holds(&prometheus, &live, window);
}

#[test]
fn a_scheduled_run_delivers_says_so_in_one_line_and_shows_no_secret() {
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    let function = Bootstrap::start(FUNCTION, &live.environment());
    let first = report(function.invoke(&json!({}), MINUTE));
    assert_eq!(first["errors"], json!([]), "{first}");
    assert_eq!((&first["function"], &first["cold_start"]), (&json!(FUNCTION), &json!(true)));
    let sinks = first["sinks"].as_array().expect("sinks");
    assert_eq!(sinks.len(), 3);
    assert!(sinks.iter().all(|sink| sink["sent"].as_u64() > Some(0)), "{first}");
    holds(&prometheus, &live, window(&first));
    assert!(!live.receiver.series().is_empty() && !live.mackerel.metrics("production").is_empty());

    let time = first["time"].clone();
    let again = report(function.invoke(&json!({ "time": time }), MINUTE));
    assert_eq!((&again["window"], &again["cold_start"]), (&Value::Null, &json!(false)));

    let lines = function.reports();
    assert_eq!(lines.len(), 2, "one line for each run");
    for (line, report) in lines.iter().zip([&first, &again]) {
        assert_eq!(line["level"], "INFO");
        assert!(line["requestId"].as_str().is_some_and(|id| id.len() == 36), "{line}");
        for (key, value) in report.as_object().expect("a report") {
            assert_eq!(&line[key], value, "{key} of the report is in the line");
        }
    }
    assert_ne!(lines[0]["requestId"], lines[1]["requestId"]);
    assert_no_secret(&function.process.output());
    assert_no_secret(&format!("{first} {again}"));
}

#[test]
fn a_wrong_configuration_is_a_typed_error_and_the_environment_survives() {
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    let good = live.configuration(&prometheus.write_url());
    live.configure(&good.replace("cloudfront: {}", "cloudfront: {perod: 1m}"));
    let mut function = Bootstrap::start(FUNCTION, &live.environment());
    for _ in 0..2 {
        let error = error(function.invoke(&json!({}), MINUTE));
        assert_eq!(error.error_type, "ConfigError");
        let path = "ssm:/hostless/config/main: cloudfront.perod: unknown key";
        assert!(error.message.starts_with(path), "{}", error.message);
        assert_no_secret(&error.message);
    }
    assert_eq!(function.api.init_errors(), [], "the process does not die of it");
    let unknown = error(function.invoke(&json!({ "dryrun": true }), MINUTE));
    assert_eq!(unknown.error_type, "ConfigError");
    assert!(unknown.message.contains("\"dryrun\""), "{}", unknown.message);

    live.configure(&good);
    let report = report(function.invoke(&json!({}), MINUTE));
    assert_eq!(report["errors"], json!([]), "the same process takes the right one");
    assert!(!function.process.has_ended());
    assert_no_secret(&function.process.output());
}

#[test]
fn each_failure_has_its_type_and_shows_no_secret() {
    let refusing = Live::start("http://127.0.0.1:9/api/v1/write");
    let forbidden = Fault::Status(403, "forbidden".to_owned());
    refusing.receiver.faults().push(Rule::on("remote_write:", forbidden.clone()).forever());
    refusing.mackerel.faults().push(Rule::on("mackerel:", forbidden).forever());
    let unreadable = Live::start("http://127.0.0.1:9/api/v1/write");
    unreadable.aws.faults().push(Rule::on("s3:", Fault::WrongKey).forever());
    let unknown = Live::start("http://127.0.0.1:9/api/v1/write");
    unknown.aws.faults().push(Rule::on("cloudfront:", Fault::WrongKey).forever());
    let table = [(refusing, "DeliveryError"), (unreadable, "StateError"), (unknown, "SourceError")];
    for (live, error_type) in table {
        let function = Bootstrap::start(FUNCTION, &live.environment());
        let error = error(function.invoke(&json!({}), Duration::from_secs(5)));
        assert_eq!(error.error_type, error_type, "{}", error.message);
        assert_eq!(function.reports().len(), 1, "the report is logged all the same");
        assert_no_secret(&error.message);
        assert_no_secret(&function.process.output());
    }
}

#[test]
fn an_answer_comes_before_the_deadline_whoever_is_slow() {
    let prometheus = Prometheus::start();
    for (operation, error_type) in
        [("cloudwatch:GetMetricData", "SourceError"), ("remote_write:Write", "DeliveryError")]
    {
        let live = Live::start(&prometheus.write_url());
        let slow = Rule::on(operation, Fault::Delay(MINUTE)).forever();
        live.aws.faults().push(slow.clone());
        live.receiver.faults().push(slow);
        let function = Bootstrap::start(FUNCTION, &live.environment());
        for timeout in [Duration::from_secs(6), Duration::from_secs(2)] {
            let outcome = function.invoke(&json!({}), timeout);
            let error = error(outcome);
            assert_eq!(error.error_type, error_type, "{timeout:?}: {}", error.message);
        }
        live.aws.faults().clear();
        live.receiver.faults().clear();
        let report = report(function.invoke(&json!({}), MINUTE));
        assert_eq!(report["errors"], json!([]), "what was missed is caught up: {report}");
    }
}

#[test]
fn sigterm_ends_an_idle_environment_quietly() {
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    let mut function = Bootstrap::start(FUNCTION, &live.environment());
    report(function.invoke(&json!({}), MINUTE));
    let lines = function.log().len();
    let ended = function.process.terminate(Duration::from_secs(2));
    assert!(ended.is_some(), "Lambda kills what does not end in two seconds");
    assert_eq!(function.log().len(), lines, "nothing is said about it");
}

//! `hostless invoke`: the contract of its outputs and exits.

use emulators::aws::{AwsEmulator, Options, Parameter};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Options as ReceiverOptions, RemoteWriteReceiver};
use serde_json::Value;
use tempfile::TempDir;

use crate::hostless::{Ended, document, hostless_at};

/// The time of the tests: their clock cannot be turned, but an event names its own time.
const TIME: &str = "2025-11-20T09:07:00Z";
const NOW: i64 = 1_763_629_620;

struct World {
    aws: AwsEmulator,
    receiver: RemoteWriteReceiver,
    _folder: TempDir,
    config: String,
}

impl World {
    fn new() -> Self {
        let aws = AwsEmulator::start(Options { now: Some(NOW), ..Options::default() });
        let now = Present::fixed_ms(NOW * 1000);
        let receiver =
            RemoteWriteReceiver::start(ReceiverOptions { now, ..ReceiverOptions::default() });
        let (folder, path) = document(&format!(
            "cloudfront: {{}}\nremote_write:\n  - name: amp\n    url: {}\n",
            receiver.url()
        ));
        Self { aws, receiver, _folder: folder, config: path.display().to_string() }
    }

    fn invoke(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut all = vec!["invoke", "cloudfront", "--config", &self.config];
        all.extend(arguments);
        hostless_at(&self.aws, &all, variables)
    }
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.out))
}

#[test]
fn a_run_prints_its_report_and_nothing_else() {
    let world = World::new();
    let ended = world.invoke(&["--time", TIME], &[("HOSTLESS_INTERVAL", "300")]);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
    let report = report(&ended);
    assert_eq!(report["function"], "cloudfront");
    assert_eq!(report["time"], TIME);
    assert_eq!(report["window"]["from"], "2025-11-20T09:00:00Z");
    assert_eq!(report["window"]["to"], "2025-11-20T09:05:00Z");
    assert_eq!(report["sinks"][0]["sink"], "remote_write:amp");
    assert_eq!(report["sinks"][0]["sent"], report["samples"]);
    assert_eq!(report["exposition"], Value::Null);
    assert_eq!(report["api_calls"]["cloudwatch:GetMetricData"], 1);
    assert_eq!(report["metrics_requested"], 46);
    let requests = world.receiver.samples(&[("__name__", "aws_cloudfront_requests_sum")]);
    let fleet = world.aws.fleet();
    let www = &fleet.distributions[0];
    let expected: Vec<_> = world
        .aws
        .expected(&www.id, "Requests", "Sum", NOW - 420..NOW - 120)
        .into_iter()
        .map(|(at, value)| (at * 1000, value))
        .collect();
    let held = requests.iter().find(|(labels, _)| labels["dimension_DistributionId"] == www.id);
    let (_, held) = held.expect("the series");
    assert_eq!(held.clone().into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_store() {
    let world = World::new();
    let ended = world.invoke(&["--time", TIME, "--dry-run"], &[]);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
    assert!(report(&ended)["exposition"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(world.receiver.requests().len(), 0);
}

#[test]
fn exposition_is_one_sample_a_line_and_nothing_else() {
    let world = World::new();
    for more in [&["--dry-run"][..], &[]] {
        let arguments = [&["--time", TIME, "--output", "exposition"], more].concat();
        let ended = world.invoke(&arguments, &[]);
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
        let lines: Vec<&str> = ended.out.lines().collect();
        assert!(lines.is_sorted(), "{}", ended.out);
        assert!(lines.len() > 30, "{}", ended.out);
        for line in &lines {
            let (series, numbers) = line.rsplit_once("} ").expect("labels, then numbers");
            let (name, labels) = series.split_once('{').expect("a name, then labels");
            assert!(name.starts_with("aws_cloudfront_"), "{line}");
            assert!(labels.starts_with("account_id=") || labels.starts_with("alias="), "{line}");
            let (value, at) = numbers.split_once(' ').expect("a value, then a time");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let at: i64 = at.parse().expect("milliseconds");
            let latest = NOW * 1000;
            assert!((latest - 180_000..=latest).contains(&at), "{line}");
        }
    }
    assert!(!world.receiver.requests().is_empty(), "without --dry-run it is delivered as well");
}

#[test]
fn state_that_is_kept_lets_the_same_event_do_nothing() {
    let world = World::new();
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("file:{}", folder.path().display());
    let run = || world.invoke(&["--time", TIME], &[("HOSTLESS_STORE", &store)]);
    let first = report(&run());
    assert_ne!(first["window"], Value::Null);
    let requests = world.receiver.requests().len();
    let again = run();
    assert_eq!((again.code, &*again.err), (Some(0), ""), "{}", again.out);
    assert_eq!(report(&again)["window"], Value::Null);
    assert_eq!(report(&again)["api_calls"]["cloudwatch:GetMetricData"], Value::Null);
    assert_eq!(world.receiver.requests().len(), requests);
}

#[test]
fn an_event_is_read_from_a_file() {
    let world = World::new();
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let ended =
        world.invoke(&["--dry-run", "--event", &format!("{events}/cloudfront-now.json")], &[]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let wrong = format!("{events}/invalid-unknown-key.json");
    let ended = world.invoke(&["--event", &wrong], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("ConfigError: event: "), "{}", ended.err);
    assert!(ended.err.contains("dryrun"), "{}", ended.err);
}

#[test]
fn a_wrong_configuration_fails_with_document_path_and_reason() {
    let world = World::new();
    let (_folder, path) =
        document("cloudfront: {dealy: 1m}\nmackerel: [{service: web, api_key: planted}]\n");
    let config = path.display().to_string();
    let ended = hostless_at(&world.aws, &["invoke", "cloudfront", "--config", &config], &[]);
    assert_eq!(ended.code, Some(1));
    let error =
        "ConfigError: hostless.yml: cloudfront.dealy: unknown key; did you mean \"delay\"?\n";
    assert_eq!(ended.err, error);
    assert_eq!(report(&ended)["window"], Value::Null);
    assert!(!ended.out.contains("planted"));

    let arguments = ["invoke", "cloudfront", "--config", &config, "--output", "exposition"];
    let ended = hostless_at(&world.aws, &arguments, &[]);
    assert_eq!((ended.code, &*ended.out), (Some(1), ""), "no series is no line");
}

#[test]
fn a_secret_that_does_not_exist_is_a_wrong_configuration() {
    let world = World::new();
    world.aws.set_parameters([Parameter::string(
        "/hostless/config/main",
        "cloudfront: {}\nmackerel: [{service: web, api_key_file: 'ssm:/hostless/secret/key'}]\n",
    )]);
    let ended = hostless_at(
        &world.aws,
        &["invoke", "cloudfront"],
        &[("HOSTLESS_CONFIG", "ssm:/hostless/config")],
    );
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("ConfigError: "), "{}", ended.err);
    assert!(ended.err.contains("/hostless/secret/key"), "{}", ended.err);
}

#[test]
fn a_sink_that_is_down_fails_the_run_and_the_report_stands() {
    let world = World::new();
    let url = world.receiver.url().replace("/write", "/wrong");
    let (_folder, path) =
        document(&format!("cloudfront: {{}}\nremote_write: [{{name: amp, url: '{url}'}}]\n"));
    let config = path.display().to_string();
    let arguments = ["invoke", "cloudfront", "--config", &config, "--time", TIME];
    let ended = hostless_at(&world.aws, &arguments, &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("DeliveryError: deliver to remote_write:amp: "), "{}", ended.err);
    assert_eq!(report(&ended)["sinks"][0]["sent"], 0);
    assert_ne!(report(&ended)["samples"], 0);

    let ended =
        hostless_at(&world.aws, &[&arguments[..], &["--output", "exposition"]].concat(), &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.starts_with("aws_cloudfront_"),
        "stdout holds the series alone: {}",
        ended.out
    );
    assert!(ended.err.contains("remote_write:amp: "), "{}", ended.err);
}

#[test]
fn wrong_usage_exits_with_two() {
    let world = World::new();
    for arguments in [
        &["invoke", "lambda"][..],
        &["invoke"],
        &["invoke", "cloudfront", "--time", "yesterday"],
        &["invoke", "cloudfront", "--output", "yaml"],
        &["invoke", "cloudfront", "--event", "/no/such/event.json"],
        &["invoke", "cloudfront", "--event", "e.json", "--time", TIME],
    ] {
        let ended = hostless_at(&world.aws, arguments, &[]);
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
}

//! Where the configuration comes from, and how a warm function follows it.

use emulators::aws::Parameter;
use emulators::faults::{Fault, Rule};
use runtime::{RunError, environment};
use tests::{CONFIG, Setup, World, minute};

const MAIN: &str = "/hostless/config/main";

fn every_minute() -> World {
    World::new(Setup { interval_seconds: 60, ..Setup::default() })
}

fn rendered(world: &World, config: &str) -> String {
    config.replace("{receiver}", &world.receiver.url()).replace("{mackerel}", &world.mackerel.url())
}

#[tokio::test]
async fn documents_are_joined_from_parameters_files_and_objects() {
    let world = every_minute();
    let sections = [
        ("a.yml", "cloudfront: {metrics: [Requests]}".to_owned()),
        ("b.yml", rendered(&world, "remote_write: [{url: '{receiver}', name: one}]")),
        ("c.yml", rendered(&world, "remote_write: [{url: '{receiver}', name: two}]")),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    world.aws.set_parameters([]);
    for (name, body) in &sections {
        std::fs::write(folder.path().join(name), body).expect("a document");
        world.aws.put_object("hostless", &format!("config/{name}"), body.clone());
        world.aws.put_parameter(Parameter::string(format!("/hostless/config/{name}"), body));
    }
    let folder = folder.path().display().to_string();
    for (store, location) in
        ["ssm:/hostless/config", "s3://hostless/config", &folder].iter().enumerate()
    {
        let store = format!("s3://hostless/store{store}");
        let own = [(environment::CONFIG, *location), (environment::STORE, &store)];
        let handler = world.handler_with(&own).await;
        let outcome = world.run(&handler, minute(5)).await;
        let sinks: Vec<_> = outcome.report.sinks.iter().map(|sink| &*sink.sink).collect();
        assert_eq!(sinks, ["remote_write:one", "remote_write:two"], "{location}");
        assert_eq!(outcome.report.metrics_requested, 6, "{location}");
    }
}

#[tokio::test]
async fn a_path_may_hold_more_than_ten_parameters() {
    let world = every_minute();
    world.aws.put_parameter(Parameter::string(MAIN, "cloudfront: {metrics: [Requests]}"));
    for number in 0..23 {
        let body =
            format!("remote_write: [{{url: '{}', name: n{number:02}}}]", world.receiver.url());
        world.aws.put_parameter(Parameter::string(format!("/hostless/config/z/{number:02}"), body));
    }
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(4)).await;
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.report.sinks.len(), 23);
    assert_eq!(outcome.report.sinks[22].sink, "remote_write:n22");
    assert!(world.aws.call_log().count("ssm:GetParametersByPath") >= 3);
}

#[tokio::test]
async fn a_change_is_seen_after_five_minutes_and_not_before() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    let changed = CONFIG.replace("cloudfront: {}", "cloudfront: {metrics: [Requests]}");
    world.aws.put_parameter(Parameter::string(MAIN, rendered(&world, &changed)));
    for run in 1..=5 {
        let report = world.run(&handler, minute(run)).await.report;
        let requested = if run < 5 { 46 } else { 6 };
        assert_eq!(report.metrics_requested, requested, "run {run}");
    }
    assert_eq!(world.aws.call_log().count("ssm:GetParametersByPath"), 2);
}

#[tokio::test]
async fn a_broken_change_leaves_the_last_good_configuration_in_use_and_is_said() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    world.aws.put_parameter(Parameter::string(MAIN, "cloudfront: {perod: 1m}"));
    for run in 5..=6 {
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!(outcome.failure, None);
        let [error] = &outcome.report.errors[..] else { panic!("{:?}", outcome.report.errors) };
        assert_eq!(error.source, "ssm:/hostless/config");
        assert!(error.message.contains("the last good configuration stays in use"), "{error:?}");
        assert!(error.message.contains("cloudfront.perod"), "{error:?}");
    }
    world.assert_whole(-3..4);
    world.aws.put_parameter(Parameter::string(MAIN, rendered(&world, CONFIG)));
    assert_eq!(world.run(&handler, minute(7)).await.report.errors, []);
    // A cold function has nothing else to go on with.
    world.aws.put_parameter(Parameter::string(MAIN, "cloudfront: {perod: 1m}"));
    let outcome = world.run(&world.handler().await, minute(8)).await;
    assert!(matches!(outcome.failure, Some(RunError::Config(_))), "{:?}", outcome.failure);
}

#[tokio::test]
async fn parameter_store_that_is_down_stops_only_a_cold_function() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    let down = Fault::Status(400, r#"{"__type":"AccessDeniedException"}"#.to_owned());
    world.aws.faults().push(Rule::on("ssm:", down).forever());
    for run in [5, 12] {
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!(outcome.failure, None, "keys are served stale: {}", outcome.report.to_json());
        assert_eq!(outcome.report.errors.len(), 1);
        assert!(outcome.report.errors[0].message.contains("AccessDeniedException"));
    }
    let outcome = world.run(&world.handler().await, minute(13)).await;
    let Some(RunError::Config(message)) = outcome.failure else { panic!("{:?}", outcome.failure) };
    assert!(message.starts_with("ssm:/hostless/config: "), "{message}");
    world.aws.faults().clear();
    assert_eq!(world.run(&handler, minute(14)).await.failure, None);
    world.assert_whole(-3..12);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_sends_nothing() {
    let denied = Fault::Status(403, "<Error><Code>AccessDenied</Code></Error>".to_owned());
    let world = every_minute();
    let handler = world.handler().await;
    world.aws.faults().push(Rule::on("s3:GetObject", denied).forever());
    let outcome = world.run(&handler, minute(0)).await;
    let Some(RunError::State(message)) = outcome.failure else { panic!("{:?}", outcome.failure) };
    assert!(message.contains("state/cloudfront/0-of-1.json"), "{message}");
    world.aws.faults().clear();
    for damaged in ["", "{", r#"{"version":7,"sinks":{}}"#] {
        world.aws.put_object("hostless", "state/cloudfront/0-of-1.json", damaged);
        let outcome = world.run(&handler, minute(0)).await;
        assert!(matches!(outcome.failure, Some(RunError::State(_))), "{:?}", outcome.failure);
    }
    assert_eq!(world.receiver.requests().len() + world.mackerel.requests().len(), 0);
    assert_eq!(world.aws.call_log().count("cloudwatch:GetMetricData"), 0);
}

#[tokio::test]
async fn a_write_of_the_state_that_loses_a_race_is_merged_and_tried_again() {
    let world = every_minute();
    let handler = world.handler().await;
    for run in 0..3 {
        world.aws.faults().push(Rule::on("s3:PutObject", Fault::Conflict).times(2));
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    }
    world.assert_whole(-3..0);
}

//! CloudWatch throttles, answers in part, loses pages, is late or away: nothing is skipped for good, and the report says
//! what happened.

use std::time::Duration;

use emulators::aws::Options as AwsOptions;
use emulators::faults::{Affected, Fault, Rule};
use emulators::traffic::Fleet;
use runtime::RunError;
use tests::{CONFIG, Setup, World, minute};

const GET: &str = "cloudwatch:GetMetricData";

fn every_minute() -> World {
    World::new(Setup { interval_seconds: 60, ..Setup::default() })
}

/// What the report says beside what went well.
fn said(outcome: &runtime::Outcome) -> String {
    let errors = outcome.report.errors.iter();
    errors.map(|error| format!("{}: {}\n", error.source, error.message)).collect()
}

#[tokio::test]
async fn troubles_that_pass_cost_nothing_but_are_said() {
    let requests = || Affected::Metric("Requests".to_owned());
    let table = [
        (Rule::on(GET, Fault::Throttle).times(3), "Rate exceeded"),
        (Rule::on(GET, Fault::PartialData(requests())), "PartialData"),
        (Rule::on(GET, Fault::InternalError(requests())), "An internal error occurred"),
        (Rule::on(GET, Fault::InternalError(Affected::All)).times(2), "An internal error occurred"),
        (Rule::on(GET, Fault::Status(503, String::new())), "HTTP status 503"),
        (Rule::on(GET, Fault::CutConnection), ""),
        (Rule::on("cloudwatch:ListMetrics", Fault::Throttle), ""),
        (Rule::on("cloudfront:ListDistributions", Fault::Status(500, String::new())), ""),
    ];
    for (rule, expected) in table {
        let world = every_minute();
        let handler = world.handler().await;
        world.aws.faults().push(rule.clone());
        let outcome = world.run(&handler, minute(5)).await;
        assert_eq!(outcome.failure, None, "{rule:?}");
        assert!(said(&outcome).contains(expected), "{rule:?}: {}", said(&outcome));
        assert_eq!(outcome.report.api_calls, world.aws.call_log().counts(), "{rule:?}");
        assert_eq!(world.aws.faults().pending(), [], "the script was played");
        world.assert_whole(2..3);
    }
}

#[tokio::test]
async fn cloudwatch_that_is_away_is_a_source_error_and_caught_up_by_the_next_run() {
    let table = [
        Rule::on(GET, Fault::Throttle).forever(),
        Rule::on(GET, Fault::Status(403, r#"{"__type":"AccessDenied"}"#.to_owned())).forever(),
        Rule::on(GET, Fault::InternalError(Affected::All)).forever(),
        Rule::on("cloudwatch:", Fault::CutConnection).forever(),
        Rule::on(GET, Fault::Delay(Duration::from_secs(60))).forever(),
    ];
    for rule in table {
        let world = every_minute();
        let handler = world.handler().await;
        world.run(&handler, minute(0)).await;
        world.aws.faults().push(rule.clone());
        for run in 1..=2 {
            let time = Duration::from_secs(2);
            let outcome = world.run_within(&handler, minute(run), time).await;
            let Some(RunError::Source(message)) = &outcome.failure else {
                panic!("{rule:?}: {:?}", outcome.failure)
            };
            assert!(message.contains("cloudwatch:GetMetricData:us-east-1"), "{message}");
            assert!(outcome.report.duration_ms < 2_000, "{rule:?}");
            assert!(outcome.report.sinks.iter().all(|sink| sink.pending > 0));
            let success = world.receiver.samples(&[("__name__", "hostless_run_success")]);
            let newest = success.values().next().and_then(|samples| samples.last_key_value());
            let failed = Some((minute(run).as_millis(), 0.0));
            assert_eq!(newest.map(|(at, value)| (*at, *value)), failed, "{rule:?}");
        }
        world.aws.faults().clear();
        let outcome = world.run(&handler, minute(3)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
        world.assert_whole(-3..1);
    }
}

#[tokio::test]
async fn queries_that_stay_unanswered_for_ten_runs_are_owed_and_served_in_order() {
    let table = [
        Fault::PartialData(Affected::Metric("Requests".to_owned())),
        Fault::InternalError(Affected::Metric("BytesDownloaded".to_owned())),
    ];
    for fault in table {
        let world = every_minute();
        let handler = world.handler().await;
        world.run(&handler, minute(0)).await;
        world.aws.faults().push(Rule::on(GET, fault.clone()).forever());
        let (mut due, mut owed) = (0, 0);
        for run in 1..=10 {
            let time = Duration::from_secs(2);
            let outcome = world.run_within(&handler, minute(run), time).await;
            assert_eq!(outcome.failure, None, "{fault:?}");
            assert!(said(&outcome).contains("unanswered"), "{}", said(&outcome));
            for (series, points) in world.due_to_remote_write(-3..run - 2) {
                let held = world.held_by_remote_write();
                let held = held.get(&series).map_or(0, |points| points.len());
                match series.contains("requests_sum") || series.contains("bytes_downloaded") {
                    true if held < points.len() => owed += 1,
                    true => {}
                    false => assert_eq!(held, points.len(), "{series} is on time"),
                }
                due += 1;
            }
        }
        assert!(owed > 0 && owed < due, "{owed} of {due}");
        let state = world.state().expect("a state").to_string();
        assert!(state.contains(r#""owed":{"AWS/CloudFront|"#), "{state}");
        world.aws.faults().clear();
        let outcome = world.run(&handler, minute(11)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
        world.assert_whole(-3..9);
        let state = world.state().expect("a state").to_string();
        assert!(!state.contains("owed"), "{state}");
    }
}

#[tokio::test]
async fn an_owed_query_never_overtakes_its_siblings() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    let requests = Fault::PartialData(Affected::Metric("Requests".to_owned()));
    world.aws.faults().push(Rule::on(GET, requests).forever());
    world.run_within(&handler, minute(1), Duration::from_secs(2)).await;
    // Now the siblings stay unanswered, and what is owed would be served.
    world.aws.faults().clear();
    world.aws.faults().push(Rule::on(GET, Fault::InternalError(Affected::All)).times(4));
    let outcome = world.run(&handler, minute(2)).await;
    assert_eq!(outcome.failure, None, "something answered: {}", outcome.report.to_json());
    assert!(said(&outcome).contains("An internal error occurred"));
    assert_eq!(world.aws.faults().pending(), [], "the siblings met the fault, the owed did not");
    let ends = |name: &str| {
        let held = world.held_by_remote_write();
        let (_, points) = held.into_iter().find(|(series, _)| series.contains(name)).expect(name);
        points.last_key_value().map(|(at, _)| (at - minute(0).as_secs()) / 60)
    };
    assert_eq!(ends("requests_sum"), ends("bytes_uploaded_sum"));
    let outcome = world.run(&handler, minute(3)).await;
    assert_eq!(outcome.failure, None);
    world.assert_whole(-3..1);
}

#[tokio::test]
async fn a_repeated_event_with_something_owed_still_succeeds() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    let requests = Fault::PartialData(Affected::Metric("Requests".to_owned()));
    world.aws.faults().push(Rule::on(GET, requests).forever());
    for _ in 0..2 {
        let outcome = world.run_within(&handler, minute(1), Duration::from_secs(2)).await;
        assert_eq!(outcome.failure, None);
        assert!(said(&outcome).contains("PartialData"));
    }
    world.aws.faults().clear();
    assert_eq!(world.run(&handler, minute(1)).await.failure, None, "it is served at once");
    world.assert_whole(-3..-1);
}

#[tokio::test]
async fn what_is_owed_beyond_catch_up_is_given_up_and_said_once() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    let requests = Fault::PartialData(Affected::Metric("Requests".to_owned()));
    world.aws.faults().push(Rule::on(GET, requests).forever());
    world.run_within(&handler, minute(1), Duration::from_secs(2)).await;
    world.aws.faults().clear();
    let outcome = world.run(&handler, minute(100)).await;
    assert_eq!(outcome.failure, None);
    let given_up = said(&outcome);
    assert!(given_up.contains("|Requests|"), "{given_up}");
    assert_eq!(outcome.report.sinks[0].rejected, 0);
    let outcome = world.run(&handler, minute(101)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    world.assert_mackerel_is_whole(-3..99);
}

#[tokio::test]
async fn what_is_forbidden_is_said_and_never_owed() {
    let world = every_minute();
    let handler = world.handler().await;
    let forbidden = Fault::Forbidden(Affected::Metric("Requests".to_owned()));
    world.aws.faults().push(Rule::on(GET, forbidden).forever());
    for run in 0..2 {
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!(outcome.failure, None);
        assert!(said(&outcome).contains("You are not authorized to read this metric"));
        assert_eq!(outcome.report.api_calls.get(GET), Some(&1), "asking again is in vain");
    }
    assert!(!world.state().expect("a state").to_string().contains("owed"));
    let mut due = world.due_to_remote_write(-3..-1);
    due.retain(|series, _| !series.contains("requests_sum"));
    assert_eq!(world.held_by_remote_write(), due);
}

#[tokio::test]
async fn the_delay_is_waited_for_and_no_longer() {
    for (delay, minutes) in [("2m", 2), ("5m", 5), ("90s", 2), ("10m", 10)] {
        let config = CONFIG.replace("cloudfront: {}", &format!("cloudfront: {{delay: {delay}}}"));
        let setup = Setup { config, interval_seconds: 60, ..Setup::default() };
        let world = World::new(setup);
        let handler = world.handler().await;
        // The points come just in time, and change until then.
        let late = Duration::from_secs(minutes as u64 * 60);
        world.aws.set_settling(late / 2, late);
        world.aws.faults().push(Rule::on(GET, Fault::LateData(late)).forever());
        for run in 0..4 {
            assert_eq!(world.run(&handler, minute(run)).await.failure, None);
        }
        world.assert_whole(-minutes - 1..3 - minutes);
    }
}

#[tokio::test]
async fn a_page_that_is_lost_is_asked_for_again() {
    let fleet = Fleet::sized(84);
    let config = CONFIG.replace("cloudfront: {}", "cloudfront: {tags: false}");
    let setup =
        Setup { config, aws: AwsOptions { fleet, ..AwsOptions::default() }, ..Setup::default() };
    let world = World::new(setup);
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    world.aws.call_log().clear();
    // 504 series × 200 minutes: with what Mackerel looks at again, more than one page.
    world.aws.faults().push(Rule::on(GET, Fault::DropPage));
    let outcome = world.run(&handler, minute(220)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(world.aws.faults().pending(), [], "there was a second page");
    assert_eq!(outcome.report.api_calls, world.aws.call_log().counts());
    world.assert_mackerel_is_whole(-7..218);
}

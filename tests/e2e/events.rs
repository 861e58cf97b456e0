//! What an event asks for: scheduled runs in every form, repeats, late ones, windows by hand, dry runs.

use runtime::{Invocation, RunError};
use serde_json::{Value, json};
use tests::{CONFIG, Setup, World, minute};

#[tokio::test]
async fn the_same_event_twice_does_nothing_the_second_time() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(5)).await;
    let (requests, posts) = (world.receiver.requests().len(), world.mackerel.requests().len());
    let state = world.state();
    for handler in [handler, world.handler().await] {
        world.aws.call_log().clear();
        let outcome = world.run(&handler, minute(5)).await;
        assert_eq!(outcome.failure, None);
        let report = outcome.report;
        assert_eq!((report.window, report.series, report.samples), (None, 0, 0));
        assert_eq!(report.errors, []);
        assert_eq!(report.metrics_requested, 0);
        assert!(report.sinks.iter().all(|sink| sink.requests + sink.sent + sink.pending == 0));
        assert_eq!(world.aws.call_log().count("cloudwatch:GetMetricData"), 0);
        assert_eq!(world.aws.call_log().count("s3:PutObject"), 0);
    }
    assert_eq!(world.receiver.requests().len(), requests, "remote write heard nothing");
    assert_eq!(world.mackerel.requests().len(), posts, "Mackerel heard nothing");
    assert_eq!(world.state(), state);
}

#[tokio::test]
async fn late_lost_and_overtaken_events_leave_neither_gap_nor_repeat() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    // When a run happens, and the time of its event.
    for (now, event) in [(5, 5), (11, 10), (12, 5), (26, 25), (27, 15), (27, 20), (31, 30)] {
        world.at(minute(now));
        let outcome = world.send(&handler, &json!({"time": minute(event).to_string()})).await;
        assert_eq!(outcome.failure, None, "event of {event} at {now}");
        assert_eq!(outcome.report.errors, []);
        assert_eq!(outcome.report.time, minute(event));
    }
    world.assert_whole(-2..28);
}

#[tokio::test]
async fn every_form_of_a_scheduled_event_runs_at_its_time() {
    let at = minute(5).to_string();
    let rule = json!({"version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": at, "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/hostless"], "detail": {}});
    let scheduler = json!({"version": "0", "id": "27ae2a5e", "detail-type": "Scheduled Event",
        "source": "aws.scheduler", "account": "123456789012", "time": at, "region": "us-east-1",
        "resources": [], "detail": "{}", "anything": {"from": 1}});
    let forms = [
        ("rule", rule),
        ("scheduler", scheduler),
        ("own input", json!({"time": at})),
        ("with another offset", json!({"time": "2026-11-20T18:05:00+09:00"})),
        ("now", json!({})),
        ("the future counts as now", json!({"time": minute(90).to_string()})),
    ];
    for (form, event) in forms {
        let world = World::new(Setup::default());
        let handler = world.handler().await;
        world.at(minute(5));
        let outcome = world.send(&handler, &event).await;
        assert_eq!(outcome.failure, None, "{form}");
        assert_eq!(outcome.report.time, minute(5), "{form}");
        world.assert_whole(-2..3);
    }
}

#[tokio::test]
async fn an_event_with_a_mistake_is_a_config_error_that_names_it() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    for (event, named) in [
        (json!({"tiem": "2026-11-20T09:05:00Z"}), "unknown key \"tiem\""),
        (json!({"time": "yesterday"}), "\"yesterday\""),
        (json!({"from": minute(0).to_string()}), "from and to go together"),
        (json!("run"), "must be an object"),
    ] {
        let outcome = world.send(&handler, &event).await;
        let Some(RunError::Config(message)) = outcome.failure else {
            panic!("{event}: {:?}", outcome.failure)
        };
        assert!(message.contains(named), "{message}");
    }
    assert_eq!(world.aws.call_log().count("cloudwatch:GetMetricData"), 0);
}

#[tokio::test]
async fn a_window_by_hand_is_delivered_and_leaves_the_state_alone() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.at(minute(20));
    let outcome = world.send(&handler, &window(0, 10)).await;
    assert_eq!(outcome.failure, None);
    world.assert_whole(0..10);
    assert_eq!(world.state(), None);
    // Not whole minutes, and not settled to its end.
    let from = minute(10) + std::time::Duration::from_secs(30);
    let ragged = json!({"from": from.to_string(), "to": minute(500).to_string()});
    world.send(&handler, &ragged).await;
    world.assert_whole(0..18);
    let outcome = world.run(&handler, minute(25)).await;
    assert_eq!(outcome.report.window.map(|window| window.from), Some(minute(18)));
    world.assert_whole(0..23);
    let state = world.state();
    world.send(&handler, &window(-30, -20)).await;
    assert_eq!(world.state(), state);
}

#[tokio::test]
async fn a_window_by_hand_that_nobody_took_does_not_promise_another_run() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.at(minute(200));
    let outcome = world.send(&handler, &window(0, 3)).await;
    let Some(RunError::Delivery(message)) = outcome.failure else {
        panic!("{:?}", outcome.failure)
    };
    assert!(message.contains("remote_write:amp"), "{message}");
    assert!(message.contains("none is given up"), "what the receiver said: {message}");
    assert!(!message.contains("next run"), "{message}");
    assert!(message.contains("send the event again"), "{message}");
    world.assert_mackerel_is_whole(0..3);
}

#[tokio::test]
async fn a_dry_run_shows_the_series_and_touches_neither_store_nor_sinks() {
    // Nobody listens on port 9, and the key does not exist.
    let config = CONFIG
        .replace("{receiver}", "http://127.0.0.1:9/api/v1/write")
        .replace("{mackerel}", "http://127.0.0.1:9")
        .replace("secret/mackerel-api-key", "secret/nobody");
    let world = World::new(Setup { config, ..Setup::default() });
    let handler = world.handler().await;
    world.at(minute(5));
    let events = [
        (json!({"dry_run": true}), -2..3),
        (json!({"dry_run": true}), -2..3),
        (
            json!({"dry_run": true, "from": minute(-9).to_string(), "to": minute(-4).to_string()}),
            -9..-4,
        ),
    ];
    for (event, minutes) in events {
        let outcome = world.send(&handler, &event).await;
        assert_eq!(outcome.failure, None, "{event}");
        let report = outcome.report;
        let exposition = report.exposition.as_deref().expect("a dry run shows its series");
        assert_eq!(exposition.lines().count() as u64, report.samples);
        let due: usize =
            world.due_to_remote_write(minutes).values().map(|points| points.len()).sum();
        let info = world.aws.fleet().distributions.len();
        assert_eq!(report.samples, (due + info) as u64);
        assert!(!exposition.contains("hostless_"), "no self metrics");
        assert!(report.sinks.iter().all(|sink| sink.sent + sink.requests + sink.pending == 0));
    }
    assert!(world.aws.calls().iter().all(|call| call.service != "s3"));
    assert_eq!(world.receiver.requests().len() + world.mackerel.requests().len(), 0);
}

#[tokio::test]
async fn a_dry_run_is_never_skipped_and_keeps_the_state() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(5)).await;
    let state = world.state();
    let outcome = world.send(&handler, &json!({"dry_run": true})).await;
    assert!(outcome.report.samples > 0);
    assert_eq!(world.state(), state);
    let keep = Invocation { keep_series: true, ..Invocation::default() };
    world.at(minute(10));
    let shown = handler.invoke(&json!({}), keep).await.report;
    assert_eq!(shown.exposition.expect("asked for").lines().count() as u64, shown.samples);
    world.assert_whole(-2..8);
}

fn window(from: i64, to: i64) -> Value {
    json!({"from": minute(from).to_string(), "to": minute(to).to_string()})
}

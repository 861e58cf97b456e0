//! Sinks that are down, slow or silent: what they miss comes later, and the other one never waits for it.

use std::collections::BTreeSet;
use std::time::Duration;

use emulators::faults::{Fault, Faults, Rule};
use runtime::{Outcome, RunError};
use serde_json::json;
use tests::{Setup, World, minute};

const REMOTE_WRITE: usize = 0;
const MACKEREL: usize = 1;

/// A minute's schedule.
fn every_minute() -> World {
    World::new(Setup { interval_seconds: 60, ..Setup::default() })
}

fn faults(world: &World, sink: usize) -> &Faults {
    if sink == REMOTE_WRITE { world.receiver.faults() } else { world.mackerel.faults() }
}

fn delivery_error(outcome: &Outcome) -> &str {
    match &outcome.failure {
        Some(RunError::Delivery(message)) => message,
        other => panic!("a DeliveryError, not {other:?}: {}", outcome.report.to_json()),
    }
}

/// What a sink is sent of a minute: its points, and of remote write the info series too.
fn due(world: &World, sink: usize, minutes: std::ops::Range<i64>) -> u64 {
    let points: usize = world.due_to_mackerel(minutes).values().map(|points| points.len()).sum();
    let info = if sink == REMOTE_WRITE { world.aws.fleet().distributions.len() } else { 0 };
    (points + info) as u64
}

async fn down_for_thirty_runs(down: usize) {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    faults(&world, down).push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
    let up = 1 - down;
    for run in 1..=30 {
        let outcome = world.run(&handler, minute(run)).await;
        let message = delivery_error(&outcome);
        let sinks = &outcome.report.sinks;
        assert!(message.contains(&format!("deliver to {}", sinks[down].sink)), "{message}");
        assert!(message.contains("status 404: gone"), "{message}");
        assert!(message.contains("nothing is lost"), "{message}");
        assert_eq!(sinks[up].sent, due(&world, up, run - 3..run - 2), "the other, run {run}");
        assert_eq!((sinks[up].pending, sinks[up].rejected), (0, 0));
        assert_eq!((sinks[down].sent, sinks[down].rejected), (0, 0));
        assert_eq!(sinks[down].pending, due(&world, MACKEREL, -2..run - 2), "run {run}");
    }
    faults(&world, down).clear();
    let outcome = world.run(&handler, minute(31)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.sinks[down].pending, 0);
    world.assert_whole(-3..29);
}

#[tokio::test]
async fn remote_write_that_was_down_for_thirty_runs_gets_every_sample_once_and_in_order() {
    down_for_thirty_runs(REMOTE_WRITE).await;
}

#[tokio::test]
async fn mackerel_that_was_down_for_thirty_runs_gets_every_point_once_and_in_order() {
    down_for_thirty_runs(MACKEREL).await;
}

#[tokio::test]
async fn a_first_run_that_fails_is_caught_up_like_any_other() {
    let world = every_minute();
    let handler = world.handler().await;
    for sink in [REMOTE_WRITE, MACKEREL] {
        faults(&world, sink).push(Rule::on("", Fault::Status(404, String::new())).forever());
    }
    for run in 0..4 {
        let outcome = world.run(&handler, minute(run)).await;
        let message = delivery_error(&outcome);
        assert!(message.contains("remote_write:amp") && message.contains("mackerel:production"));
    }
    faults(&world, REMOTE_WRITE).clear();
    faults(&world, MACKEREL).clear();
    assert_eq!(world.run(&handler, minute(4)).await.failure, None);
    world.assert_whole(-3..2);
}

#[tokio::test]
async fn a_sink_that_goes_down_in_the_middle_of_a_delivery_goes_on_where_it_stopped() {
    for (sink, skip) in [(REMOTE_WRITE, 2), (MACKEREL, 1)] {
        let world = World::new(Setup { interval_seconds: 1800, ..Setup::default() });
        let handler = world.handler().await;
        let outage = Rule::on("", Fault::Status(404, String::new())).forever().skip(skip);
        faults(&world, sink).push(outage);
        let outcome = world.run(&handler, minute(5)).await;
        delivery_error(&outcome);
        let report = &outcome.report.sinks[sink];
        assert!(report.sent > 0 && report.pending > 0, "{report:?}");
        assert_eq!(report.sent + report.pending, due(&world, MACKEREL, -27..3), "{report:?}");
        faults(&world, sink).clear();
        let outcome = world.run(&handler, minute(10)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
        world.assert_remote_write_is_whole(-27..8);
        assert_eq!(world.held_by_mackerel(), world.due_to_mackerel(-27..8));
        // A post of 500 points may end within a minute: of that one, some points come again.
        let mut seen = BTreeSet::new();
        let posts = world.mackerel_posts();
        let again: BTreeSet<_> = posts.iter().filter(|post| !seen.insert(*post)).collect();
        let times: BTreeSet<_> = again.iter().map(|(_, at)| at).collect();
        assert!(times.len() <= 1, "{times:?}");
    }
}

#[tokio::test]
async fn a_sink_that_hangs_costs_the_other_nothing_and_the_run_ends_in_time() {
    for sink in [REMOTE_WRITE, MACKEREL] {
        let world = every_minute();
        let handler = world.handler().await;
        world.run(&handler, minute(0)).await;
        faults(&world, sink).push(Rule::on("", Fault::Hang).forever());
        for run in 1..=2 {
            let time = Duration::from_secs(3);
            let outcome = world.run_within(&handler, minute(run), time).await;
            delivery_error(&outcome);
            let up = 1 - sink;
            assert!(outcome.report.duration_ms < 3_000, "{}", outcome.report.duration_ms);
            // Info series come last, and may find no time.
            let points = due(&world, MACKEREL, run - 3..run - 2);
            assert!(outcome.report.sinks[up].sent >= points);
        }
        faults(&world, sink).clear();
        assert_eq!(world.run(&handler, minute(3)).await.failure, None);
        world.assert_whole(-3..1);
    }
}

#[tokio::test]
async fn a_slow_sink_is_waited_for_while_the_other_is_served() {
    let world = every_minute();
    let handler = world.handler().await;
    let slow = Fault::Delay(Duration::from_millis(700));
    world.mackerel.faults().push(Rule::on("", slow).forever());
    for run in 0..3 {
        assert_eq!(world.run(&handler, minute(run)).await.failure, None);
    }
    world.assert_whole(-3..0);
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_a_repeat_that_receivers_take() {
    for fault in [Fault::CutConnection, Fault::CutAfter, Fault::Status(503, String::new())] {
        let world = every_minute();
        let handler = world.handler().await;
        for sink in [REMOTE_WRITE, MACKEREL] {
            faults(&world, sink).push(Rule::on("", fault.clone()));
        }
        let outcome = world.run(&handler, minute(0)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]), "{fault:?}");
        assert_eq!(world.held_by_mackerel(), world.due_to_mackerel(-3..-2));
        assert_eq!(world.held_by_remote_write(), world.due_to_remote_write(-3..-2));
        assert!(world.receiver.duplicates().iter().all(|repeat| repeat.stored == repeat.sent));
        assert_eq!(world.receiver.refused().len(), 0);
    }
}

#[tokio::test]
async fn minutes_beyond_catch_up_are_reported_once_and_do_not_fail_the_run() {
    let world = every_minute();
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    let outcome = world.run(&handler, minute(120)).await;
    assert_eq!(outcome.failure, None);
    let [lost] = &outcome.report.errors[..] else {
        panic!("one entry: {:?}", outcome.report.errors)
    };
    assert_eq!(lost.source, "remote_write:amp");
    let (from, to) = (minute(-2), minute(70));
    assert!(lost.message.contains(&format!("{from} to {to}")), "{}", lost.message);
    let next = world.run(&handler, minute(121)).await;
    assert_eq!(next.report.errors, []);
    world.assert_mackerel_is_whole(-3..119);
    let held = world.held_by_remote_write();
    let due: Vec<_> = [-3..-2, 70..119].map(|minutes| world.due_to_remote_write(minutes)).into();
    for (series, points) in due.iter().flatten() {
        for (at, value) in points {
            assert_eq!(held[series].get(at), Some(value), "{series}");
        }
    }
}

#[tokio::test]
async fn a_failure_is_a_self_metric_too() {
    let world = every_minute();
    let handler = world.handler().await;
    world.mackerel.faults().push(Rule::on("", Fault::Status(404, String::new())).forever());
    world.run(&handler, minute(0)).await;
    world.run(&handler, minute(1)).await;
    let newest = |name: &str, sink: Option<&str>| {
        let mut labels = vec![("__name__", name)];
        labels.extend(sink.map(|sink| ("sink", sink)));
        let series = world.receiver.samples(&labels);
        let (_, samples) = series.first_key_value().expect("the series");
        samples.last_key_value().map(|(_, value)| *value)
    };
    assert_eq!(newest("hostless_run_success", None), Some(0.0));
    let lag = "hostless_watermark_lag_seconds";
    assert_eq!(newest(lag, Some("mackerel:production")), Some(120.0));
    assert_eq!(newest(lag, Some("remote_write:amp")), Some(0.0));
    let answer = world.send(&handler, &json!({"dry_run": true})).await;
    assert_eq!(answer.failure, None, "a dry run needs no sink");
}

//! Sinks that are down, and events that come twice or late.

use std::collections::BTreeSet;

use emulators::faults::{Fault, Rule};
use serde_json::json;
use tests::minute;

use super::*;

async fn down_for_fifteen_runs(sink: usize) {
    let world = world();
    let handler = handler(&world).await;
    assert_fine(&world.run(&handler, minute(0)).await);
    down(&world, sink);
    for run in 1..=15 {
        let outcome = world.run(&handler, minute(run)).await;
        let message = delivery_error(&outcome);
        assert!(message.contains("nothing is lost: it waits in the spool"), "{message}");
        let report = &outcome.report.sinks[sink];
        let waits = u64::from(SERIES) * run as u64;
        assert_eq!((report.sent, report.rejected), (0, 0));
        assert_eq!((report.spooled, report.pending), (u64::from(SERIES), waits), "run {run}");
        assert_eq!(report.oldest_seconds, 60 * (run as u64 - 1));
        assert_eq!(outcome.report.waiting_seconds, report.oldest_seconds);
        let other = &outcome.report.sinks[1 - sink];
        assert_eq!((other.sent, other.spooled, other.pending), (u64::from(SERIES), 0, 0));
    }
    assert_eq!(keys(&world, "spool/").len(), 15);
    let (receiver, mackerel) = (world.receiver.faults(), world.mackerel.faults());
    let faults = if sink == REMOTE_WRITE { receiver } else { mackerel };
    faults.clear();
    let outcome = world.run(&handler, minute(16)).await;
    assert_fine(&outcome);
    let report = &outcome.report.sinks[sink];
    assert_eq!(
        (report.sent, report.pending, report.oldest_seconds),
        (16 * u64::from(SERIES), 0, 0)
    );
    assert_eq!(keys(&world, "spool/"), Vec::<String>::new());
    assert_eq!(state(&world).get("spools"), None, "nothing is remembered of an empty spool");
    assert_whole(&world, 0..=16);
}

#[tokio::test]
async fn remote_write_that_was_down_gets_what_was_kept_before_anything_newer() {
    down_for_fifteen_runs(REMOTE_WRITE).await;
}

#[tokio::test]
async fn mackerel_that_was_down_gets_what_was_kept_before_anything_newer() {
    down_for_fifteen_runs(MACKEREL).await;
}

#[tokio::test]
async fn a_spooled_body_holds_no_credentials_and_says_what_it_holds() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    down(&world, MACKEREL);
    world.run(&handler, minute(0)).await;
    let keys = keys(&world, "spool/");
    let expected = [
        "spool/ecs/0-of-1/mackerel:production/2026-11-20T09:00:00Z-00000-5",
        "spool/ecs/0-of-1/remote_write:amp/2026-11-20T09:00:00Z-00000-5",
    ];
    assert_eq!(keys, expected);
    for key in keys {
        let body = world.aws.object("hostless", &key).expect("a body");
        let text = String::from_utf8_lossy(&body);
        assert!(!text.contains("planted"), "{text}");
    }
}

#[tokio::test]
async fn a_repeated_event_and_a_late_one_are_skipped() {
    let world = world();
    let handler = handler(&world).await;
    world.run(&handler, minute(5)).await;
    for (event, now) in [(5, 5), (4, 5), (6, 8)] {
        world.at(minute(now));
        let outcome = world.send(&handler, &json!({ "time": minute(event).to_string() })).await;
        assert_fine(&outcome);
        assert!(outcome.report.skipped, "event {event} at {now}");
        assert_eq!((outcome.report.series, outcome.report.sinks[0].requests), (0, 0));
    }
    let outcome = world.run(&handler, minute(8)).await;
    assert!(!outcome.report.skipped);
    assert_whole(&world, [5, 8]);
}

#[tokio::test]
async fn a_skipped_run_drains_the_spool_all_the_same() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    delivery_error(&world.run(&handler, minute(0)).await);
    world.receiver.faults().clear();
    let again = world.run(&handler, minute(0)).await;
    assert_fine(&again);
    assert!(again.report.skipped);
    assert_eq!(again.report.sinks[REMOTE_WRITE].sent, u64::from(SERIES));
    assert_whole(&world, 0..=0);
}

#[tokio::test]
async fn of_two_invocations_for_one_event_one_observes() {
    let world = world();
    let (one, other) = (handler(&world).await, handler(&world).await);
    for run in 0..10 {
        world.at(minute(run));
        let event = json!({ "time": minute(run).to_string() });
        let (one, other) = tokio::join!(world.send(&one, &event), world.send(&other, &event));
        assert_fine(&one);
        assert_fine(&other);
        assert!(one.report.skipped != other.report.skipped, "exactly one");
    }
    assert_whole(&world, 0..10);
}

#[tokio::test]
async fn a_dry_run_and_a_window_by_hand_touch_no_spool() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    world.run(&handler, minute(0)).await;
    let calls = |world: &World| world.aws.call_log().count("s3:");
    let before = calls(&world);
    let dry = world.send(&handler, &json!({"dry_run": true})).await;
    assert_eq!(dry.report.series, u64::from(SERIES), "a dry run is never skipped");
    assert!(!dry.report.skipped);
    let window = json!({"from": minute(-5).to_string(), "to": minute(0).to_string()});
    let by_hand = world.send(&handler, &window).await;
    assert_eq!((by_hand.report.series, by_hand.report.skipped), (0, false));
    assert_eq!(calls(&world), before);
}

#[tokio::test]
async fn a_long_outage_sets_nothing_aside() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    for run in 0..=30 {
        delivery_error(&world.run(&handler, minute(run)).await);
    }
    assert_eq!(keys(&world, "aside/"), Vec::<String>::new());
    world.receiver.faults().clear();
    assert_fine(&world.run(&handler, minute(31)).await);
    assert_whole(&world, 0..=31);
}

#[tokio::test]
async fn a_sink_whose_secret_cannot_be_had_keeps_its_place() {
    let secret = "{service: production, api_key_file: 'ssm:/hostless/secret/mackerel-api-key', base_url: '{mackerel}'}";
    let config = config("{}").replace(
        "{service: production, api_key: planted-mackerel-api-key, base_url: '{mackerel}'}",
        secret,
    );
    let world = World::new(Setup { config, interval_seconds: 60, ..Setup::default() });
    let handler = handler(&world).await;
    world
        .aws
        .faults()
        .push(Rule::on("ssm:GetParameter", Fault::Status(500, String::new())).forever());
    let outcome = world.run(&handler, minute(0)).await;
    world.aws.faults().clear();
    let failed = delivery_error(&outcome);
    assert!(failed.contains("mackerel:production"), "{failed}");
    assert_eq!(outcome.report.sinks[MACKEREL].spooled, u64::from(SERIES));
    assert_fine(&world.run(&handler, minute(1)).await);
    assert_whole(&world, 0..=1);
}

#[tokio::test]
async fn self_metrics_tell_the_age_of_the_spool() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, MACKEREL);
    for run in 0..=3 {
        world.run(&handler, minute(run)).await;
    }
    let ages = world
        .receiver
        .samples(&[("__name__", "hostless_spool_oldest_seconds"), ("sink", "mackerel:production")]);
    let ages: Vec<f64> = ages.into_values().flatten().map(|(_, age)| age).collect();
    assert_eq!(ages, [0.0, 60.0, 120.0, 180.0]);
    let sinks: BTreeSet<_> = world
        .receiver
        .samples(&[("__name__", "hostless_spool_oldest_seconds")])
        .into_keys()
        .map(|labels| labels["sink"].clone())
        .collect();
    assert_eq!(sinks.len(), 2);
}

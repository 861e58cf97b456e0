//! What can be had only now: claimed once, kept where a sink is down, drained in order when it is back.

use std::collections::{BTreeMap, BTreeSet};

use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::WRITE;
use runtime::{Handler, Outcome, RunError};
use serde_json::{Value, json};
use tests::counting::{Counting, Counts};
use tests::{Holding, Setup, World, minute};

const SERIES: u32 = 5;
const REMOTE_WRITE: usize = 0;
const MACKEREL: usize = 1;

fn config(ecs: &str) -> String {
    format!(
        "ecs: {ecs}
remote_write:
  - {{name: amp, url: '{{receiver}}', queue_config: {{min_backoff: 1ms, max_backoff: 5ms}}}}
mackerel:
  - {{service: production, api_key: planted-mackerel-api-key, base_url: '{{mackerel}}'}}
"
    )
}

fn world_of(ecs: &str) -> World {
    World::new(Setup { config: config(ecs), interval_seconds: 60, ..Setup::default() })
}

fn world() -> World {
    world_of("{}")
}

async fn handler(world: &World) -> Handler<Counting> {
    world.function(&[]).await
}

fn down(world: &World, sink: usize) {
    let faults =
        if sink == REMOTE_WRITE { world.receiver.faults() } else { world.mackerel.faults() };
    faults.push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
}

fn keys(world: &World, root: &str) -> Vec<String> {
    world.aws.objects("hostless").into_iter().filter(|key| key.starts_with(root)).collect()
}

/// What the receiver holds, by `count{n}`.
fn held(world: &World) -> Holding {
    let counts = world.receiver.samples(&[("__name__", "count")]);
    counts
        .into_iter()
        .map(|(labels, samples)| {
            let points = samples.into_iter().map(|(at, value)| (at / 1000, value)).collect();
            (format!("count{{{}}}", labels["n"]), points)
        })
        .collect()
}

fn held_by_mackerel(world: &World) -> Holding {
    let name = |name: String| {
        name.strip_prefix("ecs.count.").map(|n| format!("count{{{n}}}")).expect("a count")
    };
    world.held_by_mackerel().into_iter().map(|(metric, points)| (name(metric), points)).collect()
}

/// Asserts that both sinks hold exactly these minutes, each sample taken once and in order.
#[track_caller]
fn assert_whole(world: &World, minutes: impl IntoIterator<Item = i64>) {
    let due = Counts::due(SERIES, minutes);
    assert_eq!(held(world), due);
    assert_eq!(held_by_mackerel(world), due);
    assert_eq!(world.receiver.violations(), Vec::<String>::new());
    let repeats =
        world.receiver.duplicates().into_iter().filter(|one| one.labels["__name__"] == "count");
    assert_eq!(repeats.count(), 0, "none twice");
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for request in world.receiver.accepted() {
        for series in request.decoded.iter().flat_map(|decoded| &decoded.timeseries) {
            for sample in &series.samples {
                let name = format!("{:?}", series.labels);
                let before = last.insert(name, sample.timestamp);
                assert!(before.is_none_or(|before| before <= sample.timestamp), "in order");
            }
        }
    }
}

fn delivery_error(outcome: &Outcome) -> &str {
    match &outcome.failure {
        Some(RunError::Delivery(message)) => message,
        other => panic!("a DeliveryError, not {other:?}: {}", outcome.report.to_json()),
    }
}

#[track_caller]
fn assert_fine(outcome: &Outcome) {
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
}

fn state(world: &World) -> Value {
    let body = world.aws.object("hostless", "state/ecs/0-of-1.json").expect("a state");
    serde_json::from_slice(&body).expect("the state is JSON")
}

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

/// The minute 3 holds nothing but what the receiver refuses: its body keeps everything waiting for ten tries, and not longer.
#[tokio::test]
async fn a_body_that_is_refused_alone_is_set_aside_and_blocks_nothing() {
    let world = world_of("{odd_minute: 3}");
    let handler = handler(&world).await;
    world.receiver.refuse_series("n", "odd");
    let mut set_aside_at = None;
    for run in 0..=20 {
        let outcome = world.run(&handler, minute(run)).await;
        let said = outcome.report.errors.iter().find(|error| error.message.contains("set aside"));
        if let Some(said) = said {
            let key = "aside/ecs/0-of-1/remote_write:amp/2026-11-20T09:03:00Z-00000-1";
            assert!(said.message.contains(key), "{}", said.message);
            assert!(said.message.contains("refused 10 times"), "{}", said.message);
            assert_eq!(said.source, "remote_write:amp");
            assert_eq!(set_aside_at.replace(run), None, "said once");
        }
        let blocked = run >= 3 && set_aside_at.is_none();
        assert_eq!(outcome.failure.is_some(), blocked, "run {run}: {}", outcome.report.to_json());
    }
    assert_eq!(set_aside_at, Some(13), "tried when it was new, and ten times from the spool");
    assert_eq!(keys(&world, "spool/"), Vec::<String>::new());
    assert_eq!(keys(&world, "aside/").len(), 1);
    assert_eq!(held(&world), Counts::due(SERIES, (0..=20).filter(|minute| *minute != 3)));
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
async fn what_is_too_old_for_its_receiver_is_given_up_with_the_reason() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    delivery_error(&world.run(&handler, minute(0)).await);
    world.receiver.faults().clear();
    let outcome = world.run(&handler, minute(60)).await;
    assert_fine(&outcome);
    let report = &outcome.report.sinks[REMOTE_WRITE];
    assert_eq!((report.rejected, report.sent, report.pending), (5, 5, 0));
    let said = outcome.report.errors.iter().find(|error| error.source == "remote_write:amp");
    let said = said.expect("the reason is said");
    assert!(
        said.message.starts_with("5 samples")
            && said.message.contains("older than this sink takes"),
        "{}",
        said.message
    );
}

#[tokio::test]
async fn a_body_that_is_damaged_is_set_aside_at_once() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    delivery_error(&world.run(&handler, minute(0)).await);
    let key = "spool/ecs/0-of-1/remote_write:amp/2026-11-20T09:00:00Z-00000-5";
    world.aws.put_object("hostless", key, b"no request".to_vec());
    world.receiver.faults().clear();
    let outcome = world.run(&handler, minute(1)).await;
    assert_fine(&outcome);
    let said = outcome.report.errors.iter().find(|error| error.message.contains("set aside"));
    assert!(said.is_some(), "{}", outcome.report.to_json());
    assert_eq!(keys(&world, "aside/").len(), 1);
    assert_eq!(held(&world), Counts::due(SERIES, [1]));
}

#[tokio::test]
async fn samples_that_neither_sink_nor_spool_take_are_counted_as_lost() {
    let world = world();
    let handler = handler(&world).await;
    assert_fine(&world.run(&handler, minute(0)).await);
    down(&world, REMOTE_WRITE);
    // The claim and the note are written; then S3 is gone, for object_store's retries as well.
    world
        .aws
        .faults()
        .push(Rule::on("s3:PutObject", Fault::Status(403, String::new())).skip(2).forever());
    let outcome = world.run(&handler, minute(1)).await;
    world.aws.faults().clear();
    let message = outcome.failure.as_ref().map(ToString::to_string).unwrap_or_default();
    let report = &outcome.report.sinks[REMOTE_WRITE];
    assert_eq!((report.rejected, report.spooled, report.sent), (5, 0, 0));
    let lost = "5 samples are lost: they could not be kept";
    assert!(outcome.report.errors.iter().any(|error| error.message.contains(lost)), "{message}");
    assert!(!message.contains("nothing is lost"), "{message}");
    world.receiver.faults().clear();
    assert_fine(&world.run(&handler, minute(2)).await);
    assert_eq!(held(&world), Counts::due(SERIES, [0, 2]));
}

/// A process was killed between the note and the body, or somebody cleared the spool: one look, and it is forgotten.
#[tokio::test]
async fn a_note_without_a_body_costs_one_look() {
    let world = world();
    let handler = handler(&world).await;
    down(&world, REMOTE_WRITE);
    world
        .aws
        .faults()
        .push(Rule::on("s3:PutObject", Fault::Status(403, String::new())).skip(2).times(4));
    world.run(&handler, minute(0)).await;
    world.aws.faults().clear();
    world.receiver.faults().clear();
    assert_fine(&world.run(&handler, minute(1)).await);
    let log = world.aws.call_log();
    let before = log.count("s3:ListObjectsV2");
    assert_fine(&world.run(&handler, minute(2)).await);
    assert_eq!(log.count("s3:ListObjectsV2"), before, "an empty spool is not looked into");
}

/// Bodies whose note was lost, with the state or before it was written.
#[tokio::test]
async fn a_cold_start_looks_into_the_spool_whatever_the_state_says() {
    let world = world();
    let warm = handler(&world).await;
    down(&world, REMOTE_WRITE);
    delivery_error(&world.run(&warm, minute(0)).await);
    let mut state = state(&world);
    state.as_object_mut().expect("an object").remove("spools");
    world.aws.put_object("hostless", "state/ecs/0-of-1.json", state.to_string().into_bytes());
    world.receiver.faults().clear();
    let cold = handler(&world).await;
    assert_fine(&world.run(&cold, minute(1)).await);
    assert_whole(&world, [0, 1]);
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

#[tokio::test]
async fn a_body_of_which_only_a_part_is_bad_gives_up_that_part() {
    let world = world();
    let handler = handler(&world).await;
    world.receiver.refuse_series("n", "2");
    world.receiver.faults().push(Rule::on(WRITE, Fault::Status(404, String::new())));
    delivery_error(&world.run(&handler, minute(0)).await);
    let outcome = world.run(&handler, minute(1)).await;
    assert_fine(&outcome);
    let report = &outcome.report.sinks[REMOTE_WRITE];
    assert_eq!((report.sent, report.rejected, report.pending), (8, 2, 0));
    let mut due = Counts::due(SERIES, 0..=1);
    due.remove("count{2}");
    assert_eq!(held(&world), due);
}

//! The state in S3, among other writers, damaged, and out of reach.
//!
//! What is at stake is the watermark: one that moves too far is a gap that nobody ever fills.

use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::{Options as ReceiverOptions, Personality};
use runtime::{Outcome, RunError};
use serde_json::{Value, json};
use tests::{Setup, World, minute};

const BUCKET: &str = "hostless";
const KEY: &str = "state/cloudfront/0-of-1.json";

fn event(minutes: i64) -> Value {
    json!({ "time": minute(minutes).to_string() })
}

fn state_error(outcome: &Outcome) -> &str {
    match &outcome.failure {
        Some(RunError::State(message)) => message,
        other => panic!("expected a StateError, found {other:?}"),
    }
}

/// Asserts that both sinks hold these minutes, and that whatever came twice was the same twice.
fn holds_without_a_gap(world: &World, minutes: std::ops::Range<i64>) {
    assert_eq!(world.held_by_remote_write(), world.due_to_remote_write(minutes.clone()));
    assert_eq!(world.held_by_mackerel(), world.due_to_mackerel(minutes));
    for repeat in world.receiver.duplicates() {
        assert_eq!(repeat.sent.to_bits(), repeat.stored.to_bits(), "{repeat:?}");
    }
}

/// A receiver that takes what comes late, as AMP can be set to.
fn patient() -> Setup {
    let personality = Personality::Amp { ooo_window: Duration::from_secs(600) };
    let receiver = ReceiverOptions { personality, ..ReceiverOptions::default() };
    Setup { receiver, ..Setup::default() }
}

#[tokio::test]
async fn two_invocations_for_each_event_leave_no_gap() {
    let world = World::new(patient());
    let (one, other) = (world.handler().await, world.handler().await);
    for run in 1..=12 {
        world.at(minute(run * 5));
        let event = event(run * 5);
        let (one, other) = tokio::join!(world.send(&one, &event), world.send(&other, &event));
        for outcome in [one, other] {
            assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
            assert!(outcome.report.sinks.iter().all(|sink| sink.rejected == 0));
        }
    }
    holds_without_a_gap(&world, -2..58);
    assert!(!world.receiver.duplicates().is_empty(), "they did meet");
}

/// One invocation is slow to read CloudWatch for its event; meanwhile another runs at these minutes.
async fn overtaken(world: &World, by: &[i64]) -> Outcome {
    let (slow, fast) = (world.handler().await, world.handler().await);
    world.run(&slow, minute(5)).await;
    world.run(&fast, minute(10)).await;
    world.at(minute(15));
    let delay = Fault::Delay(Duration::from_secs(2));
    world.aws.faults().push(Rule::on("cloudwatch:GetMetricData", delay));
    let event = event(15);
    let overtaken = world.send(&slow, &event);
    let overtaking = async {
        // The slow one is at CloudWatch by then.
        tokio::time::sleep(Duration::from_millis(500)).await;
        for minutes in by {
            let outcome = world.run(&fast, minute(*minutes)).await;
            assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        }
    };
    let (overtaken, ()) = tokio::join!(overtaken, overtaking);
    assert_eq!(world.aws.faults().pending(), [], "one of them was delayed");
    let window = overtaken.report.window.expect("a window");
    assert_eq!((window.from, window.to), (minute(8), minute(13)));
    let next = world.run(&slow, minute(30)).await;
    let from = next.report.window.expect("a window").from;
    assert_eq!(from, minute(by[by.len() - 1] - 2), "the watermark was not taken back");
    holds_without_a_gap(world, -2..28);
    overtaken
}

#[tokio::test]
async fn an_invocation_that_another_one_overtakes_delivers_again_what_it_did() {
    let world = World::new(patient());
    let overtaken = overtaken(&world, &[15]).await;
    assert_eq!(overtaken.failure, None, "{}", overtaken.report.to_json());
    assert!(!world.receiver.duplicates().is_empty());
}

/// By then a receiver may call too old what it has already. The invocation says so, and nothing is missing.
#[tokio::test]
async fn an_invocation_that_is_far_behind_takes_no_watermark_back() {
    let world = World::new(patient());
    let overtaken = overtaken(&world, &[15, 20, 25]).await;
    let Some(RunError::Delivery(message)) = &overtaken.failure else {
        panic!("expected a DeliveryError, found {:?}", overtaken.failure);
    };
    assert!(message.contains("too old sample"), "{message}");
}

#[tokio::test]
async fn a_lost_race_for_the_object_is_run_again() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(5)).await;
    world.aws.faults().push(Rule::on("s3:PutObject", Fault::Conflict).times(2));
    let outcome = world.run(&handler, minute(10)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(world.aws.faults().pending(), []);
    world.run(&handler, minute(15)).await;
    world.assert_whole(-2..13);
}

#[tokio::test]
async fn while_s3_is_down_nothing_is_sent_and_nothing_is_lost() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(5)).await;
    let (requests, posts) = (world.receiver.requests().len(), world.mackerel.requests().len());
    world.aws.faults().push(Rule::on("s3:", Fault::Status(503, String::new())).forever());
    let outcome = world.run(&handler, minute(10)).await;
    let message = state_error(&outcome);
    assert!(message.starts_with(KEY) && message.contains("could not be read"), "{message}");
    assert_eq!(world.receiver.requests().len(), requests);
    assert_eq!(world.mackerel.requests().len(), posts);
    assert!(!outcome.report.api_calls.contains_key("cloudwatch:GetMetricData"));

    world.aws.faults().clear();
    let outcome = world.run(&handler, minute(15)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    world.assert_whole(-2..13);
}

/// It is read, but cannot be written: what was sent is sent again, and that is the lesser evil.
#[tokio::test]
async fn a_state_that_cannot_be_written_fails_the_run_and_leaves_no_gap() {
    let world = World::new(patient());
    let handler = world.handler().await;
    world.run(&handler, minute(5)).await;
    world.aws.faults().push(Rule::on("s3:PutObject", Fault::Status(503, String::new())).forever());
    let outcome = world.run(&handler, minute(10)).await;
    let message = state_error(&outcome);
    assert!(message.starts_with(KEY) && message.contains("could not be written"), "{message}");
    world.aws.faults().clear();
    let outcome = world.run(&handler, minute(15)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    let window = outcome.report.window.expect("a window");
    assert_eq!((window.from, window.to), (minute(3), minute(13)));
    holds_without_a_gap(&world, -2..13);
}

/// The first run of all writes down where it begins before it sends anything.
#[tokio::test]
async fn a_first_run_that_cannot_write_its_state_sends_nothing() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.aws.faults().push(Rule::on("s3:PutObject", Fault::Status(503, String::new())).forever());
    let outcome = world.run(&handler, minute(5)).await;
    assert!(state_error(&outcome).contains("could not be written"));
    assert_eq!(world.receiver.requests().len() + world.mackerel.requests().len(), 0);
}

#[tokio::test]
async fn a_damaged_state_stops_the_run_and_stays_as_it_is() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(5)).await;
    let good = world.aws.object(BUCKET, KEY).expect("a state");
    let requests = world.receiver.requests().len();
    let damages: [&[u8]; 4] = [b"", b"{}", &good[..good.len() / 2], b"\xff\xfe"];
    for damaged in damages {
        world.aws.put_object(BUCKET, KEY, damaged);
        let outcome = world.run(&handler, minute(10)).await;
        assert!(state_error(&outcome).starts_with(KEY), "{outcome:?}");
        assert_eq!(world.aws.object(BUCKET, KEY).as_deref(), Some(damaged));
        assert_eq!(world.receiver.requests().len(), requests, "nothing is sent");
    }
    world.aws.put_object(BUCKET, KEY, good);
    let outcome = world.run(&handler, minute(15)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    world.assert_whole(-2..13);
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_no_first_run() {
    let world = World::new(Setup { store: "s3://elsewhere".to_owned(), ..Setup::default() });
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(5)).await;
    let message = state_error(&outcome);
    assert!(message.contains("NoSuchBucket"), "{message}");
    assert_eq!(world.receiver.requests().len(), 0);
}

//! A store that fails, hangs, or does not hold what the state says.

use std::time::Duration;

use emulators::faults::{Fault, Rule};
use tests::counting::Counts;
use tests::minute;

use super::*;

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

/// Of a cold start that is kept from looking by S3, or by its role: nothing is noted, so nothing is held back.
#[tokio::test]
async fn a_spool_that_cannot_be_looked_into_and_of_which_nothing_is_noted_holds_nothing_back() {
    let world = world();
    let handler = handler(&world).await;
    let denied = Rule::on("s3:ListObjectsV2", Fault::Status(403, String::new()));
    world.aws.faults().push(denied.forever());
    let outcome = world.run(&handler, minute(0)).await;
    assert_fine(&outcome);
    let said = "nothing is noted to wait there, and the next run looks again";
    let said = outcome.report.errors.iter().filter(|error| error.message.ends_with(said));
    assert_eq!(said.count(), 2, "{}", outcome.report.to_json());
    world.aws.faults().clear();
    let looks = world.aws.call_log().count("s3:ListObjectsV2");
    for run in 1..=2 {
        assert_fine(&world.run(&handler, minute(run)).await);
        assert_eq!(world.aws.call_log().count("s3:ListObjectsV2"), looks + 2, "once more");
    }
    assert_whole(&world, 0..=2);
}

/// S3 takes the connection and then says nothing: each of its calls in turn.
#[tokio::test]
async fn a_store_that_hangs_while_a_spool_is_drained_does_not_hold_the_run() {
    for call in ["s3:ListObjectsV2", "s3:GetObject", "s3:DeleteObject"] {
        let world = world();
        let warm = handler(&world).await;
        down(&world, REMOTE_WRITE);
        delivery_error(&world.run(&warm, minute(0)).await);
        world.receiver.faults().clear();
        let (cold, skip) = (handler(&world).await, u32::from(call == "s3:GetObject"));
        world.aws.faults().push(Rule::on(call, Fault::Hang).skip(skip).times(1));
        let run = world.run_within(&cold, minute(1), Duration::from_secs(3));
        let outcome = tokio::time::timeout(Duration::from_secs(12), run).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("{call}: the run did not end"));
        let message = delivery_error(&outcome);
        assert!(message.contains("the store did not answer in time"), "{call}: {message}");

        assert_fine(&world.run(&cold, minute(2)).await);
        assert_eq!(held(&world), Counts::due(SERIES, 0..=2), "{call}");
        assert_eq!(held_by_mackerel(&world), Counts::due(SERIES, 0..=2), "{call}");
    }
}

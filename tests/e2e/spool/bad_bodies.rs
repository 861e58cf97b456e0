//! Bodies that a receiver does not take, as a whole or in part, while it takes others.

use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::WRITE;
use tests::counting::Counts;
use tests::minute;

use super::*;

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

/// Runs a function until nothing waits any more; some counts of very many are refused for good. How many runs that took.
async fn until_all_is_told_apart(step: usize, most: i64) -> i64 {
    const MANY: u32 = 400;
    let world = world_of(&format!("{{series: {MANY}}}"));
    let handler = handler(&world).await;
    let bad: Vec<u32> = (0..MANY).step_by(step).collect();
    bad.iter().for_each(|n| world.receiver.refuse_series("n", &n.to_string()));
    let mut runs = 0;
    loop {
        let outcome = world.run(&handler, minute(runs)).await;
        assert_fine(&outcome);
        runs += 1;
        let report = &outcome.report.sinks[REMOTE_WRITE];
        if report.pending == 0 {
            break;
        }
        let waits = report.pending - report.spooled;
        let said = format!("{waits} samples still wait in the spool; they follow in the next runs");
        let says = outcome.report.errors.iter().any(|error| error.message == said);
        assert_eq!(says, waits > 0, "{}", outcome.report.to_json());
        assert!(runs < most, "{}", outcome.report.to_json());
    }
    let mut due = Counts::due(MANY, 0..runs);
    bad.iter().for_each(|n| drop(due.remove(&format!("count{{{n}}}"))));
    assert_eq!(held(&world), due);
    runs
}

#[tokio::test]
async fn more_bad_samples_than_a_run_can_find_hold_up_nothing_for_long_and_cost_no_good_one() {
    assert!(until_all_is_told_apart(20, 6).await > 1);
    assert!(until_all_is_told_apart(5, 12).await > 4);
}

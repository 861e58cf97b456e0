//! Points that CloudWatch changes or brings late after they were posted: Mackerel gets them again, remote write cannot.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::{CONFIG, Points, Setup, World, minute};

const MINUTE: Duration = Duration::from_secs(60);

/// Points settle only five minutes after their minute, later than they are read.
fn unsettled() -> World {
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    world.aws.set_settling(MINUTE, 5 * MINUTE);
    world
}

/// How often each point was posted.
fn posted(world: &World) -> BTreeMap<(String, i64), usize> {
    let mut times = BTreeMap::new();
    for post in world.mackerel_posts() {
        *times.entry(post).or_default() += 1;
    }
    times
}

#[tokio::test]
async fn a_point_that_changed_is_posted_again_until_it_has_settled() {
    let world = unsettled();
    let handler = world.handler().await;
    for run in 0..10 {
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    }
    // What was posted while it still grew has been corrected, all but the last few minutes.
    let truth = |held: BTreeMap<String, Points>| -> BTreeMap<String, Points> {
        let settled = minute(4).as_secs();
        let cut = |(name, points): (String, Points)| {
            (name, points.into_iter().filter(|(at, _)| *at < settled).collect::<Points>())
        };
        held.into_iter().map(cut).filter(|(_, points)| !points.is_empty()).collect()
    };
    assert_eq!(truth(world.held_by_mackerel()), truth(world.due_to_mackerel(-3..4)));
    let requests = ("cloudfront.requests.www_example_com".to_owned(), minute(0).as_secs());
    assert!(posted(&world)[&requests] > 1, "its value grew");
    assert_eq!(world.mackerel.violations(), Vec::<String>::new());
    // Remote write got each sample once: it would refuse another value.
    assert_eq!(world.receiver.refused(), BTreeMap::new());
    assert_eq!(world.receiver.duplicates(), []);
}

#[tokio::test]
async fn points_that_did_not_change_are_not_posted_again() {
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let handler = world.handler().await;
    for run in 0..6 {
        let outcome = world.run(&handler, minute(run)).await;
        let due = world.due_to_mackerel(run - 3..run - 2);
        let due: usize = due.values().map(|points| points.len()).sum();
        assert_eq!(outcome.report.sinks[1].sent, due as u64, "run {run}");
    }
    assert!(posted(&world).values().all(|times| *times == 1));
    world.assert_whole(-3..3);
}

#[tokio::test]
async fn points_that_come_late_are_posted_when_they_are_there() {
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    // For two runs nothing younger than four minutes can be seen.
    world.aws.set_settling(4 * MINUTE, 4 * MINUTE);
    for run in 1..=2 {
        assert_eq!(world.run(&handler, minute(run)).await.failure, None);
    }
    world.aws.set_settling(Duration::ZERO, 2 * MINUTE);
    assert_eq!(world.run(&handler, minute(3)).await.failure, None);
    assert_eq!(world.held_by_mackerel(), world.due_to_mackerel(-3..1));
    assert!(posted(&world).values().all(|times| *times == 1));
}

#[tokio::test]
async fn without_reread_nothing_is_looked_at_twice() {
    let config = format!("{}    reread: 0s\n", CONFIG);
    let world = World::new(Setup { config, interval_seconds: 60, ..Setup::default() });
    world.aws.set_settling(MINUTE, 5 * MINUTE);
    let handler = world.handler().await;
    for run in 0..6 {
        assert_eq!(world.run(&handler, minute(run)).await.failure, None);
    }
    assert!(posted(&world).values().all(|times| *times == 1));
    assert!(!world.state().expect("a state").to_string().contains("recent"));
}

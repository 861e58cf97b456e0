//! A thousand tasks: as few calls as the ECS API allows, and never one too many.

use emulators::aws::EcsRates;
use emulators::traffic::ecs::EcsFleet;
use tests::World;

use super::{REGION, function, run, world_of};

const SERVICES: usize = 200;
const TASKS: u32 = 5;

/// How many calls of ECS went over the wire, as the emulator has it.
fn calls(world: &World) -> usize {
    world.aws.calls().iter().filter(|call| call.service == "ecs").count()
}

/// Runs every minute, and how many calls each of them made.
async fn calls_of_runs(fleet: EcsFleet, runs: i64) -> Vec<usize> {
    let world = world_of("{}", &[(REGION, fleet)], 1);
    world.aws.set_ecs_rates(Some(EcsRates::published()));
    let handler = function(&world).await;
    let mut calls_of_runs = Vec::new();
    for at in 1..=runs {
        world.aws.call_log().clear();
        let outcome = run(&world, &handler, at).await;
        let reported = outcome.report.api_calls.iter();
        let reported: u64 = reported
            .filter(|(operation, _)| operation.starts_with("ecs:"))
            .map(|(_, count)| *count)
            .sum();
        assert_eq!(reported, calls(&world) as u64, "the report says the same");
        assert_eq!(outcome.report.metrics_requested, 4 * SERVICES as u64);
        calls_of_runs.push(calls(&world));
    }
    assert_eq!(world.aws.ecs_throttled(), 0);
    let truth = world.ecs(REGION);
    world.assert_ecs(&truth.counts(0, 1..=runs).and(truth.metrics(-2..runs - 2)));
    calls_of_runs
}

/// Of each of two clusters with 100 services: a page of services in ten descriptions, five pages of tasks in as many, and
/// none of stopped ones. Before that, the clusters and their description.
#[tokio::test]
async fn a_thousand_tasks_take_46_calls_a_run_and_are_never_throttled() {
    let calls = calls_of_runs(EcsFleet::sized(SERVICES, TASKS), 4).await;
    assert_eq!(calls, [2 + 2 * (1 + 10 + 5 + 5 + 1); 4]);
}

/// Tasks that stopped in the hour before are described once; after that only what happens anew costs anything.
#[tokio::test]
async fn deployments_all_day_long_keep_it_below_60() {
    let fleet = EcsFleet::sized(SERVICES, TASKS).with_deployments(5);
    let calls = calls_of_runs(fleet, 3).await;
    assert!(calls.iter().all(|count| *count <= 60), "{calls:?}");
    assert!(calls[1..].iter().all(|count| *count <= calls[0]), "{calls:?}");
}

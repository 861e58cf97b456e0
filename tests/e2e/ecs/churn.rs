//! A day of deployments: by default no new series, and with single tasks as many as there were tasks.

use std::collections::BTreeSet;

use ::ecs::Ecs;
use emulators::traffic::ecs::{CONTAINER_INSIGHTS, EcsFleet, Insights};
use runtime::Handler;
use tests::{World, minute};

use super::{REGION, function, metric, run, world_of};

/// The state of a function that never ran.
const NO_STATE: &str = r#"{"version":1,"sinks":{}}"#;

/// Fifty services with four tasks each, five deployments of each a day.
fn fleet() -> EcsFleet {
    EcsFleet::sized(50, 4).with_deployments(5).with_insights(Insights::Enhanced)
}

/// A function that reads five minutes each time it runs.
async fn a_day(section: &str) -> (World, Handler<Ecs>) {
    let world = world_of(section, &[(REGION, fleet())], 5);
    let handler = function(&world).await;
    (world, handler)
}

/// All of ECS's series that remote write holds, info series included.
fn series(world: &World) -> BTreeSet<String> {
    let held = world.receiver.series().into_keys();
    let own = held.filter(|labels| !labels["__name__"].starts_with("hostless_"));
    own.map(|labels| tests::in_words(&labels)).collect()
}

/// How many that are.
fn count(world: &World) -> usize {
    let held = world.receiver.series().into_keys();
    held.filter(|labels| !labels["__name__"].starts_with("hostless_")).count()
}

/// The runs of a day. The state is set back to nothing before each, as if the time between had not been: a day of runs reads as little as an hour of them would.
async fn runs(world: &World, handler: &Handler<Ecs>, step: i64, mut after: impl FnMut(i64)) {
    for at in (5..24 * 60).step_by(usize::try_from(step).expect("a step forwards")) {
        world.aws.put_object("hostless", "state/ecs/0-of-1.json", NO_STATE);
        run(world, handler, at).await;
        after(at);
    }
}

#[tokio::test]
async fn through_a_day_of_deployments_the_series_stay_the_same() {
    let (world, handler) = a_day("{}").await;
    let mut counts = Vec::new();
    runs(&world, &handler, 120, |_| counts.push(count(&world))).await;
    // A region has two series, a cluster two; a service 3 of its tasks, 3 of deployments, 7 of what its tasks do, 8 of why
    // they stop, 4 of CloudWatch's and an info series.
    assert_eq!(counts, [2 + 2 + 50 * (3 + 3 + 7 + 8 + 4 + 1); 12]);
    let revisions = fleet().at(minute(24 * 60).as_secs()).clusters[0]
        .services
        .iter()
        .map(|service| service.deployments[0].revision)
        .min();
    let before = fleet().at(minute(0).as_secs()).clusters[0].services[0].deployments[0].revision;
    assert!(revisions >= Some(before + 4), "there were deployments");
}

#[tokio::test]
async fn container_insights_without_single_tasks_adds_no_series_in_a_deployment_either() {
    let section = "{container_insights: true, services: 'service-1.?'}";
    let (world, handler) = a_day(section).await;
    let mut counts = Vec::new();
    runs(&world, &handler, 4 * 60, |_| counts.push(count(&world))).await;
    assert_eq!(counts, vec![counts[0]; 6]);
    assert!(series(&world).iter().all(|one| !one.contains("task_id")));
}

#[tokio::test]
async fn single_tasks_make_as_many_series_as_there_were_tasks() {
    let section = "{container_insights: true, per_task: true, metrics: [ecs_task_cpu_utilized, ecs_task_info]}";
    let (world, handler) = a_day(section).await;
    let fleet = fleet();
    let (mut seen, mut measured) = (BTreeSet::new(), BTreeSet::new());
    let mut before = BTreeSet::new();
    runs(&world, &handler, 120, |at| {
        let state = fleet.at(minute(at).as_secs());
        let running = state.clusters[0]
            .tasks
            .iter()
            .filter(|task| task.last_status != "STOPPED" && task.started_ms.is_some());
        let now: BTreeSet<(String, String)> = running
            .map(|task| (task.service.clone().unwrap_or_default(), task.id.clone()))
            .collect();
        for (service, id) in now.union(&before) {
            let dimensions =
                [("ClusterName", "cluster-0"), ("ServiceName", service), ("TaskId", id)];
            let window = minute(at - 7).as_secs()..minute(at - 2).as_secs();
            let average = "Average".parse().expect("a statistic");
            let points =
                fleet.values(CONTAINER_INSIGHTS, "CpuUtilized", &dimensions, average, window);
            if !points.is_empty() {
                measured.insert(id.clone());
            }
        }
        seen.extend(now.iter().map(|(_, id)| id.clone()));
        before = now;
    })
    .await;
    let of = |name: &str, label: &str| -> BTreeSet<String> {
        let series = series(&world);
        let own = series.iter().filter(|one| metric(one) == name);
        let id = |one: &String| {
            let (_, rest) = one.split_once(&format!("{label}=\"")).expect("a task's id");
            rest.split('"').next().expect("a value").to_owned()
        };
        let (ids, count): (BTreeSet<String>, usize) = (own.clone().map(id).collect(), own.count());
        assert_eq!(ids.len(), count, "{name}: one series a task");
        ids
    };
    assert_eq!(of("ecs_task_cpu_utilized", "aws_ecs_task_id"), measured);
    let told = of("ecs_task_info", "task_id");
    assert!(told.is_superset(&seen), "{} of {}", told.len(), seen.len());
    assert!(measured.len() > 5 * 200, "five deployments of 200 tasks: {}", measured.len());
}

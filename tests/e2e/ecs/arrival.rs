//! An hour of a fleet in which something of each kind happens.

use std::collections::{BTreeMap, BTreeSet};

use emulators::traffic::ecs::{Cluster, EcsFleet, Insights, Job, Times};
use tests::{World, minute};

use super::{REGION, due, function, metric, run, world};

/// What remote write holds of the series that begin like this, all samples together.
fn total(world: &World, beginning: &str, part: &str) -> f64 {
    let held = world.ecs_in_remote_write().into_iter();
    let held = held.filter(|(series, _)| series.starts_with(beginning) && series.contains(part));
    held.flat_map(|(_, points)| points.into_values()).sum()
}

#[tokio::test]
async fn an_hour_arrives_whole_at_both_sinks() {
    let world = world("{}", EcsFleet::demo());
    let handler = function(&world).await;
    for at in (5..=60).step_by(5) {
        run(&world, &handler, at).await;
    }
    world.assert_ecs(&due(&world, REGION, 5, 60));

    let held = world.ecs_in_remote_write();
    let legacy = held.iter().find(|(series, _)| {
        series.starts_with("ecs_service_running_tasks{") && series.contains("service=\"legacy\"")
    });
    let (_, points) = legacy.expect("a service without tasks");
    assert_eq!(points.values().copied().collect::<Vec<_>>(), [0.0; 12], "zero is a value");
    for id in ["i-0a1b2c3d4e5f60718", "mi-0123456789abcdef0"] {
        let running = total(&world, "ecs_container_instance_running_tasks{", id);
        assert!(running > 0.0, "{id}");
    }
    let of = |part| total(&world, "ecs_service_deployments{", part);
    assert!(of("rollout_state=\"IN_PROGRESS\"") > 0.0 && of("rollout_state=\"FAILED\"") > 0.0);
}

#[tokio::test]
async fn each_task_that_stops_is_counted_once_under_its_reason() {
    let world = world("{metrics: ['.*_stopped_tasks']}", EcsFleet::demo());
    let handler = function(&world).await;
    // Neither the interval nor a run that is left out makes a difference.
    for at in [5, 6, 7, 20, 35, 36, 60] {
        run(&world, &handler, at).await;
    }
    let fleet = EcsFleet::demo();
    let state = fleet.at(minute(60).as_secs());
    let tasks = state.clusters.iter().flat_map(|cluster| &cluster.tasks);
    let has_stopped = |at: i64| at > minute(0).as_millis() && at <= minute(60).as_millis();
    let stopped = tasks.filter(|task| task.stopped_ms.is_some_and(has_stopped));
    let stopped: BTreeSet<&String> = stopped.map(|task| &task.id).collect();
    assert_eq!(total(&world, "ecs_", "_stopped_tasks"), stopped.len() as f64);
    for (code, owner) in [
        ("OutOfMemory", "service=\"api\""),
        ("HealthCheckFailed", "service=\"checkout\""),
        ("SpotInterruption", "service=\"worker\""),
        ("TaskFailedToStart", "service=\"broken\""),
        ("ServiceSchedulerInitiated", "service=\"web\""),
        ("EssentialContainerExited", "family=\"import\""),
    ] {
        let held = world.ecs_in_remote_write().into_iter();
        let of_code = held.filter(|(series, _)| {
            series.contains(&format!("stop_code=\"{code}\"")) && series.contains(owner)
        });
        let count: f64 = of_code.flat_map(|(_, points)| points.into_values()).sum();
        assert!(count > 0.0, "{code} of {owner}");
    }
}

#[tokio::test]
async fn container_insights_and_single_tasks_arrive_whole_through_a_deployment() {
    let section = "{container_insights: true, per_task: true}";
    let world = world(section, EcsFleet::demo());
    let handler = function(&world).await;
    for at in (30..=50).step_by(5) {
        run(&world, &handler, at).await;
    }
    let (truth, minutes) = (world.ecs(REGION), 23..48);
    let tasks = truth.tasks(minutes.clone());
    let together = truth.insights(minutes);
    assert!(!tasks.remote_write().is_empty() && !together.remote_write().is_empty());
    world.assert_ecs(&due(&world, REGION, 30, 50).and(together).and(tasks));

    let held = world.ecs_in_remote_write();
    let mut revisions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for series in held.keys().filter(|one| metric(one) == "ecs_task_cpu_utilized") {
        let value = |label: &str| {
            let (_, rest) = series.split_once(&format!("{label}=\"")).expect("a label");
            rest.split('"').next().expect("a value")
        };
        let service = value("aws_ecs_service_name");
        revisions.entry(service).or_default().insert(value("aws_ecs_task_revision"));
    }
    assert_eq!(revisions["web"].len(), 2, "before and after its deployment");
    assert!(held.keys().all(|one| metric(one) != "ecs_task_info"), "that is an info series");
}

#[tokio::test]
async fn a_cluster_whose_tasks_all_come_and_go_between_two_runs_arrives_whole() {
    // Two minutes of every ten, and at no run.
    let job = Job::new("nimble", Times::Every { seconds: 600, offset: 60 }, 120);
    let cluster = Cluster {
        insights: Insights::Enhanced,
        jobs: vec![job],
        ..Cluster::new("short", Vec::new())
    };
    let fleet = EcsFleet { clusters: vec![cluster] };
    let section = "{container_insights: true, per_task: true}";
    let world = world(section, fleet.clone());
    let handler = function(&world).await;
    for at in (5..=25).step_by(5) {
        let state = fleet.at(minute(at).as_secs());
        let tasks = &state.clusters[0].tasks;
        assert!(tasks.iter().all(|task| task.last_status == "STOPPED"), "run {at}");
        run(&world, &handler, at).await;
    }
    let truth = world.ecs(REGION);
    let tasks = truth.tasks(-2..23);
    assert_eq!(tasks.remote_write().len(), 3 * (8 + 2), "three tasks");
    world.assert_ecs(&due(&world, REGION, 5, 25).and(truth.insights(-2..23)).and(tasks));
}

#[tokio::test]
async fn a_cluster_without_container_insights_costs_nothing_and_says_nothing_of_it() {
    for (insights, costs) in [(Insights::Disabled, false), (Insights::Unsaid, true)] {
        let requested = |section: &'static str| async move {
            let world = world(section, EcsFleet::demo().with_insights(insights));
            let handler = function(&world).await;
            let outcome = run(&world, &handler, 5).await;
            world.assert_ecs(&due(&world, REGION, 5, 5));
            outcome.report.metrics_requested
        };
        let without = requested("{}").await;
        let with = requested("{container_insights: true, per_task: true}").await;
        // Where the API does not say, there may be some.
        assert_eq!(with > without, costs, "{insights:?}: {with} and {without}");
    }
}

//! What is kept: by the names of series, clusters and services. What is not kept is not asked for.

use std::collections::BTreeSet;

use emulators::traffic::ecs::EcsFleet;
use tests::{EcsTruth, World};

use super::{REGION, due, function, is_about, metric, run, world};

/// The metrics that remote write holds, without what the function says of itself.
fn metrics(world: &World) -> BTreeSet<String> {
    let names = world.receiver.series().into_keys().map(|labels| labels["__name__"].clone());
    names.filter(|name| !name.starts_with("hostless_")).collect()
}

#[tokio::test]
async fn only_series_whose_names_match_are_kept_and_only_their_metrics_are_asked_for() {
    let section = "{metrics: ['ecs_service_(desired|running)_tasks', aws_ecs_cpuutilization_average], \
                    container_insights: true, per_task: true}";
    let world = world(section, EcsFleet::demo());
    let handler = function(&world).await;
    let kept = [
        "aws_ecs_cpuutilization_average",
        "ecs_service_desired_tasks",
        "ecs_service_running_tasks",
    ];
    for at in [5, 10] {
        let outcome = run(&world, &handler, at).await;
        // One for each of nine services, and one for each of two clusters with container instances.
        assert_eq!(outcome.report.metrics_requested, 9 + 2);
        assert_eq!(outcome.report.api_calls.get("cloudwatch:GetMetricData"), Some(&1));
        assert_eq!(outcome.report.api_calls.get("cloudwatch:ListMetrics"), None);
    }
    assert_eq!(metrics(&world), BTreeSet::from(kept.map(str::to_owned)));
    world.assert_ecs(&due(&world, REGION, 5, 10).only(|series| kept.contains(&metric(series))));
}

#[tokio::test]
async fn without_a_metric_of_cloudwatchs_nobody_asks_cloudwatch() {
    let world = world("{metrics: ['ecs_.*']}", EcsFleet::demo());
    let handler = function(&world).await;
    let outcome = run(&world, &handler, 5).await;
    assert_eq!(outcome.report.metrics_requested, 0);
    assert!(world.aws.calls().iter().all(|call| call.service != "cloudwatch"));
    world.assert_ecs(&world.ecs(REGION).counts(0, [5]));
}

#[tokio::test]
async fn a_filter_that_matches_nothing_sends_nothing() {
    let world = world("{metrics: [ecs_service_running]}", EcsFleet::demo());
    let handler = function(&world).await;
    let outcome = run(&world, &handler, 5).await;
    assert_eq!((outcome.report.series, outcome.report.metrics_requested), (0, 0));
    assert_eq!(metrics(&world), BTreeSet::new());
    assert!(world.held_by_mackerel().is_empty());
}

#[tokio::test]
async fn only_clusters_and_services_whose_names_match_are_read() {
    let section = "{clusters: 'prod.*', services: 'web|api'}";
    let world = world(section, EcsFleet::demo());
    let handler = function(&world).await;
    for at in [5, 10] {
        let outcome = run(&world, &handler, at).await;
        assert_eq!(outcome.report.metrics_requested, 2 * 4);
        for operation in ["ecs:ListServices", "ecs:DescribeServices", "ecs:DescribeClusters"] {
            assert_eq!(outcome.report.api_calls.get(operation), Some(&1), "{operation}");
        }
    }
    // What is left is what a fleet with nothing else in it would say.
    let mut fleet = EcsFleet::demo();
    fleet.clusters.retain(|cluster| cluster.name == "production");
    fleet.clusters[0].services.retain(|service| matches!(service.name.as_str(), "web" | "api"));
    let truth = EcsTruth::of("123456789012", REGION, fleet);
    let due = truth.counts(0, [5, 10]).and(truth.metrics(-2..8));
    assert!(due.remote_write().keys().all(|series| !is_about(series, "batch")));
    world.assert_ecs(&due);
}

#[tokio::test]
async fn suffixes_change_the_names_of_single_tasks_series_and_no_others() {
    let of = |section: &'static str| async move {
        let world = world(section, EcsFleet::demo());
        let handler = function(&world).await;
        run(&world, &handler, 5).await;
        metrics(&world)
    };
    let bare = of("{container_insights: true, per_task: true}").await;
    let suffixed = of("{container_insights: true, per_task: true, metric_suffixes: true}").await;
    let changed = |one: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
        one.difference(other).cloned().collect()
    };
    let names = [
        ("ecs_task_cpu_reserved", "None"),
        ("ecs_task_cpu_utilized", "None"),
        ("ecs_task_memory_reserved", "Megabytes"),
        ("ecs_task_memory_utilized", "Megabytes"),
        ("ecs_task_network_rate_rx", "Bytes_per_Second"),
        ("ecs_task_network_rate_tx", "Bytes_per_Second"),
        ("ecs_task_storage_read_bytes", "Bytes"),
        ("ecs_task_storage_write_bytes", "Bytes"),
    ];
    assert_eq!(changed(&bare, &suffixed), names.map(|(name, _)| name.to_owned()));
    let with_unit = names.map(|(name, unit)| format!("{name}_{unit}"));
    assert_eq!(changed(&suffixed, &bare), with_unit);
}

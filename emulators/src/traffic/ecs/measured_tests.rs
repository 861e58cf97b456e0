//! Which points and metrics a fleet has in CloudWatch.

use super::*;
use crate::traffic::Statistic;

/// 2026-11-20T09:00:00Z.
const START: i64 = 1_795_165_200;

fn tasks_at(fleet: &EcsFleet, time: i64) -> Vec<Task> {
    fleet.at(time).clusters.remove(0).tasks
}

fn cpu(
    fleet: &EcsFleet,
    service: &str,
    statistic: Statistic,
    window: std::ops::Range<i64>,
) -> Vec<(i64, f64)> {
    let dimensions = [("ClusterName", "c"), ("ServiceName", service)];
    fleet.values(AWS_ECS, "CPUUtilization", &dimensions, statistic, window)
}

#[test]
fn there_are_points_only_while_tasks_run() {
    let created = START + 90;
    let new = Service { created_at: created, ..Service::new("new", 2) };
    let mut services = vec![new, Service::new("zero", 0)];
    services.push(Service { starts: Starts::NoCapacity, ..Service::new("stuck", 3) });
    services.push(Service { starts: Starts::Fails, ..Service::new("broken", 2) });
    let job = Job::new("job", Times::At(vec![START]), 240);
    let cluster =
        Cluster { insights: Insights::Enhanced, jobs: vec![job], ..Cluster::new("c", services) };
    let fleet = EcsFleet { clusters: vec![cluster] };
    let window = START..START + 1200;
    for nothing in ["zero", "stuck", "broken", "unheard-of"] {
        assert_eq!(cpu(&fleet, nothing, Statistic::Average, window.clone()), [], "{nothing}");
        let dimensions = [("ClusterName", "c"), ("ServiceName", nothing)];
        for metric in ["CpuUtilized", "RunningTaskCount", "DesiredTaskCount"] {
            let values = fleet.values(
                CONTAINER_INSIGHTS,
                metric,
                &dimensions,
                Statistic::Average,
                window.clone(),
            );
            assert_eq!(values, [], "{nothing} {metric}");
        }
    }
    let counts = cpu(&fleet, "new", Statistic::SampleCount, window.clone());
    let first_ms = tasks_at(&fleet, START + 600)
        .iter()
        .filter(|task| task.service.is_some())
        .filter_map(|task| task.started_ms)
        .min()
        .expect("they started");
    assert_eq!(counts[0].0, first_ms / 60_000 * 60);
    assert_eq!(counts.last(), Some(&(START + 1140, 2.0)));

    let dimensions = [("ClusterName", "c"), ("TaskDefinitionFamily", "job")];
    let of_job = fleet.values(
        CONTAINER_INSIGHTS,
        "CpuUtilized",
        &dimensions,
        Statistic::SampleCount,
        window,
    );
    assert!(
        matches!(of_job[..], [(START, _), .., (last, 1.0)] if last < START + 360),
        "{of_job:?}"
    );
}

#[test]
fn sample_counts_are_running_tasks_and_parts_make_the_whole() {
    let fleet = EcsFleet::demo();
    let production = [("ClusterName", "production")];
    let web = [production[0], ("ServiceName", "web")];
    let sum = |metric: &str, dimensions: &[(&str, &str)], minute: i64| {
        let values = fleet.values(
            CONTAINER_INSIGHTS,
            metric,
            dimensions,
            Statistic::Sum,
            minute..minute + 60,
        );
        values.first().map_or(0.0, |(_, value)| *value)
    };
    for minute in (START..START + 3600).step_by(300) {
        let state = fleet.at(minute);
        let cluster = state.cluster("production").expect("it is there");
        let count = fleet.values(
            AWS_ECS,
            "CPUUtilization",
            &web,
            Statistic::SampleCount,
            minute..minute + 60,
        );
        // A minute has every task that ran in it, a moment those that run at it.
        let running = f64::from(cluster.service("web").expect("it is there").running);
        assert!(count[0].1 >= running, "{count:?} {running}");

        let services: f64 = cluster
            .services
            .iter()
            .map(|state| {
                sum("CpuUtilized", &[production[0], ("ServiceName", &state.service.name)], minute)
            })
            .sum();
        let whole = sum("CpuUtilized", &production, minute);
        assert!((services - whole).abs() < 1e-6 && whole > 0.0, "{services} {whole}");
        let tasks: f64 = cluster
            .tasks_of("web")
            .map(|task| sum("CpuUtilized", &[web[0], web[1], ("TaskId", &task.id)], minute))
            .sum();
        let containers: f64 = ["app", "envoy"]
            .map(|name| {
                sum("ContainerCpuUtilized", &[web[0], web[1], ("ContainerName", name)], minute)
            })
            .iter()
            .sum();
        let service = sum("CpuUtilized", &web, minute);
        assert!((containers - service).abs() < 1e-6, "{containers} {service}");
        assert!(tasks <= service + 1e-6, "{tasks} {service}");
    }
}

#[test]
fn a_window_tells_the_same_as_its_minutes() {
    let fleet = EcsFleet::demo();
    let dimensions = [("ClusterName", "production"), ("ServiceName", "api")];
    let values = |window| {
        fleet.values(AWS_ECS, "MemoryUtilization", &dimensions, Statistic::Maximum, window)
    };
    let whole = values(START..START + 7200);
    let minutes = (START..START + 7200).step_by(60).flat_map(|minute| values(minute..minute + 60));
    assert_eq!(minutes.collect::<Vec<_>>(), whole);
    // The leak that ends in a kill shows.
    assert!(whole.iter().any(|(_, percent)| *percent > 95.0));
    assert!(whole.iter().any(|(_, percent)| *percent < 70.0));
}

#[test]
fn what_is_published_follows_the_setting_and_the_place() {
    let external = Service { launch: Launch::External, ..Service::new("s", 1) };
    let at_home = Cluster {
        instances: vec![Instance::new("mi-0123456789abcdef0")],
        ..Cluster::new("c", vec![external])
    };
    let ec2 = Service { launch: Launch::Ec2, ..Service::new("s", 1) };
    let rented = Cluster {
        instances: vec![Instance::new("i-0123456789abcdef0")],
        ..Cluster::new("c", vec![ec2])
    };
    let fargate = Cluster::new("c", vec![Service::new("s", 1)]);
    let with = |cluster: &Cluster, insights| Cluster { insights, ..cluster.clone() };
    // Metrics of the cluster and the service in AWS/ECS, of the service and its tasks in Container
    // Insights.
    let cases = [
        (with(&fargate, Insights::Unsaid), [0, 1, 0, 0]),
        (with(&fargate, Insights::Disabled), [0, 1, 0, 0]),
        (with(&fargate, Insights::Enabled), [0, 1, 1, 0]),
        (with(&fargate, Insights::Enhanced), [0, 1, 1, 1]),
        (with(&rented, Insights::Enhanced), [1, 1, 1, 1]),
        (with(&at_home, Insights::Enhanced), [0, 1, 0, 0]),
    ];
    for (cluster, expected) in cases {
        let fleet = EcsFleet { clusters: vec![cluster] };
        let id = tasks_at(&fleet, START).remove(0).id;
        let service = [("ClusterName", "c"), ("ServiceName", "s")];
        let task = [service[0], service[1], ("TaskId", id.as_str())];
        let count = |namespace, metric, dimensions: &[(&str, &str)]| {
            fleet.values(namespace, metric, dimensions, Statistic::Average, START..START + 60).len()
        };
        let counts = [
            count(AWS_ECS, "CPUReservation", &service[..1]),
            count(AWS_ECS, "CPUUtilization", &service),
            count(CONTAINER_INSIGHTS, "CpuUtilized", &service),
            count(CONTAINER_INSIGHTS, "CpuUtilized", &task),
        ];
        assert_eq!(counts, expected, "{:?}", fleet.clusters[0]);
        let listed = fleet.listed(&(START - 3600..START), |_, name| name == "CpuUtilized");
        let is_listed = |names: &[&str]| {
            listed.iter().any(|(_, _, dimensions)| {
                dimensions.keys().eq(names.iter().map(|name| name as &str).collect::<Vec<_>>())
            })
        };
        let listings = [
            is_listed(&["ClusterName", "ServiceName"]),
            is_listed(&["ClusterName", "ServiceName", "TaskId"]),
        ];
        assert_eq!(listings.map(usize::from), expected[2..], "{:?}", fleet.clusters[0]);
    }
}

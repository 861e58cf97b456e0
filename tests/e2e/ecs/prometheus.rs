//! A real Prometheus: the series land there, and what dashboards ask of it comes to the emulator's numbers.

use std::collections::BTreeMap;

use emulators::aws::Options as AwsOptions;
use emulators::traffic::ecs::EcsFleet;
use tests::prometheus::Prometheus;
use tests::samples::{Held, Samples, differences};
use tests::{Holding, Setup, World, in_words, minute};

use super::{REGION, function, run};

/// Runs every five minutes, the web service's deployment in their midst, and the minutes that they read.
const RUNS: [i64; 5] = [30, 35, 40, 45, 50];
const MINUTES: std::ops::Range<i64> = 23..48;

async fn runs(prometheus: &Prometheus) -> World {
    let url = prometheus.write_url();
    let config = format!(
        "ecs: {{container_insights: true, per_task: true}}\nremote_write: [{{url: '{url}', name: receiver}}]"
    );
    let ecs = BTreeMap::from([(REGION.to_owned(), EcsFleet::demo())]);
    let aws = AwsOptions { ecs, ..AwsOptions::default() };
    let world = World::new(Setup { config, aws, ..Setup::default() });
    let handler = function(&world).await;
    for at in RUNS {
        run(&world, &handler, at).await;
    }
    world
}

fn samples(holding: Holding) -> BTreeMap<String, Samples> {
    holding.into_iter().map(|(series, points)| (series, points.into_iter().collect())).collect()
}

/// What a query shows, by the values of these labels.
fn by(held: Held, names: &[&str]) -> BTreeMap<Vec<String>, BTreeMap<i64, f64>> {
    let mut shown = BTreeMap::new();
    for (labels, samples) in held {
        let key: Vec<String> = names.iter().map(|name| labels[*name].clone()).collect();
        assert_eq!(shown.insert(key, samples.into_iter().collect()), None, "{labels:?}");
    }
    shown
}

/// Asserts that what is shown is the truth wherever there is one, and that nobody is shown of whom there is none. A value is
/// shown for five minutes after its last sample, so there may be more points than the truth has.
#[track_caller]
fn assert_shows(
    shown: &BTreeMap<Vec<String>, BTreeMap<i64, f64>>,
    truth: &BTreeMap<Vec<String>, Vec<(i64, f64)>>,
) {
    assert!(shown.keys().eq(truth.keys()), "{:?}\n{:?}", shown.keys(), truth.keys());
    for (key, points) in truth {
        for (at, value) in points {
            assert_eq!(shown[key].get(at), Some(value), "{key:?} at {at}");
        }
    }
}

#[tokio::test]
async fn every_series_lands_with_every_sample() {
    let prometheus = Prometheus::start();
    let world = runs(&prometheus).await;
    let selector = r#"{__name__=~"(aws_)?ecs_.+",__name__!~".+_info"}"#;
    let held = prometheus.raw(selector, "3h", minute(70)).into_iter();
    let held = held.map(|(labels, samples)| (in_words(&labels), samples)).collect();
    let truth = world.ecs(REGION);
    let due = truth.counts(25, RUNS).and(truth.metrics(MINUTES));
    let due = due.and(truth.insights(MINUTES)).and(truth.tasks(MINUTES));
    assert_eq!(differences(&held, &samples(due.remote_write()), 0.0), Vec::<String>::new());
    let log = prometheus.log();
    let complaints = log.lines().filter(|line| !line.contains("level=info"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test]
async fn dashboards_show_the_emulators_numbers() {
    let prometheus = Prometheus::start();
    let world = runs(&prometheus).await;
    let fleet = EcsFleet::demo();
    let window = minute(MINUTES.start).as_secs()..minute(MINUTES.end).as_secs();
    let shown = |query: &str, names: &[&str]| {
        by(prometheus.each_minute(query, minute(MINUTES.start), minute(MINUTES.end - 1)), names)
    };

    // CPU and memory by service.
    for (query, metric) in [
        ("aws_ecs_cpuutilization_average", "CPUUtilization"),
        ("aws_ecs_memory_utilization_average", "MemoryUtilization"),
    ] {
        let query = format!("{query}{{dimension_ServiceName!=\"\"}}");
        let shown = shown(&query, &["dimension_ClusterName", "dimension_ServiceName"]);
        let mut truth = BTreeMap::new();
        for cluster in &fleet.clusters {
            for service in &cluster.services {
                let dimensions =
                    [("ClusterName", cluster.name.as_str()), ("ServiceName", &service.name)];
                let (aws, window) = (&world.aws, window.clone());
                let points =
                    aws.expected_ecs(REGION, "AWS/ECS", metric, &dimensions, "Average", window);
                truth.insert(vec![cluster.name.clone(), service.name.clone()], points);
            }
        }
        truth.retain(|_, points| !points.is_empty());
        assert!(truth.len() >= 7, "services that run");
        assert_shows(&shown, &truth);
    }

    // Memory of each task, as a share of what it may have.
    let shown_of_tasks =
        shown("ecs_task_memory_utilized / ecs_task_memory_reserved", &["aws_ecs_task_arn"]);
    let mut truth = BTreeMap::new();
    let state = fleet.at(window.end);
    let production = state.cluster("production").expect("a cluster");
    for task in &production.tasks {
        let service = task.service.as_deref().expect("it has no others");
        let dimensions =
            [("ClusterName", "production"), ("ServiceName", service), ("TaskId", &task.id)];
        let expected = |metric| {
            let (aws, window) = (&world.aws, window.clone());
            let namespace = "ECS/ContainerInsights";
            aws.expected_ecs(REGION, namespace, metric, &dimensions, "Average", window)
        };
        let pairs = expected("MemoryUtilized").into_iter().zip(expected("MemoryReserved"));
        let points: Vec<(i64, f64)> =
            pairs.map(|((at, utilized), (_, reserved))| (at, utilized / reserved)).collect();
        let arn = format!("arn:aws:ecs:{REGION}:123456789012:task/production/{}", task.id);
        truth.insert(vec![arn], points);
    }
    truth.retain(|_, points| !points.is_empty());
    assert!(truth.len() > 13, "the tasks of before and after a deployment: {}", truth.len());
    assert_shows(&shown_of_tasks, &truth);

    // Tasks that a service is short of.
    let query = "ecs_service_desired_tasks - ecs_service_running_tasks";
    let shown = by(
        prometheus.each_minute(query, minute(RUNS[0]), minute(RUNS[4])),
        &["cluster", "service"],
    );
    let mut truth: BTreeMap<Vec<String>, Vec<(i64, f64)>> = BTreeMap::new();
    for at in RUNS {
        let time = minute(at).as_secs();
        for cluster in &fleet.at(time).clusters {
            for service in &cluster.services {
                let key = vec![cluster.cluster.name.clone(), service.service.name.clone()];
                let short = f64::from(service.desired) - f64::from(service.running);
                truth.entry(key).or_default().push((time, short));
            }
        }
    }
    assert_eq!(truth[&vec!["batch".to_owned(), "broken".to_owned()]][0].1, 1.0);
    assert_shows(&shown, &truth);
}

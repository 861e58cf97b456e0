//! What CloudWatch knows of ECS.

use std::collections::BTreeSet;
use std::time::Duration;

use emulators::aws::AwsEmulator;
use emulators::traffic::ecs::{
    AWS_ECS, CONTAINER_INSIGHTS, Cluster, EcsFleet, Insights, Service, Starts,
};
use serde_json::{Value, json};

use crate::api::{NOW, REGION, start};
use crate::aws_client::Request;

type Dimensions<'a> = &'a [(&'a str, &'a str)];
const WEB: Dimensions<'_> = &[("ClusterName", "production"), ("ServiceName", "web")];

fn ask(emulator: &AwsEmulator, region: &str, operation: &str, request: &Value) -> Value {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    let body = request.to_string();
    let request = Request {
        method: "POST",
        path: "/",
        headers: &[("content-type", "application/x-amz-json-1.0"), ("x-amz-target", &target)],
        body: body.as_bytes(),
        service: "monitoring",
        region,
    };
    let answer = request.send(emulator).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.0"));
    serde_json::from_slice(&answer.body).expect("JSON")
}

fn query(namespace: &str, metric: &str, dimensions: Dimensions<'_>, statistic: &str) -> Value {
    let dimensions: Vec<Value> =
        dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    let metric = json!({"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions});
    json!({"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}})
}

/// The points of one query in the ten minutes before now.
fn points(emulator: &AwsEmulator, region: &str, query: &Value) -> Vec<(i64, f64)> {
    let request = json!({
        "MetricDataQueries": [query],
        "StartTime": NOW - 600,
        "EndTime": NOW,
        "ScanBy": "TimestampAscending",
    });
    let answer = ask(emulator, region, "GetMetricData", &request);
    let result = &answer["MetricDataResults"][0];
    let times = result["Timestamps"].as_array().expect("timestamps").iter();
    let values = result["Values"].as_array().expect("values").iter();
    times
        .map(|time| format!("{}", time.as_f64().expect("a number")).parse().expect("seconds"))
        .zip(values.map(|value| value.as_f64().expect("a number")))
        .collect()
}

fn all_listed(emulator: &AwsEmulator, request: &Value) -> (usize, Vec<Value>) {
    let mut request = request.clone();
    let mut metrics = Vec::new();
    for page in 1.. {
        let answer = ask(emulator, REGION, "ListMetrics", &request);
        metrics.extend(answer["Metrics"].as_array().expect("metrics").clone());
        match answer["NextToken"].as_str() {
            Some(token) => request["NextToken"] = token.into(),
            None => return (page, metrics),
        }
    }
    unreachable!("a listing ends")
}

#[test]
fn settled_points_are_the_truth_and_the_others_are_on_their_way() {
    let emulator = start(EcsFleet::demo());
    let container = [WEB[0], WEB[1], ("ContainerName", "envoy")];
    let cases = [
        (AWS_ECS, "CPUUtilization", WEB, "Average"),
        (AWS_ECS, "CPUUtilization", WEB, "SampleCount"),
        (AWS_ECS, "MemoryUtilization", WEB, "Maximum"),
        (AWS_ECS, "CPUReservation", &[("ClusterName", "batch")], "Average"),
        (CONTAINER_INSIGHTS, "CpuUtilized", WEB, "Sum"),
        (CONTAINER_INSIGHTS, "RunningTaskCount", WEB, "Average"),
        (CONTAINER_INSIGHTS, "NetworkRxBytes", &WEB[..1], "Sum"),
        (CONTAINER_INSIGHTS, "ContainerMemoryUtilized", &container, "Maximum"),
    ];
    for (namespace, metric, dimensions, statistic) in cases {
        let what = format!("{namespace} {metric} {statistic}");
        let truth =
            emulator.expected_ecs(REGION, namespace, metric, dimensions, statistic, NOW - 600..NOW);
        assert_eq!(truth.len(), 10, "{what}");
        let seen = points(&emulator, REGION, &query(namespace, metric, dimensions, statistic));
        assert_eq!(seen[..8], truth[..8], "{what}");
        for (partial, whole) in seen[8..].iter().zip(&truth[8..]) {
            assert!(partial.1 <= whole.1, "{what}: {partial:?} {whole:?}");
        }
    }
    emulator.set_settling(Duration::from_secs(180), Duration::from_secs(180));
    assert_eq!(
        points(&emulator, REGION, &query(AWS_ECS, "CPUUtilization", WEB, "Average")).len(),
        7
    );
}

#[test]
fn only_the_exact_dimensions_in_the_right_region_have_points() {
    let emulator = start(EcsFleet::demo());
    let none: [(&str, &str, &str, Dimensions<'_>); 6] = [
        ("us-east-1", AWS_ECS, "CPUUtilization", WEB),
        (REGION, AWS_ECS, "CPUUtilization", &[("ServiceName", "web")]),
        (REGION, AWS_ECS, "CPUUtilization", &WEB[..1]),
        (REGION, AWS_ECS, "CpuUtilized", WEB),
        (REGION, CONTAINER_INSIGHTS, "CPUUtilization", WEB),
        (REGION, CONTAINER_INSIGHTS, "CpuUtilized", &[("ClusterName", "factory")]),
    ];
    for (region, namespace, metric, dimensions) in none {
        let found = points(&emulator, region, &query(namespace, metric, dimensions, "Average"));
        assert_eq!(found, [], "{region} {namespace} {metric} {dimensions:?}");
    }
    let mut with_unit = query(CONTAINER_INSIGHTS, "MemoryUtilized", WEB, "Average");
    for (unit, count) in [("Megabytes", 10), ("Bytes", 0)] {
        with_unit["MetricStat"]["Unit"] = unit.into();
        assert_eq!(points(&emulator, REGION, &with_unit).len(), count, "{unit}");
    }
}

#[test]
fn a_service_that_runs_nothing_has_no_points_and_is_not_listed() {
    let stuck = Service { starts: Starts::NoCapacity, ..Service::new("stuck", 3) };
    let services = vec![Service::new("zero", 0), stuck, Service::new("web", 1)];
    let cluster = Cluster { insights: Insights::Enabled, ..Cluster::new("production", services) };
    let emulator = start(EcsFleet { clusters: vec![cluster] });
    let (_, listed) = all_listed(&emulator, &json!({"Namespace": CONTAINER_INSIGHTS}));
    let services: BTreeSet<&str> = listed
        .iter()
        .flat_map(|metric| metric["Dimensions"].as_array().expect("dimensions"))
        .filter(|dimension| dimension["Name"] == "ServiceName")
        .filter_map(|dimension| dimension["Value"].as_str())
        .collect();
    assert_eq!(services, BTreeSet::from(["web"]));
    for (service, count) in [("zero", 0), ("stuck", 0), ("web", 10)] {
        let dimensions = [WEB[0], ("ServiceName", service)];
        for (namespace, metric) in
            [(AWS_ECS, "CPUUtilization"), (CONTAINER_INSIGHTS, "RunningTaskCount")]
        {
            let found =
                points(&emulator, REGION, &query(namespace, metric, &dimensions, "Average"));
            assert_eq!(found.len(), count, "{service} {metric}");
        }
    }
}

#[test]
fn a_new_service_has_points_long_before_it_is_listed() {
    let new = Service { created_at: NOW - 300, ..Service::new("web", 2) };
    let fleet = EcsFleet { clusters: vec![Cluster::new("production", vec![new])] };
    let emulator = start(fleet);
    let cpu = query(AWS_ECS, "CPUUtilization", WEB, "Average");
    assert!(points(&emulator, REGION, &cpu).len() >= 3);
    let request = json!({"Namespace": AWS_ECS, "MetricName": "CPUUtilization"});
    let count = || all_listed(&emulator, &request).1.len();
    assert_eq!(count(), 0);
    emulator.set_now(Some(NOW + 15 * 60));
    assert_eq!(count(), 1);
    emulator.set_now(Some(NOW));
    emulator.set_listing_lag(Duration::ZERO);
    assert_eq!(count(), 1);
}

#[test]
fn a_long_listing_comes_in_pages_of_one_moment() {
    let emulator = start(EcsFleet::sized(30, 2).with_insights(Insights::Enhanced));
    let request = json!({"Namespace": CONTAINER_INSIGHTS, "RecentlyActive": "PT3H"});
    let (pages, metrics) = all_listed(&emulator, &request);
    let distinct: BTreeSet<String> = metrics.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), metrics.len());
    assert_eq!(pages, metrics.len().div_ceil(500));
    assert!(pages > 3, "{pages}");

    let mut later = request.clone();
    let first = ask(&emulator, REGION, "ListMetrics", &request);
    later["NextToken"] = first["NextToken"].clone();
    emulator.set_ecs_fleet(REGION, EcsFleet::default());
    let second = ask(&emulator, REGION, "ListMetrics", &later);
    assert_eq!(second["Metrics"].as_array().map(Vec::len), Some(500));
}

#[test]
fn tasks_and_containers_are_found_by_a_filter_on_their_dimensions() {
    let emulator = start(EcsFleet::demo());
    let request = json!({
        "Namespace": CONTAINER_INSIGHTS,
        "MetricName": "MemoryUtilized",
        "RecentlyActive": "PT3H",
        "Dimensions": [{"Name": "ServiceName", "Value": "web"}, {"Name": "TaskId"}],
    });
    let (_, metrics) = all_listed(&emulator, &request);
    let ids: BTreeSet<&str> = metrics
        .iter()
        .flat_map(|metric| metric["Dimensions"].as_array().expect("dimensions"))
        .filter(|dimension| dimension["Name"] == "TaskId")
        .filter_map(|dimension| dimension["Value"].as_str())
        .collect();
    let fleet = emulator.ecs_fleet(REGION);
    let state = fleet.at(NOW);
    let running = state.cluster("production").expect("it is there").tasks_of("web");
    let running: Vec<&str> =
        running.filter(|task| task.last_status == "RUNNING").map(|task| task.id.as_str()).collect();
    assert_eq!(running.len(), 4);
    assert!(running.iter().all(|id| ids.contains(id)), "{running:?} {ids:?}");
    let task = [WEB[0], WEB[1], ("TaskId", running[0])];
    let memory = query(CONTAINER_INSIGHTS, "MemoryUtilized", &task, "Average");
    let truth = emulator.expected_ecs(
        REGION,
        CONTAINER_INSIGHTS,
        "MemoryUtilized",
        &task,
        "Average",
        NOW - 600..NOW,
    );
    assert_eq!(points(&emulator, REGION, &memory)[..8], truth[..8]);
}

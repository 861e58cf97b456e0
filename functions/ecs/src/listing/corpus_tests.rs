//! The cases of Prometheus's own ECS discovery (`ecs/discovery.json` of the corpus): the same answers of the API, and what
//! we make of them. `mapping_tests` holds the same kinds of things.

use std::collections::{BTreeMap, BTreeSet};

use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::EcsFleet;
use serde_json::{Value, json};

use super::Looked;
use super::wire_tests::Bench;

/// Steps of theirs that ask EC2, which we do not.
const ELSEWHERE: [&str; 2] = ["describe_ec2_instances", "describe_network_interfaces"];

fn list<'a>(value: &'a Value, member: &str) -> Vec<&'a Value> {
    value[member].as_array().map(|all| all.iter().collect()).unwrap_or_default()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// An API that holds what the case says, in one cluster where it names none.
async fn answering(aws: &Value) -> Bench {
    let bench = Bench::of(EcsFleet::default()).await;
    let arns = |things: &str, arn: &str| -> Value {
        list(aws, things).into_iter().map(|thing| thing[arn].clone()).collect()
    };
    let mut clusters = list(aws, "clusters").into_iter().cloned().collect::<Vec<_>>();
    if aws.get("clusters").is_none() {
        clusters
            .push(json!({"clusterArn": "arn:aws:ecs:us-west-2:123456789012:cluster/test-cluster"}));
    }
    for cluster in &mut clusters {
        cluster["registeredContainerInstancesCount"] = list(aws, "containerInstances").len().into();
    }
    let named: Value = clusters.iter().map(|cluster| cluster["clusterArn"].clone()).collect();
    let answers = [
        ("ListClusters", json!({"clusterArns": named})),
        ("DescribeClusters", json!({"clusters": clusters})),
        ("ListServices", json!({"serviceArns": arns("services", "serviceArn")})),
        ("DescribeServices", json!({"services": aws["services"]})),
        ("ListTasks", json!({"taskArns": arns("tasks", "taskArn")})),
        ("DescribeTasks", json!({"tasks": aws["tasks"]})),
        (
            "ListContainerInstances",
            json!({"containerInstanceArns": arns("containerInstances", "containerInstanceArn")}),
        ),
        ("DescribeContainerInstances", json!({"containerInstances": aws["containerInstances"]})),
    ];
    for (operation, answer) in answers {
        let answer = Fault::Status(200, answer.to_string());
        bench.script(Rule::on(format!("ecs:{operation}"), answer).forever());
    }
    bench
}

/// Everything that was found, as it identifies itself.
fn found(looked: &Looked) -> BTreeSet<&str> {
    let clusters = || looked.inventory.clusters.iter();
    let services = clusters().flat_map(|cluster| cluster.services.iter().flatten());
    let tasks = clusters().flat_map(|cluster| cluster.tasks.iter().flatten());
    let instances = clusters().flat_map(|cluster| cluster.instances.iter().flatten());
    let services = services.flat_map(|service| [service.arn.as_str(), service.name.as_str()]);
    let instances = instances.flat_map(|one| [one.arn.as_str(), one.instance_id.as_str()]);
    let tasks = tasks.map(|task| task.arn.as_str());
    clusters()
        .flat_map(|cluster| [cluster.arn.as_str(), cluster.name.as_str()])
        .chain(services)
        .chain(tasks)
        .chain(instances)
        .collect()
}

/// What the case of a single step of theirs finds: ARNs, names and instance ids, wherever they stand.
fn identities(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(all.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| identities(item, all)),
        Value::Object(members) => {
            let is_identity = |key: &str| {
                key.starts_with("arn:") || key.ends_with("Arn") || key.ends_with("Name")
            };
            for (key, value) in members {
                if is_identity(key) || !value.is_string() {
                    identities(value, all);
                }
            }
        }
        _ => {}
    }
}

/// The labels of their targets, of which each is a task.
fn check_targets(id: &str, case: &Value, looked: &Looked) {
    let groups = list(case, "expected");
    let targets: Vec<&Value> = groups.iter().flat_map(|group| list(group, "targets")).collect();
    let mut tasks = BTreeMap::new();
    for cluster in &looked.inventory.clusters {
        for task in cluster.tasks.iter().flatten() {
            tasks.insert(task.arn.as_str(), (cluster, task));
        }
    }
    assert!(!tasks.is_empty(), "{id}");
    for target in targets {
        let label = |name: &str| text(target, &format!("__meta_ecs_{name}"));
        let (cluster, task) = tasks[label("task_arn")];
        assert_eq!(
            (cluster.name.as_str(), cluster.arn.as_str()),
            (label("cluster"), label("cluster_arn")),
            "{id}"
        );
        assert_eq!(task.service.as_deref().unwrap_or_default(), label("service"), "{id}");
        assert_eq!(task.availability_zone, label("availability_zone"), "{id}");
        assert_eq!(task.launch_type, label("launch_type"), "{id}");
        assert_eq!(task.last_status, label("last_status"), "{id}");
        let definition = format!("/{}:{}", task.family, task.revision);
        assert!(label("task_definition").ends_with(&definition), "{id}: {definition}");
        let instance = label("ec2_instance_id");
        let instances = cluster.instances.iter().flatten();
        assert!(
            instance.is_empty() || instances.clone().any(|one| one.instance_id == instance),
            "{id}"
        );
    }
}

#[tokio::test]
async fn the_cases_of_prometheus_come_out_as_there() {
    let mut checked = 0;
    for case in cases::corpus::cases("ecs/discovery.json", 21) {
        let (id, operation) = (text(&case, "id"), text(&case, "operation"));
        if ELSEWHERE.contains(&operation) {
            continue;
        }
        let looked = answering(&case["aws"]).await.look("{}").await;
        assert_eq!(looked.errors, [], "{id}");
        if operation == "refresh" {
            check_targets(id, &case, &looked);
        } else {
            let mut expected = BTreeSet::new();
            identities(&case["expected"], &mut expected);
            let found = found(&looked);
            let missing: Vec<_> =
                expected.iter().filter(|one| !found.contains(one.as_str())).collect();
            // Task definitions are no things of their own here.
            let missing: Vec<_> =
                missing.iter().filter(|one| !one.contains(":task-definition/")).collect();
            assert!(missing.is_empty(), "{id}: {missing:?}");
        }
        checked += 1;
    }
    assert!(checked == 0 || checked == 16, "{checked}");
}

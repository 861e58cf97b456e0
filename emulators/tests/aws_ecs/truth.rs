//! Whether the answers are the fleet's.

use std::collections::BTreeMap;

use emulators::aws::AwsEmulator;
use emulators::traffic::ecs::EcsFleet;
use serde_json::{Value, json};

use crate::api::{NOW, REGION, ask, pages, refused, start};

/// Everything of a cluster, through all pages and batches.
fn everything(emulator: &AwsEmulator, cluster: &str) -> (Vec<Value>, Vec<Value>, Vec<Value>) {
    let describe = |operation: &str, member: &str, arns: &[String], at_once: usize| {
        let mut found = Vec::new();
        for batch in arns.chunks(at_once) {
            let answer = ask(emulator, operation, &json!({"cluster": cluster, member: batch}));
            assert_eq!(answer["failures"], json!([]), "{operation}");
            found.extend(answer[member].as_array().expect("a list").clone());
        }
        found
    };
    let request = json!({"cluster": cluster});
    let (_, services) = pages(emulator, "ListServices", "serviceArns", &request);
    let services = describe("DescribeServices", "services", &services, 10);
    let mut tasks = Vec::new();
    for status in ["RUNNING", "STOPPED"] {
        let request = json!({"cluster": cluster, "desiredStatus": status});
        let (_, arns) = pages(emulator, "ListTasks", "taskArns", &request);
        tasks.extend(describe("DescribeTasks", "tasks", &arns, 100));
    }
    let (_, instances) =
        pages(emulator, "ListContainerInstances", "containerInstanceArns", &request);
    let instances = describe("DescribeContainerInstances", "containerInstances", &instances, 100);
    (services, tasks, instances)
}

#[test]
fn the_answers_are_the_fleet_throughout_an_hour() {
    let emulator = start(EcsFleet::demo());
    let fleet = emulator.ecs_fleet(REGION);
    for now in (NOW..NOW + 3600).step_by(420) {
        emulator.set_now(Some(now));
        for state in fleet.at(now).clusters {
            let (services, tasks, instances) = everything(&emulator, &state.cluster.name);
            assert_eq!(services.len(), state.services.len());
            for service in &services {
                let name = service["serviceName"].as_str().expect("a name");
                let truth = state.service(name).expect("the fleet has it");
                let counts = ["desiredCount", "runningCount", "pendingCount"];
                let counts = counts.map(|count| service[count].as_u64());
                let expected = [truth.desired, truth.running, truth.pending];
                assert_eq!(counts, expected.map(|count| Some(count.into())), "{name} at {now}");
                let rollouts = service["deployments"].as_array().expect("a list").iter();
                let rollouts: Vec<_> = rollouts.map(|one| one["rolloutState"].as_str()).collect();
                let expected: Vec<_> =
                    truth.deployments.iter().map(|one| one.rollout_state).collect();
                assert_eq!(rollouts, expected, "{name} at {now}");
            }
            let ids: BTreeMap<&str, &Value> = tasks
                .iter()
                .map(|task| {
                    (
                        task["taskArn"]
                            .as_str()
                            .expect("an ARN")
                            .rsplit('/')
                            .next()
                            .expect("an id"),
                        task,
                    )
                })
                .collect();
            assert_eq!(ids.len(), state.tasks.len());
            for truth in &state.tasks {
                let task = ids[truth.id.as_str()];
                let stop = truth.stop.as_ref();
                assert_eq!(task["lastStatus"], truth.last_status);
                assert_eq!(task["launchType"], truth.launch_type.as_str());
                assert_eq!(task["stopCode"].as_str(), stop.map(|stop| stop.code.as_str()));
                assert_eq!(milliseconds(&task["stoppedAt"]), truth.stopped_ms);
                assert_eq!(milliseconds(&task["createdAt"]), Some(truth.created_ms));
                let group = task["group"].as_str().expect("a group");
                let owner = truth.service.as_ref().map(|name| format!("service:{name}"));
                assert_eq!(group, owner.unwrap_or_else(|| format!("family:{}", truth.family)));
                let definition = task["taskDefinitionArn"].as_str().expect("an ARN");
                let expected = format!("task-definition/{}:{}", truth.family, truth.revision);
                assert!(definition.ends_with(&expected), "{definition}");
                assert_eq!(
                    task["containers"].as_array().map(Vec::len),
                    Some(truth.containers.len())
                );
            }
            let running: u64 =
                instances.iter().filter_map(|one| one["runningTasksCount"].as_u64()).sum();
            let placed: u32 = state.instances.iter().map(|one| one.running).sum();
            assert_eq!((instances.len(), running), (state.instances.len(), placed.into()));
        }
    }
}

/// Epoch seconds with a fraction, as milliseconds.
fn milliseconds(time: &Value) -> Option<i64> {
    let seconds = time.as_f64()?;
    Some(format!("{:.0}", seconds * 1000.0).parse().expect("a number"))
}

#[test]
fn what_was_deleted_meanwhile_is_a_failure_or_inactive_or_not_found() {
    let emulator = start(EcsFleet::odd());
    let (_, clusters) = pages(&emulator, "ListClusters", "clusterArns", &json!({}));
    assert_eq!(clusters.len(), 5);
    let answer = ask(&emulator, "DescribeClusters", &json!({"clusters": clusters}));
    let of = |member: &str, name: &str, what: &str| -> BTreeMap<String, String> {
        let items = answer[member].as_array().expect("a list").iter();
        let text = |item: &Value, member: &str| item[member].as_str().expect("a text").to_owned();
        items.map(|item| (text(item, name), text(item, what))).collect()
    };
    let arn = format!("arn:aws:ecs:{REGION}:123456789012:cluster/missing");
    assert_eq!(of("failures", "arn", "reason"), BTreeMap::from([(arn, "MISSING".to_owned())]));
    let states = of("clusters", "clusterName", "status");
    let active = ["deleted-after", "empty", "odd"].map(|name| (name, "ACTIVE"));
    let expected = active.into_iter().chain([("inactive", "INACTIVE")]);
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state.to_owned())).collect());
    for cluster in ["missing", "inactive", "deleted-after"] {
        for operation in ["ListServices", "ListTasks", "ListContainerInstances"] {
            let (code, _) = refused(&emulator, operation, &json!({"cluster": cluster}));
            assert_eq!(code, "ClusterNotFoundException", "{operation} {cluster}");
        }
    }

    let request = json!({"cluster": "odd", "services": ["missing", "inactive", "plain", "zero"]});
    let answer = ask(&emulator, "DescribeServices", &request);
    let failures = answer["failures"].as_array().expect("a list");
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0]["reason"], "MISSING");
    let services = answer["services"].as_array().expect("a list");
    let shown = services.iter().map(|one| {
        (one["serviceName"].as_str(), one["status"].as_str(), one["runningCount"].as_i64())
    });
    let expected = [("inactive", "INACTIVE", 0), ("plain", "ACTIVE", 2), ("zero", "ACTIVE", 0)];
    let expected =
        expected.map(|(name, status, running)| (Some(name), Some(status), Some(running)));
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_said_of_a_cluster_is_optional() {
    let emulator = start(EcsFleet::demo());
    let request =
        json!({"clusters": ["production"], "include": ["SETTINGS", "STATISTICS", "TAGS"]});
    let cluster = &ask(&emulator, "DescribeClusters", &request)["clusters"][0];
    let enhanced = json!([{"name": "containerInsights", "value": "enhanced"}]);
    assert_eq!(cluster["settings"], enhanced);
    assert_eq!(cluster["tags"], json!([{"key": "Environment", "value": "production"}]));
    let running = json!({"name": "runningFargateTasksCount", "value": cluster["runningTasksCount"].to_string()});
    assert!(cluster["statistics"].as_array().expect("a list").contains(&running), "{cluster}");
    let plain =
        &ask(&emulator, "DescribeClusters", &json!({"clusters": ["production"]}))["clusters"][0];
    for part in ["settings", "statistics", "tags"] {
        assert_eq!(plain[part], json!([]), "{part}");
    }
}

//! A second opinion on the API: the counts are those that the AWS CLI gives.

use std::collections::BTreeMap;

use emulators::traffic::ecs::EcsFleet;
use serde_json::{Value, json};
use tests::aws_cli::AwsCli;
use tests::{World, minute};

use super::{function, run, world};

/// In the middle of a deployment of `web`.
const AT: i64 = 37;

/// How many there are of each, by names that tell them apart; what there is none of is left out.
type Counts = BTreeMap<Vec<String>, u64>;

/// What the AWS CLI describes, each with the name of its cluster.
struct Told {
    services: Vec<(String, Value)>,
    instances: Vec<(String, Value)>,
    tasks: Vec<(String, Value)>,
}

impl Told {
    /// Asks for what there is: of each kind in the clusters that have it, since the CLI takes its time.
    fn by(cli: &AwsCli, clusters: &[String]) -> Self {
        let of_each = |has: &[&str], ask: &dyn Fn(&str) -> Vec<Value>| {
            let chosen = clusters.iter().filter(|arn| has.contains(&name_of(arn)));
            let told = |arn: &String| {
                let name = name_of(arn).to_owned();
                ask(arn).into_iter().map(move |thing| (name.clone(), thing)).collect::<Vec<_>>()
            };
            chosen.flat_map(told).collect()
        };
        Self {
            services: of_each(&["production", "factory"], &|cluster| {
                let list = ["list-services", "serviceArns"];
                described(cli, cluster, &[&[]], list, ["describe-services", "--services"])
            }),
            instances: of_each(&["factory"], &|cluster| {
                let list = ["list-container-instances", "containerInstanceArns"];
                let describe = ["describe-container-instances", "--container-instances"];
                described(cli, cluster, &[&[]], list, describe)
            }),
            tasks: of_each(&["production"], &|cluster| {
                let both: [&[&str]; 2] =
                    [&["--desired-status", "RUNNING"], &["--desired-status", "STOPPED"]];
                let list = ["list-tasks", "taskArns"];
                described(cli, cluster, &both, list, ["describe-tasks", "--tasks"])
            }),
        }
    }
}

/// Everything that lists give, described.
fn described(
    cli: &AwsCli,
    cluster: &str,
    lists: &[&[&str]],
    [list, arns]: [&str; 2],
    [describe, option]: [&str; 2],
) -> Vec<Value> {
    let listed = lists.iter().flat_map(|options| {
        cli.texts(&[&["ecs", list, "--cluster", cluster], *options].concat(), arns)
    });
    let listed: Vec<String> = listed.collect();
    let mut arguments = vec!["ecs", describe, "--cluster", cluster, option];
    arguments.extend(listed.iter().map(String::as_str));
    let answer = cli.ask(&arguments);
    assert_eq!(answer["failures"], json!([]), "nothing is missing");
    let member = arns.replace("Arns", "s");
    answer[&member].as_array().expect("a list").clone()
}

/// What remote write holds of a metric at the time of the run, by the values of these labels.
fn held(world: &World, name: &str, by: &[&str]) -> Counts {
    let held = world.receiver.samples(&[("__name__", name)]).into_iter();
    count(held.map(|(labels, samples)| {
        let key = by.iter().map(|label| labels.get(*label).cloned().unwrap_or_default());
        let value = samples[&minute(AT).as_millis()];
        let number = (0..=100).find(|number| *number as f64 == value).expect("a small count");
        (key.collect(), number)
    }))
}

fn count(things: impl IntoIterator<Item = (Vec<String>, u64)>) -> Counts {
    let mut counts = Counts::new();
    things.into_iter().for_each(|(key, number)| *counts.entry(key).or_default() += number);
    counts.retain(|_, count| *count > 0);
    counts
}

fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().expect("the last piece")
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value, member: &str) -> u64 {
    value[member].as_u64().expect("a count")
}

fn assert_same_services(world: &World, services: &[(String, Value)]) {
    for (metric, member) in [
        ("ecs_service_desired_tasks", "desiredCount"),
        ("ecs_service_running_tasks", "runningCount"),
        ("ecs_service_pending_tasks", "pendingCount"),
    ] {
        let told = services.iter().map(|(cluster, service)| {
            (vec![cluster.clone(), text(service, "serviceName")], number(service, member))
        });
        assert_eq!(held(world, metric, &["cluster", "service"]), count(told), "{metric}");
    }
    let told = services.iter().flat_map(|(cluster, service)| {
        let deployments = service["deployments"].as_array().expect("a list").iter();
        deployments.map(|deployment| {
            let state = text(deployment, "rolloutState");
            (vec![cluster.clone(), text(service, "serviceName"), state], 1)
        })
    });
    let by = ["cluster", "service", "rollout_state"];
    assert_eq!(held(world, "ecs_service_deployments", &by), count(told));
}

fn assert_same_instances(world: &World, instances: &[(String, Value)]) {
    let by = ["cluster", "instance"];
    let key = |cluster: &String, instance| vec![cluster.clone(), text(instance, "ec2InstanceId")];
    let told = instances
        .iter()
        .map(|(cluster, instance)| (key(cluster, instance), number(instance, "runningTasksCount")));
    assert_eq!(held(world, "ecs_container_instance_running_tasks", &by), count(told));
    let told = instances.iter().map(|(cluster, instance)| {
        let is_connected = instance["agentConnected"].as_bool().expect("yes or no");
        (key(cluster, instance), u64::from(is_connected))
    });
    assert_eq!(held(world, "ecs_container_instance_agent_connected", &by), count(told));
}

fn assert_same_tasks(world: &World, tasks: &[(String, Value)]) {
    let there = tasks.iter().filter(|(_, task)| task["lastStatus"] != "STOPPED");
    let told = count(there.map(|(cluster, task)| {
        let service = text(task, "group").trim_start_matches("service:").to_owned();
        let members = ["lastStatus", "launchType", "capacityProviderName"];
        let [status, launch_type, provider] = members.map(|member| text(task, member));
        (vec![cluster.clone(), service, status, launch_type, provider], 1)
    }));
    assert!(told.keys().any(|key| key[2] != "RUNNING"), "a deployment is under way: {told:?}");
    let by = ["cluster", "service", "last_status", "launch_type", "capacity_provider"];
    let mut held = held(world, "ecs_service_tasks", &by);
    held.retain(|key, _| key[0] == "production");
    assert_eq!(held, told);
}

#[tokio::test]
async fn the_counts_are_those_of_the_aws_cli() {
    let mut fleet = EcsFleet::demo();
    fleet.clusters.retain(|cluster| cluster.name != "batch");
    let world = world("{metrics: ['ecs_.*']}", fleet);
    let handler = function(&world).await;
    run(&world, &handler, AT).await;
    let cli = AwsCli::of(&world.aws);
    let clusters = cli.texts(&["ecs", "list-clusters"], "clusterArns");
    assert_eq!(held(&world, "ecs_clusters", &[]), count([(vec![], clusters.len() as u64)]));
    let told = Told::by(&cli, &clusters);
    assert_same_services(&world, &told.services);
    assert_same_instances(&world, &told.instances);
    assert_same_tasks(&world, &told.tasks);
}

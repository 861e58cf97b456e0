//! Pages, filters and regions.

use std::collections::BTreeSet;

use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::{Cluster, EcsFleet, Job, Launch, Service, Times};
use serde_json::{Value, json};

use crate::api::{NOW, OTHER_REGION, REGION, ask, json_of, names, pages, send, start, texts};

#[test]
fn lists_come_in_pages_of_their_own_sizes_and_no_order() {
    let mut fleet = EcsFleet::sized(100, 2);
    fleet.clusters.extend((0..129).map(|index| Cluster::new(&format!("c-{index}"), vec![])));
    let emulator = start(fleet);
    let cluster = |extra: Value| {
        let mut request = json!({"cluster": "cluster-0"});
        request
            .as_object_mut()
            .expect("members")
            .extend(extra.as_object().expect("members").clone());
        request
    };
    let cases = [
        ("ListClusters", "clusterArns", json!({}), vec![100, 30]),
        ("ListClusters", "clusterArns", json!({"maxResults": 50}), vec![50, 50, 30]),
        ("ListServices", "serviceArns", cluster(json!({})), vec![10; 10]),
        ("ListServices", "serviceArns", cluster(json!({"maxResults": 100})), vec![100]),
        ("ListServices", "serviceArns", cluster(json!({"maxResults": 99})), vec![99, 1]),
        ("ListTasks", "taskArns", cluster(json!({})), vec![100, 100]),
        ("ListTasks", "taskArns", cluster(json!({"maxResults": 90})), vec![90, 90, 20]),
        ("ListContainerInstances", "containerInstanceArns", cluster(json!({})), vec![0]),
    ];
    for (operation, member, request, sizes) in cases {
        let (found, arns) = pages(&emulator, operation, member, &request);
        assert_eq!(found, sizes, "{operation} {request}");
        let distinct: BTreeSet<&String> = arns.iter().collect();
        assert_eq!(distinct.len(), arns.len(), "{operation} {request}");
        assert!(arns.is_empty() || !arns.is_sorted(), "{operation} {request}");
    }
}

#[test]
fn tasks_are_listed_by_service_family_launch_type_and_desired_status() {
    let on_ec2 = Service { launch: Launch::Ec2, ..Service::new("ec2", 3) };
    let job = Job { copies: 2, ..Job::new("job", Times::At(vec![NOW - 300]), 600) };
    let over = Job::new("over", Times::At(vec![NOW - 300]), 60);
    let services = vec![Service::new("web", 4), on_ec2];
    let cluster = Cluster { jobs: vec![job, over], ..Cluster::new("default", services) };
    let emulator = start(EcsFleet { clusters: vec![cluster] });
    let cases = [
        (json!({}), 9),
        (json!({"serviceName": "web"}), 4),
        (json!({"family": "ec2"}), 3),
        (json!({"family": "job"}), 2),
        (json!({"family": "jo"}), 0),
        (json!({"launchType": "EC2"}), 3),
        (json!({"launchType": "FARGATE"}), 6),
        (json!({"launchType": "EXTERNAL"}), 0),
        (json!({"desiredStatus": "RUNNING", "serviceName": "ec2"}), 3),
        (json!({"desiredStatus": "STOPPED"}), 1),
        (json!({"desiredStatus": "STOPPED", "family": "over"}), 1),
        (json!({"desiredStatus": "PENDING"}), 0),
    ];
    for (request, count) in cases {
        let (_, arns) = pages(&emulator, "ListTasks", "taskArns", &request);
        assert_eq!(arns.len(), count, "{request}");
    }
}

#[test]
fn each_region_has_clusters_of_its_own_and_the_scope_of_the_signature_chooses() {
    let emulator = start(EcsFleet::demo());
    emulator.set_ecs_fleet(OTHER_REGION, EcsFleet::sized(1, 1));
    for (region, expected) in [
        (REGION, vec!["batch", "factory", "production"]),
        (OTHER_REGION, vec!["cluster-0"]),
        ("us-east-1", vec![]),
    ] {
        let answer = json_of(&send(&emulator, region, "ListClusters", &json!({})));
        let arns = texts(&answer["clusterArns"]);
        let mut found = names(&arns);
        found.sort_unstable();
        assert_eq!(found, expected, "{region}");
        let prefix = format!("arn:aws:ecs:{region}:123456789012:cluster/");
        assert!(arns.iter().all(|arn| arn.starts_with(&prefix)), "{arns:?}");
    }
    let regions: Vec<String> = emulator.calls().into_iter().map(|call| call.region).collect();
    assert_eq!(regions, [REGION, OTHER_REGION, "us-east-1"]);
}

#[test]
fn a_page_that_gets_lost_is_a_later_one() {
    let emulator = start(EcsFleet::sized(20, 1));
    emulator.faults().push(Rule::on("ecs:ListServices", Fault::DropPage));
    let request = json!({"cluster": "cluster-0"});
    let first = ask(&emulator, "ListServices", &request);
    let request = json!({"cluster": "cluster-0", "nextToken": first["nextToken"]});
    let second = send(&emulator, REGION, "ListServices", &request);
    assert_eq!(second.status, 500, "{}", second.text());
    assert_eq!(texts(&ask(&emulator, "ListServices", &request)["serviceArns"]).len(), 10);
}

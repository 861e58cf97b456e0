//! Limits, what is denied, and throttling.

use emulators::aws::{EcsRates, Rate};
use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::EcsFleet;
use serde_json::json;

use crate::api::{OTHER_REGION, REGION, ask, json_of, refused, refused_in, send, start};
use crate::aws_client::Request;

#[test]
fn what_ecs_refuses_is_refused_in_its_words() {
    let emulator = start(EcsFleet::demo());
    let many = |count: usize| -> Vec<String> { (0..count).map(|n| format!("x{n}")).collect() };
    let cluster = "production";
    let elsewhere = format!("arn:aws:ecs:{REGION}:123456789012:service/batch/queue");
    let invalid = "InvalidParameterException";
    let not_found = "ClusterNotFoundException";
    let token = ask(&emulator, "ListServices", &json!({"cluster": cluster, "maxResults": 1}));
    let token = token["nextToken"].as_str().expect("there are more");
    let cases = [
        (
            "DescribeServices",
            json!({"cluster": cluster, "services": many(11)}),
            invalid,
            "service names can have at most 10 items.",
        ),
        (
            "DescribeServices",
            json!({"cluster": cluster, "services": []}),
            invalid,
            "cannot be empty",
        ),
        (
            "DescribeServices",
            json!({"cluster": cluster, "services": [elsewhere]}),
            invalid,
            "Identifier is for cluster batch. Your cluster is production",
        ),
        (
            "DescribeTasks",
            json!({"cluster": cluster, "tasks": many(101)}),
            invalid,
            "at most 100 items",
        ),
        ("DescribeTasks", json!({"cluster": cluster}), invalid, "Tasks cannot be empty."),
        ("DescribeClusters", json!({"clusters": many(101)}), invalid, "at most 100 items"),
        (
            "DescribeContainerInstances",
            json!({"cluster": cluster, "containerInstances": many(101)}),
            invalid,
            "at most 100 items",
        ),
        ("ListServices", json!({"cluster": cluster, "maxResults": 101}), invalid, "maxResults"),
        ("ListTasks", json!({"cluster": cluster, "maxResults": 0}), invalid, "maxResults"),
        (
            "ListTasks",
            json!({"cluster": cluster, "desiredStatus": "ASLEEP"}),
            invalid,
            "desiredStatus",
        ),
        (
            "ListTasks",
            json!({"cluster": cluster, "serviceName": "web", "startedBy": "me"}),
            invalid,
            "cannot specify serviceName with other arguments",
        ),
        (
            "ListTasks",
            json!({"cluster": cluster, "serviceName": "none"}),
            "ServiceNotFoundException",
            "Service not found.",
        ),
        ("ListServices", json!({"cluster": "batch", "nextToken": token}), invalid, "Invalid token"),
        ("ListServices", json!({"cluster": cluster, "nextToken": "x"}), invalid, "Invalid token"),
        ("ListServices", json!({}), not_found, "Cluster not found."),
        ("ListTasks", json!({"cluster": "none"}), not_found, "Cluster not found."),
        (
            "DescribeTasks",
            json!({"cluster": "none", "tasks": ["x"]}),
            not_found,
            "Cluster not found.",
        ),
        (
            "ListContainerInstances",
            json!({"cluster": format!("arn:aws:ecs:{OTHER_REGION}:123456789012:cluster/batch")}),
            not_found,
            "Cluster not found.",
        ),
        ("RunTask", json!({}), "UnknownOperationException", "RunTask"),
    ];
    for (operation, request, code, message) in cases {
        let (actual, text) = refused(&emulator, operation, &request);
        assert_eq!(actual, code, "{operation} {request}");
        assert!(text.contains(message), "{operation} {request}: {text}");
    }
    let most = json!({"cluster": cluster, "tasks": many(100)});
    assert_eq!(
        ask(&emulator, "DescribeTasks", &most)["failures"].as_array().map(Vec::len),
        Some(100)
    );
}

#[test]
fn access_is_denied_by_operation_cluster_and_region() {
    let emulator = start(EcsFleet::demo());
    emulator.set_ecs_fleet(OTHER_REGION, EcsFleet::demo());
    let denied = |operation: &str| Rule::on(operation, Fault::AccessDenied).forever();
    emulator.faults().push(denied("ecs:").in_region(OTHER_REGION));
    emulator.faults().push(denied("ecs:").about("batch"));
    emulator.faults().push(denied("ecs:ListTasks").about("factory"));
    let code = "AccessDeniedException";
    let cases = [
        (OTHER_REGION, "ListClusters", json!({}), true),
        (REGION, "ListClusters", json!({}), false),
        (REGION, "ListServices", json!({"cluster": "batch"}), true),
        (REGION, "DescribeClusters", json!({"clusters": ["production", "batch"]}), true),
        (REGION, "DescribeClusters", json!({"clusters": ["production", "factory"]}), false),
        (REGION, "ListServices", json!({"cluster": "factory"}), false),
        (
            REGION,
            "ListTasks",
            json!({"cluster": format!("arn:aws:ecs:{REGION}:123456789012:cluster/factory")}),
            true,
        ),
        (REGION, "ListTasks", json!({"cluster": "production"}), false),
    ];
    for (region, operation, request, is_denied) in cases {
        if is_denied {
            let (actual, message) = refused_in(&emulator, region, operation, &request);
            assert_eq!(actual, code, "{region} {operation} {request}");
            assert!(
                message.contains(&format!("not authorized to perform: ecs:{operation}")),
                "{message}"
            );
        } else {
            let answer = send(&emulator, region, operation, &request);
            assert_eq!(answer.status, 200, "{region} {operation} {request}");
        }
    }
}

#[test]
fn too_many_calls_of_one_group_are_throttled_and_nothing_else_is() {
    let emulator = start(EcsFleet::demo());
    let rate = |burst| Rate { burst, per_second: 0.0 };
    let rates = EcsRates { clusters: rate(1), services: rate(2), cluster_resources: rate(3) };
    emulator.set_ecs_rates(Some(rates));
    let cluster = json!({"cluster": "production"});
    for operation in
        ["ListTasks", "ListContainerInstances", "ListTasks", "ListServices", "ListServices"]
    {
        ask(&emulator, operation, &cluster);
    }
    for operation in ["ListTasks", "ListContainerInstances", "ListServices"] {
        let throttled = refused(&emulator, operation, &cluster);
        assert_eq!(throttled, ("ThrottlingException".to_owned(), "Rate exceeded".to_owned()));
    }
    ask(&emulator, "ListClusters", &json!({}));
    assert_eq!(emulator.ecs_throttled(), 3);
    assert_eq!(emulator.call_log().count("ecs:ListTasks"), 3, "refused calls are calls");

    emulator.set_ecs_rates(Some(EcsRates::published()));
    for _ in 0..50 {
        ask(&emulator, "ListClusters", &json!({}));
    }
    assert_eq!(emulator.ecs_throttled(), 0, "the burst of 50 that is published");
    emulator.faults().push(Rule::on("ecs:ListTasks", Fault::Throttle));
    assert_eq!(refused(&emulator, "ListTasks", &cluster).0, "ThrottlingException");
}

#[test]
fn a_wrong_signature_is_refused_as_json_services_do() {
    let emulator = start(EcsFleet::demo());
    emulator.faults().push(Rule::on("ecs:ListClusters", Fault::WrongKey));
    let (code, _) = refused(&emulator, "ListClusters", &json!({}));
    assert_eq!(code, "UnrecognizedClientException");
    let target = "AmazonEC2ContainerServiceV20141113.ListClusters";
    let wrong = Request {
        method: "POST",
        path: "/",
        headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
        body: b"{}",
        service: "monitoring",
        region: REGION,
    };
    let answer = wrong.send(&emulator).expect("an answer");
    assert_eq!(json_of(&answer)["__type"], "InvalidSignatureException", "{}", answer.text());
}

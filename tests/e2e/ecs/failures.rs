//! What goes wrong costs what it happened to, and is said once.

use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::{Cluster, EcsFleet, Insights, Job, Launch, Presence, Service, Times};
use runtime::RunError;
use tests::{EcsDue, World, minute};

use super::{
    OTHER, REGION, due, function, is_about, metric, run, run_with_one_error, small, world, world_of,
};

/// Asserts that both sinks hold what is due but for what `is_lost`, which is not nothing.
#[track_caller]
fn assert_costs_only(world: &World, due: EcsDue, is_lost: impl Fn(&str) -> bool) {
    let lost = due.clone().only(&is_lost);
    assert!(!lost.remote_write().is_empty(), "something is lost");
    world.assert_ecs(&due.only(|series| !is_lost(series)));
}

#[tokio::test]
async fn a_region_that_is_denied_costs_the_other_nothing() {
    let section = format!("{{regions: [{REGION}, {OTHER}]}}");
    let world = world_of(&section, &[(REGION, EcsFleet::demo()), (OTHER, small())], 5);
    let handler = function(&world).await;
    world.aws.faults().push(Rule::on("ecs:", Fault::AccessDenied).in_region(OTHER).forever());
    for at in [5, 10] {
        let (source, message) = run_with_one_error(&world, &handler, at).await;
        assert_eq!(source, format!("ecs:ListClusters:{OTHER}"));
        assert!(message.contains("AccessDenied"), "{message}");
    }
    // Of the other one it is said that it does not answer.
    let down = world.receiver.samples(&[("__name__", "ecs_up"), ("region", OTHER)]);
    let down: Vec<f64> = down.into_values().flat_map(|points| points.into_values()).collect();
    assert_eq!(down, [0.0, 0.0]);
    let held = world.ecs_in_remote_write().into_iter();
    let held: tests::Holding =
        held.filter(|(series, _)| series.contains(&format!("region={REGION:?}"))).collect();
    assert_eq!(held, due(&world, REGION, 5, 10).remote_write());

    world.aws.faults().clear();
    run(&world, &handler, 15).await;
    let own = due(&world, REGION, 5, 15);
    let truth = world.ecs(OTHER);
    // The counts of the time are gone, the minutes of CloudWatch's are not.
    let up = |series: &str| metric(series) == "ecs_up";
    let mut other = truth.counts(0, [15]).and(truth.metrics(-2..13)).only(|one| !up(one));
    other = other.and(own);
    let held = world.ecs_in_remote_write().into_iter();
    let held: tests::Holding =
        held.filter(|(series, _)| !up(series) || series.contains(REGION)).collect();
    assert_eq!(held, other.remote_write());
}

#[tokio::test]
async fn a_cluster_whose_services_nobody_may_list_costs_its_services() {
    let world = world("{}", small());
    let handler = function(&world).await;
    let denied = Rule::on("ecs:ListServices", Fault::AccessDenied).about("shop");
    world.aws.faults().push(denied.forever());
    for at in [5, 10] {
        let (source, message) = run_with_one_error(&world, &handler, at).await;
        assert_eq!(source, format!("ecs:ListServices:{REGION}:shop"));
        assert!(message.contains("AccessDenied"), "{message}");
    }
    // What its tasks do is still known.
    let is_lost = |series: &str| {
        is_about(series, "shop")
            && matches!(
                metric(series),
                "ecs_services"
                    | "ecs_service_desired_tasks"
                    | "ecs_service_running_tasks"
                    | "ecs_service_pending_tasks"
                    | "ecs_service_deployments"
                    | "aws_ecs_cpuutilization_average"
                    | "aws_ecs_cpuutilization_maximum"
                    | "aws_ecs_memory_utilization_average"
                    | "aws_ecs_memory_utilization_maximum"
            )
    };
    assert_costs_only(&world, due(&world, REGION, 5, 10), is_lost);
}

#[tokio::test]
async fn a_cluster_whose_tasks_nobody_may_describe_costs_its_tasks() {
    let world = world("{}", small());
    let handler = function(&world).await;
    let denied = Rule::on("ecs:DescribeTasks", Fault::AccessDenied).about("shop");
    world.aws.faults().push(denied.forever());
    for at in [5, 10] {
        let (source, message) = run_with_one_error(&world, &handler, at).await;
        assert_eq!(source, format!("ecs:DescribeTasks:{REGION}:shop"));
        assert!(message.contains("AccessDenied"), "{message}");
    }
    // None has stopped, so that there is none to describe, and none is what is counted.
    let is_lost = |series: &str| is_about(series, "shop") && metric(series) == "ecs_service_tasks";
    assert_costs_only(&world, due(&world, REGION, 5, 10), is_lost);
}

#[tokio::test]
async fn a_cluster_of_which_everything_is_denied_is_one_entry() {
    let world = world("{}", small());
    let handler = function(&world).await;
    for operation in ["ecs:ListServices", "ecs:ListTasks"] {
        world.aws.faults().push(Rule::on(operation, Fault::AccessDenied).about("shop").forever());
    }
    for at in [5, 10] {
        let (source, message) = run_with_one_error(&world, &handler, at).await;
        assert_eq!(source, format!("ecs:ListServices:{REGION}:shop"));
        assert!(message.contains("ListTasks"), "and what else it costs: {message}");
    }
    let is_lost =
        |series: &str| is_about(series, "shop") && metric(series) != "ecs_container_instances";
    assert_costs_only(&world, due(&world, REGION, 5, 10), is_lost);
}

#[tokio::test]
async fn a_cluster_that_is_deleted_between_two_calls_costs_itself() {
    let mut fleet = small();
    fleet.clusters[0].presence = Presence::DeletedAfter;
    let world = world("{}", fleet);
    let handler = function(&world).await;
    for at in [5, 10] {
        let (source, message) = run_with_one_error(&world, &handler, at).await;
        assert!(source.starts_with("ecs:List") && source.ends_with(&format!("{REGION}:shop")));
        assert!(message.contains("Cluster not found"), "{message}");
    }
    world.assert_ecs(&due(&world, REGION, 5, 10));
}

#[tokio::test]
async fn a_cluster_that_is_deleted_between_two_runs_is_read_to_its_end() {
    let world = world("{}", small());
    let handler = function(&world).await;
    run(&world, &handler, 5).await;
    let whole = due(&world, REGION, 5, 5);
    let mut fleet = small();
    fleet.clusters.remove(0);
    world.aws.set_ecs_fleet(REGION, fleet);
    run(&world, &handler, 10).await;
    let truth = world.ecs(REGION);
    world.assert_ecs(&whole.and(truth.counts(5, [10])).and(truth.metrics(3..8)));
}

#[tokio::test]
async fn a_service_that_is_missing_costs_itself() {
    let mut fleet = small();
    fleet.clusters[0].services[0].presence = Presence::Missing;
    let world = world("{}", fleet);
    let handler = function(&world).await;
    for at in [5, 10] {
        let (source, message) = run_with_one_error(&world, &handler, at).await;
        assert_eq!(source, format!("ecs:DescribeServices:{REGION}:shop"));
        let arn = format!("arn:aws:ecs:{REGION}:123456789012:service/shop/web");
        assert_eq!(message, format!("MISSING: {arn}"));
    }
    world.assert_ecs(&due(&world, REGION, 5, 10));
}

#[tokio::test]
async fn services_without_tasks_tasks_without_services_and_unknown_launch_types_are_no_trouble() {
    let every_five_minutes = Times::Every { seconds: 300, offset: 60 };
    let fleet = EcsFleet {
        clusters: vec![
            Cluster {
                insights: Insights::Enhanced,
                jobs: vec![Job::new("standalone", every_five_minutes, 400)],
                ..Cluster::new(
                    "odd",
                    vec![
                        Service::new("nobody", 0),
                        Service {
                            launch: Launch::Other("MOON_BASE".to_owned()),
                            ..Service::new("far-away", 1)
                        },
                    ],
                )
            },
            Cluster::new("empty", Vec::new()),
        ],
    };
    let world = world("{container_insights: true, per_task: true}", fleet);
    let handler = function(&world).await;
    for at in [5, 10, 15] {
        run(&world, &handler, at).await;
    }
    let truth = world.ecs(REGION);
    let tasks = truth.tasks(-2..13);
    assert!(!tasks.clone().only(|one| one.contains("standalone")).remote_write().is_empty());
    world.assert_ecs(&due(&world, REGION, 5, 15).and(truth.insights(-2..13)).and(tasks));
}

#[tokio::test]
async fn everything_odd_at_once_arrives_with_one_entry_for_each_thing_that_is_gone() {
    let world = world("{container_insights: true, per_task: true}", EcsFleet::odd());
    let handler = function(&world).await;
    for at in [5, 10] {
        let outcome = world.run(&handler, minute(at)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        let said = outcome.report.errors.iter();
        let said: Vec<String> =
            said.map(|one| format!("{}: {}", one.source, one.message)).collect();
        let arn = |what: &str| format!("arn:aws:ecs:{REGION}:123456789012:{what}");
        let expected = [
            format!(
                "ecs:DescribeClusters:{REGION}: INACTIVE: {} (and 1 more)",
                arn("cluster/inactive")
            ),
            format!(
                "ecs:ListServices:{REGION}:deleted-after: ClusterNotFoundException: Cluster not found. (and so ListTasks)"
            ),
            format!(
                "ecs:DescribeServices:{REGION}:odd: INACTIVE: {} (and 1 more)",
                arn("service/odd/inactive")
            ),
        ];
        assert_eq!(said, expected);
    }
    world.assert_ecs(&due(&world, REGION, 5, 10));
}

#[tokio::test]
async fn when_everything_is_denied_the_run_fails() {
    let world = world("{}", small());
    let handler = function(&world).await;
    world.aws.faults().push(Rule::on("ecs:", Fault::AccessDenied).forever());
    for at in [5, 10] {
        let outcome = world.run(&handler, minute(at)).await;
        let Some(RunError::Source(message)) = &outcome.failure else {
            panic!("{}", outcome.report.to_json())
        };
        assert!(message.contains("ecs:ListClusters"), "{message}");
        assert_eq!(outcome.report.errors.len(), 1, "{:?}", outcome.report.errors);
    }
    let up = world.receiver.samples(&[("__name__", "ecs_up")]);
    let up: Vec<f64> = up.into_values().flat_map(|points| points.into_values()).collect();
    assert_eq!(up, [0.0, 0.0], "it is said that the API does not answer");
}

/// Something that passes by itself, though not at once.
fn unavailable(operation: &str) -> Rule {
    let body = r#"{"__type":"ClientException","message":"not now"}"#;
    Rule::on(operation, Fault::Status(400, body.to_owned())).about("shop").forever()
}

#[tokio::test]
async fn a_list_that_fails_in_the_first_run_costs_no_minute_of_cloudwatchs() {
    for operation in ["ecs:ListServices", "ecs:ListTasks"] {
        let world = world("{}", small());
        let handler = function(&world).await;
        world.aws.faults().push(unavailable(operation));
        let outcome = world.run(&handler, minute(5)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        let sources = outcome.report.errors.iter().map(|error| error.source.as_str());
        let sources: Vec<_> = sources.collect();
        assert!(sources[0].contains(operation), "{:?}", outcome.report.errors);
        assert_eq!(outcome.report.metrics_requested, 0, "nobody knows what to ask for");
        world.aws.faults().clear();
        run(&world, &handler, 10).await;
        let due = due(&world, REGION, 5, 10).remote_write();
        let of_cloudwatch = |held: tests::Holding| -> tests::Holding {
            held.into_iter().filter(|(series, _)| series.starts_with("aws_ecs_")).collect()
        };
        assert_eq!(of_cloudwatch(world.ecs_in_remote_write()), of_cloudwatch(due));
    }
}

#[tokio::test]
async fn a_list_that_fails_in_a_later_run_costs_nothing_of_cloudwatchs() {
    let world = world("{}", small());
    let handler = function(&world).await;
    run(&world, &handler, 5).await;
    world.aws.faults().push(unavailable("ecs:ListServices"));
    let (source, _) = run_with_one_error(&world, &handler, 10).await;
    assert_eq!(source, format!("ecs:ListServices:{REGION}:shop"));
    world.aws.faults().clear();
    run(&world, &handler, 15).await;
    // The counts of that one moment are all that is lost.
    let truth = world.ecs(REGION);
    let is_lost = |series: &str| {
        is_about(series, "shop")
            && (metric(series) == "ecs_services"
                || matches!(
                    metric(series),
                    "ecs_service_desired_tasks"
                        | "ecs_service_running_tasks"
                        | "ecs_service_pending_tasks"
                        | "ecs_service_deployments"
                ))
    };
    let then = truth.counts(5, [10]).only(|series| !is_lost(series));
    let counts = truth.counts(0, [5]).and(then).and(truth.counts(10, [15]));
    world.assert_ecs(&counts.and(truth.metrics(-2..13)));
}

#[tokio::test]
async fn without_a_list_of_metrics_everything_that_needs_none_of_it_waits_no_longer_than_a_run() {
    let fleet = EcsFleet::demo();
    let world = world("{container_insights: true}", fleet);
    let handler = function(&world).await;
    world.aws.faults().push(Rule::on("cloudwatch:ListMetrics", Fault::AccessDenied).forever());
    let outcome = world.run(&handler, minute(5)).await;
    assert!(
        outcome.report.errors.iter().any(|one| one.source.starts_with("cloudwatch:ListMetrics")),
        "{:?}",
        outcome.report.errors
    );
    world.aws.faults().clear();
    run(&world, &handler, 10).await;
    let truth = world.ecs(REGION);
    world.assert_ecs(&due(&world, REGION, 5, 10).and(truth.insights(-2..8)));
}

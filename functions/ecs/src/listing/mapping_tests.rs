//! What the ECS API says, and what is made of it.

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Cluster, ClusterSetting, ClusterSettingName, Container,
    ContainerInstance, Deployment, DeploymentRolloutState, Failure, LaunchType, Service, Task,
    TaskStopCode,
};
use series::Timestamp;

use super::mapping;

const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012";

fn task(group: &str) -> aws_sdk_ecs::types::builders::TaskBuilder {
    Task::builder()
        .task_arn(format!("{ARN}:task/prod/0123abcd"))
        .task_definition_arn(format!("{ARN}:task-definition/shop-web:17"))
        .group(group)
        .last_status("RUNNING")
}

#[test]
fn an_arn_says_name_and_account() {
    assert_eq!(mapping::name_of(&format!("{ARN}:cluster/prod")), "prod");
    assert_eq!(mapping::name_of(&format!("{ARN}:service/prod/web")), "web");
    assert_eq!(mapping::name_of(&format!("{ARN}:service/web")), "web", "of before 2018");
    assert_eq!(mapping::account_of(&format!("{ARN}:cluster/prod")), Some("123456789012"));
    assert_eq!(mapping::account_of("prod"), None);
}

#[test]
fn a_cluster_says_which_container_insights_it_has() {
    let cluster = |status: &str, insights: Option<&str>| {
        let setting = |value| {
            let setting = ClusterSetting::builder().name(ClusterSettingName::ContainerInsights);
            setting.value(value).build()
        };
        let cluster = Cluster::builder()
            .cluster_arn(format!("{ARN}:cluster/prod"))
            .status(status)
            .registered_container_instances_count(3)
            .set_settings(insights.map(|value| vec![setting(value)]));
        mapping::cluster(cluster.build())
    };
    let (described, instances) = cluster("ACTIVE", Some("enhanced")).expect("a cluster");
    assert_eq!((described.name.as_str(), instances), ("prod", 3));
    assert_eq!(described.container_insights.as_deref(), Some("enhanced"));
    assert!(described.services.is_none() && described.tasks.is_none());
    let (undescribed, _) = cluster("PROVISIONING", None).expect("a cluster");
    assert_eq!(undescribed.container_insights, None);
    assert_eq!(cluster("INACTIVE", None).err(), Some(format!("INACTIVE: {ARN}:cluster/prod")));
    let nameless = mapping::cluster(Cluster::builder().cluster_name("prod").build());
    assert_eq!(nameless.err().as_deref(), Some("described without an ARN"));
}

#[test]
fn a_service_says_what_it_wants_and_what_it_has() {
    let spot = CapacityProviderStrategyItem::builder().capacity_provider("FARGATE_SPOT").build();
    let deployment = |status: &str, rollout| {
        Deployment::builder().status(status).set_rollout_state(rollout).build()
    };
    let service = Service::builder()
        .service_arn(format!("{ARN}:service/prod/web"))
        .service_name("web")
        .status("ACTIVE")
        .desired_count(4)
        .running_count(3)
        .pending_count(-1)
        .capacity_provider_strategy(spot.expect("it has a name"))
        .deployments(deployment("PRIMARY", Some(DeploymentRolloutState::InProgress)))
        .deployments(deployment("ACTIVE", None))
        .build();
    let service = mapping::service(service).expect("a service");
    assert_eq!((service.name.as_str(), service.status.as_str()), ("web", "ACTIVE"));
    assert_eq!((service.desired, service.running, service.pending), (4, 3, 0));
    assert_eq!(
        (service.launch_type.as_str(), service.capacity_providers),
        ("", vec!["FARGATE_SPOT".to_owned()])
    );
    let deployments: Vec<_> =
        service.deployments.iter().map(|one| one.rollout_state.as_str()).collect();
    assert_eq!(deployments, ["IN_PROGRESS", ""]);
}

#[test]
fn a_task_belongs_to_a_service_or_stands_alone() {
    let of_group = |group: &str| mapping::task(task(group).build()).expect("a task").service;
    assert_eq!(of_group("service:web").as_deref(), Some("web"));
    assert_eq!(of_group("family:shop-web"), None);
    assert_eq!(of_group("batch-jobs"), None);
    let bare = Task::builder().task_arn(format!("{ARN}:task/0123abcd")).build();
    let bare = mapping::task(bare).expect("a task");
    assert_eq!((bare.id.as_str(), bare.service, bare.stop.is_none()), ("0123abcd", None, true));
    assert_eq!(
        (bare.family.as_str(), bare.revision.as_str(), bare.launch_type.as_str()),
        ("", "", "")
    );
    assert!(mapping::task(Task::builder().build()).is_err());
}

#[test]
fn a_task_keeps_what_its_series_need() {
    let container = |name: &str| Container::builder().name(name).build();
    let task = task("service:web")
        .launch_type(LaunchType::from("MANAGED_INSTANCES_OF_THE_FUTURE"))
        .capacity_provider_name("spare")
        .availability_zone("eu-west-1b")
        .containers(container("app"))
        .containers(container("envoy"))
        .build();
    let task = mapping::task(task).expect("a task");
    assert_eq!(
        (task.id.as_str(), task.family.as_str(), task.revision.as_str()),
        ("0123abcd", "shop-web", "17")
    );
    assert_eq!(task.launch_type, "MANAGED_INSTANCES_OF_THE_FUTURE");
    assert_eq!(
        (task.capacity_provider.as_str(), task.availability_zone.as_str()),
        ("spare", "eu-west-1b")
    );
    assert_eq!(task.containers, ["app", "envoy"]);
    assert!(!mapping::is_over(&task));
}

#[test]
fn a_stop_says_when_and_why() {
    let killed = Container::builder().name("app").reason("OutOfMemoryError: killed").build();
    let stopping = task("service:web")
        .last_status("STOPPING")
        .stop_code(TaskStopCode::EssentialContainerExited)
        .stopping_at(DateTime::from_secs(90))
        .containers(killed);
    let before = mapping::task(stopping.clone().build()).expect("a task");
    assert!(before.stop.is_none(), "it has not stopped yet");

    let stopped = stopping
        .last_status("STOPPED")
        .stopped_reason("Essential container in task exited")
        .stopped_at(DateTime::from_millis(100_500));
    let after = mapping::task(stopped.build()).expect("a task");
    assert!(mapping::is_over(&after));
    let stop = after.stop.expect("it has stopped");
    assert_eq!(stop.at, Timestamp::from_millis(100_500));
    assert_eq!(
        (stop.code.as_str(), stop.reason.as_str()),
        ("EssentialContainerExited", "Essential container in task exited")
    );
    assert_eq!(stop.container_reasons, ["OutOfMemoryError: killed"]);

    let never_ran = task("batch").last_status("STOPPED").stopping_at(DateTime::from_secs(90));
    let stop = mapping::task(never_ran.build()).expect("a task").stop.expect("it has stopped");
    assert_eq!((stop.at, stop.code.as_str()), (Timestamp::from_secs(90), ""));
}

#[test]
fn container_instances_of_every_kind_are_alike() {
    for id in ["i-0abc", "mi-0abc"] {
        let instance = ContainerInstance::builder()
            .container_instance_arn(format!("{ARN}:container-instance/prod/0123"))
            .ec2_instance_id(id)
            .status("DRAINING")
            .agent_connected(true)
            .running_tasks_count(7)
            .pending_tasks_count(1);
        let instance = mapping::instance(instance.build()).expect("an instance");
        assert_eq!((instance.instance_id.as_str(), instance.status.as_str()), (id, "DRAINING"));
        assert_eq!((instance.agent_connected, instance.running, instance.pending), (true, 7, 1));
    }
}

#[test]
fn what_is_not_there_is_said_in_the_api_s_words() {
    let failure = Failure::builder().arn(format!("{ARN}:service/prod/web")).reason("MISSING");
    assert_eq!(mapping::failure(&failure.build()), format!("MISSING: {ARN}:service/prod/web"));
    assert_eq!(mapping::failure(&Failure::builder().detail("who knows").build()), "who knows");
}

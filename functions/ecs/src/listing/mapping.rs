//! The ECS API's types into ours. Pure. What AWS thinks of next passes as the text that it is.
//!
//! Something may be described though it is no more, or without an ARN to know it by: the text says so.

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types;
use series::Timestamp;

use crate::inventory::{Cluster, ContainerInstance, Deployment, Service, Stop, Task};

/// The setting that says which Container Insights a cluster has.
const CONTAINER_INSIGHTS: &str = "containerInsights";

/// The status of clusters and services that were deleted. They are described for a while, but not listed.
const INACTIVE: &str = "INACTIVE";

/// What a cluster is called; ARNs end in it.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The account that an ARN belongs to.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// A cluster of which only the ARN is known.
pub(super) fn undescribed(arn: String) -> Cluster {
    Cluster { name: name_of(&arn).to_owned(), arn, ..Cluster::default() }
}

/// A cluster without its contents, and how many container instances it has.
pub(super) fn cluster(cluster: types::Cluster) -> Result<(Cluster, i32), String> {
    let arn = active(cluster.cluster_arn, cluster.status.as_deref())?;
    let settings = cluster.settings.unwrap_or_default();
    let is_insights = |setting: &types::ClusterSetting| {
        setting.name.as_ref().is_some_and(|name| name.as_str() == CONTAINER_INSIGHTS)
    };
    let insights = settings.into_iter().find(is_insights).and_then(|setting| setting.value);
    let described = Cluster { container_insights: insights, ..undescribed(arn) };
    Ok((described, cluster.registered_container_instances_count))
}

pub(super) fn service(service: types::Service) -> Result<Service, String> {
    let arn = active(service.service_arn, service.status.as_deref())?;
    let strategy = service.capacity_provider_strategy.unwrap_or_default();
    let deployments = service.deployments.unwrap_or_default();
    Ok(Service {
        name: service.service_name.unwrap_or_else(|| name_of(&arn).to_owned()),
        status: service.status.unwrap_or_default(),
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        launch_type: service.launch_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        capacity_providers: strategy.into_iter().map(|item| item.capacity_provider).collect(),
        deployments: deployments.into_iter().map(deployment).collect(),
        arn,
    })
}

fn deployment(deployment: types::Deployment) -> Deployment {
    let rollout = deployment.rollout_state.map(|state| state.as_str().to_owned());
    Deployment { rollout_state: rollout.unwrap_or_default() }
}

pub(super) fn task(task: types::Task) -> Result<Task, String> {
    let stop = stop(&task);
    let arn = known(task.task_arn)?;
    // arn:aws:ecs:eu-west-1:123456789012:task-definition/family:7
    let definition = task.task_definition_arn.unwrap_or_default();
    let (family, revision) = name_of(&definition).rsplit_once(':').unwrap_or_default();
    let containers = task.containers.unwrap_or_default();
    Ok(Task {
        id: name_of(&arn).to_owned(),
        family: family.to_owned(),
        revision: revision.to_owned(),
        service: task.group.as_deref().and_then(service_of_group).map(str::to_owned),
        launch_type: task.launch_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        capacity_provider: task.capacity_provider_name.unwrap_or_default(),
        availability_zone: task.availability_zone.unwrap_or_default(),
        last_status: task.last_status.unwrap_or_default(),
        started: task.started_at.is_some(),
        stop,
        containers: containers.into_iter().filter_map(|container| container.name).collect(),
        arn,
    })
}

/// A service puts its tasks into the group `service:` and its name; a standalone task is in `family:…` or any other group.
fn service_of_group(group: &str) -> Option<&str> {
    group.strip_prefix("service:")
}

/// Whether a task has stopped: it then has a [`Stop`] where the API says when, and changes no more.
pub(super) fn is_over(task: &Task) -> bool {
    matches!(task.last_status.as_str(), "STOPPED" | "DELETED")
}

fn stop(task: &types::Task) -> Option<Stop> {
    let is_over = matches!(task.last_status.as_deref(), Some("STOPPED" | "DELETED"));
    let at = task.stopped_at.as_ref().or(task.execution_stopped_at.as_ref());
    let at = at.or(task.stopping_at.as_ref()).filter(|_| is_over)?;
    let reasons = task.containers().iter().filter_map(|container| container.reason.clone());
    Some(Stop {
        at: timestamp(at)?,
        code: task.stop_code.as_ref().map(|code| code.as_str().to_owned()).unwrap_or_default(),
        reason: task.stopped_reason.clone().unwrap_or_default(),
        container_reasons: reasons.collect(),
    })
}

fn timestamp(at: &DateTime) -> Option<Timestamp> {
    at.to_millis().ok().map(Timestamp::from_millis)
}

pub(super) fn instance(instance: types::ContainerInstance) -> Result<ContainerInstance, String> {
    let arn = known(instance.container_instance_arn)?;
    Ok(ContainerInstance {
        instance_id: instance.ec2_instance_id.unwrap_or_default(),
        status: instance.status.unwrap_or_default(),
        agent_connected: instance.agent_connected,
        running: count(instance.running_tasks_count),
        pending: count(instance.pending_tasks_count),
        arn,
    })
}

fn known(arn: Option<String>) -> Result<String, String> {
    arn.ok_or_else(|| "described without an ARN".to_owned())
}

fn active(arn: Option<String>, status: Option<&str>) -> Result<String, String> {
    let arn = known(arn)?;
    if status == Some(INACTIVE) { Err(format!("{INACTIVE}: {arn}")) } else { Ok(arn) }
}

/// What the API says of something that it could not describe: `MISSING: arn:…`.
pub(super) fn failure(failure: &types::Failure) -> String {
    let parts = [&failure.reason, &failure.arn, &failure.detail].into_iter().flatten();
    parts.map(String::as_str).collect::<Vec<_>>().join(": ")
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

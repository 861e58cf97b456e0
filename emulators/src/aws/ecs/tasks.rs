//! ListTasks and DescribeTasks.

use super::place::{Place, short_name};
use super::{described, identifiers, includes, instances, invalid, none, page, pairs, time_ms};
use crate::aws::error::ServiceError;
use crate::aws::front::Context;
use crate::aws::protocol::node::{Node, map};
use crate::traffic::ecs::{Cluster, Container, Task};

/// Tasks in one DescribeTasks.
const MAX_DESCRIBED: usize = 100;

pub(super) fn list(
    context: &Context<'_>,
    place: &Place,
    request: &Node,
) -> Result<Node, ServiceError> {
    let cluster = place.cluster(request)?;
    let filter = Filter::read(place, cluster, request)?;
    let tasks = place.tasks(context, cluster);
    let wanted = tasks.iter().filter(|task| filter.takes(cluster, task));
    page::cut("taskArns", wanted.map(|task| arn(place, cluster, task)), 100, request)
}

pub(super) fn describe(
    context: &Context<'_>,
    place: &Place,
    request: &Node,
) -> Result<Node, ServiceError> {
    let cluster = place.cluster(request)?;
    let wanted = identifiers(request, "tasks", "tasks", MAX_DESCRIBED)?;
    let has_tags = includes(request, "TAGS")?;
    let tasks = place.tasks(context, cluster);
    let mut found = Vec::new();
    for identifier in wanted {
        let id = place.name_in(cluster, "task", identifier)?;
        let task = tasks.iter().find(|task| task.id == id);
        found.push(
            task.map(|task| summary(place, cluster, task, has_tags))
                .ok_or_else(|| place.arn("task", &format!("{}/{id}", cluster.name))),
        );
    }
    Ok(described("tasks", found))
}

/// Which tasks the caller wants to see.
struct Filter<'r> {
    desired_status: &'r str,
    service: Option<&'r str>,
    family: Option<&'r str>,
    launch_type: Option<&'r str>,
    started_by: Option<&'r str>,
    instance: Option<&'r str>,
}

impl<'r> Filter<'r> {
    fn read(place: &Place, cluster: &Cluster, request: &'r Node) -> Result<Self, ServiceError> {
        let service = request.text("serviceName")?.map(short_name);
        let is_there =
            |name| cluster.service(name).is_some_and(|service| service.presence.is_there());
        if service.is_some_and(|name| !is_there(name)) {
            return Err(ServiceError::sender("ServiceNotFoundException", "Service not found."));
        }
        let filter = Self {
            desired_status: request.text("desiredStatus")?.unwrap_or("RUNNING"),
            service,
            family: request.text("family")?,
            launch_type: request.text("launchType")?,
            started_by: request.text("startedBy")?,
            instance: request
                .text("containerInstance")?
                .map(|identifier| place.name_in(cluster, "container-instance", identifier))
                .transpose()?,
        };
        if !matches!(filter.desired_status, "RUNNING" | "PENDING" | "STOPPED") {
            return Err(invalid(format!("Invalid desiredStatus: {}", filter.desired_status)));
        }
        if service.is_some() && (filter.started_by.is_some() || filter.instance.is_some()) {
            return Err(invalid("cannot specify serviceName with other arguments"));
        }
        Ok(filter)
    }

    fn takes(&self, cluster: &Cluster, task: &Task) -> bool {
        let is = |wanted: Option<&str>, actual: Option<&str>| wanted.is_none() || wanted == actual;
        let instance = cluster
            .instances
            .iter()
            .find(|instance| task.instance.as_deref() == Some(&instance.id))
            .map(|instance| instance.resource_id(cluster));
        // The desired status: a task on its way out is STOPPED already.
        self.desired_status == task.desired_status
            && is(self.service, task.service.as_deref())
            && is(self.family, Some(&task.family))
            && is(self.launch_type, Some(&task.launch_type))
            && is(self.started_by, task.deployment.as_deref())
            && is(self.instance, instance.as_deref())
    }
}

fn arn(place: &Place, cluster: &Cluster, task: &Task) -> String {
    place.arn("task", &format!("{}/{}", cluster.name, task.id))
}

/// Members in the order of the API's model. What has not happened yet is left out.
fn summary(place: &Place, cluster: &Cluster, task: &Task, has_tags: bool) -> Node {
    let time = |at: Option<i64>| at.map_or(Node::Null, time_ms);
    let group = match &task.service {
        Some(service) => format!("service:{service}"),
        None => format!("family:{}", task.family),
    };
    let instance = cluster
        .instances
        .iter()
        .find(|instance| task.instance.as_deref() == Some(&instance.id))
        .map(|instance| instances::arn(place, cluster, instance));
    let is_fargate = task.launch_type == "FARGATE";
    let is_connected = task.pull_started_ms.is_some();
    let definition = format!("{}:{}", task.family, task.revision);
    let containers = task.containers.iter().enumerate();
    let tags = [("Name", task.family.clone())];
    map([
        ("attachments", none()),
        ("attributes", pairs("name", [("ecs.cpu-architecture", "x86_64".to_owned())])),
        ("availabilityZone", task.zone.map(|zone| format!("{}{zone}", place.region)).into()),
        ("capacityProviderName", task.capacity_provider.as_deref().into()),
        ("clusterArn", place.cluster_arn(cluster).into()),
        ("connectivity", is_connected.then_some("CONNECTED").into()),
        ("connectivityAt", time(task.pull_started_ms)),
        ("containerInstanceArn", instance.into()),
        (
            "containers",
            containers.map(|(index, one)| container(place, cluster, task, index, one)).collect(),
        ),
        ("cpu", task.cpu.to_string().into()),
        ("createdAt", time_ms(task.created_ms)),
        ("desiredStatus", task.desired_status.into()),
        ("enableExecuteCommand", false.into()),
        ("executionStoppedAt", time(task.execution_stopped_ms)),
        ("group", group.into()),
        ("healthStatus", health(task, task.containers.iter().any(|one| one.health_check))),
        ("lastStatus", task.last_status.into()),
        ("launchType", task.launch_type.as_str().into()),
        ("memory", task.memory.to_string().into()),
        ("overrides", map([("containerOverrides", none())])),
        ("platformVersion", is_fargate.then_some("1.4.0").into()),
        ("platformFamily", is_fargate.then_some("Linux").into()),
        ("pullStartedAt", time(task.pull_started_ms)),
        ("pullStoppedAt", time(task.pull_stopped_ms)),
        ("startedAt", time(task.started_ms)),
        ("startedBy", task.deployment.as_deref().into()),
        ("stopCode", task.stop.as_ref().map(|stop| stop.code.as_str()).into()),
        ("stoppedAt", time(task.stopped_ms)),
        ("stoppedReason", task.stop.as_ref().map(|stop| stop.reason.as_str()).into()),
        ("stoppingAt", time(task.stopping_ms)),
        ("tags", if has_tags { pairs("key", tags) } else { none() }),
        ("taskArn", arn(place, cluster, task).into()),
        ("taskDefinitionArn", place.arn("task-definition", &definition).into()),
        ("version", Node::Integer(1)),
    ])
}

fn container(
    place: &Place,
    cluster: &Cluster,
    task: &Task,
    index: usize,
    container: &Container,
) -> Node {
    let Container { name, share: _, health_check } = container;
    let id = format!("{}-{index}", task.id);
    let is_over = task.execution_stopped_ms.is_some();
    let status = match (is_over, task.started_ms) {
        (true, _) => "STOPPED",
        (false, Some(_)) => "RUNNING",
        (false, None) => "PENDING",
    };
    // The first container is the one that the task's end is about; the others are told to stop.
    let stop = task.stop.as_ref().filter(|_| is_over);
    let reason = stop.filter(|_| index == 0).and_then(|stop| stop.container_reason.as_deref());
    let exit_code = stop.and_then(|stop| stop.exit_code);
    let exit_code = if index == 0 { exit_code } else { exit_code.map(|_| 143) };
    map([
        ("containerArn", place.arn("container", &format!("{}/{id}", cluster.name)).into()),
        ("taskArn", arn(place, cluster, task).into()),
        ("name", name.as_str().into()),
        ("image", format!("registry.example.com/{}/{name}:{}", task.family, task.revision).into()),
        ("runtimeId", task.started_ms.map(|_| id).into()),
        ("lastStatus", status.into()),
        ("exitCode", exit_code.map(Node::Integer).into()),
        ("reason", reason.into()),
        ("networkBindings", none()),
        ("networkInterfaces", none()),
        ("healthStatus", health(task, *health_check)),
        ("cpu", "0".into()),
    ])
}

fn health(task: &Task, is_checked: bool) -> Node {
    let has_failed = |task: &Task| {
        task.stop.as_ref().is_some_and(|stop| stop.reason.contains("container health checks"))
    };
    match (is_checked, task.started_ms) {
        (true, Some(_)) if has_failed(task) => "UNHEALTHY",
        (true, Some(_)) => "HEALTHY",
        _ => "UNKNOWN",
    }
    .into()
}

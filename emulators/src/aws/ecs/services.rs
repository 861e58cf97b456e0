//! ListServices and DescribeServices.

use super::place::Place;
use super::{count, described, identifiers, includes, none, page, pairs, time_ms};
use crate::aws::error::ServiceError;
use crate::aws::protocol::node::{Node, map};
use crate::traffic::ecs::{
    Cluster, Controller, Deployment, Launch, Presence, Service, ServiceState,
};

/// Services in one DescribeServices.
const MAX_DESCRIBED: usize = 10;

pub(super) fn list(place: &Place, request: &Node) -> Result<Node, ServiceError> {
    let cluster = place.cluster(request)?;
    let launch_type = request.text("launchType")?;
    let replicas = request.text("schedulingStrategy")?.is_none_or(|wanted| wanted == "REPLICA");
    let wanted = cluster.services.iter().filter(|service| {
        let own = service_launch_type(service);
        let is_launched_so = launch_type.is_none() || launch_type == own;
        replicas && is_launched_so && service.created_at <= place.now
    });
    // The one list whose pages are small unless somebody asks for more.
    page::cut("serviceArns", wanted.map(|service| arn(place, cluster, service)), 10, request)
}

pub(super) fn describe(place: &Place, request: &Node) -> Result<Node, ServiceError> {
    let cluster = place.cluster(request)?;
    let wanted = identifiers(request, "services", "service names", MAX_DESCRIBED)?;
    let has_tags = includes(request, "TAGS")?;
    let mut found = Vec::new();
    for identifier in wanted {
        let name = place.name_in(cluster, "service", identifier)?;
        let service = cluster.service(name).filter(|service| {
            service.presence != Presence::Missing && service.created_at <= place.now
        });
        found.push(
            service
                .map(|service| summary(place, cluster, service, has_tags))
                .ok_or_else(|| place.arn("service", &format!("{}/{name}", cluster.name))),
        );
    }
    Ok(described("services", found))
}

fn arn(place: &Place, cluster: &Cluster, service: &Service) -> String {
    place.arn("service", &format!("{}/{}", cluster.name, service.name))
}

fn service_launch_type(service: &Service) -> Option<&str> {
    match service.launch {
        Launch::Providers(_) => None,
        _ => Some(service.launch.launch_type(0)),
    }
}

fn summary(place: &Place, cluster: &Cluster, service: &Service, has_tags: bool) -> Node {
    let status = if service.presence == Presence::Inactive { "INACTIVE" } else { "ACTIVE" };
    let state = service.at(cluster, place.now);
    let strategy = match &service.launch {
        Launch::Providers(names) => names.iter().map(|name| strategy_item(name)).collect(),
        _ => Node::Null,
    };
    let is_fargate = service.launch.launch_type(0) == "FARGATE";
    let primary = state.deployments.first();
    let revision = primary.map_or(1, |deployment| deployment.revision);
    let tags = [("Name", service.name.clone())];
    map([
        ("serviceArn", arn(place, cluster, service).into()),
        ("serviceName", service.name.as_str().into()),
        ("clusterArn", place.cluster_arn(cluster).into()),
        ("loadBalancers", none()),
        ("serviceRegistries", none()),
        ("status", status.into()),
        ("desiredCount", count(state.desired)),
        ("runningCount", count(state.running)),
        ("pendingCount", count(state.pending)),
        ("launchType", service_launch_type(service).into()),
        ("capacityProviderStrategy", strategy),
        ("platformVersion", is_fargate.then_some("LATEST").into()),
        ("platformFamily", is_fargate.then_some("Linux").into()),
        ("taskDefinition", task_definition(place, service, revision).into()),
        ("deploymentConfiguration", deployment_configuration()),
        ("taskSets", task_sets(place, cluster, &state)),
        ("deployments", deployments(place, &state)),
        ("events", none()),
        ("createdAt", time_ms(service.created_at * 1000 + 123)),
        ("placementConstraints", none()),
        ("placementStrategy", none()),
        ("healthCheckGracePeriodSeconds", Node::Integer(0)),
        ("schedulingStrategy", "REPLICA".into()),
        ("deploymentController", controller(service.controller)),
        ("enableECSManagedTags", true.into()),
        ("propagateTags", "NONE".into()),
        ("enableExecuteCommand", false.into()),
        ("tags", if has_tags { pairs("key", tags) } else { Node::Null }),
    ])
}

fn task_definition(place: &Place, service: &Service, revision: i64) -> String {
    place.arn("task-definition", &format!("{}:{revision}", service.task.family))
}

fn strategy_item(name: &str) -> Node {
    map([
        ("capacityProvider", name.into()),
        ("weight", Node::Integer(1)),
        ("base", Node::Integer(0)),
    ])
}

fn controller(controller: Controller) -> Node {
    let name = match controller {
        Controller::Ecs => "ECS",
        Controller::CodeDeploy => "CODE_DEPLOY",
        Controller::External => "EXTERNAL",
    };
    map([("type", name.into())])
}

fn deployment_configuration() -> Node {
    let breaker = map([("enable", true.into()), ("rollback", false.into())]);
    map([
        ("deploymentCircuitBreaker", breaker),
        ("maximumPercent", Node::Integer(200)),
        ("minimumHealthyPercent", Node::Integer(100)),
        ("strategy", "ROLLING".into()),
        ("bakeTimeInMinutes", Node::Integer(0)),
    ])
}

/// CodeDeploy has none.
fn deployments(place: &Place, state: &ServiceState<'_>) -> Node {
    if state.service.controller == Controller::CodeDeploy {
        return none();
    }
    state.deployments.iter().map(|one| deployment(place, state.service, one)).collect()
}

fn deployment(place: &Place, service: &Service, deployment: &Deployment) -> Node {
    let Deployment { id, rollout_state, .. } = deployment;
    let reason = rollout_state.map(|state| match state {
        "COMPLETED" => format!("ECS deployment {id} completed."),
        "FAILED" => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
        _ => format!("ECS deployment {id} in progress."),
    });
    let created = time_ms(deployment.created_at * 1000 + 456);
    map([
        ("id", id.as_str().into()),
        ("status", deployment.status.into()),
        ("taskDefinition", task_definition(place, service, deployment.revision).into()),
        ("desiredCount", count(deployment.desired)),
        ("pendingCount", count(deployment.pending)),
        ("runningCount", count(deployment.running)),
        ("failedTasks", count(deployment.failed)),
        ("createdAt", created.clone()),
        ("updatedAt", created),
        ("launchType", service_launch_type(service).into()),
        ("rolloutState", rollout_state.map(Node::from).into()),
        ("rolloutStateReason", reason.into()),
    ])
}

/// CodeDeploy's own deployments.
fn task_sets(place: &Place, cluster: &Cluster, state: &ServiceState<'_>) -> Node {
    if state.service.controller != Controller::CodeDeploy {
        return Node::Null;
    }
    let one = |deployment: &Deployment| {
        map([
            ("id", deployment.id.as_str().into()),
            ("serviceArn", arn(place, cluster, state.service).into()),
            ("clusterArn", place.cluster_arn(cluster).into()),
            ("status", deployment.status.into()),
            ("taskDefinition", task_definition(place, state.service, deployment.revision).into()),
            ("computedDesiredCount", count(deployment.desired)),
            ("pendingCount", count(deployment.pending)),
            ("runningCount", count(deployment.running)),
            ("createdAt", time_ms(deployment.created_at * 1000 + 456)),
            ("stabilityStatus", "STEADY_STATE".into()),
        ])
    };
    state.deployments.iter().map(one).collect()
}

//! ListClusters and DescribeClusters.

use super::place::{Place, short_name};
use super::{described, includes, none, page, pairs};
use crate::aws::error::ServiceError;
use crate::aws::protocol::node::{Node, map};
use crate::traffic::ecs::{Cluster, ClusterState, Insights, Presence, ServiceState, Task};

/// Clusters in one DescribeClusters.
const MAX_DESCRIBED: usize = 100;

pub(super) fn list(place: &Place, request: &Node) -> Result<Node, ServiceError> {
    let arns = place.fleet.clusters.iter().map(|cluster| place.cluster_arn(cluster));
    page::cut("clusterArns", arns, 100, request)
}

pub(super) fn describe(place: &Place, request: &Node) -> Result<Node, ServiceError> {
    let mut wanted = request.texts("clusters")?;
    if wanted.is_empty() {
        wanted.push("default");
    }
    if wanted.len() > MAX_DESCRIBED {
        return Err(super::invalid("Clusters can have at most 100 items."));
    }
    let parts = Parts {
        settings: includes(request, "SETTINGS")?,
        statistics: includes(request, "STATISTICS")?,
        tags: includes(request, "TAGS")?,
    };
    let found = wanted.into_iter().map(|identifier| {
        let cluster = place.fleet.cluster(short_name(identifier));
        cluster
            .filter(|cluster| cluster.presence != Presence::Missing && place.is_own(identifier))
            .map(|cluster| summary(place, cluster, &parts))
            .ok_or_else(|| place.arn("cluster", short_name(identifier)))
    });
    Ok(described("clusters", found.collect()))
}

/// Which of the optional parts are asked for.
struct Parts {
    settings: bool,
    statistics: bool,
    tags: bool,
}

fn summary(place: &Place, cluster: &Cluster, parts: &Parts) -> Node {
    let is_active = cluster.presence != Presence::Inactive;
    let ClusterState { services, tasks, instances, .. } = match cluster.presence {
        Presence::Stays | Presence::DeletedAfter => cluster.at(place.now),
        _ => ClusterState::empty(cluster),
    };
    let in_status = |wanted: &[&str]| {
        tasks.iter().filter(|task| wanted.contains(&task.last_status)).count().into()
    };
    let tags = [("Environment", cluster.name.clone())];
    map([
        ("clusterArn", place.cluster_arn(cluster).into()),
        ("clusterName", cluster.name.as_str().into()),
        ("status", if is_active { "ACTIVE" } else { "INACTIVE" }.into()),
        ("registeredContainerInstancesCount", instances.len().into()),
        ("runningTasksCount", in_status(&["RUNNING"])),
        ("pendingTasksCount", in_status(&["PROVISIONING", "PENDING", "ACTIVATING"])),
        ("activeServicesCount", services.len().into()),
        ("statistics", if parts.statistics { statistics(&services, &tasks) } else { none() }),
        ("tags", if parts.tags { pairs("key", tags) } else { none() }),
        ("settings", if parts.settings { settings(cluster) } else { none() }),
        ("capacityProviders", ["FARGATE", "FARGATE_SPOT"].into_iter().collect()),
        ("defaultCapacityProviderStrategy", none()),
    ])
}

fn settings(cluster: &Cluster) -> Node {
    let value = match cluster.insights {
        Insights::Unsaid => return none(),
        Insights::Disabled => "disabled",
        Insights::Enabled => "enabled",
        Insights::Enhanced => "enhanced",
    };
    pairs("name", [("containerInsights", value.to_owned())])
}

/// Tasks and services by launch type, as texts.
fn statistics(services: &[ServiceState<'_>], tasks: &[Task]) -> Node {
    let tasks = |launch_type: &str, status: &[&str]| {
        let is_one =
            |task: &&Task| task.launch_type == launch_type && status.contains(&task.last_status);
        tasks.iter().filter(is_one).count().to_string()
    };
    let services = |launch_type: &str| {
        let is_one = |state: &&ServiceState<'_>| state.service.launch.launch_type(0) == launch_type;
        services.iter().filter(is_one).count().to_string()
    };
    let pending = ["PROVISIONING", "PENDING", "ACTIVATING"];
    pairs(
        "name",
        [
            ("runningEC2TasksCount", tasks("EC2", &["RUNNING"])),
            ("runningFargateTasksCount", tasks("FARGATE", &["RUNNING"])),
            ("runningExternalTasksCount", tasks("EXTERNAL", &["RUNNING"])),
            ("pendingEC2TasksCount", tasks("EC2", &pending)),
            ("pendingFargateTasksCount", tasks("FARGATE", &pending)),
            ("pendingExternalTasksCount", tasks("EXTERNAL", &pending)),
            ("activeEC2ServiceCount", services("EC2")),
            ("activeFargateServiceCount", services("FARGATE")),
            ("activeExternalServiceCount", services("EXTERNAL")),
            ("drainingEC2ServiceCount", "0".to_owned()),
            ("drainingFargateServiceCount", "0".to_owned()),
            ("drainingExternalServiceCount", "0".to_owned()),
        ],
    )
}

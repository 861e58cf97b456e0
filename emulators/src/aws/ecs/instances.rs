//! ListContainerInstances and DescribeContainerInstances.

use super::place::Place;
use super::{count, described, identifiers, none, page, time_ms};
use crate::aws::error::ServiceError;
use crate::aws::protocol::node::{Node, map};
use crate::traffic::ecs::{Cluster, Instance, InstanceState, LONG_AGO};

/// Container instances in one DescribeContainerInstances.
const MAX_DESCRIBED: usize = 100;

pub(super) fn list(place: &Place, request: &Node) -> Result<Node, ServiceError> {
    let cluster = place.cluster(request)?;
    let status = request.text("status")?;
    let wanted = cluster.instances.iter().filter(|instance| match status {
        Some(status) => instance.status == status,
        None => instance.status != "INACTIVE",
    });
    page::cut("containerInstanceArns", wanted.map(|one| arn(place, cluster, one)), 100, request)
}

pub(super) fn describe(place: &Place, request: &Node) -> Result<Node, ServiceError> {
    let cluster = place.cluster(request)?;
    let wanted = identifiers(request, "containerInstances", "container instances", MAX_DESCRIBED)?;
    let state = cluster.at(place.now);
    let mut found = Vec::new();
    for identifier in wanted {
        let id = place.name_in(cluster, "container-instance", identifier)?;
        let one = state.instances.iter().find(|one| one.instance.resource_id(cluster) == id);
        found.push(
            one.map(|one| summary(place, cluster, one))
                .ok_or_else(|| place.arn("container-instance", &format!("{}/{id}", cluster.name))),
        );
    }
    Ok(described("containerInstances", found))
}

pub(super) fn arn(place: &Place, cluster: &Cluster, instance: &Instance) -> String {
    let id = instance.resource_id(cluster);
    place.arn("container-instance", &format!("{}/{id}", cluster.name))
}

fn summary(place: &Place, cluster: &Cluster, state: &InstanceState<'_>) -> Node {
    let InstanceState { instance, running, pending } = *state;
    let versions = map([
        ("agentVersion", "1.89.2".into()),
        ("agentHash", "0123abcd".into()),
        ("dockerVersion", "DockerVersion: 25.0.6".into()),
    ]);
    let zone = map([
        ("name", "ecs.availability-zone".into()),
        ("value", format!("{}a", place.region).into()),
    ]);
    let attributes = if instance.is_external() { none() } else { Node::List(vec![zone]) };
    map([
        ("containerInstanceArn", arn(place, cluster, instance).into()),
        ("ec2InstanceId", instance.id.as_str().into()),
        ("version", Node::Integer(5)),
        ("versionInfo", versions),
        ("remainingResources", resources(instance)),
        ("registeredResources", resources(instance)),
        ("status", instance.status.as_str().into()),
        ("agentConnected", instance.agent_connected.into()),
        ("runningTasksCount", count(running)),
        ("pendingTasksCount", count(pending)),
        ("attributes", attributes),
        ("registeredAt", time_ms(LONG_AGO * 1000 + 250)),
        ("attachments", none()),
        ("tags", none()),
    ])
}

fn resources(instance: &Instance) -> Node {
    let resource = |(name, value): (&str, u32)| {
        map([
            ("name", name.into()),
            ("type", "INTEGER".into()),
            ("doubleValue", Node::Number(0.0)),
            ("longValue", Node::Integer(0)),
            ("integerValue", count(value)),
        ])
    };
    [("CPU", instance.cpu), ("MEMORY", instance.memory)].into_iter().map(resource).collect()
}

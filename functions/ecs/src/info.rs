//! Info series: constant value, more labels, for joins. Pure.
//!
//! A service's is always there: it leads from the ARN that CloudWatch series carry (`name`) to the labels that the API's
//! counts carry. A task's is there only where single tasks have series, since each task makes a new one.

use series::{Kind, Labels, Origin, Resource, Sample, Series, Timestamp};

use crate::inventory::{Cluster, Inventory, Service, Task};
use crate::resources::{self, Owner};
use crate::task_names::measured;

/// The info series of an inventory.
pub(crate) fn series(inventory: &Inventory, per_task: bool, at: Timestamp) -> Vec<Series> {
    let of_cluster = |cluster| {
        let services =
            resources::present(cluster).map(|one| of_service(inventory, cluster, one, at));
        let tasks = measured(cluster, inventory.at).filter(|_| per_task);
        services.chain(tasks.map(|task| of_task(inventory, cluster, task, at))).collect::<Vec<_>>()
    };
    inventory.clusters.iter().flat_map(of_cluster).collect()
}

fn of_service(
    inventory: &Inventory,
    cluster: &Cluster,
    service: &Service,
    at: Timestamp,
) -> Series {
    let mut providers = service.capacity_providers.clone();
    providers.sort_unstable();
    let labels = resources::labels(inventory, "ecs_service_info")
        .with("name", &*service.arn)
        .with("cluster", &*cluster.name)
        .with("service", &*service.name)
        .with("launch_type", &*service.launch_type)
        .with("capacity_providers", providers.join(","));
    info(labels, Owner::Service(&service.name).resource(cluster), at)
}

/// Nothing that changes while the task is there.
fn of_task(inventory: &Inventory, cluster: &Cluster, task: &Task, at: Timestamp) -> Series {
    let labels = resources::labels(inventory, "ecs_task_info")
        .with("cluster", &*cluster.name)
        .with("service", task.service.clone().unwrap_or_default())
        .with("family", &*task.family)
        .with("revision", &*task.revision)
        .with("task_id", &*task.id)
        .with("task_arn", &*task.arn)
        // What the task's own series call it, so that they can be joined without further ado.
        .with("aws_ecs_task_arn", &*task.arn)
        .with("launch_type", &*task.launch_type)
        .with("capacity_provider", &*task.capacity_provider)
        .with("availability_zone", &*task.availability_zone);
    info(labels, resources::task(cluster, task), at)
}

fn info(labels: Labels, resource: Resource, at: Timestamp) -> Series {
    let origin = Origin { kind: Kind::Info, metric: "info".to_owned(), resource: resource.into() };
    Series { labels, origin, samples: vec![Sample { at, value: 1.0 }] }
}

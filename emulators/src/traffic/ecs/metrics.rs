//! Which metrics CloudWatch has of which scopes: AWS/ECS and ECS/ContainerInsights, as tables.
//!
//! Names, units and dimensions follow "Amazon ECS CloudWatch metrics" of the ECS developer guide and
//! the two pages on Container Insights of the CloudWatch user guide.

use super::fleet::Insights;
use super::scope::Scope;

/// Published by every cluster, at no charge.
pub const AWS_ECS: &str = "AWS/ECS";
/// Published by clusters with Container Insights.
pub const CONTAINER_INSIGHTS: &str = "ECS/ContainerInsights";

/// Metrics of one kind, with their units.
pub(super) type Table = &'static [(&'static str, &'static str)];

pub(super) const UTILIZATION: Table =
    &[("CPUUtilization", "Percent"), ("MemoryUtilization", "Percent")];
pub(super) const RESERVATION: Table =
    &[("CPUReservation", "Percent"), ("MemoryReservation", "Percent")];
/// Of cluster, services and families; with enhanced observability of tasks, too.
const TASK: Table = &[
    ("CpuReserved", "None"),
    ("CpuUtilized", "None"),
    ("EphemeralStorageReserved", "Gigabytes"),
    ("EphemeralStorageUtilized", "Gigabytes"),
    ("MemoryReserved", "Megabytes"),
    ("MemoryUtilized", "Megabytes"),
    ("NetworkRxBytes", "Bytes/Second"),
    ("NetworkTxBytes", "Bytes/Second"),
    ("StorageReadBytes", "Bytes/Second"),
    ("StorageWriteBytes", "Bytes/Second"),
];
/// Of the same, with enhanced observability only.
const ENHANCED_TASK: Table = &[
    ("TaskCpuUtilization", "Percent"),
    ("TaskEphemeralStorageUtilization", "Percent"),
    ("TaskMemoryUtilization", "Percent"),
];
/// Of containers, with enhanced observability only.
const CONTAINER: Table = &[
    ("ContainerCpuReserved", "None"),
    ("ContainerCpuUtilization", "Percent"),
    ("ContainerCpuUtilized", "None"),
    ("ContainerMemoryReserved", "Megabytes"),
    ("ContainerMemoryUtilization", "Percent"),
    ("ContainerMemoryUtilized", "Megabytes"),
    ("ContainerStorageReadBytes", "Bytes/Second"),
    ("ContainerStorageWriteBytes", "Bytes/Second"),
    ("UnHealthyContainerHealthStatus", "Count"),
];
const SERVICE_COUNTS: Table = &[
    ("DeploymentCount", "Count"),
    ("DesiredTaskCount", "Count"),
    ("PendingTaskCount", "Count"),
    ("RunningTaskCount", "Count"),
    ("TaskSetCount", "Count"),
];
const CLUSTER_COUNTS: Table =
    &[("ContainerInstanceCount", "Count"), ("ServiceCount", "Count"), ("TaskCount", "Count")];

/// How a metric comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Each running task is a sample.
    Task,
    /// Each container of each running task is a sample.
    Container,
    /// One value a service.
    ServiceCount,
    /// One value a cluster.
    ClusterCount,
    /// What the tasks use of the EC2 instances of the cluster.
    Capacity,
}

/// The tables of a namespace at a scope.
pub(super) fn tables(namespace: &str, scope: &Scope, insights: Insights) -> Vec<(Kind, Table)> {
    let Scope { cluster: _, service, family, task, container } = scope;
    let is_service = service.is_some() && task.is_none() && container.is_none();
    let is_cluster = service.is_none() && family.is_none();
    if namespace == AWS_ECS {
        return match (is_cluster, is_service) {
            (true, _) => vec![(Kind::Capacity, UTILIZATION), (Kind::Capacity, RESERVATION)],
            (_, true) => vec![(Kind::Task, UTILIZATION)],
            _ => Vec::new(),
        };
    }
    let has_insights = matches!(insights, Insights::Enabled | Insights::Enhanced);
    if namespace != CONTAINER_INSIGHTS || !has_insights {
        return Vec::new();
    }
    let is_enhanced = insights == Insights::Enhanced;
    let mut tables = Vec::new();
    if container.is_none() && (is_enhanced || task.is_none()) {
        tables.push((Kind::Task, TASK));
    }
    if container.is_none() && is_enhanced {
        tables.push((Kind::Task, ENHANCED_TASK));
    }
    if is_enhanced && (container.is_some() || is_cluster) {
        tables.push((Kind::Container, CONTAINER));
    }
    if is_service {
        tables.push((Kind::ServiceCount, SERVICE_COUNTS));
    }
    if is_cluster {
        tables.push((Kind::ClusterCount, CLUSTER_COUNTS));
    }
    tables
}

/// Container Insights does not see machines of one's own.
pub(super) fn is_observed(namespace: &str, launch_type: &str) -> bool {
    namespace == AWS_ECS || launch_type != "EXTERNAL"
}

//! The metrics that ECS has in CloudWatch, each with the statistics that suit it and the dimensions it comes with: what ECS
//! publishes for every cluster
//! ([AWS: ECS metrics](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html)), and what
//! Container Insights adds
//! ([standard](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html),
//! [enhanced](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html)).
//!
//! A row is asked for in each statistic, and billed: the tables hold what a person looks at. Not in them: Service Connect, the
//! CloudWatch agent's `instance_*`, Managed Instances' file systems, and the network and percentages of containers, which AWS
//! lists without a container's name. What a sidecar calls by other names is in `task_names`.

use metric_data::Statistic;
use series::naming;

use Needs::{Fargate, Instances, Listing};
use Tier::{Ecs, Enhanced, Standard};

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    pub(crate) tier: Tier,
    /// CloudWatch's name.
    pub(crate) name: &'static str,
    /// The metric's part of its Mackerel name, without level and statistic.
    pub(crate) short: &'static str,
    /// The statistics that are read.
    pub(crate) statistics: &'static [&'static str],
    /// What it is there for.
    pub(crate) levels: &'static [Level],
    /// What it takes for it to be there.
    pub(crate) needs: Needs,
}

/// Who publishes a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// ECS itself, always.
    Ecs,
    /// Container Insights.
    Standard,
    /// Container Insights with enhanced observability.
    Enhanced,
}

/// What a metric is about: which dimensions it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// `ClusterName`.
    Cluster,
    /// `ClusterName`, `ServiceName`.
    Service,
    /// `ClusterName`, `TaskDefinitionFamily`: read for standalone tasks, since the others' service says it.
    Family,
    /// `ClusterName`, `ServiceName`, `ContainerName`.
    Container,
    /// `ClusterName`, `TaskDefinitionFamily`, `ContainerName`: the same of standalone tasks.
    FamilyContainer,
    /// `TaskId`, with the dimensions of its service or (of a standalone task) its family.
    Task,
}

/// What it takes for a metric to be there. One that is not there is not asked for, since asking costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// Container instances in the cluster.
    Instances,
    /// Tasks on Fargate.
    Fargate,
    /// Something that only CloudWatch's list of metrics shows: an EBS volume, a GPU, a restart policy, a health check.
    Listing,
}

impl Tier {
    /// CloudWatch's namespace.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Ecs => "AWS/ECS",
            Self::Standard | Self::Enhanced => "ECS/ContainerInsights",
        }
    }
}

impl Metric {
    const fn of(
        tier: Tier,
        name: &'static str,
        short: &'static str,
        levels: &'static [Level],
    ) -> Self {
        Self { tier, name, short, statistics: AVERAGE, levels, needs: Needs::Nothing }
    }

    const fn read_as(self, statistics: &'static [&'static str]) -> Self {
        Self { statistics, ..self }
    }

    const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// The name of a statistic's series, as YACE has it.
    pub(crate) fn series_name(&self, statistic: &str) -> String {
        naming::metric_name(self.tier.namespace(), self.name, statistic)
    }

    /// The metric's part of its Mackerel name: the level where there are others, and the statistic where several are read.
    pub(crate) fn mackerel_name(&self, level: Level, statistic: &str) -> String {
        let level = match level {
            Level::Cluster => "cluster_",
            Level::Service => "",
            Level::Family => "family_",
            Level::Container => "container_",
            Level::FamilyContainer => "family_container_",
            Level::Task => "task_",
        };
        match self.statistics {
            [_] => format!("{level}{}", self.short),
            _ => format!("{level}{}_{}", self.short, naming::snake_case(statistic)),
        }
    }
}

/// A statistic of the tables, as CloudWatch takes it.
pub(crate) fn statistic(name: &str) -> Statistic {
    name.parse().expect("the tables hold valid statistics")
}

const AVERAGE: &[&str] = &["Average"];
/// Of what a single hot task matters for.
const HOTTEST: &[&str] = &["Average", "Maximum"];
/// Of what is 0 or 1.
const MAXIMUM: &[&str] = &["Maximum"];
const SUM: &[&str] = &["Sum"];
/// Of rates: of a task on average, and of all tasks in a minute.
const RATE: &[&str] = &["Average", "Sum"];

const CLUSTER: &[Level] = &[Level::Cluster];
const SERVICE: &[Level] = &[Level::Service];
const CLUSTER_AND_SERVICE: &[Level] = &[Level::Cluster, Level::Service];
const SERVICE_AND_FAMILY: &[Level] = &[Level::Service, Level::Family];
const TASKS: &[Level] = &[Level::Cluster, Level::Service, Level::Family];
const TASKS_AND_EACH: &[Level] = &[Level::Cluster, Level::Service, Level::Family, Level::Task];
const CONTAINER: &[Level] = &[Level::Container, Level::FamilyContainer];
const ALL: &[Level] = &[
    Level::Cluster,
    Level::Service,
    Level::Family,
    Level::Container,
    Level::FamilyContainer,
    Level::Task,
];

/// What ECS itself publishes. A cluster as a whole has it only where it has container instances.
pub(crate) const OF_ECS: [Metric; 8] = [
    Metric::of(Ecs, "CPUUtilization", "cpu_utilization", SERVICE).read_as(HOTTEST),
    Metric::of(Ecs, "MemoryUtilization", "memory_utilization", SERVICE).read_as(HOTTEST),
    Metric::of(Ecs, "EBSFilesystemUtilization", "ebs_filesystem_utilization", CLUSTER_AND_SERVICE)
        .read_as(HOTTEST)
        .needing(Listing),
    Metric::of(Ecs, "CPUUtilization", "cpu_utilization", CLUSTER)
        .read_as(HOTTEST)
        .needing(Instances),
    Metric::of(Ecs, "MemoryUtilization", "memory_utilization", CLUSTER)
        .read_as(HOTTEST)
        .needing(Instances),
    Metric::of(Ecs, "CPUReservation", "cpu_reservation", CLUSTER).needing(Instances),
    Metric::of(Ecs, "MemoryReservation", "memory_reservation", CLUSTER).needing(Instances),
    Metric::of(Ecs, "GPUReservation", "gpu_reservation", CLUSTER).needing(Listing),
];

/// What Container Insights publishes. CPU is in CPU units (1,024 a vCPU), memory in megabytes, the network in bytes a second;
/// what was read from and written to storage is counted from the start of each task on.
pub(crate) const OF_INSIGHTS: [Metric; 33] = [
    Metric::of(Standard, "CpuUtilized", "cpu_utilized", TASKS).read_as(HOTTEST),
    Metric::of(Standard, "CpuReserved", "cpu_reserved", TASKS),
    Metric::of(Standard, "MemoryUtilized", "memory_utilized", TASKS).read_as(HOTTEST),
    Metric::of(Standard, "MemoryReserved", "memory_reserved", TASKS),
    Metric::of(Standard, "NetworkRxBytes", "network_rx_bytes", TASKS).read_as(RATE),
    Metric::of(Standard, "NetworkTxBytes", "network_tx_bytes", TASKS).read_as(RATE),
    Metric::of(Standard, "StorageReadBytes", "storage_read_bytes", TASKS).read_as(SUM),
    Metric::of(Standard, "StorageWriteBytes", "storage_write_bytes", TASKS).read_as(SUM),
    Metric::of(Standard, "EphemeralStorageReserved", "ephemeral_storage_reserved", TASKS_AND_EACH)
        .needing(Fargate),
    Metric::of(Standard, "EphemeralStorageUtilized", "ephemeral_storage_utilized", TASKS_AND_EACH)
        .needing(Fargate),
    Metric::of(Standard, "EBSFilesystemSize", "ebs_filesystem_size", SERVICE_AND_FAMILY)
        .needing(Listing),
    Metric::of(Standard, "EBSFilesystemUtilized", "ebs_filesystem_utilized", SERVICE_AND_FAMILY)
        .needing(Listing),
    Metric::of(Standard, "DeploymentCount", "deployment_count", SERVICE),
    Metric::of(Standard, "DesiredTaskCount", "desired_task_count", SERVICE),
    Metric::of(Standard, "PendingTaskCount", "pending_task_count", SERVICE),
    Metric::of(Standard, "RunningTaskCount", "running_task_count", SERVICE),
    Metric::of(Standard, "TaskSetCount", "task_set_count", SERVICE),
    Metric::of(Standard, "TaskCount", "task_count", CLUSTER),
    Metric::of(Standard, "ServiceCount", "service_count", CLUSTER),
    Metric::of(Standard, "ContainerInstanceCount", "container_instance_count", CLUSTER)
        .needing(Instances),
    Metric::of(Enhanced, "TaskCpuUtilization", "task_cpu_utilization", TASKS).read_as(HOTTEST),
    Metric::of(Enhanced, "TaskMemoryUtilization", "task_memory_utilization", TASKS)
        .read_as(HOTTEST),
    Metric::of(
        Enhanced,
        "TaskEphemeralStorageUtilization",
        "task_ephemeral_storage_utilization",
        TASKS,
    )
    .read_as(HOTTEST)
    .needing(Fargate),
    Metric::of(Enhanced, "TaskEBSFilesystemUtilization", "task_ebs_filesystem_utilization", TASKS)
        .read_as(HOTTEST)
        .needing(Listing),
    Metric::of(Enhanced, "RestartCount", "restart_count", ALL).read_as(SUM).needing(Listing),
    Metric::of(Enhanced, "ContainerCpuUtilized", "cpu_utilized", CONTAINER).read_as(HOTTEST),
    Metric::of(Enhanced, "ContainerCpuReserved", "cpu_reserved", CONTAINER),
    Metric::of(Enhanced, "ContainerMemoryUtilized", "memory_utilized", CONTAINER).read_as(HOTTEST),
    Metric::of(Enhanced, "ContainerMemoryReserved", "memory_reserved", CONTAINER),
    Metric::of(Enhanced, "ContainerMemoryUtilization", "memory_utilization", CONTAINER)
        .read_as(HOTTEST),
    Metric::of(Enhanced, "ContainerStorageReadBytes", "storage_read_bytes", CONTAINER).read_as(SUM),
    Metric::of(Enhanced, "ContainerStorageWriteBytes", "storage_write_bytes", CONTAINER)
        .read_as(SUM),
    Metric::of(Enhanced, "UnHealthyContainerHealthStatus", "unhealthy", CONTAINER)
        .read_as(MAXIMUM)
        .needing(Listing),
];

/// Every row.
pub(crate) fn all() -> impl Iterator<Item = &'static Metric> {
    OF_ECS.iter().chain(&OF_INSIGHTS)
}

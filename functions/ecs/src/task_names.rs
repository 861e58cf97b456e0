//! Series of single tasks, as a collector in the task gives them: OpenTelemetry's
//! [awsecscontainermetrics receiver](https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/awsecscontainermetricsreceiver)
//! with remote write, `resource_to_telemetry_conversion` on. Pure.
//!
//! Only what CloudWatch measures likewise has its name here. Of the receiver's labels those are left out that change while a
//! task is there (`…_known_status`, `…_pull_started_at`): each change would make a new series.

use series::Labels;

use crate::inventory::{Cluster, Inventory, Task};

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TaskMetric {
    /// CloudWatch's name, in `ECS/ContainerInsights`.
    pub(crate) cloudwatch: &'static str,
    /// The statistic that is the receiver's value.
    pub(crate) statistic: &'static str,
    /// The receiver's name, its dots as underscores.
    pub(crate) name: &'static str,
    /// What a collector with `add_metric_suffixes` appends: the receiver's unit.
    pub(crate) unit: &'static str,
}

const fn row(
    cloudwatch: &'static str,
    statistic: &'static str,
    name: &'static str,
    unit: &'static str,
) -> TaskMetric {
    TaskMetric { cloudwatch, statistic, name, unit }
}

/// What both measure: CPU in CPU units, memory in MiB, the network in bytes a second. Storage is counted from the start of the
/// task on, there as here
/// ([AWS: performance log events](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html)
/// says so of its values): of a period the newest value is the largest. Ephemeral storage is not here, since its units differ.
pub(crate) const METRICS: [TaskMetric; 8] = [
    row("CpuReserved", "Average", "ecs_task_cpu_reserved", "None"),
    row("CpuUtilized", "Average", "ecs_task_cpu_utilized", "None"),
    row("MemoryReserved", "Average", "ecs_task_memory_reserved", "Megabytes"),
    row("MemoryUtilized", "Average", "ecs_task_memory_utilized", "Megabytes"),
    row("NetworkRxBytes", "Average", "ecs_task_network_rate_rx", "Bytes_per_Second"),
    row("NetworkTxBytes", "Average", "ecs_task_network_rate_tx", "Bytes_per_Second"),
    row("StorageReadBytes", "Maximum", "ecs_task_storage_read_bytes", "Bytes"),
    row("StorageWriteBytes", "Maximum", "ecs_task_storage_write_bytes", "Bytes"),
];

impl TaskMetric {
    /// The name of the series, bare or with its unit.
    pub(crate) fn series_name(&self, suffixes: bool) -> String {
        match suffixes {
            true => format!("{}_{}", self.name, self.unit),
            false => self.name.to_owned(),
        }
    }

    /// The metric's part of its Mackerel name: `task_cpu_utilized`.
    pub(crate) fn mackerel_name(&self) -> &'static str {
        self.name.trim_start_matches("ecs_")
    }
}

/// The labels of a task's series, but for their names.
pub(crate) fn labels(inventory: &Inventory, cluster: &Cluster, task: &Task) -> Labels {
    Labels::new()
        .with("aws_ecs_cluster_name", &*cluster.name)
        .with("aws_ecs_service_name", task.service.clone().unwrap_or_default())
        .with("aws_ecs_task_family", &*task.family)
        .with("aws_ecs_task_revision", &*task.revision)
        .with("aws_ecs_task_id", &*task.id)
        .with("aws_ecs_task_arn", &*task.arn)
        .with("aws_ecs_launchtype", launch_type(&task.launch_type))
        .with("cloud_region", &*inventory.region)
        .with("cloud_account_id", &*inventory.account)
        .with("cloud_availability_zone", &*task.availability_zone)
}

/// The receiver has values for these two only.
fn launch_type(launch_type: &str) -> &'static str {
    match launch_type {
        "FARGATE" => "fargate",
        "EC2" => "ec2",
        _ => "",
    }
}

/// Whether a task has got as far as to run. Before that it has no metrics, and no availability zone perhaps, which would make
/// other series of it once it has.
pub(crate) fn has_run(task: &Task) -> bool {
    !matches!(task.last_status.as_str(), "" | "PROVISIONING" | "PENDING" | "ACTIVATING")
}

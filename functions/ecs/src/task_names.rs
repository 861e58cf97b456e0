//! Series of single tasks, as a collector in the task gives them: OpenTelemetry's
//! [awsecscontainermetrics receiver](https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/awsecscontainermetricsreceiver)
//! with remote write, `resource_to_telemetry_conversion` on. Pure.
//!
//! Only what CloudWatch measures likewise has its name here. Of the receiver's labels those are left out that change while a
//! task is there (`…_known_status`, `…_pull_started_at`): each change would make a new series.

use series::{Labels, Timestamp};

use crate::carried::LINGER;
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

/// The tasks of which CloudWatch may have minutes that were not read: those that run, and those that stopped lately, of which
/// some came and went between two runs.
pub(crate) fn measured(cluster: &Cluster, now: Timestamp) -> impl Iterator<Item = &Task> {
    let is_recent = move |task: &&Task| {
        task.started && task.stop.as_ref().is_some_and(|stop| now.since(stop.at) < LINGER)
    };
    let stopped = cluster.stopped.iter().flatten().filter(is_recent);
    cluster.tasks.iter().flatten().filter(|task| has_run(task)).chain(stopped)
}

/// Whether a task has got as far as to run. Before that it has no metrics, and no availability zone perhaps, which would make
/// other series of it once it has.
fn has_run(task: &Task) -> bool {
    !matches!(task.last_status.as_str(), "" | "PROVISIONING" | "PENDING" | "ACTIVATING")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fixtures::*;

    #[test]
    fn tasks_that_ran_are_measured_until_some_time_after_they_stopped() {
        let on_its_way =
            |status: &str| Task { last_status: status.to_owned(), ..task(status, "web") };
        let tasks = ["PENDING", "ACTIVATING", "RUNNING", "DEPROVISIONING"].map(on_its_way);
        let over = |id: &str, age: u64| {
            stopped(task(id, "web"), NOW - Duration::from_secs(age), "EssentialContainerExited", "")
        };
        let never = Task { started: false, ..over("never ran", 60) };
        let stopped = vec![over("a minute ago", 60), over("long ago", 1200), never];
        let cluster = Cluster {
            tasks: Some(tasks.into()),
            stopped: Some(stopped),
            ..cluster("prod", "enhanced", Vec::new())
        };
        let ids: Vec<&str> = measured(&cluster, NOW).map(|task| task.id.as_str()).collect();
        assert_eq!(ids, ["RUNNING", "DEPROVISIONING", "a minute ago"]);
    }
}

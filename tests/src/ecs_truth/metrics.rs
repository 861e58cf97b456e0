//! What CloudWatch measures of ECS.

use std::ops::Range;

use emulators::traffic::ecs::{AWS_ECS, CONTAINER_INSIGHTS, Cluster, Task};

use super::{EcsDue, EcsTruth, labels};

/// CloudWatch's metric and statistic, the series behind `aws_ecs_`, the metric in Mackerel.
type Row = (&'static str, &'static str, &'static str, &'static str);

const OF_SERVICES: [Row; 4] = [
    ("CPUUtilization", "Average", "cpuutilization_average", "cpu_utilization_average"),
    ("CPUUtilization", "Maximum", "cpuutilization_maximum", "cpu_utilization_maximum"),
    ("MemoryUtilization", "Average", "memory_utilization_average", "memory_utilization_average"),
    ("MemoryUtilization", "Maximum", "memory_utilization_maximum", "memory_utilization_maximum"),
];

/// Of a cluster that has container instances, besides the same.
const OF_CLUSTERS: [Row; 2] = [
    ("CPUReservation", "Average", "cpureservation_average", "cpu_reservation"),
    ("MemoryReservation", "Average", "memory_reservation_average", "memory_reservation"),
];

/// Of clusters, services and families; the series behind `aws_ecs_containerinsights_`.
const OF_TASKS_TOGETHER: [Row; 20] = [
    ("CpuUtilized", "Average", "cpu_utilized_average", "cpu_utilized_average"),
    ("CpuUtilized", "Maximum", "cpu_utilized_maximum", "cpu_utilized_maximum"),
    ("CpuReserved", "Average", "cpu_reserved_average", "cpu_reserved"),
    ("MemoryUtilized", "Average", "memory_utilized_average", "memory_utilized_average"),
    ("MemoryUtilized", "Maximum", "memory_utilized_maximum", "memory_utilized_maximum"),
    ("MemoryReserved", "Average", "memory_reserved_average", "memory_reserved"),
    ("NetworkRxBytes", "Average", "network_rx_bytes_average", "network_rx_bytes_average"),
    ("NetworkRxBytes", "Sum", "network_rx_bytes_sum", "network_rx_bytes_sum"),
    ("NetworkTxBytes", "Average", "network_tx_bytes_average", "network_tx_bytes_average"),
    ("NetworkTxBytes", "Sum", "network_tx_bytes_sum", "network_tx_bytes_sum"),
    ("StorageReadBytes", "Sum", "storage_read_bytes_sum", "storage_read_bytes"),
    ("StorageWriteBytes", "Sum", "storage_write_bytes_sum", "storage_write_bytes"),
    (
        "EphemeralStorageReserved",
        "Average",
        "ephemeral_storage_reserved_average",
        "ephemeral_storage_reserved",
    ),
    (
        "EphemeralStorageUtilized",
        "Average",
        "ephemeral_storage_utilized_average",
        "ephemeral_storage_utilized",
    ),
    (
        "TaskCpuUtilization",
        "Average",
        "task_cpu_utilization_average",
        "task_cpu_utilization_average",
    ),
    (
        "TaskCpuUtilization",
        "Maximum",
        "task_cpu_utilization_maximum",
        "task_cpu_utilization_maximum",
    ),
    (
        "TaskMemoryUtilization",
        "Average",
        "task_memory_utilization_average",
        "task_memory_utilization_average",
    ),
    (
        "TaskMemoryUtilization",
        "Maximum",
        "task_memory_utilization_maximum",
        "task_memory_utilization_maximum",
    ),
    (
        "TaskEphemeralStorageUtilization",
        "Average",
        "task_ephemeral_storage_utilization_average",
        "task_ephemeral_storage_utilization_average",
    ),
    (
        "TaskEphemeralStorageUtilization",
        "Maximum",
        "task_ephemeral_storage_utilization_maximum",
        "task_ephemeral_storage_utilization_maximum",
    ),
];

const COUNTS_OF_SERVICES: [Row; 5] = [
    ("DeploymentCount", "Average", "deployment_count_average", "deployment_count"),
    ("DesiredTaskCount", "Average", "desired_task_count_average", "desired_task_count"),
    ("PendingTaskCount", "Average", "pending_task_count_average", "pending_task_count"),
    ("RunningTaskCount", "Average", "running_task_count_average", "running_task_count"),
    ("TaskSetCount", "Average", "task_set_count_average", "task_set_count"),
];

const COUNTS_OF_CLUSTERS: [Row; 2] = [
    ("TaskCount", "Average", "task_count_average", "task_count"),
    ("ServiceCount", "Average", "service_count_average", "service_count"),
];

/// Of a cluster that has container instances.
const COUNT_OF_INSTANCES: [Row; 1] = [(
    "ContainerInstanceCount",
    "Average",
    "container_instance_count_average",
    "container_instance_count",
)];

const OF_CONTAINERS: [Row; 11] = [
    ("ContainerCpuUtilized", "Average", "container_cpu_utilized_average", "cpu_utilized_average"),
    ("ContainerCpuUtilized", "Maximum", "container_cpu_utilized_maximum", "cpu_utilized_maximum"),
    ("ContainerCpuReserved", "Average", "container_cpu_reserved_average", "cpu_reserved"),
    (
        "ContainerMemoryUtilized",
        "Average",
        "container_memory_utilized_average",
        "memory_utilized_average",
    ),
    (
        "ContainerMemoryUtilized",
        "Maximum",
        "container_memory_utilized_maximum",
        "memory_utilized_maximum",
    ),
    ("ContainerMemoryReserved", "Average", "container_memory_reserved_average", "memory_reserved"),
    (
        "ContainerMemoryUtilization",
        "Average",
        "container_memory_utilization_average",
        "memory_utilization_average",
    ),
    (
        "ContainerMemoryUtilization",
        "Maximum",
        "container_memory_utilization_maximum",
        "memory_utilization_maximum",
    ),
    ("ContainerStorageReadBytes", "Sum", "container_storage_read_bytes_sum", "storage_read_bytes"),
    (
        "ContainerStorageWriteBytes",
        "Sum",
        "container_storage_write_bytes_sum",
        "storage_write_bytes",
    ),
    (
        "UnHealthyContainerHealthStatus",
        "Maximum",
        "un_healthy_container_health_status_maximum",
        "unhealthy",
    ),
];

/// Of single tasks, under the names that a collector beside them gives: CloudWatch's metric and statistic, the series
/// behind `ecs_`, which is the metric in Mackerel as well.
const OF_SINGLE_TASKS: [(&str, &str, &str); 8] = [
    ("CpuReserved", "Average", "task_cpu_reserved"),
    ("CpuUtilized", "Average", "task_cpu_utilized"),
    ("MemoryReserved", "Average", "task_memory_reserved"),
    ("MemoryUtilized", "Average", "task_memory_utilized"),
    ("NetworkRxBytes", "Average", "task_network_rate_rx"),
    ("NetworkTxBytes", "Average", "task_network_rate_tx"),
    ("StorageReadBytes", "Maximum", "task_storage_read_bytes"),
    ("StorageWriteBytes", "Maximum", "task_storage_write_bytes"),
];

/// Of single tasks, under CloudWatch's names.
const OF_SINGLE_TASKS_STORAGE: [Row; 2] = [
    (
        "EphemeralStorageReserved",
        "Average",
        "ephemeral_storage_reserved_average",
        "task_ephemeral_storage_reserved",
    ),
    (
        "EphemeralStorageUtilized",
        "Average",
        "ephemeral_storage_utilized_average",
        "task_ephemeral_storage_utilized",
    ),
];

/// What metrics are about.
struct Subject<'a> {
    dimensions: Vec<(&'static str, &'a str)>,
    arn: String,
    /// What comes before the metric in Mackerel.
    level: &'static str,
    /// What comes behind it.
    resource: String,
}

/// Metrics that are being said.
struct Saying<'a> {
    truth: &'a EcsTruth,
    window: &'a Range<i64>,
    due: EcsDue,
}

pub(super) fn of_ecs(truth: &EcsTruth, window: &Range<i64>) -> EcsDue {
    let mut saying = Saying { truth, window, due: EcsDue::default() };
    for cluster in &truth.fleet.clusters {
        if !cluster.instances.is_empty() {
            let subject = Subject::of_cluster(truth, cluster);
            saying.say_all(AWS_ECS, "aws_ecs_", &subject, &OF_SERVICES);
            saying.say_all(AWS_ECS, "aws_ecs_", &subject, &OF_CLUSTERS);
        }
        for service in &cluster.services {
            let subject = Subject::of_service(truth, cluster, &service.name);
            saying.say_all(AWS_ECS, "aws_ecs_", &subject, &OF_SERVICES);
        }
    }
    saying.due
}

pub(super) fn of_insights(truth: &EcsTruth, window: &Range<i64>) -> EcsDue {
    let mut saying = Saying { truth, window, due: EcsDue::default() };
    for cluster in &truth.fleet.clusters {
        let whole = Subject::of_cluster(truth, cluster);
        saying.insights(&whole, &OF_TASKS_TOGETHER);
        saying.insights(&whole, &COUNTS_OF_CLUSTERS);
        if !cluster.instances.is_empty() {
            saying.insights(&whole, &COUNT_OF_INSTANCES);
        }
        for service in &cluster.services {
            let subject = Subject::of_service(truth, cluster, &service.name);
            saying.insights(&subject, &OF_TASKS_TOGETHER);
            saying.insights(&subject, &COUNTS_OF_SERVICES);
            for container in &service.task.containers {
                let subject = Subject::of_service(truth, cluster, &service.name);
                let subject = subject.container(&container.name, "container_");
                saying.insights(&subject, &OF_CONTAINERS);
            }
        }
        for job in &cluster.jobs {
            let family = &job.task.family;
            saying.insights(&Subject::of_family(truth, cluster, family), &OF_TASKS_TOGETHER);
            for container in &job.task.containers {
                let subject = Subject::of_family(truth, cluster, family);
                let subject = subject.container(&container.name, "family_container_");
                saying.insights(&subject, &OF_CONTAINERS);
            }
        }
    }
    saying.due
}

pub(super) fn of_tasks(truth: &EcsTruth, window: &Range<i64>) -> EcsDue {
    let mut saying = Saying { truth, window, due: EcsDue::default() };
    let state = truth.fleet.at(window.end);
    for cluster in &state.clusters {
        for task in &cluster.tasks {
            saying.of_task(cluster.cluster, task);
        }
    }
    saying.due
}

impl<'a> Subject<'a> {
    fn of_cluster(truth: &EcsTruth, cluster: &'a Cluster) -> Self {
        Self {
            dimensions: vec![("ClusterName", &cluster.name)],
            arn: truth.arn("cluster", &cluster.name),
            level: "cluster_",
            resource: cluster.name.clone(),
        }
    }

    fn of_service(truth: &EcsTruth, cluster: &'a Cluster, service: &'a str) -> Self {
        Self {
            dimensions: vec![("ClusterName", &cluster.name), ("ServiceName", service)],
            arn: truth.arn("service", &format!("{}/{service}", cluster.name)),
            level: "",
            resource: format!("{}-{service}", cluster.name),
        }
    }

    fn of_family(truth: &EcsTruth, cluster: &'a Cluster, family: &'a str) -> Self {
        Self {
            dimensions: vec![("ClusterName", &cluster.name), ("TaskDefinitionFamily", family)],
            arn: truth.arn("cluster", &cluster.name),
            level: "family_",
            resource: format!("{}-{family}", cluster.name),
        }
    }

    fn container(mut self, name: &'a str, level: &'static str) -> Self {
        self.dimensions.push(("ContainerName", name));
        Self { level, resource: format!("{}-{name}", self.resource), ..self }
    }

    fn of_task(truth: &EcsTruth, cluster: &'a Cluster, task: &'a Task) -> Self {
        let owner = match &task.service {
            Some(service) => Self::of_service(truth, cluster, service),
            None => Self::of_family(truth, cluster, &task.family),
        };
        let mut dimensions = owner.dimensions;
        dimensions.push(("TaskId", &task.id));
        let resource = format!("{}-{}", owner.resource, task.id);
        Self { dimensions, level: "", resource, ..owner }
    }
}

impl Saying<'_> {
    fn points(&self, namespace: &str, subject: &Subject<'_>, row: (&str, &str)) -> Vec<(i64, f64)> {
        let statistic = row.1.parse().expect("a statistic");
        let window = self.window.clone();
        self.truth.fleet.values(namespace, row.0, &subject.dimensions, statistic, window)
    }

    fn say_all(&mut self, namespace: &str, prefix: &str, subject: &Subject<'_>, rows: &[Row]) {
        for (metric, statistic, series, mackerel) in rows {
            let points = self.points(namespace, subject, (metric, statistic));
            let dimensions: Vec<(String, &str)> = subject
                .dimensions
                .iter()
                .map(|(name, value)| (format!("dimension_{name}"), *value))
                .collect();
            let mut own: Vec<(&str, &str)> =
                dimensions.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            own.push(("name", &subject.arn));
            let labels = self.truth.labels(&format!("{prefix}{series}"), &own);
            let mackerel = format!("{}{mackerel}.{}", subject.level, subject.resource);
            self.due.say(&labels, &mackerel, points);
        }
    }

    fn insights(&mut self, subject: &Subject<'_>, rows: &[Row]) {
        self.say_all(CONTAINER_INSIGHTS, "aws_ecs_containerinsights_", subject, rows);
    }

    fn of_task(&mut self, cluster: &Cluster, task: &Task) {
        let truth = self.truth;
        let subject = Subject::of_task(truth, cluster, task);
        self.insights(&subject, &OF_SINGLE_TASKS_STORAGE);
        let zone = task.zone.map(|letter| format!("{}{letter}", truth.region));
        for (metric, statistic, series) in OF_SINGLE_TASKS {
            let points = self.points(CONTAINER_INSIGHTS, &subject, (metric, statistic));
            let labels = labels([
                ("__name__", format!("ecs_{series}").as_str()),
                ("aws_ecs_cluster_name", &cluster.name),
                ("aws_ecs_service_name", task.service.as_deref().unwrap_or_default()),
                ("aws_ecs_task_family", &task.family),
                ("aws_ecs_task_revision", &task.revision.to_string()),
                ("aws_ecs_task_id", &task.id),
                ("aws_ecs_task_arn", &truth.arn("task", &format!("{}/{}", cluster.name, task.id))),
                ("aws_ecs_launchtype", launch_type(task)),
                ("cloud_region", &truth.region),
                ("cloud_account_id", &truth.account),
                ("cloud_availability_zone", zone.as_deref().unwrap_or_default()),
            ]);
            self.due.say(&labels, &format!("{series}.{}", subject.resource), points);
        }
    }
}

/// A collector in the task knows two of them, and says nothing of any other.
fn launch_type(task: &Task) -> &'static str {
    match task.launch_type.as_str() {
        "FARGATE" => "fargate",
        "EC2" => "ec2",
        _ => "",
    }
}

//! What is asked of CloudWatch, and the series that the answers fill.

use std::collections::{BTreeMap, BTreeSet};

use metric_data::Metric as CloudWatchMetric;
use series::Series;

use crate::catalogue::{Catalogue, listings};
use crate::counts;
use crate::fixtures::*;
use crate::info;
use crate::inventory::{Cluster, Inventory, Service, Task};
use crate::metrics;
use crate::settings::Settings;

const INSIGHTS: &str = "{container_insights: true}";
const PER_TASK: &str = "{container_insights: true, per_task: true}";

/// Namespace, name and dimensions.
type Listed<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn listed(metrics: &[Listed<'_>]) -> Vec<CloudWatchMetric> {
    let metric = |(namespace, name, dimensions): &Listed<'_>| CloudWatchMetric {
        namespace: (*namespace).to_owned(),
        name: (*name).to_owned(),
        dimensions: dimensions.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
    };
    metrics.iter().map(metric).collect()
}

/// What only a list shows, for the small inventory.
fn all_listed() -> Vec<CloudWatchMetric> {
    let web = ("ServiceName", "web");
    let prod = ("ClusterName", "prod");
    let app = ("ContainerName", "app");
    let job = ("TaskDefinitionFamily", "nightly-report");
    let insights = "ECS/ContainerInsights";
    listed(&[
        ("AWS/ECS", "EBSFilesystemUtilization", &[web, prod]),
        ("AWS/ECS", "GPUReservation", &[("ClusterName", "edge")]),
        (insights, "EBSFilesystemSize", &[web, prod]),
        (insights, "EBSFilesystemUtilized", &[prod, web]),
        (insights, "TaskEBSFilesystemUtilization", &[prod, web]),
        (insights, "RestartCount", &[prod, web]),
        (insights, "RestartCount", &[prod, ("TaskId", "a1"), web]),
        (insights, "RestartCount", &[prod, app, web]),
        (insights, "UnHealthyContainerHealthStatus", &[prod, web, app]),
        (insights, "UnHealthyContainerHealthStatus", &[prod, job, app]),
    ])
}

fn entries(
    section: &str,
    inventory: &Inventory,
    listed: &[CloudWatchMetric],
) -> Vec<(String, Series)> {
    let Catalogue { entries } = Catalogue::new(&Settings::of(section), inventory, listed);
    entries.into_iter().map(|(key, entry)| (key, entry.series)).collect()
}

fn keys(section: &str, inventory: &Inventory) -> Vec<String> {
    entries(section, inventory, &[]).into_iter().map(|(key, _)| key).collect()
}

/// Every series of the small inventory, with everything on.
fn everything(section: &str) -> Vec<Series> {
    let inventory = small();
    let mut all = counts::series(&inventory, (BEFORE, NOW));
    all.extend(info::series(&inventory, true, NOW));
    all.extend(entries(section, &inventory, &all_listed()).into_iter().map(|(_, series)| series));
    all
}

#[test]
fn the_catalogue_of_all_series_and_their_labels() {
    let suffixed = "{container_insights: true, per_task: true, metric_suffixes: true}";
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in everything(PER_TASK).into_iter().chain(everything(suffixed)) {
        let names = one.labels.iter().map(|(name, _)| name).filter(|name| *name != "__name__");
        labels.entry(one.labels.name().to_owned()).or_default().extend(names.map(str::to_owned));
    }
    let line = |(name, labels): (&String, &BTreeSet<String>)| {
        format!("{name}: {}", labels.iter().cloned().collect::<Vec<_>>().join(", "))
    };
    insta::assert_snapshot!(labels.iter().map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_table_of_mackerel_names() {
    let mut lines: Vec<String> = everything(PER_TASK)
        .iter()
        .filter(|one| one.origin.kind != series::Kind::Info)
        .map(|one| {
            let mut labels = one.labels.clone();
            let name = labels.remove("__name__").unwrap_or_default();
            labels.retain(|label| {
                matches!(
                    label,
                    "last_status"
                        | "launch_type"
                        | "capacity_provider"
                        | "rollout_state"
                        | "stop_code"
                )
            });
            format!("ecs.{}.{} <- {name}{labels}", one.origin.metric, one.origin.resource.name)
        })
        .collect();
    lines.sort_unstable();
    let names: BTreeSet<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names.len(), lines.len(), "two series have one name");
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn by_default_cpu_and_memory_of_services_and_clusters_are_asked_for() {
    insta::assert_snapshot!(keys("{}", &small()).join("\n"), @r"
    AWS/ECS|CPUReservation|ClusterName=edge|Average
    AWS/ECS|CPUUtilization|ClusterName=edge,ServiceName=gateway|Average
    AWS/ECS|CPUUtilization|ClusterName=edge,ServiceName=gateway|Maximum
    AWS/ECS|CPUUtilization|ClusterName=edge|Average
    AWS/ECS|CPUUtilization|ClusterName=edge|Maximum
    AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=legacy|Average
    AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=legacy|Maximum
    AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=web|Average
    AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=web|Maximum
    AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=worker|Average
    AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=worker|Maximum
    AWS/ECS|MemoryReservation|ClusterName=edge|Average
    AWS/ECS|MemoryUtilization|ClusterName=edge,ServiceName=gateway|Average
    AWS/ECS|MemoryUtilization|ClusterName=edge,ServiceName=gateway|Maximum
    AWS/ECS|MemoryUtilization|ClusterName=edge|Average
    AWS/ECS|MemoryUtilization|ClusterName=edge|Maximum
    AWS/ECS|MemoryUtilization|ClusterName=prod,ServiceName=legacy|Average
    AWS/ECS|MemoryUtilization|ClusterName=prod,ServiceName=legacy|Maximum
    AWS/ECS|MemoryUtilization|ClusterName=prod,ServiceName=web|Average
    AWS/ECS|MemoryUtilization|ClusterName=prod,ServiceName=web|Maximum
    AWS/ECS|MemoryUtilization|ClusterName=prod,ServiceName=worker|Average
    AWS/ECS|MemoryUtilization|ClusterName=prod,ServiceName=worker|Maximum
    ");
    assert!(listings(&Settings::of("{}")).is_empty());
}

#[test]
fn series_carry_yace_s_labels() {
    let entries = entries(PER_TASK, &small(), &[]);
    let find = |key: &str| {
        let entry = entries.iter().find(|(own, _)| own == key);
        entry.map(|(_, series)| series.labels.to_string()).unwrap_or_default()
    };
    insta::assert_snapshot!(
        [
            "AWS/ECS|CPUUtilization|ClusterName=prod,ServiceName=web|Maximum",
            "ECS/ContainerInsights|CpuUtilized|ClusterName=prod,TaskDefinitionFamily=nightly-report|Average",
            "ECS/ContainerInsights|ContainerCpuUtilized|ClusterName=prod,ContainerName=envoy,ServiceName=web|Average",
            "ECS/ContainerInsights|CpuUtilized|ClusterName=prod,ServiceName=web,TaskId=a1|Average",
            "ECS/ContainerInsights|CpuUtilized|ClusterName=prod,TaskDefinitionFamily=nightly-report,TaskId=c1|Average",
            "ECS/ContainerInsights|EphemeralStorageUtilized|ClusterName=prod,ServiceName=web,TaskId=a1|Average",
        ]
        .map(find)
        .join("\n"),
        @r#"
    aws_ecs_cpuutilization_maximum{account_id="123456789012",dimension_ClusterName="prod",dimension_ServiceName="web",name="arn:aws:ecs:ap-northeast-1:123456789012:service/prod/web",region="ap-northeast-1"}
    aws_ecs_containerinsights_cpu_utilized_average{account_id="123456789012",dimension_ClusterName="prod",dimension_TaskDefinitionFamily="nightly-report",name="arn:aws:ecs:ap-northeast-1:123456789012:cluster/prod",region="ap-northeast-1"}
    aws_ecs_containerinsights_container_cpu_utilized_average{account_id="123456789012",dimension_ClusterName="prod",dimension_ContainerName="envoy",dimension_ServiceName="web",name="arn:aws:ecs:ap-northeast-1:123456789012:service/prod/web",region="ap-northeast-1"}
    ecs_task_cpu_utilized{aws_ecs_cluster_name="prod",aws_ecs_launchtype="fargate",aws_ecs_service_name="web",aws_ecs_task_arn="arn:aws:ecs:ap-northeast-1:123456789012:task/prod/a1",aws_ecs_task_family="web",aws_ecs_task_id="a1",aws_ecs_task_revision="7",cloud_account_id="123456789012",cloud_availability_zone="ap-northeast-1a",cloud_region="ap-northeast-1"}
    ecs_task_cpu_utilized{aws_ecs_cluster_name="prod",aws_ecs_launchtype="fargate",aws_ecs_task_arn="arn:aws:ecs:ap-northeast-1:123456789012:task/prod/c1",aws_ecs_task_family="nightly-report",aws_ecs_task_id="c1",aws_ecs_task_revision="7",cloud_account_id="123456789012",cloud_availability_zone="ap-northeast-1a",cloud_region="ap-northeast-1"}
    aws_ecs_containerinsights_ephemeral_storage_utilized_average{account_id="123456789012",dimension_ClusterName="prod",dimension_ServiceName="web",dimension_TaskId="a1",name="arn:aws:ecs:ap-northeast-1:123456789012:service/prod/web",region="ap-northeast-1"}
    "#
    );
}

#[test]
fn names_are_those_of_yace() {
    let name = |name: &str, statistic: &str| {
        let row = metrics::all().find(|metric| metric.name == name).expect("a row");
        assert!(row.statistics.contains(&statistic), "{name} {statistic}");
        row.series_name(statistic)
    };
    for (metric, statistic, expected) in [
        ("CPUUtilization", "Average", "aws_ecs_cpuutilization_average"),
        ("CPUReservation", "Average", "aws_ecs_cpureservation_average"),
        ("MemoryReservation", "Average", "aws_ecs_memory_reservation_average"),
        ("CpuUtilized", "Average", "aws_ecs_containerinsights_cpu_utilized_average"),
        ("MemoryUtilized", "Average", "aws_ecs_containerinsights_memory_utilized_average"),
        ("NetworkRxBytes", "Average", "aws_ecs_containerinsights_network_rx_bytes_average"),
        ("RunningTaskCount", "Average", "aws_ecs_containerinsights_running_task_count_average"),
        (
            "UnHealthyContainerHealthStatus",
            "Maximum",
            "aws_ecs_containerinsights_un_healthy_container_health_status_maximum",
        ),
    ] {
        assert_eq!(name(metric, statistic), expected);
    }
}

#[test]
fn container_insights_are_asked_for_where_a_cluster_may_have_them() {
    let of = |insights: Option<&str>| {
        let cluster = Cluster {
            container_insights: insights.map(str::to_owned),
            tasks: Some(vec![task("a1", "web")]),
            ..cluster("prod", "", vec![service("web", 1)])
        };
        keys(PER_TASK, &inventory(vec![cluster])).len()
    };
    let (none, standard, enhanced) =
        (of(Some("disabled")), of(Some("enabled")), of(Some("enhanced")));
    assert!(none < standard && standard < enhanced, "{none} {standard} {enhanced}");
    assert_eq!((of(None), of(Some("clairvoyant"))), (enhanced, enhanced));
}

#[test]
fn an_empty_cluster_has_no_insights() {
    let empty = || cluster("default", "enhanced", Vec::new());
    assert_eq!(keys(INSIGHTS, &inventory(vec![empty()])), Vec::<String>::new());
    let unknown = Cluster { services: None, ..empty() };
    assert!(!keys(INSIGHTS, &inventory(vec![unknown])).is_empty());
}

#[test]
fn a_cluster_as_a_whole_is_asked_for_where_it_has_instances() {
    let of = |instances| {
        let cluster = Cluster { instances, ..cluster("prod", "disabled", Vec::new()) };
        keys("{}", &inventory(vec![cluster])).len()
    };
    assert_eq!(of(Some(vec![])), 0);
    assert_eq!((of(Some(vec![instance("i-1")])), of(None)), (6, 6));
}

#[test]
fn ephemeral_storage_is_asked_for_on_fargate() {
    let asked = |service: Service, tasks: Vec<Task>| {
        let cluster = Cluster { tasks: Some(tasks), ..cluster("prod", "enhanced", vec![service]) };
        let keys = keys(INSIGHTS, &inventory(vec![cluster]));
        keys.iter().any(|key| key.contains("EphemeralStorage"))
    };
    let on = |launch_type: &str, providers: &[&str]| Service {
        launch_type: launch_type.to_owned(),
        capacity_providers: providers.iter().map(|&name| name.to_owned()).collect(),
        ..service("web", 1)
    };
    let on_ec2 = || Task { launch_type: "EC2".to_owned(), ..task("a1", "web") };
    assert!(asked(on("FARGATE", &[]), vec![]));
    assert!(asked(on("", &["spare", "FARGATE_SPOT"]), vec![]));
    assert!(asked(on("", &[]), vec![]), "nobody says");
    assert!(asked(on("EC2", &[]), vec![task("a1", "web")]), "on its way to Fargate");
    assert!(!asked(on("EC2", &[]), vec![on_ec2()]));
    assert!(!asked(on("", &[]), vec![on_ec2()]));
    assert!(!asked(on("", &["spare"]), vec![]));
}

#[test]
fn what_only_some_have_is_asked_for_once_cloudwatch_lists_it() {
    let without: BTreeSet<String> = keys(PER_TASK, &small()).into_iter().collect();
    let with = entries(PER_TASK, &small(), &all_listed()).into_iter().map(|(key, _)| key);
    let more: Vec<String> = with.filter(|key| !without.contains(key)).collect();
    insta::assert_snapshot!(more.join("\n"), @r"
    AWS/ECS|EBSFilesystemUtilization|ClusterName=prod,ServiceName=web|Average
    AWS/ECS|EBSFilesystemUtilization|ClusterName=prod,ServiceName=web|Maximum
    AWS/ECS|GPUReservation|ClusterName=edge|Average
    ECS/ContainerInsights|EBSFilesystemSize|ClusterName=prod,ServiceName=web|Average
    ECS/ContainerInsights|EBSFilesystemUtilized|ClusterName=prod,ServiceName=web|Average
    ECS/ContainerInsights|RestartCount|ClusterName=prod,ContainerName=app,ServiceName=web|Sum
    ECS/ContainerInsights|RestartCount|ClusterName=prod,ServiceName=web,TaskId=a1|Sum
    ECS/ContainerInsights|RestartCount|ClusterName=prod,ServiceName=web|Sum
    ECS/ContainerInsights|TaskEBSFilesystemUtilization|ClusterName=prod,ServiceName=web|Average
    ECS/ContainerInsights|TaskEBSFilesystemUtilization|ClusterName=prod,ServiceName=web|Maximum
    ECS/ContainerInsights|UnHealthyContainerHealthStatus|ClusterName=prod,ContainerName=app,ServiceName=web|Maximum
    ECS/ContainerInsights|UnHealthyContainerHealthStatus|ClusterName=prod,ContainerName=app,TaskDefinitionFamily=nightly-report|Maximum
    ");
    let names: Vec<_> = listings(&Settings::of(PER_TASK))
        .iter()
        .map(|listing| {
            (listing.namespace, listing.metric_name.unwrap_or_default(), listing.recently_active)
        })
        .collect();
    assert_eq!(
        names,
        [
            ("AWS/ECS", "EBSFilesystemUtilization", true),
            ("AWS/ECS", "GPUReservation", true),
            ("ECS/ContainerInsights", "EBSFilesystemSize", true),
            ("ECS/ContainerInsights", "EBSFilesystemUtilized", true),
            ("ECS/ContainerInsights", "TaskEBSFilesystemUtilization", true),
            ("ECS/ContainerInsights", "RestartCount", true),
            ("ECS/ContainerInsights", "UnHealthyContainerHealthStatus", true),
        ]
    );
}

#[test]
fn what_is_filtered_away_is_neither_listed_nor_asked_for() {
    for metric in metrics::all() {
        for statistic in metric.statistics {
            let name = metric.series_name(statistic);
            let section =
                format!("{{container_insights: true, per_task: true, metrics: [{name}]}}");
            let entries = entries(&section, &small(), &all_listed());
            assert!(!entries.is_empty(), "{name}");
            assert!(entries.iter().all(|(_, series)| series.labels.name() == name), "{name}");
            let listings = listings(&Settings::of(&section));
            assert!(listings.iter().all(|listing| listing.metric_name == Some(metric.name)));
        }
    }
    let of_tasks = "{container_insights: true, per_task: true, metrics: ['ecs_task_memory_.*']}";
    assert_eq!(
        keys(of_tasks, &small()).len(),
        2 * (4 + 3),
        "of the tasks that run, and of those that stopped lately; the one on its way is not among them"
    );
    assert!(listings(&Settings::of(of_tasks)).is_empty());
}

#[test]
fn single_tasks_have_bare_names_or_names_with_units() {
    let names = |section: &str| -> Vec<String> {
        let all = entries(section, &small(), &[]).into_iter();
        let names: BTreeSet<String> = all.map(|(_, one)| one.labels.name().to_owned()).collect();
        names.into_iter().filter(|name| name.starts_with("ecs_task")).collect()
    };
    assert_eq!(names(INSIGHTS), Vec::<String>::new());
    insta::assert_snapshot!(names(PER_TASK).join("\n"), @r"
    ecs_task_cpu_reserved
    ecs_task_cpu_utilized
    ecs_task_memory_reserved
    ecs_task_memory_utilized
    ecs_task_network_rate_rx
    ecs_task_network_rate_tx
    ecs_task_storage_read_bytes
    ecs_task_storage_write_bytes
    ");
    insta::assert_snapshot!(
        names("{container_insights: true, per_task: true, metric_suffixes: true}").join("\n"),
        @r"
        ecs_task_cpu_reserved_None
        ecs_task_cpu_utilized_None
        ecs_task_memory_reserved_Megabytes
        ecs_task_memory_utilized_Megabytes
        ecs_task_network_rate_rx_Bytes_per_Second
        ecs_task_network_rate_tx_Bytes_per_Second
        ecs_task_storage_read_bytes_Bytes
        ecs_task_storage_write_bytes_Bytes
        "
    );
}

#[test]
fn a_task_s_labels_are_the_same_all_its_life() {
    let at = |status: &str, zone: &str| {
        let task = Task {
            last_status: status.to_owned(),
            availability_zone: zone.to_owned(),
            ..task("a1", "web")
        };
        let cluster = Cluster {
            tasks: Some(vec![task]),
            ..cluster("prod", "enhanced", vec![service("web", 1)])
        };
        let inventory = inventory(vec![cluster]);
        let info = info::series(&inventory, true, NOW).into_iter();
        let all = info.chain(entries(PER_TASK, &inventory, &[]).into_iter().map(|(_, one)| one));
        let of_task = |one: &Series| {
            one.labels.name().starts_with("ecs_task_")
                || one.labels.get("dimension_TaskId").is_some()
        };
        all.filter(of_task).map(|one| one.labels.to_string()).collect::<BTreeSet<_>>()
    };
    for status in ["PROVISIONING", "PENDING", "ACTIVATING"] {
        assert!(at(status, "").is_empty(), "{status}");
    }
    let running = at("RUNNING", "ap-northeast-1a");
    assert_eq!(running.len(), 8 + 2 + 1);
    for status in ["DEACTIVATING", "STOPPING", "DEPROVISIONING"] {
        assert_eq!(at(status, "ap-northeast-1a"), running, "{status}");
    }
}

#[test]
fn keys_do_not_depend_on_the_order_of_anything() {
    let mut other = small();
    other.clusters.reverse();
    for cluster in &mut other.clusters {
        cluster.services.iter_mut().for_each(|list| list.reverse());
        cluster.tasks.iter_mut().for_each(|list| list.reverse());
    }
    let mut listed = all_listed();
    listed.iter_mut().for_each(|metric| metric.dimensions.reverse());
    assert_eq!(entries(PER_TASK, &small(), &all_listed()), entries(PER_TASK, &other, &listed));
}

/// A cluster with something of each kind on Fargate or on EC2.
fn of_each_kind(insights: &str, launch_type: &str) -> Inventory {
    let on = |task: Task| Task { launch_type: launch_type.to_owned(), ..task };
    let web = Service { launch_type: launch_type.to_owned(), ..service("web", 1) };
    inventory(vec![Cluster {
        tasks: Some(vec![on(task("a1", "web")), on(standalone("b1", "job"))]),
        ..cluster("prod", insights, vec![web])
    }])
}

#[test]
fn the_docs_say_what_it_costs() {
    let docs = include_str!("../../../docs/ECS.md");
    let fargate = |insights: &str| of_each_kind(insights, "FARGATE");
    let ec2 = |insights: &str| of_each_kind(insights, "EC2");
    let with_instances = inventory(vec![Cluster {
        instances: Some(vec![instance("i-1")]),
        ..cluster("prod", "disabled", Vec::new())
    }]);
    let (service, family) =
        ("ClusterName=prod,ServiceName=web", "ClusterName=prod,TaskDefinitionFamily=job");
    let (cluster, container) =
        ("ClusterName=prod", "ClusterName=prod,ContainerName=app,ServiceName=web");
    let task = "ClusterName=prod,ServiceName=web,TaskId=a1";
    for (what, section, inventory, dimensions) in [
        ("a service, by default", "{}", fargate("enhanced"), service),
        ("a cluster with container instances", "{}", with_instances, cluster),
        ("with `container_insights`: a service on Fargate", INSIGHTS, fargate("enabled"), service),
        ("… a service on EC2", INSIGHTS, ec2("enabled"), service),
        ("… a cluster without instances", INSIGHTS, fargate("enabled"), cluster),
        ("… a family of standalone tasks on Fargate", INSIGHTS, fargate("enabled"), family),
        (
            "with enhanced observability: a service on Fargate",
            INSIGHTS,
            fargate("enhanced"),
            service,
        ),
        ("… each of its containers", INSIGHTS, fargate("enhanced"), container),
        ("… a service on EC2", INSIGHTS, ec2("enhanced"), service),
        ("… a cluster without instances", INSIGHTS, fargate("enhanced"), cluster),
        ("… a family of standalone tasks on Fargate", INSIGHTS, fargate("enhanced"), family),
        ("with `per_task`: a task on Fargate", PER_TASK, fargate("enhanced"), task),
        ("… a task on EC2", PER_TASK, ec2("enhanced"), task),
    ] {
        let keys = keys(section, &inventory).into_iter();
        let asked: Vec<String> =
            keys.filter(|key| key.contains(&format!("|{dimensions}|"))).collect();
        let metrics: BTreeSet<_> =
            asked.iter().filter_map(|key| key.rsplit_once('|')).map(|(m, _)| m).collect();
        // $0.01 for 1,000, in a month of 30 days.
        let dollars = |runs: f64| {
            let of = |number: usize| format!("{:.2}", number as f64 * runs / 1e5);
            match (of(metrics.len()), of(asked.len())) {
                (least, most) if least == most => format!("${most}"),
                (least, most) => format!("${least}–{most}"),
            }
        };
        let (minute, five_minutes) = (dollars(43_200.0), dollars(8_640.0));
        let row =
            format!("| {what} | {} ({}) | {minute} | {five_minutes} |", metrics.len(), asked.len());
        assert!(docs.contains(&row), "{row}");
    }
}

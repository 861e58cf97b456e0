//! What is counted, and what is not.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use series::{Series, Timestamp, exposition};

use super::*;
use crate::fixtures::*;
use crate::inventory::{ContainerInstance, Service, Task};

const WINDOW: (Timestamp, Timestamp) = (BEFORE, NOW);

/// Name and labels with the value, of the series whose text begins so.
fn lines(series: &[Series], beginning: &str) -> Vec<String> {
    let line = |one: &Series| format!("{} {}", one.labels, one.samples[0].value);
    let place = ",region=\"ap-northeast-1\"";
    let text = |line: String| line.replace("account_id=\"123456789012\",", "").replace(place, "");
    series.iter().map(line).map(text).filter(|line| line.starts_with(beginning)).collect()
}

fn of(cluster: Cluster) -> Vec<Series> {
    series(&inventory(vec![cluster]), WINDOW)
}

#[test]
fn the_whole_of_a_small_region() {
    insta::assert_snapshot!(exposition::write(&series(&small(), WINDOW)));
}

#[test]
fn each_series_has_one_sample_at_the_end_of_the_window() {
    for one in series(&small(), WINDOW) {
        assert_eq!(one.samples.len(), 1, "{}", one.labels);
        assert_eq!((one.samples[0].at, one.origin.kind), (NOW, Kind::Ecs));
    }
}

#[test]
fn an_api_that_does_not_answer_is_one_series() {
    let known = down(Some("123456789012"), "eu-west-1", NOW);
    let unknown = down(None, "eu-west-1", NOW);
    assert_eq!(
        exposition::write(&[known, unknown]),
        "ecs_up{account_id=\"123456789012\",region=\"eu-west-1\"} 0 1795166760000\n\
         ecs_up{region=\"eu-west-1\"} 0 1795166760000\n"
    );
}

#[test]
fn no_clusters_is_a_count_too() {
    let series = series(&inventory(Vec::new()), WINDOW);
    assert_eq!(
        lines(&series, ""),
        ["ecs_up{region=\"ap-northeast-1\"} 1", "ecs_clusters{region=\"ap-northeast-1\"} 0"]
    );
}

#[test]
fn a_service_without_tasks_is_counted_with_zeros() {
    let series = of(cluster("prod", "disabled", vec![service("web", 0)]));
    let names: BTreeSet<&str> = series.iter().map(|one| one.labels.name()).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [
            "ecs_clusters",
            "ecs_container_instances",
            "ecs_service_deployments",
            "ecs_service_desired_tasks",
            "ecs_service_pending_tasks",
            "ecs_service_running_tasks",
            "ecs_service_stopped_tasks",
            "ecs_service_tasks",
            "ecs_services",
            "ecs_up",
        ]
    );
    assert_eq!(
        lines(&series, "ecs_service_running_tasks"),
        ["ecs_service_running_tasks{cluster=\"prod\",service=\"web\"} 0"]
    );
    let tasks = lines(&series, "ecs_service_tasks");
    assert_eq!(tasks.len(), 7);
    assert!(
        tasks.iter().all(|line| line.contains("launch_type=\"FARGATE\"") && line.ends_with(" 0"))
    );
    let stops = lines(&series, "ecs_service_stopped_tasks");
    assert_eq!(stops.len(), 8);
    assert!(stops.iter().all(|line| line.ends_with(" 0")));
}

#[test]
fn a_list_that_could_not_be_had_says_nothing() {
    let whole = || Cluster {
        tasks: Some(vec![task("a1", "web"), standalone("b1", "job")]),
        stopped: Some(vec![stopped(task("a0", "web"), NOW, "UserInitiated", "")]),
        instances: Some(vec![instance("i-1")]),
        ..cluster("prod", "disabled", vec![service("web", 1)])
    };
    let names = |cluster: Cluster| -> BTreeSet<String> {
        of(cluster).iter().map(|one| one.labels.name().to_owned()).collect()
    };
    let all = names(whole());
    for (what, cluster, missing) in [
        (
            "services",
            Cluster { services: None, ..whole() },
            &[
                "ecs_services",
                "ecs_service_desired_tasks",
                "ecs_service_running_tasks",
                "ecs_service_pending_tasks",
                "ecs_service_deployments",
            ][..],
        ),
        ("tasks", Cluster { tasks: None, ..whole() }, &["ecs_service_tasks", "ecs_family_tasks"]),
        (
            "stopped",
            Cluster { stopped: None, ..whole() },
            &["ecs_service_stopped_tasks", "ecs_family_stopped_tasks"],
        ),
        (
            "instances",
            Cluster { instances: None, ..whole() },
            &[
                "ecs_container_instances",
                "ecs_container_instance_agent_connected",
                "ecs_container_instance_active",
                "ecs_container_instance_pending_tasks",
                "ecs_container_instance_running_tasks",
            ],
        ),
    ] {
        // Stops of families are told of by the tasks that run, too.
        let gone: BTreeSet<String> = all.difference(&names(cluster)).cloned().collect();
        let mut missing: BTreeSet<String> = missing.iter().map(|&name| name.to_owned()).collect();
        if what == "tasks" {
            missing.insert("ecs_family_stopped_tasks".to_owned());
        }
        assert_eq!(gone, missing, "without {what}");
    }
}

#[test]
fn what_nobody_has_heard_of_yet_is_counted_as_it_is() {
    let strange = Task {
        launch_type: "HOVERCRAFT".to_owned(),
        last_status: "HOVERING".to_owned(),
        ..task("a1", "web")
    };
    let nameless =
        Task { launch_type: String::new(), last_status: String::new(), ..task("a2", "web") };
    let cluster = Cluster {
        tasks: Some(vec![strange, nameless]),
        stopped: Some(vec![
            stopped(task("a3", "web"), NOW, "StruckByLightning", "Zap."),
            stopped(task("a4", "web"), NOW, "", ""),
            Task { last_status: "DELETED".to_owned(), ..task("a5", "web") },
        ]),
        ..cluster(
            "prod",
            "disabled",
            vec![Service {
                deployments: vec![deployment("PONDERING"), deployment("")],
                ..service("web", 2)
            }],
        )
    };
    let series = of(cluster);
    let told: Vec<String> =
        lines(&series, "").into_iter().filter(|line| line.ends_with(" 1")).collect();
    assert_eq!(
        told,
        [
            "ecs_up{region=\"ap-northeast-1\"} 1",
            "ecs_clusters{region=\"ap-northeast-1\"} 1",
            "ecs_services{cluster=\"prod\"} 1",
            "ecs_service_deployments{cluster=\"prod\",rollout_state=\"PONDERING\",service=\"web\"} 1",
            "ecs_service_tasks{cluster=\"prod\",service=\"web\"} 1",
            "ecs_service_tasks{cluster=\"prod\",last_status=\"HOVERING\",launch_type=\"HOVERCRAFT\",service=\"web\"} 1",
            "ecs_service_stopped_tasks{cluster=\"prod\",service=\"web\",stop_code=\"StruckByLightning\"} 1",
            "ecs_service_stopped_tasks{cluster=\"prod\",service=\"web\",stop_code=\"Unknown\"} 1",
        ]
    );
}

#[test]
fn a_service_that_was_deleted_meanwhile_is_not_counted() {
    let gone = Service { status: "INACTIVE".to_owned(), ..service("gone", 0) };
    let leaving = Service { status: "DRAINING".to_owned(), ..service("leaving", 0) };
    let series = of(cluster("prod", "disabled", vec![gone, leaving]));
    assert_eq!(lines(&series, "ecs_services"), ["ecs_services{cluster=\"prod\"} 1"]);
    assert!(lines(&series, "").iter().all(|line| !line.contains("gone")));
}

#[test]
fn a_machine_that_was_registered_anew_has_one_set_of_series() {
    let old = ContainerInstance {
        arn: "arn:old".to_owned(),
        status: "DRAINING".to_owned(),
        agent_connected: false,
        running: 2,
        ..instance("i-1")
    };
    let cluster = Cluster {
        instances: Some(vec![old, instance("i-1")]),
        ..cluster("prod", "disabled", Vec::new())
    };
    assert_eq!(
        lines(&of(cluster), "ecs_container_instance"),
        [
            "ecs_container_instances{cluster=\"prod\"} 2",
            "ecs_container_instance_agent_connected{cluster=\"prod\",instance=\"i-1\"} 1",
            "ecs_container_instance_active{cluster=\"prod\",instance=\"i-1\"} 1",
            "ecs_container_instance_pending_tasks{cluster=\"prod\",instance=\"i-1\"} 0",
            "ecs_container_instance_running_tasks{cluster=\"prod\",instance=\"i-1\"} 3",
        ]
    );
}

/// Any of these words, the empty one too.
fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(words).prop_map(str::to_owned)
}

fn any_task() -> impl Strategy<Value = Task> {
    let stop =
        proptest::option::of((0_i64..200, word(&["", "UserInitiated", "Odd", "OutOfMemory"])));
    (
        proptest::option::of(word(&["web", "api", ""])),
        word(&["web", "job", ""]),
        word(&["", "FARGATE", "EC2", "ODD"]),
        word(&["", "FARGATE", "spare", "Spare"]),
        word(&["", "RUNNING", "PENDING", "ODD"]),
        stop,
    )
        .prop_map(|(service, family, launch_type, capacity_provider, last_status, stop)| {
            let task = Task {
                service,
                family,
                launch_type,
                capacity_provider,
                last_status,
                ..task("id", "any")
            };
            match stop {
                Some((at, code)) => stopped(task, Timestamp::from_secs(at), &code, ""),
                None => task,
            }
        })
}

fn any_service() -> impl Strategy<Value = Vec<Service>> {
    let one = |name: &'static str| {
        (
            word(&["", "FARGATE", "ODD"]),
            word(&["", "FARGATE", "spare"]),
            word(&["", "FAILED", "ODD"]),
        )
            .prop_map(move |(launch_type, provider, state)| Service {
                launch_type,
                capacity_providers: vec![provider],
                deployments: vec![deployment(&state)],
                ..service(name, 1)
            })
    };
    (one("web"), one("api")).prop_map(|(web, api)| vec![web, api])
}

fn any_cluster() -> impl Strategy<Value = Cluster> {
    let tasks = || proptest::option::of(proptest::collection::vec(any_task(), 0..8));
    (proptest::option::of(any_service()), tasks(), tasks()).prop_map(
        |(services, tasks, stopped)| Cluster {
            services,
            tasks,
            stopped,
            ..cluster("prod", "enabled", Vec::new())
        },
    )
}

fn stops(series: &[Series]) -> f64 {
    let of_stops = |one: &&Series| one.labels.name().ends_with("_stopped_tasks");
    series.iter().filter(of_stops).map(|one| one.samples[0].value).sum()
}

proptest! {
    #[test]
    fn no_two_series_are_one(cluster in any_cluster()) {
        let series = of(cluster);
        let distinct: BTreeSet<String> = series.iter().map(|one| one.labels.to_string()).collect();
        prop_assert_eq!(distinct.len(), series.len());
        let in_mackerel = |one: &Series| {
            (one.origin.resource.id.clone(), one.origin.metric.clone(), one.origin.resource.name.clone())
        };
        let distinct: BTreeSet<_> = series.iter().map(in_mackerel).collect();
        prop_assert_eq!(distinct.len(), series.len());
    }

    #[test]
    fn all_tasks_are_counted(cluster in any_cluster()) {
        let series = of(cluster.clone());
        let of_tasks = |one: &&Series| matches!(one.labels.name(), "ecs_service_tasks" | "ecs_family_tasks");
        let counted: f64 = series.iter().filter(of_tasks).map(|one| one.samples[0].value).sum();
        prop_assert_eq!(counted as usize, cluster.tasks.map_or(0, |tasks| tasks.len()));
    }

    #[test]
    fn a_stopped_task_is_counted_once_in_windows_that_follow_each_other(
        cluster in any_cluster(),
        lengths in proptest::collection::vec(1_u64..90, 1..20),
    ) {
        let mut from = Timestamp::from_secs(-1);
        let (start, mut counted) = (from, 0.0);
        for length in lengths {
            let until = from + Duration::from_secs(length);
            counted += stops(&series(&inventory(vec![cluster.clone()]), (from, until)));
            from = until;
        }
        let stops = cluster.stopped.iter().flatten().filter_map(|task| task.stop.as_ref());
        let due = stops.filter(|stop| start < stop.at && stop.at <= from).count();
        prop_assert_eq!(counted as usize, due);
    }
}

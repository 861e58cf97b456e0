//! What holds of every fleet, and the state machines of deployments and tasks.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// 2026-11-20T09:00:00Z.
const START: i64 = 1_795_165_200;
const DAY: i64 = 86_400;

fn alone(service: Service) -> EcsFleet {
    EcsFleet { clusters: vec![Cluster::new("c", vec![service])] }
}

fn service_at(fleet: &EcsFleet, time: i64) -> ServiceState<'_> {
    let cluster = &fleet.clusters[0];
    cluster.services[0].at(cluster, time)
}

fn tasks_at(fleet: &EcsFleet, time: i64) -> Vec<Task> {
    fleet.at(time).clusters.remove(0).tasks
}

/// The deployments' states, as `PRIMARY IN_PROGRESS 2 of 3`.
fn deployments_at(fleet: &EcsFleet, time: i64) -> Vec<String> {
    let deployments = service_at(fleet, time).deployments;
    let text = |one: &Deployment| {
        let state = one.rollout_state.unwrap_or("-");
        format!("{} {state} {} of {}", one.status, one.running, one.desired)
    };
    deployments.iter().map(text).collect()
}

#[test]
fn a_moment_reads_the_same_however_it_is_come_to() {
    let [one, two] = [EcsFleet::demo(), EcsFleet::demo()];
    let moments: Vec<i64> = (0..120).map(|minute| START + 60 * minute).collect();
    let forth: Vec<Vec<Vec<Task>>> = moments.iter().map(|&time| tasks_of_all(&one, time)).collect();
    for (time, before) in moments.iter().zip(forth).rev() {
        assert_eq!(tasks_of_all(&two, *time), before);
    }
}

fn tasks_of_all(fleet: &EcsFleet, time: i64) -> Vec<Vec<Task>> {
    fleet.at(time).clusters.into_iter().map(|cluster| cluster.tasks).collect()
}

#[test]
fn a_task_passes_through_its_statuses_once_and_never_changes_otherwise() {
    const ORDER: [&str; 8] = [
        "PROVISIONING",
        "PENDING",
        "ACTIVATING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
        "STOPPED",
    ];
    let fleet = EcsFleet::demo();
    let rank = |task: &Task| ORDER.iter().position(|status| *status == task.last_status);
    let mut seen: BTreeMap<String, Task> = BTreeMap::new();
    let mut statuses = BTreeSet::new();
    for time in (START..START + 2 * 3600).step_by(5) {
        for task in tasks_of_all(&fleet, time).into_iter().flatten() {
            assert!(rank(&task).is_some(), "{}", task.last_status);
            statuses.insert(task.last_status);
            if let Some(before) = seen.get(&task.id) {
                assert!(rank(before) <= rank(&task), "{before:?} then {task:?}");
                assert_eq!(before.created_ms, task.created_ms);
                for (then, now) in [
                    (before.started_ms, task.started_ms),
                    (before.stopping_ms, task.stopping_ms),
                    (before.stopped_ms, task.stopped_ms),
                ] {
                    assert!(then.is_none() || then == now, "{before:?} then {task:?}");
                }
            }
            seen.insert(task.id.clone(), task);
        }
    }
    assert_eq!(statuses.len(), ORDER.len(), "{statuses:?}");
}

#[test]
fn a_day_of_five_deployments_makes_six_tasks_a_slot_and_never_takes_one_away() {
    let fleet = EcsFleet::sized(50, 4).with_deployments(5);
    let mut ids = BTreeSet::new();
    let mut in_progress = BTreeSet::new();
    for time in (START..START + DAY).step_by(120) {
        let cluster = fleet.at(time).clusters.remove(0);
        for state in &cluster.services {
            assert!((4..=8).contains(&state.running), "{} {time}", state.service.name);
            if state.deployments[0].rollout_state == Some("IN_PROGRESS") {
                in_progress.insert(state.deployments[0].id.clone());
                assert_eq!(state.deployments.len(), 2);
            } else {
                assert_eq!((state.running, state.deployments.len()), (4, 1));
            }
        }
        let running = cluster.tasks.into_iter().filter(|task| task.last_status == "RUNNING");
        ids.extend(running.map(|task| task.id));
    }
    assert_eq!(in_progress.len(), 50 * 5);
    assert_eq!(ids.len(), 50 * 4 * 6);
}

#[test]
fn a_deployment_brings_new_tasks_before_the_old_ones_go() {
    let deployed = START + 600;
    let service = Service { deployments: Times::At(vec![deployed]), ..Service::new("s", 2) };
    let fleet = alone(service);
    let at = |seconds: i64| deployments_at(&fleet, deployed + seconds);
    assert_eq!(at(-1), ["PRIMARY COMPLETED 2 of 2"]);
    assert_eq!(at(0), ["PRIMARY IN_PROGRESS 0 of 2", "ACTIVE COMPLETED 2 of 2"]);
    assert_eq!(at(400), ["PRIMARY COMPLETED 2 of 2"]);
    let middle: Vec<_> = (0..400).map(|seconds| service_at(&fleet, deployed + seconds)).collect();
    assert!(middle.iter().any(|state| state.pending > 0));
    assert!(middle.iter().all(|state| state.running >= 2));
    let turn = middle.iter().position(|state| state.deployments.len() == 1).expect("it ends");
    assert!(middle[turn..].iter().all(|state| state.deployments.len() == 1), "and stays so");

    let after = tasks_at(&fleet, deployed + 400);
    let [stopped, running] = ["STOPPED", "RUNNING"]
        .map(|status| after.iter().filter(|task| task.last_status == status).collect::<Vec<_>>());
    assert_eq!((stopped.len(), running.len()), (2, 2));
    let id = &service_at(&fleet, deployed + 400).deployments[0].id;
    for task in running {
        assert_eq!((task.revision, task.deployment.as_ref()), (2, Some(id)));
    }
    for task in stopped {
        let stop = task.stop.as_ref().expect("it stopped");
        assert_eq!((task.revision, stop.code.as_str()), (1, "ServiceSchedulerInitiated"));
        assert_eq!(stop.reason, format!("Scaling activity initiated by (deployment {id})"));
    }
}

#[test]
fn a_deployment_whose_tasks_do_not_start_fails_and_leaves_the_old_ones() {
    let deployed = START + 600;
    let service = Service {
        failed_deployments: Times::At(vec![deployed]),
        deployments: Times::At(vec![deployed + 3600]),
        ..Service::new("s", 2)
    };
    let fleet = alone(service);
    let at = |seconds: i64| deployments_at(&fleet, deployed + seconds);
    let kept = "ACTIVE COMPLETED 2 of 2";
    assert_eq!(at(359), ["PRIMARY IN_PROGRESS 0 of 2", kept]);
    assert_eq!(at(360), ["PRIMARY FAILED 0 of 0", kept]);
    assert_eq!(service_at(&fleet, deployed + 360).deployments[0].failed, 3);
    assert_eq!(at(3599), ["PRIMARY FAILED 0 of 0", kept]);
    assert_eq!(at(3600 + 900), ["PRIMARY COMPLETED 2 of 2"]);
    assert_eq!(service_at(&fleet, deployed + 3600).deployments[0].revision, 3);
    let never_started =
        tasks_at(&fleet, deployed + 400).into_iter().filter(|task| task.revision == 2);
    for task in never_started {
        assert_eq!((task.last_status, task.started_ms), ("STOPPED", None));
        assert_eq!(task.stop.expect("it stopped").code, "TaskFailedToStart");
    }
}

#[test]
fn what_ends_a_task_is_told_in_the_words_of_ecs_and_another_one_takes_its_place() {
    let memory = "OutOfMemoryError: Container killed due to memory usage";
    let cases = [
        (
            Ending::OutOfMemory,
            "EssentialContainerExited",
            "Essential container",
            Some(memory),
            Some(137),
        ),
        (Ending::Exited(3), "EssentialContainerExited", "Essential container", None, Some(3)),
        (
            Ending::ContainerHealthCheck,
            "ServiceSchedulerInitiated",
            "failed container health checks",
            None,
            Some(143),
        ),
        (
            Ending::LoadBalancerHealthCheck,
            "ServiceSchedulerInitiated",
            "failed ELB health checks",
            None,
            Some(143),
        ),
        (Ending::SpotInterruption, "SpotInterruption", "interrupted", None, Some(143)),
        (Ending::StoppedByUser, "UserInitiated", "by user", None, Some(143)),
    ];
    for (ending, code, reason, container, exit_code) in cases {
        let service = Service {
            incidents: vec![(Times::At(vec![START]), ending.clone())],
            ..Service::new("s", 2)
        };
        let fleet = alone(service);
        assert_eq!(service_at(&fleet, START).running, 2, "{ending:?}");
        assert_eq!(service_at(&fleet, START + 2).running, 1, "{ending:?}");
        assert_eq!(service_at(&fleet, START + 120).running, 2, "{ending:?}");
        let tasks = tasks_at(&fleet, START + 120);
        let stops: Vec<&Stop> = tasks.iter().filter_map(|task| task.stop.as_ref()).collect();
        let [stop] = stops[..] else { panic!("{ending:?}: {stops:?}") };
        assert_eq!(stop.code, code, "{ending:?}");
        assert!(stop.reason.contains(reason), "{ending:?}: {}", stop.reason);
        assert_eq!((stop.container_reason.as_deref(), stop.exit_code), (container, exit_code));
    }
}

#[test]
fn a_stopped_task_is_shown_for_an_hour() {
    let job = Job::new("job", Times::At(vec![START]), 120);
    let fleet =
        EcsFleet { clusters: vec![Cluster { jobs: vec![job], ..Cluster::new("c", vec![]) }] };
    let stopped_ms = tasks_at(&fleet, START + 600)[0].stopped_ms.expect("it is over");
    let last = (stopped_ms + STOPPED_TASKS_STAY_SECONDS * 1000 - 1) / 1000;
    let task = tasks_at(&fleet, last).remove(0);
    assert_eq!((task.service, task.family.as_str(), task.last_status), (None, "job", "STOPPED"));
    assert_eq!(task.stop.expect("it stopped").exit_code, Some(0));
    assert_eq!(tasks_at(&fleet, last + 1), []);
    assert_eq!(tasks_at(&fleet, START - 1), []);
}

#[test]
fn ids_are_unique_across_services_and_clusters() {
    let fleet = EcsFleet::sized(200, 5);
    let ids: BTreeSet<String> =
        tasks_of_all(&fleet, START).into_iter().flatten().map(|task| task.id).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
}

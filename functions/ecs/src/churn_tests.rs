//! A day of deployments: series stay what they are, unless single tasks are asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use series::{Labels, Timestamp};

use crate::catalogue::Catalogue;
use crate::filter::Filter;
use crate::fixtures::*;
use crate::inventory::{Cluster, Inventory, Service, Task};
use crate::settings::Settings;
use crate::{counts, info};

const SERVICES: usize = 50;
const TASKS: usize = 4;
const DEPLOYMENTS: usize = 5;
/// What a deployment goes through, one look each: the new tasks come up while the old ones run, then the old ones go.
const STEPS: [(&str, &str); 4] = [
    ("PENDING", "RUNNING"),
    ("RUNNING", "RUNNING"),
    ("RUNNING", "DEPROVISIONING"),
    ("RUNNING", "STOPPED"),
];

/// A service's task of some revision.
fn of_revision(service: usize, revision: usize, slot: usize, status: &str) -> Task {
    let name = format!("service-{service}");
    Task {
        revision: revision.to_string(),
        last_status: status.to_owned(),
        // As good as any: no two deployments are alike.
        availability_zone: format!("ap-northeast-1{}", ["a", "c"][(slot + revision) % 2]),
        ..task(&format!("{name}-{revision}-{slot}"), &name)
    }
}

/// The cluster while every service goes from one revision to the next, at a step.
fn during(revision: usize, step: usize, at: Timestamp) -> Inventory {
    let (mut services, mut tasks, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..SERVICES {
        let (new, old) = STEPS[step];
        let done = old == "STOPPED";
        let states: &[&str] = if done { &["COMPLETED"] } else { &["IN_PROGRESS", "COMPLETED"] };
        let deployments = states.iter().map(|state| deployment(state)).collect();
        let wanted = u32::try_from(TASKS).expect("a few");
        services.push(Service { deployments, ..service(&format!("service-{index}"), wanted) });
        for slot in 0..TASKS {
            tasks.push(of_revision(index, revision + 1, slot, new));
            let old = of_revision(index, revision, slot, old);
            match done {
                true => over.push(stopped(old, at, "ServiceSchedulerInitiated", "")),
                false => tasks.push(old),
            }
        }
    }
    let (tasks, stopped) = (Some(tasks), Some(over));
    inventory(vec![Cluster { tasks, stopped, ..cluster("prod", "enhanced", services) }])
}

/// The distinct series of each look of a day.
fn day(section: &str) -> Vec<BTreeSet<Labels>> {
    let settings = Settings::of(section);
    let filter = Filter::new(&settings.metrics);
    let mut looks = Vec::new();
    let mut at = NOW;
    for revision in 0..DEPLOYMENTS {
        for step in 0..STEPS.len() {
            let before = at;
            at = at + Duration::from_secs(300);
            let inventory = during(revision, step, at);
            let mut series = counts::series(&inventory, (before, at));
            series.extend(info::series(&inventory, settings.per_task, at));
            let Catalogue { entries } = Catalogue::new(&settings, &inventory, &[]);
            series.extend(entries.into_values().map(|entry| entry.series));
            series.retain(|one| filter.keeps(one));
            looks.push(series.into_iter().map(|one| one.labels).collect());
        }
    }
    looks
}

#[test]
fn a_day_of_deployments_makes_no_new_series() {
    for (section, of_service, of_cluster) in [
        // Wanted, running and pending; 3 rollout states, 7 statuses, 8 stop codes; an info series; CPU and memory twice.
        ("{}", 3 + 3 + 7 + 8 + 1 + 4, 0),
        ("{container_insights: true}", 3 + 3 + 7 + 8 + 1 + 4 + 25 + 10, 22),
    ] {
        let looks = day(section);
        // The API, its clusters, and of the cluster its services and instances.
        let expected = SERVICES * of_service + of_cluster + 4;
        assert_eq!(looks[0].len(), expected, "{section}");
        assert!(looks.iter().all(|look| *look == looks[0]), "{section}");
    }
}

#[test]
fn series_of_single_tasks_are_what_the_tasks_make_them() {
    let section = "{container_insights: true, per_task: true, metrics: ['ecs_task_.*']}";
    let looks = day(section);
    let running = SERVICES * TASKS * 9;
    assert_eq!(
        (looks[0].len(), looks[1].len()),
        (running, 2 * running),
        "8 metrics and the info series of each"
    );
    let distinct: BTreeSet<Labels> = looks.into_iter().flatten().collect();
    assert_eq!(distinct.len(), running * (DEPLOYMENTS + 1));
}

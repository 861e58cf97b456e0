//! Counts of tasks by what they do and what they run on.

use std::collections::{BTreeMap, BTreeSet};

use super::Counts;
use crate::capacity::{self, Capacity};
use crate::inventory::Cluster;
use crate::resources::{self, Owner};

/// The statuses of a task that has not stopped
/// ([AWS: task lifecycle](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html)).
const STATUSES: [&str; 7] = [
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
];

/// How many tasks there are, by status and capacity.
type Tally<'a> = BTreeMap<(&'a str, Capacity<'a>), usize>;

pub(super) fn count(counts: &mut Counts<'_>, cluster: &Cluster) {
    let Some(tasks) = &cluster.tasks else {
        return;
    };
    let mut owners: BTreeMap<Owner<'_>, Tally<'_>> = capacities(cluster)
        .into_iter()
        .map(|(owner, capacities)| (owner, zeros(&capacities)))
        .collect();
    for task in tasks {
        let tally = owners.entry(Owner::of(task)).or_default();
        *tally.entry((&task.last_status, Capacity::of_task(task))).or_default() += 1;
    }
    for (owner, tally) in owners {
        say(counts, cluster, owner, &tally);
    }
}

/// What the tasks of each owner run on, by its definition, or by what they do or lately did run on.
fn capacities(cluster: &Cluster) -> BTreeMap<Owner<'_>, BTreeSet<Capacity<'_>>> {
    let services = resources::present(cluster)
        .map(|one| (Owner::Service(&one.name), capacity::of_service(one, cluster)));
    let mut owners: BTreeMap<_, _> = services.collect();
    for task in cluster.tasks.iter().chain(&cluster.stopped).flatten() {
        owners.entry(Owner::of(task)).or_default().insert(Capacity::of_task(task));
    }
    owners
}

fn zeros<'a>(capacities: &BTreeSet<Capacity<'a>>) -> Tally<'a> {
    let of_each = |capacity: &Capacity<'a>| STATUSES.map(|status| ((status, *capacity), 0));
    capacities.iter().flat_map(of_each).collect()
}

fn say(counts: &mut Counts<'_>, cluster: &Cluster, owner: Owner<'_>, tally: &Tally<'_>) {
    let resource = owner.resource(cluster);
    let (name, label, prefix) = match owner {
        Owner::Service(_) => ("ecs_service_tasks", "service", ""),
        Owner::Family(_) => ("ecs_family_tasks", "family", "family_"),
    };
    for ((status, capacity), count) in tally {
        let labels = [
            ("cluster", cluster.name.as_str()),
            (label, owner.name()),
            ("last_status", status),
            ("launch_type", capacity.launch_type),
            ("capacity_provider", capacity.provider),
        ];
        let metric = format!("{prefix}tasks_{}_{}", status.to_lowercase(), capacity.text());
        counts.say(name, metric, &resource, &labels, *count);
    }
}

//! What the ECS API had to say at each run, counted from the fleet's own state.

use std::collections::{BTreeMap, BTreeSet};

use emulators::aws::AwsEmulator;
use emulators::traffic::ecs::{ClusterState, EcsFleet, Launch, ServiceState, Stop, Task};
use series::{Labels, Timestamp};

use super::{Origin, Points, Row};
use crate::demo::bench::{ACCOUNT, REGION};
use crate::demo::schedule::{EVERY, Schedule};

const STATUSES: [&str; 7] = [
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
];

/// Stop codes with their names in Mackerel.
const CODES: [(&str, &str); 8] = [
    ("OutOfMemory", "out_of_memory"),
    ("HealthCheckFailed", "health_check_failed"),
    ("TaskFailedToStart", "task_failed_to_start"),
    ("EssentialContainerExited", "essential_container_exited"),
    ("UserInitiated", "user_initiated"),
    ("ServiceSchedulerInitiated", "service_scheduler_initiated"),
    ("SpotInterruption", "spot_interruption"),
    ("TerminationNotice", "termination_notice"),
];

/// Every series of these runs.
pub(super) fn rows(aws: &AwsEmulator, schedule: Schedule) -> Vec<Row> {
    let fleet = aws.ecs_fleet(REGION);
    let mut counts = Counts::default();
    for at in schedule.times() {
        counts.of_moment(&fleet, at);
    }
    counts.rows.into_values().collect()
}

/// Series by their identity, while they are counted.
#[derive(Default)]
struct Counts {
    rows: BTreeMap<String, Row>,
}

/// A moment, and what is counted of in it.
struct Place<'a> {
    at: Timestamp,
    cluster: &'a str,
    /// A label beside the cluster, where there is one: the service, the family, the instance.
    of: Option<(&'static str, &'a str)>,
}

impl Counts {
    fn of_moment(&mut self, fleet: &EcsFleet, at: Timestamp) {
        let state = fleet.at(at.as_secs());
        let region = Place { at, cluster: "", of: None };
        self.say(&region, "ecs_up", "up", &[], 1);
        self.say(&region, "ecs_clusters", "clusters", &[], state.clusters.len());
        state.clusters.iter().for_each(|cluster| self.of_cluster(cluster, at));
    }

    fn of_cluster(&mut self, state: &ClusterState<'_>, at: Timestamp) {
        let cluster = state.cluster.name.as_str();
        let whole = Place { at, cluster, of: None };
        self.say(&whole, "ecs_services", "services", &[], state.services.len());
        let instances = state.instances.len();
        self.say(&whole, "ecs_container_instances", "container_instances", &[], instances);
        for service in &state.services {
            let name = service.service.name.as_str();
            let place = Place { at, cluster, of: Some(("service", name)) };
            self.of_service(&place, service);
            let tasks: Vec<&Task> = state.tasks_of(name).collect();
            self.of_tasks(&place, "", &tasks, capacities(&service.service.launch));
        }
        let standalone = || state.tasks.iter().filter(|task| task.service.is_none());
        let families: BTreeSet<&str> = standalone().map(|task| task.family.as_str()).collect();
        for family in families {
            let place = Place { at, cluster, of: Some(("family", family)) };
            let tasks: Vec<&Task> = standalone().filter(|task| task.family == family).collect();
            self.of_tasks(&place, "family_", &tasks, BTreeSet::new());
        }
        for instance in &state.instances {
            let place = Place { at, cluster, of: Some(("instance", &instance.instance.id)) };
            for (what, value) in [
                ("agent_connected", instance.instance.agent_connected.into()),
                ("active", (instance.instance.status == "ACTIVE").into()),
                ("pending_tasks", instance.pending as usize),
                ("running_tasks", instance.running as usize),
            ] {
                let metric = format!("container_instance_{what}");
                self.say(&place, &format!("ecs_{metric}"), &metric, &[], value);
            }
        }
    }

    fn of_service(&mut self, place: &Place<'_>, state: &ServiceState<'_>) {
        for (what, value) in [
            ("desired_tasks", state.desired),
            ("running_tasks", state.running),
            ("pending_tasks", state.pending),
        ] {
            self.say(place, &format!("ecs_service_{what}"), what, &[], value as usize);
        }
        for rollout in ["IN_PROGRESS", "COMPLETED", "FAILED"] {
            let metric = format!("deployments_{}", rollout.to_lowercase());
            let in_state =
                state.deployments.iter().filter(|one| one.rollout_state == Some(rollout));
            let labels = [("rollout_state", rollout)];
            self.say(place, "ecs_service_deployments", &metric, &labels, in_state.count());
        }
    }

    /// Tasks of a service or family, by status and by why they stopped.
    fn of_tasks(
        &mut self,
        place: &Place<'_>,
        prefix: &str,
        tasks: &[&Task],
        mut capacities: BTreeSet<(String, String)>,
    ) {
        let kind = if prefix.is_empty() { "service" } else { "family" };
        let capacity = |task: &&Task| {
            (task.launch_type.clone(), task.capacity_provider.clone().unwrap_or_default())
        };
        capacities.extend(tasks.iter().map(capacity));
        for (launch_type, provider) in &capacities {
            let own = (launch_type.clone(), provider.clone());
            let suffix = if provider.is_empty() { String::new() } else { format!("-{provider}") };
            for status in STATUSES {
                let is = |task: &&&Task| task.last_status == status && capacity(task) == own;
                let labels = [
                    ("last_status", status),
                    ("launch_type", launch_type.as_str()),
                    ("capacity_provider", provider.as_str()),
                ];
                let (status, launch_type) = (status.to_lowercase(), launch_type.to_lowercase());
                let metric = format!("{prefix}tasks_{status}_{launch_type}{suffix}");
                let count = tasks.iter().filter(is).count();
                self.say(place, &format!("ecs_{kind}_tasks"), &metric, &labels, count);
            }
        }
        for (code, short) in CODES {
            let is =
                |task: &&&Task| stopped_lately(task, place.at).is_some_and(|one| why(one) == code);
            let (metric, labels) =
                (format!("{prefix}stopped_tasks_{short}"), [("stop_code", code)]);
            let count = tasks.iter().filter(is).count();
            self.say(place, &format!("ecs_{kind}_stopped_tasks"), &metric, &labels, count);
        }
    }

    fn say(
        &mut self,
        place: &Place<'_>,
        name: &str,
        metric: &str,
        labels: &[(&str, &str)],
        value: usize,
    ) {
        let Place { at, cluster, of } = *place;
        let mut all = Labels::named(name)
            .with("account_id", ACCOUNT)
            .with("region", REGION)
            .with("cluster", cluster);
        labels.iter().chain(&of).for_each(|(label, value)| all.set(*label, *value));
        let resource = match (cluster, of) {
            ("", _) => REGION.to_owned(),
            (cluster, None) => cluster.to_owned(),
            (cluster, Some((_, one))) => format!("{cluster}/{one}"),
        };
        let values = labels.iter().map(|(_, value)| format!(" {value}"));
        let alias = resource.clone() + &values.collect::<String>();
        let row = self.rows.entry(all.to_string()).or_insert_with_key(|identity| Row {
            origin: Origin::EcsApi,
            metric: "count",
            name: name.to_owned(),
            identity: identity.clone(),
            mackerel: Some(format!("ecs.{metric}.{}", resource.replace('/', "-"))),
            days: None,
            resource,
            alias,
            points: Points::new(),
        });
        row.points.insert(at.as_secs(), value as f64);
    }
}

/// What tasks of this kind run on, whether there are any or not.
fn capacities(launch: &Launch) -> BTreeSet<(String, String)> {
    let slots = if let Launch::Providers(names) = launch { names.len() } else { 1 };
    let slots = 0..u32::try_from(slots).unwrap_or_default();
    let provider = |slot| launch.capacity_provider(slot).unwrap_or_default().to_owned();
    slots.map(|slot| (launch.launch_type(slot).to_owned(), provider(slot))).collect()
}

/// How a task stopped, if it did since the run before.
fn stopped_lately(task: &Task, at: Timestamp) -> Option<&Stop> {
    let window = (at - EVERY).as_millis() + 1..at.as_millis() + 1;
    task.stop.as_ref().filter(|_| task.stopped_ms.is_some_and(|at| window.contains(&at)))
}

/// Why, in the series' terms.
fn why(stop: &Stop) -> &str {
    let of_container = stop.container_reason.as_deref().unwrap_or_default();
    match &stop.reason {
        _ if of_container.starts_with("OutOfMemoryError") => "OutOfMemory",
        reason if reason.contains("health checks") => "HealthCheckFailed",
        _ => &stop.code,
    }
}

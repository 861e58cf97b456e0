//! What the ECS API counts.

use std::collections::BTreeMap;

use emulators::traffic::ecs::{
    ClusterState, Controller, Launch, Service, ServiceState, Stop, Task,
};

use super::{EcsDue, EcsTruth};

/// What a task that has not stopped may be doing.
const STATUSES: [&str; 7] = [
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
];

/// Why tasks stop, with what Mackerel calls it. These are said whether any task stopped or not.
const STOPS: [(&str, &str); 8] = [
    ("OutOfMemory", "out_of_memory"),
    ("HealthCheckFailed", "health_check_failed"),
    ("TaskFailedToStart", "task_failed_to_start"),
    ("EssentialContainerExited", "essential_container_exited"),
    ("UserInitiated", "user_initiated"),
    ("ServiceSchedulerInitiated", "service_scheduler_initiated"),
    ("SpotInterruption", "spot_interruption"),
    ("TerminationNotice", "termination_notice"),
];

/// A stop code that no list has, of the fleets that these tests use.
const UNHEARD_OF: (&str, &str) = ("InfrastructureHealth", "infrastructure_health");

/// Launch type and capacity provider.
type Capacity = (String, String);

/// Whose tasks these are.
struct Owner<'a> {
    /// `service` or `family`.
    label: &'static str,
    name: &'a str,
    capacities: Vec<Capacity>,
}

/// What is said at one moment.
struct Saying<'a> {
    truth: &'a EcsTruth,
    /// Epoch seconds; the start does not belong to it, the end does.
    window: (i64, i64),
    due: EcsDue,
}

pub(super) fn at(truth: &EcsTruth, window: (i64, i64)) -> EcsDue {
    let state = truth.fleet.at(window.1);
    let mut saying = Saying { truth, window, due: EcsDue::default() };
    let region = &truth.region;
    saying.say("ecs_up", &[], &format!("up.{region}"), 1);
    saying.say("ecs_clusters", &[], &format!("clusters.{region}"), state.clusters.len());
    for cluster in &state.clusters {
        saying.of_cluster(cluster);
    }
    saying.due
}

impl Saying<'_> {
    fn say(&mut self, name: &str, labels: &[(&str, &str)], mackerel: &str, count: usize) {
        let value = u32::try_from(count).expect("a count of tasks").into();
        self.due.say(&self.truth.labels(name, labels), mackerel, [(self.window.1, value)]);
    }

    fn of_cluster(&mut self, state: &ClusterState<'_>) {
        let cluster = state.cluster.name.as_str();
        let own = [("cluster", cluster)];
        self.say("ecs_services", &own, &format!("services.{cluster}"), state.services.len());
        let mackerel = format!("container_instances.{cluster}");
        self.say("ecs_container_instances", &own, &mackerel, state.instances.len());
        for service in &state.services {
            self.of_service(cluster, service);
        }
        for instance in &state.instances {
            let id = instance.instance.id.as_str();
            let is_active = instance.instance.status == "ACTIVE";
            for (what, count) in [
                ("agent_connected", instance.instance.agent_connected.into()),
                ("active", is_active.into()),
                ("running_tasks", instance.running as usize),
                ("pending_tasks", instance.pending as usize),
            ] {
                let name = format!("container_instance_{what}");
                let own = [("cluster", cluster), ("instance", id)];
                let mackerel = format!("{name}.{cluster}-{id}");
                self.say(&format!("ecs_{name}"), &own, &mackerel, count);
            }
        }
        for owner in owners(state) {
            let is_own = |task: &&Task| {
                let of_family = task.service.is_none() && task.family == owner.name;
                task.service.as_deref() == Some(owner.name) && owner.label == "service"
                    || of_family && owner.label == "family"
            };
            let tasks: Vec<&Task> = state.tasks.iter().filter(is_own).collect();
            self.of_tasks(cluster, &owner, &tasks);
            self.of_stops(cluster, &owner, &tasks);
        }
    }

    fn of_service(&mut self, cluster: &str, state: &ServiceState<'_>) {
        let service = state.service.name.as_str();
        for (what, count) in
            [("desired", state.desired), ("running", state.running), ("pending", state.pending)]
        {
            let own = [("cluster", cluster), ("service", service)];
            let mackerel = format!("{what}_tasks.{cluster}-{service}");
            self.say(&format!("ecs_service_{what}_tasks"), &own, &mackerel, count as usize);
        }
        for rollout in ["IN_PROGRESS", "COMPLETED", "FAILED"] {
            let has_deployments = state.service.controller != Controller::CodeDeploy;
            let deployments = state.deployments.iter().filter(|_| has_deployments);
            let count = deployments.filter(|one| one.rollout_state == Some(rollout)).count();
            let own = [("cluster", cluster), ("service", service), ("rollout_state", rollout)];
            let mackerel = format!("deployments_{}.{cluster}-{service}", rollout.to_lowercase());
            self.say("ecs_service_deployments", &own, &mackerel, count);
        }
    }

    fn of_tasks(&mut self, cluster: &str, owner: &Owner<'_>, tasks: &[&Task]) {
        let Owner { label, name, capacities } = owner;
        let prefix = prefix(label);
        for (launch_type, provider) in capacities {
            let dashed = if provider.is_empty() { String::new() } else { format!("-{provider}") };
            let capacity = format!("{}{dashed}", launch_type.to_lowercase());
            for status in STATUSES {
                let is_so = |task: &&&Task| {
                    task.last_status == status && of_task(task) == (launch_type, provider)
                };
                let own = [
                    ("cluster", cluster),
                    (*label, *name),
                    ("last_status", status),
                    ("launch_type", launch_type),
                    ("capacity_provider", provider),
                ];
                let doing = status.to_lowercase();
                let mackerel = format!("{prefix}tasks_{doing}_{capacity}.{cluster}-{name}");
                let count = tasks.iter().filter(is_so).count();
                self.say(&format!("ecs_{label}_tasks"), &own, &mackerel, count);
            }
        }
    }

    fn of_stops(&mut self, cluster: &str, owner: &Owner<'_>, tasks: &[&Task]) {
        let Owner { label, name, .. } = owner;
        let stopped = tasks.iter().filter(|task| self.has_stopped(task));
        let mut counts: BTreeMap<&str, usize> = STOPS.map(|(code, _)| (code, 0)).into();
        for stop in stopped.filter_map(|task| task.stop.as_ref()) {
            *counts.entry(why(stop)).or_default() += 1;
        }
        let prefix = prefix(label);
        for (code, count) in counts {
            let known = STOPS.iter().chain([&UNHEARD_OF]).find(|(known, _)| *known == code);
            let (_, short) = known.expect("a stop code of the fleets that are in use");
            let own = [("cluster", cluster), (*label, *name), ("stop_code", code)];
            let mackerel = format!("{prefix}stopped_tasks_{short}.{cluster}-{name}");
            self.say(&format!("ecs_{label}_stopped_tasks"), &own, &mackerel, count);
        }
    }

    fn has_stopped(&self, task: &Task) -> bool {
        let (since, until) = (self.window.0 * 1000, self.window.1 * 1000);
        task.stopped_ms.is_some_and(|at| since < at && at <= until)
    }
}

fn prefix(label: &str) -> &'static str {
    if label == "family" { "family_" } else { "" }
}

/// Why a task stopped.
pub(super) fn why(stop: &Stop) -> &str {
    let killed = stop.container_reason.as_deref().unwrap_or_default();
    if killed.starts_with("OutOfMemoryError") {
        "OutOfMemory"
    } else if stop.reason.contains("health checks") {
        "HealthCheckFailed"
    } else {
        &stop.code
    }
}

/// Services by what they are set up with, families by the tasks that ECS shows.
fn owners<'a>(state: &'a ClusterState<'_>) -> Vec<Owner<'a>> {
    let services = state.services.iter().map(|one| Owner {
        label: "service",
        name: &one.service.name,
        capacities: capacities(one.service),
    });
    let mut owners: Vec<Owner<'a>> = services.collect();
    for task in state.tasks.iter().filter(|task| task.service.is_none()) {
        let known = owners.iter().any(|one| one.label == "family" && one.name == task.family);
        if !known {
            let (launch_type, provider) = of_task(task);
            let capacities = vec![(launch_type.clone(), provider.clone())];
            owners.push(Owner { label: "family", name: &task.family, capacities });
        }
    }
    owners
}

fn capacities(service: &Service) -> Vec<Capacity> {
    let plain = |launch_type: &str| vec![(launch_type.to_owned(), String::new())];
    match &service.launch {
        Launch::Fargate => plain("FARGATE"),
        Launch::Ec2 => plain("EC2"),
        Launch::External => plain("EXTERNAL"),
        Launch::Other(name) => plain(name),
        Launch::Providers(names) => names
            .iter()
            .map(|name| {
                let launch_type = if name.starts_with("FARGATE") { "FARGATE" } else { "EC2" };
                (launch_type.to_owned(), name.clone())
            })
            .collect(),
    }
}

fn of_task(task: &Task) -> (&String, &String) {
    static NONE: String = String::new();
    (&task.launch_type, task.capacity_provider.as_ref().unwrap_or(&NONE))
}

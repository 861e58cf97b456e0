//! One task from its creation to its end, as it will have been; what ECS shows of it at a time is
//! [`Life::at`].

use std::ops::Range;

use super::ending::{Ending, Stop};
use super::fleet::{Cluster, Instance};
use super::workload::{Container, Launch, TaskDefinition};
use crate::traffic::noise::Noise;

/// How long ECS shows a task after its end.
pub const STOPPED_TASKS_STAY_SECONDS: i64 = 3600;

/// A task as ECS shows it at one moment. What has not happened yet is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// 32 hexadecimal digits, the last piece of its ARN. The same in every account and region.
    pub id: String,
    /// The service that runs it; absent for a task of a job.
    pub service: Option<String>,
    /// Of its task definition.
    pub family: String,
    /// Of its task definition.
    pub revision: i64,
    /// CPU units of its task definition.
    pub cpu: u32,
    /// MiB of its task definition.
    pub memory: u32,
    /// `FARGATE`, `EC2`, `EXTERNAL`, ….
    pub launch_type: String,
    /// Where a capacity provider strategy is in use.
    pub capacity_provider: Option<String>,
    /// The last letter of its availability zone; absent for external instances.
    pub zone: Option<char>,
    /// The id of its container instance.
    pub instance: Option<String>,
    /// The id of the deployment that started it.
    pub deployment: Option<String>,
    /// `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING`, `STOPPING`,
    /// `DEPROVISIONING` or `STOPPED`.
    pub last_status: &'static str,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: &'static str,
    /// Epoch milliseconds, as all times here.
    pub created_ms: i64,
    /// When its images began to be pulled.
    pub pull_started_ms: Option<i64>,
    /// When they were there.
    pub pull_stopped_ms: Option<i64>,
    /// When it was running.
    pub started_ms: Option<i64>,
    /// When its end began.
    pub stopping_ms: Option<i64>,
    /// When its containers had stopped.
    pub execution_stopped_ms: Option<i64>,
    /// When it was over.
    pub stopped_ms: Option<i64>,
    /// Why it ends.
    pub stop: Option<Stop>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A task's whole life.
#[derive(Debug, Clone)]
pub(super) struct Life<'a> {
    pub(super) id: String,
    pub(super) service: Option<&'a str>,
    pub(super) definition: &'a TaskDefinition,
    pub(super) launch_type: &'a str,
    capacity_provider: Option<&'a str>,
    pub(super) instance: Option<&'a Instance>,
    pub(super) revision: i64,
    pub(super) deployment: Option<String>,
    pub(super) created_ms: i64,
    /// When it would be running, if nothing came between.
    pub(super) ready_ms: i64,
    pub(super) end: Option<End>,
}

/// Who starts a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Starter<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) service: Option<&'a str>,
    pub(super) definition: &'a TaskDefinition,
    pub(super) launch: &'a Launch,
}

/// How a life ends.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) ending: Ending,
    pub(super) stopping_ms: i64,
    execution_stopped_ms: i64,
    pub(super) stopped_ms: i64,
    /// The deployment that put another task in its place.
    replaced_by: Option<String>,
}

impl<'a> Starter<'a> {
    /// The task that is created at `at` (epoch seconds) for `slot`, without an end.
    pub(super) fn start(
        &self,
        slot: u32,
        at: i64,
        revision: i64,
        deployment: Option<String>,
    ) -> Life<'a> {
        let Self { cluster, service, definition, launch } = *self;
        let owner = service.unwrap_or(&definition.family);
        let name = format!("{}/{owner}/{slot}/{at}", cluster.name);
        let noise = Noise::seeded(&name);
        let between =
            |from: f64, to: f64, purpose| milliseconds(noise.between(from, to, purpose, 0));
        let created_ms = at * 1000 + between(0.0, 1.0, "created");
        let launch_type = launch.launch_type(slot);
        let provisioning = if launch_type == "FARGATE" { between(8.0, 14.0, "eni") } else { 500 };
        let pulling = between(6.0, 16.0, "pull");
        Life {
            id: format!("{:016x}{:016x}", noise.bits("id", 1), noise.bits("id", 2)),
            service,
            definition,
            launch_type,
            capacity_provider: launch.capacity_provider(slot),
            instance: place(cluster, launch_type, &noise),
            revision,
            deployment,
            created_ms,
            ready_ms: created_ms + provisioning + pulling + between(2.0, 5.0, "activating"),
            end: None,
        }
    }
}

/// EC2's tasks go to EC2's instances, external ones to external ones.
fn place<'a>(cluster: &'a Cluster, launch_type: &str, noise: &Noise) -> Option<&'a Instance> {
    let fits = |instance: &&Instance| match launch_type {
        "EC2" => !instance.is_external(),
        "EXTERNAL" => instance.is_external(),
        _ => false,
    };
    let places: Vec<&Instance> = cluster.instances.iter().filter(fits).collect();
    let count = u64::try_from(places.len()).expect("a list in memory");
    let chosen = noise.bits("instance", 0).checked_rem(count)?;
    places.get(usize::try_from(chosen).expect("an index")).copied()
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a few minutes")]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

impl End {
    /// An end that begins at `stopping_ms`.
    pub(super) fn at(stopping_ms: i64, ending: Ending, launch_type: &str) -> Self {
        // Behind a load balancer a task is deregistered first; a container that is told to stop has
        // 30 seconds; Fargate's network interface goes last.
        let (deactivating, stopping) = match ending {
            Ending::Replaced | Ending::LoadBalancerHealthCheck => (20_000, 30_000),
            Ending::ContainerHealthCheck | Ending::SpotInterruption | Ending::StoppedByUser => {
                (0, 30_000)
            }
            Ending::OutOfMemory
            | Ending::Exited(_)
            | Ending::FailedToStart
            | Ending::Other { .. } => (0, 0),
        };
        let deprovisioning = if launch_type == "FARGATE" { 12_000 } else { 0 };
        let execution_stopped_ms = stopping_ms + deactivating + stopping;
        Self {
            ending,
            stopping_ms,
            execution_stopped_ms,
            stopped_ms: execution_stopped_ms + deprovisioning,
            replaced_by: None,
        }
    }

    /// Says by whose task it is replaced.
    pub(super) fn for_deployment(self, deployment: Option<String>) -> Self {
        Self { replaced_by: deployment, ..self }
    }

    fn status(&self, now_ms: i64) -> &'static str {
        let is_deregistered_first =
            matches!(self.ending, Ending::Replaced | Ending::LoadBalancerHealthCheck);
        if now_ms >= self.stopped_ms {
            "STOPPED"
        } else if now_ms >= self.execution_stopped_ms {
            "DEPROVISIONING"
        } else if is_deregistered_first && now_ms < self.stopping_ms + 20_000 {
            "DEACTIVATING"
        } else {
            "STOPPING"
        }
    }
}

impl Life<'_> {
    /// When it was running, if it ever was.
    pub(super) fn started_ms(&self) -> Option<i64> {
        let fails = self.end.as_ref().is_some_and(|end| {
            end.ending == Ending::FailedToStart || end.stopping_ms <= self.ready_ms
        });
        (!fails).then_some(self.ready_ms)
    }

    /// Whether ECS shows it at some moment of `window` (epoch seconds).
    pub(super) fn is_shown(&self, window: &Range<i64>) -> bool {
        let gone_ms = self.end.as_ref().map_or(i64::MAX, |end| end.stopped_ms);
        let gone = gone_ms.saturating_add(STOPPED_TASKS_STAY_SECONDS * 1000);
        self.created_ms < window.end * 1000 && gone > window.start * 1000
    }

    /// Whether it runs at some moment of the minute that starts at `minute`.
    pub(super) fn runs_in(&self, minute: i64) -> bool {
        self.runs_within(&(minute..minute + 60))
    }

    /// Whether it runs at some moment of `window` (epoch seconds).
    pub(super) fn runs_within(&self, window: &Range<i64>) -> bool {
        let stops = self.end.as_ref().map_or(i64::MAX, |end| end.stopping_ms);
        self.started_ms().is_some_and(|started| started < window.end * 1000)
            && stops > window.start * 1000
    }

    /// What ECS shows of it at `time` (epoch seconds); nothing before it is created and long after
    /// its end.
    pub(super) fn at(&self, time: i64) -> Option<Task> {
        let now_ms = time * 1000;
        if self.created_ms > now_ms || !self.is_shown(&(time..time + 1)) {
            return None;
        }
        let past = |at: i64| (at <= now_ms).then_some(at);
        let end = self.end.as_ref().filter(|end| end.stopping_ms <= now_ms);
        let [pull_started_ms, pull_stopped_ms] = self.pull().map(|at| at.and_then(past));
        let started_ms = self.started_ms().and_then(past);
        let last_status = match end {
            Some(end) => end.status(now_ms),
            None if started_ms.is_some() => "RUNNING",
            None if pull_stopped_ms.is_some() => "ACTIVATING",
            None if pull_started_ms.is_some() => "PENDING",
            None => "PROVISIONING",
        };
        let zones = ['a', 'c', 'd'];
        let zone = Noise::seeded(&self.id).bits("zone", 0) % 3;
        Some(Task {
            id: self.id.clone(),
            service: self.service.map(str::to_owned),
            family: self.definition.family.clone(),
            revision: self.revision,
            cpu: self.definition.cpu,
            memory: self.definition.memory,
            launch_type: self.launch_type.to_owned(),
            capacity_provider: self.capacity_provider.map(str::to_owned),
            zone: (self.launch_type != "EXTERNAL")
                .then(|| zones[usize::try_from(zone).expect("below three")]),
            instance: self.instance.map(|instance| instance.id.clone()),
            deployment: self.deployment.clone(),
            last_status,
            desired_status: if end.is_some() { "STOPPED" } else { "RUNNING" },
            created_ms: self.created_ms,
            pull_started_ms,
            pull_stopped_ms,
            started_ms,
            stopping_ms: end.map(|end| end.stopping_ms),
            execution_stopped_ms: end.and_then(|end| past(end.execution_stopped_ms)),
            stopped_ms: end.and_then(|end| past(end.stopped_ms)),
            stop: end.map(|end| end.ending.stop(end.replaced_by.as_deref())),
            containers: self.definition.containers.clone(),
        })
    }

    /// When its images began to be pulled, and when they were there.
    fn pull(&self) -> [Option<i64>; 2] {
        let begins = self.created_ms + (self.ready_ms - self.created_ms) / 3;
        let ends = self.ready_ms - 2_000;
        let stops = self.end.as_ref().map_or(i64::MAX, |end| end.stopping_ms);
        let is_pulled = self.started_ms().is_some() && ends < stops;
        [(begins < stops).then_some(begins), is_pulled.then_some(ends)]
    }
}

//! A fleet at one moment, as its API tells of it.

use std::ops::Range;

use super::fleet::{Cluster, EcsFleet, Instance, Presence};
use super::life::{End, Life, Starter, Task};
use super::service::{Placed, Rollout};
use super::workload::{Controller, Job, Service, Starts};

/// A deployment is over after so long at the latest.
const ROLLOUT_SECONDS: i64 = 900;

/// A fleet at one moment. What was deleted is not in it.
#[derive(Debug, Clone)]
pub struct FleetState<'a> {
    /// Its clusters.
    pub clusters: Vec<ClusterState<'a>>,
}

/// A cluster at one moment.
#[derive(Debug, Clone)]
pub struct ClusterState<'a> {
    /// Its definition.
    pub cluster: &'a Cluster,
    /// Its services.
    pub services: Vec<ServiceState<'a>>,
    /// All tasks that ECS shows: those of services and of jobs, stopped ones of the last hour
    /// included.
    pub tasks: Vec<Task>,
    /// Its container instances.
    pub instances: Vec<InstanceState<'a>>,
}

/// A service at one moment.
#[derive(Debug, Clone)]
pub struct ServiceState<'a> {
    /// Its definition.
    pub service: &'a Service,
    /// How many tasks it wants.
    pub desired: u32,
    /// Tasks whose last status is `RUNNING`; more than it wants in the middle of a deployment.
    pub running: u32,
    /// Tasks on their way to it.
    pub pending: u32,
    /// Its deployments, the primary one first.
    pub deployments: Vec<Deployment>,
}

/// A deployment at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY` or `ACTIVE`.
    pub status: &'static str,
    /// The revision of its task definition.
    pub revision: i64,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; absent for controllers that have none.
    pub rollout_state: Option<&'static str>,
    /// How many tasks it wants.
    pub desired: u32,
    /// Its running tasks.
    pub running: u32,
    /// Its tasks on their way to it.
    pub pending: u32,
    /// Its tasks that did not start.
    pub failed: u32,
    /// Epoch seconds.
    pub created_at: i64,
}

/// A container instance at one moment.
#[derive(Debug, Clone)]
pub struct InstanceState<'a> {
    /// Its definition.
    pub instance: &'a Instance,
    /// Its running tasks.
    pub running: u32,
    /// Its tasks on their way to it.
    pub pending: u32,
}

impl EcsFleet {
    /// Everything that is there at `time` (epoch seconds).
    #[must_use]
    pub fn at(&self, time: i64) -> FleetState<'_> {
        let there = self.clusters.iter().filter(|cluster| cluster.presence.is_there());
        FleetState { clusters: there.map(|cluster| cluster.at(time)).collect() }
    }
}

impl<'a> FleetState<'a> {
    /// The cluster with this name.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<&ClusterState<'a>> {
        self.clusters.iter().find(|state| state.cluster.name == name)
    }
}

impl<'a> ClusterState<'a> {
    /// A cluster that holds nothing any more.
    pub(crate) fn empty(cluster: &'a Cluster) -> Self {
        Self { cluster, services: Vec::new(), tasks: Vec::new(), instances: Vec::new() }
    }

    /// The service with this name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ServiceState<'a>> {
        self.services.iter().find(|state| state.service.name == name)
    }

    /// The tasks of a service.
    pub fn tasks_of<'s>(&'s self, service: &'s str) -> impl Iterator<Item = &'s Task> {
        self.tasks.iter().filter(move |task| task.service.as_deref() == Some(service))
    }
}

impl Cluster {
    /// Everything that is in it at `time` (epoch seconds).
    #[must_use]
    pub fn at(&self, time: i64) -> ClusterState<'_> {
        let services = self.present().filter(|service| service.created_at <= time);
        let mut states = Vec::new();
        let mut tasks = Vec::new();
        for service in services {
            let placed = Placed { cluster: self, service };
            let own: Vec<Task> = shown(&placed.lives(&(time..time + 1)), time);
            states.push(placed.state(&own, time));
            tasks.extend(own);
        }
        let jobs = self.jobs.iter().flat_map(|job| job.lives(self, &(time..time + 1)));
        tasks.extend(shown(&jobs.collect::<Vec<_>>(), time));
        let instances = self.instances.iter().map(|instance| {
            let own = || tasks.iter().filter(|task| task.instance.as_deref() == Some(&instance.id));
            InstanceState { instance, running: running(own()), pending: pending(own()) }
        });
        let instances = instances.collect();
        ClusterState { cluster: self, services: states, tasks, instances }
    }

    /// The lives of all tasks that ECS shows at some moment of `window` (epoch seconds).
    pub(super) fn lives(&self, window: &Range<i64>) -> Vec<Life<'_>> {
        if !self.presence.is_there() {
            return Vec::new();
        }
        let services =
            self.present().flat_map(|service| Placed { cluster: self, service }.lives(window));
        services.chain(self.jobs.iter().flat_map(|job| job.lives(self, window))).collect()
    }

    /// The same of one service.
    pub(super) fn lives_of(&self, service: &str, window: &Range<i64>) -> Vec<Life<'_>> {
        let services = self.present().filter(|one| one.name == service);
        let services = services.filter(|_| self.presence.is_there());
        services.flat_map(|service| Placed { cluster: self, service }.lives(window)).collect()
    }
}

impl Service {
    /// The service at `time` (epoch seconds), in its cluster.
    #[must_use]
    pub fn at<'a>(&'a self, cluster: &'a Cluster, time: i64) -> ServiceState<'a> {
        let placed = Placed { cluster, service: self };
        if matches!(self.presence, Presence::Missing | Presence::Inactive) {
            return ServiceState { desired: 0, ..placed.state(&[], time) };
        }
        placed.state(&shown(&placed.lives(&(time..time + 1)), time), time)
    }
}

fn shown(lives: &[Life<'_>], time: i64) -> Vec<Task> {
    lives.iter().filter_map(|life| life.at(time)).collect()
}

impl Job {
    /// Its tasks that ECS shows at some moment of `window` (epoch seconds).
    fn lives<'a>(&'a self, cluster: &'a Cluster, window: &Range<i64>) -> Vec<Life<'a>> {
        let starter =
            Starter { cluster, service: None, definition: &self.task, launch: &self.launch };
        // A stopped task stays for an hour, and it takes a minute or two to come and go.
        let reach = window.start - self.runs_for_seconds - 2 * 3600..window.end;
        let starts = self.starts.within(&reach).into_iter();
        let all = starts.flat_map(|start| {
            (0..self.copies).map(move |copy| {
                let mut life = starter.start(copy, start.at, 1, None);
                let over = life.ready_ms + self.runs_for_seconds * 1000;
                life.end = Some(End::at(over, self.ending.clone(), life.launch_type));
                life
            })
        });
        all.filter(|life| life.is_shown(window)).collect()
    }
}

impl<'a> Placed<'a> {
    /// The service at `time`, with these tasks.
    fn state(&self, tasks: &[Task], time: i64) -> ServiceState<'a> {
        ServiceState {
            service: self.service,
            desired: self.service.desired,
            running: running(tasks),
            pending: pending(tasks),
            deployments: self.deployments(tasks, time),
        }
    }

    fn deployments(&self, tasks: &[Task], time: i64) -> Vec<Deployment> {
        let good = self.rollout(time);
        let good_state = if self.is_rolled_out(good, time) { "COMPLETED" } else { "IN_PROGRESS" };
        if let Some(bad) = self.failed_rollout(time) {
            let is_broken = time >= Self::breaks_at(bad);
            let state = if is_broken { "FAILED" } else { "IN_PROGRESS" };
            return vec![
                self.deployment(bad, "PRIMARY", state, tasks),
                self.deployment(good, "ACTIVE", good_state, tasks),
            ];
        }
        let mut deployments = vec![self.deployment(good, "PRIMARY", good_state, tasks)];
        let before = (good.at > self.service.created_at).then(|| self.rollout(good.at - 1));
        if let Some(before) = before.filter(|_| good_state == "IN_PROGRESS") {
            deployments.push(self.deployment(before, "ACTIVE", "COMPLETED", tasks));
        }
        deployments
    }

    /// Whether all new tasks run and all old ones are gone.
    fn is_rolled_out(&self, rollout: Rollout, time: i64) -> bool {
        match self.service.starts {
            Starts::Yes => {}
            // It waits for ever, unless it waits for nothing.
            Starts::Fails | Starts::NoCapacity => return self.service.desired == 0,
        }
        if time >= rollout.at + ROLLOUT_SECONDS {
            return true;
        }
        let id = self.deployment_id(rollout.at);
        // Later replacements of its tasks are not part of it.
        let lives = self.lives(&(rollout.at..rollout.at + ROLLOUT_SECONDS / 2));
        let steady_ms = lives.iter().map(|life| {
            let is_new = life.deployment.as_ref() == Some(&id);
            let gone_ms = life.end.as_ref().map_or(0, |end| end.stopped_ms);
            if is_new { life.ready_ms } else { gone_ms }
        });
        // The scheduler looks once more before it says so.
        let steady_ms = steady_ms.max().unwrap_or(rollout.at * 1000) + 10_000;
        time * 1000 >= steady_ms
    }

    fn deployment(
        &self,
        rollout: Rollout,
        status: &'static str,
        rollout_state: &'static str,
        tasks: &[Task],
    ) -> Deployment {
        let id = self.deployment_id(rollout.at);
        let own = || tasks.iter().filter(|task| task.deployment.as_ref() == Some(&id));
        let failed = own()
            .filter(|task| task.stop.as_ref().is_some_and(|stop| stop.code == "TaskFailedToStart"));
        let failed = count(failed);
        let running = running(own());
        // What is on its way out is wanted by nobody.
        let is_wanted = status == "PRIMARY" && rollout_state != "FAILED";
        Deployment {
            status,
            revision: rollout.revision,
            rollout_state: (self.service.controller == Controller::Ecs).then_some(rollout_state),
            desired: if is_wanted { self.service.desired } else { running },
            running,
            pending: pending(own()),
            failed,
            created_at: rollout.at,
            id,
        }
    }
}

fn running<'t>(tasks: impl IntoIterator<Item = &'t Task>) -> u32 {
    count(tasks.into_iter().filter(|task| task.last_status == "RUNNING"))
}

fn pending<'t>(tasks: impl IntoIterator<Item = &'t Task>) -> u32 {
    count(
        tasks
            .into_iter()
            .filter(|task| matches!(task.last_status, "PROVISIONING" | "PENDING" | "ACTIVATING")),
    )
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).expect("a count of tasks")
}

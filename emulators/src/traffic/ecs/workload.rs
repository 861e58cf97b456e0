//! What runs in a cluster: services and jobs, what their tasks are, and a schedule of what goes on in
//! them.

use super::ending::Ending;
use super::fleet::{LONG_AGO, Presence};
use super::times::Times;

/// A service; take [`Service::new`] and change what matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The short name.
    pub name: String,
    /// What each of its tasks is.
    pub task: TaskDefinition,
    /// How many tasks it wants.
    pub desired: u32,
    /// Where they run.
    pub launch: Launch,
    /// Whether they ever do.
    pub starts: Starts,
    /// Who replaces them.
    pub controller: Controller,
    /// Rolling deployments, each with a new revision; one about every ten minutes at most.
    pub deployments: Times,
    /// Deployments whose tasks do not start, so that the circuit breaker ends them after six
    /// minutes; the tasks of before stay.
    pub failed_deployments: Times,
    /// Tasks that end and are replaced: at each of these times one of them, in turn. What falls
    /// into the ten minutes after another change of the same task does not happen.
    pub incidents: Vec<(Times, Ending)>,
    /// Since when it is there, in epoch seconds.
    pub created_at: i64,
    /// Whether it is still there when it is asked about.
    pub presence: Presence,
}

/// Whether a service's tasks come to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Starts {
    /// They do.
    #[default]
    Yes,
    /// One attempt after the other fails.
    Fails,
    /// There is no place for them: no task at all.
    NoCapacity,
}

/// A service's deployment controller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Controller {
    /// ECS's rolling updates, which have a rollout state.
    #[default]
    Ecs,
    /// CodeDeploy, with task sets instead of deployments.
    CodeDeploy,
    /// Somebody else's, whose deployments have no rollout state.
    External,
}

/// Tasks that no service runs: scheduled jobs, batches, things started by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What each task is; its family names the group.
    pub task: TaskDefinition,
    /// Where they run.
    pub launch: Launch,
    /// When they are started.
    pub starts: Times,
    /// How many at a time.
    pub copies: u32,
    /// How long they run.
    pub runs_for_seconds: i64,
    /// How they end.
    pub ending: Ending,
}

/// What a task is; its revision counts deployments.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition {
    /// The family.
    pub family: String,
    /// CPU units that are reserved: 1024 are one vCPU.
    pub cpu: u32,
    /// MiB of memory that are reserved.
    pub memory: u32,
    /// Its containers, the essential one first.
    pub containers: Vec<Container>,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// The name.
    pub name: String,
    /// Which share of the task's CPU and memory is reserved for it, and what it uses of the task's
    /// usage. All containers together: 1.
    pub share: f64,
    /// Whether it has a health check.
    pub health_check: bool,
}

/// Where tasks run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// Launch type FARGATE.
    Fargate,
    /// Launch type EC2, on the cluster's `i-…` instances.
    Ec2,
    /// Launch type EXTERNAL (ECS Anywhere), on its `mi-…` instances.
    External,
    /// A capacity provider strategy, which the tasks take in turn. `FARGATE` and `FARGATE_SPOT` are
    /// Fargate's, any other name is one of EC2 instances.
    Providers(Vec<String>),
    /// A launch type that nobody knows yet.
    Other(String),
}

impl Service {
    /// A healthy Fargate service with this many tasks of one container, and without deployments.
    #[must_use]
    pub fn new(name: &str, desired: u32) -> Self {
        Self {
            name: name.to_owned(),
            task: TaskDefinition::new(name),
            desired,
            launch: Launch::Fargate,
            starts: Starts::default(),
            controller: Controller::default(),
            deployments: Times::Never,
            failed_deployments: Times::Never,
            incidents: Vec::new(),
            created_at: LONG_AGO,
            presence: Presence::default(),
        }
    }
}

impl Job {
    /// A Fargate task that is started at these times, runs for so long and exits with 0.
    #[must_use]
    pub fn new(family: &str, starts: Times, runs_for_seconds: i64) -> Self {
        Self {
            task: TaskDefinition::new(family),
            launch: Launch::Fargate,
            starts,
            copies: 1,
            runs_for_seconds,
            ending: Ending::Exited(0),
        }
    }
}

impl TaskDefinition {
    /// One container, a quarter of a vCPU and 512 MiB.
    #[must_use]
    pub fn new(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            cpu: 256,
            memory: 512,
            containers: vec![Container { name: "app".to_owned(), share: 1.0, health_check: false }],
        }
    }

    /// The same with a second container that takes a fifth of it, and a health check on the first.
    #[must_use]
    pub fn with_sidecar(self, name: &str) -> Self {
        let container = |name: &str, share: f64, health_check: bool| Container {
            name: name.to_owned(),
            share,
            health_check,
        };
        Self { containers: vec![container("app", 0.8, true), container(name, 0.2, false)], ..self }
    }
}

impl Launch {
    /// One of Fargate's capacity providers for all tasks: `FARGATE_SPOT`.
    #[must_use]
    pub fn spot() -> Self {
        Self::Providers(vec!["FARGATE_SPOT".to_owned()])
    }

    /// The capacity provider of the task at `slot`.
    #[must_use]
    pub fn capacity_provider(&self, slot: u32) -> Option<&str> {
        let Self::Providers(names) = self else {
            return None;
        };
        let turn = usize::try_from(slot).expect("a count of tasks") % names.len().max(1);
        names.get(turn).map(String::as_str)
    }

    /// The launch type of the task at `slot`.
    #[must_use]
    pub fn launch_type(&self, slot: u32) -> &str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
            Self::External => "EXTERNAL",
            Self::Providers(_) => match self.capacity_provider(slot) {
                Some("FARGATE" | "FARGATE_SPOT") => "FARGATE",
                _ => "EC2",
            },
            Self::Other(name) => name,
        }
    }
}

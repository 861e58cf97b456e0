//! What the ECS API says of one account in one region, at one moment. Pure data: `listing` fills it, `counts`, `info` and
//! `catalogue` make series and queries of it.

use series::Timestamp;

/// One account's clusters in one region.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventory {
    /// Twelve digits.
    pub(crate) account: String,
    pub(crate) region: String,
    /// The time of the look.
    pub(crate) at: Timestamp,
    /// Those whose names the settings select, in the order of their names.
    pub(crate) clusters: Vec<Cluster>,
}

/// A cluster and what is in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// `disabled`, `enabled` or `enhanced`; nothing where the API does not say.
    pub(crate) container_insights: Option<String>,
    /// What of it could be read; a list that could not be had is absent, which is not the same as empty.
    pub(crate) services: Option<Vec<Service>>,
    /// Tasks that are not stopped.
    pub(crate) tasks: Option<Vec<Task>>,
    /// Tasks that stopped in the last hour, as far as the API still shows them.
    pub(crate) stopped: Option<Vec<Task>>,
    pub(crate) instances: Option<Vec<ContainerInstance>>,
}

/// A service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub(crate) status: String,
    pub(crate) desired: u32,
    pub(crate) running: u32,
    pub(crate) pending: u32,
    /// `EC2`, `FARGATE`, `EXTERNAL`, or what AWS thinks of next; empty where a capacity provider strategy is in use.
    pub(crate) launch_type: String,
    /// Of its capacity provider strategy.
    pub(crate) capacity_providers: Vec<String>,
    pub(crate) deployments: Vec<Deployment>,
}

/// A deployment of a service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deployment {
    /// `COMPLETED`, `FAILED`, `IN_PROGRESS`; empty for deployment controllers that have none.
    pub(crate) rollout_state: String,
}

/// A task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Task {
    pub(crate) arn: String,
    /// The last piece of the ARN.
    pub(crate) id: String,
    /// Of its task definition.
    pub(crate) family: String,
    pub(crate) revision: String,
    /// The service that runs it; absent for a standalone task.
    pub(crate) service: Option<String>,
    /// Empty where the API does not say.
    pub(crate) launch_type: String,
    /// Empty where none is in use.
    pub(crate) capacity_provider: String,
    pub(crate) availability_zone: String,
    /// `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING`, `STOPPING`, `DEPROVISIONING`, `STOPPED`, `DELETED`.
    pub(crate) last_status: String,
    /// Whether it ever ran.
    pub(crate) started: bool,
    pub(crate) stop: Option<Stop>,
    /// Names of its containers.
    pub(crate) containers: Vec<String>,
}

/// How and when a task stopped.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) at: Timestamp,
    /// ECS's stop code, such as `EssentialContainerExited`.
    pub(crate) code: String,
    /// ECS's words.
    pub(crate) reason: String,
    /// The reasons of its containers, such as `OutOfMemoryError: Container killed due to memory usage`.
    pub(crate) container_reasons: Vec<String>,
}

/// A container instance: an EC2 instance, or an external one (ECS Anywhere, `mi-…`).
#[derive(Debug, Clone, Default)]
pub(crate) struct ContainerInstance {
    pub(crate) arn: String,
    /// `i-…` or `mi-…`.
    pub(crate) instance_id: String,
    /// `ACTIVE`, `DRAINING`, `REGISTERING`, `DEREGISTERING`, `REGISTRATION_FAILED`.
    pub(crate) status: String,
    pub(crate) agent_connected: bool,
    pub(crate) running: u32,
    pub(crate) pending: u32,
}

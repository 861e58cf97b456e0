//! ECS: clusters, services and tasks, what becomes of them, and what CloudWatch measures of them.
//!
//! `fleet` and `workload` are what somebody set up, with `times` at which things happen to it (`ending`); `examples`
//! has fleets to take. `service` and `life` make tasks of it, `state` is all of it at one moment.
//! `metrics` and `scope` say which metrics there are, `measured` what CloudWatch makes of what tasks
//! use (`usage`), and `listed` which of them it lists.
//!
//! Everything is a pure function of names and times: [`EcsFleet::at`] and [`EcsFleet::values`] can be
//! asked about any moment, in any order.

mod ending;
mod examples;
mod fleet;
mod life;
mod listed;
mod measured;
#[cfg(test)]
mod measured_tests;
mod metrics;
mod scope;
mod service;
mod state;
#[cfg(test)]
mod state_tests;
mod times;
mod usage;
mod workload;

pub use ending::{Ending, Stop};
pub use fleet::{Cluster, EcsFleet, Insights, Instance, LONG_AGO, Presence};
pub use life::{STOPPED_TASKS_STAY_SECONDS, Task};
pub use metrics::{AWS_ECS, CONTAINER_INSIGHTS};
pub use state::{ClusterState, Deployment, FleetState, InstanceState, ServiceState};
pub use times::Times;
pub use workload::{Container, Controller, Job, Launch, Service, Starts, TaskDefinition};

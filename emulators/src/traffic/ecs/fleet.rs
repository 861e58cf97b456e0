//! What somebody set up: clusters with what is in them, and container instances.

use super::workload::{Job, Service};
use crate::traffic::noise::Noise;

/// Clusters and services were set up then, unless they say otherwise: 2025-01-01T00:00:00Z.
pub const LONG_AGO: i64 = 1_735_689_600;

/// Everything of ECS that one account has in one region.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EcsFleet {
    /// The clusters.
    pub clusters: Vec<Cluster>,
}

/// A cluster; take [`Cluster::new`] and change what matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The short name.
    pub name: String,
    /// Which metrics it publishes.
    pub insights: Insights,
    /// Its services.
    pub services: Vec<Service>,
    /// Tasks that no service runs.
    pub jobs: Vec<Job>,
    /// Its container instances.
    pub instances: Vec<Instance>,
    /// Whether it is still there when it is asked about.
    pub presence: Presence,
}

/// The `containerInsights` setting of a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Insights {
    /// The API does not say, and nothing is published.
    Unsaid,
    /// Nothing in `ECS/ContainerInsights`.
    #[default]
    Disabled,
    /// Metrics of cluster, services and families.
    Enabled,
    /// Metrics of tasks and containers, too.
    Enhanced,
}

/// What becomes of a thing that was listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nothing: it is there.
    #[default]
    Stays,
    /// It was deleted meanwhile: listed, but `MISSING` when it is described.
    Missing,
    /// It was deleted meanwhile, and is still described, as `INACTIVE`.
    Inactive,
    /// It was listed and described, and deleted after that: what is in it cannot be had any more.
    DeletedAfter,
}

/// A container instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// `i-…` of EC2, or `mi-…` of ECS Anywhere.
    pub id: String,
    /// `ACTIVE`, `DRAINING`, ….
    pub status: String,
    /// Whether its agent is in touch with ECS.
    pub agent_connected: bool,
    /// CPU units.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
}

impl EcsFleet {
    /// The cluster with this name.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}

impl Cluster {
    /// A cluster with these services, without Container Insights and instances.
    #[must_use]
    pub fn new(name: &str, services: Vec<Service>) -> Self {
        Self {
            name: name.to_owned(),
            insights: Insights::default(),
            services,
            jobs: Vec::new(),
            instances: Vec::new(),
            presence: Presence::default(),
        }
    }

    /// The service with this name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The services that are there.
    pub(super) fn present(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.presence.is_there())
    }
}

impl Presence {
    /// Whether there is anything left of it.
    #[must_use]
    pub fn is_there(self) -> bool {
        self == Self::Stays
    }
}

impl Instance {
    /// An active instance with two vCPUs and 8 GiB.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            status: "ACTIVE".to_owned(),
            agent_connected: true,
            cpu: 2048,
            memory: 7_680,
        }
    }

    /// The last piece of its ARN. The same in every account and region.
    #[must_use]
    pub fn resource_id(&self, cluster: &Cluster) -> String {
        let noise = Noise::seeded(&format!("{}/{}", cluster.name, self.id));
        format!("{:016x}{:016x}", noise.bits("instance", 1), noise.bits("instance", 2))
    }

    /// Whether it is a machine of one's own (ECS Anywhere).
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.id.starts_with("mi-")
    }
}

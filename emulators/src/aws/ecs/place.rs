//! Where a call looks: one account's fleet in one region, and its ARNs.

use std::sync::Arc;

use super::invalid;
use crate::aws::error::ServiceError;
use crate::aws::front::Context;
use crate::aws::protocol::node::Node;
use crate::traffic::ecs::{Cluster, EcsFleet, Task};

/// The caller's account and region, at the emulator's now.
pub(super) struct Place {
    pub(super) fleet: Arc<EcsFleet>,
    /// Epoch seconds.
    pub(super) now: i64,
    pub(super) region: String,
    account: String,
}

impl Place {
    pub(super) fn of(context: &Context<'_>) -> Self {
        let caller = &context.caller;
        Self {
            fleet: context.world.ecs_fleet(&caller.account, &caller.region),
            now: context.world.now(),
            region: caller.region.clone(),
            account: caller.account.clone(),
        }
    }

    /// The tasks of a cluster.
    pub(super) fn tasks(&self, context: &Context<'_>, cluster: &Cluster) -> Arc<Vec<Task>> {
        context.world.ecs_memo.tasks(&self.fleet, cluster, self.now)
    }

    /// `kind` is `cluster`, `service`, …; what is in a cluster has its name in `rest`.
    pub(super) fn arn(&self, kind: &str, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{kind}/{rest}", self.region, self.account)
    }

    pub(super) fn cluster_arn(&self, cluster: &Cluster) -> String {
        self.arn("cluster", &cluster.name)
    }

    /// The cluster that a request is about; without a word, the one that is called `default`.
    pub(super) fn cluster(&self, request: &Node) -> Result<&Cluster, ServiceError> {
        let wanted = request.text("cluster")?.unwrap_or("default");
        self.fleet
            .cluster(short_name(wanted))
            .filter(|cluster| cluster.presence.is_there() && self.is_own(wanted))
            .ok_or_else(|| ServiceError::sender("ClusterNotFoundException", "Cluster not found."))
    }

    /// The last piece of an identifier of something in `cluster`: a short name, or an ARN.
    pub(super) fn name_in<'i>(
        &self,
        cluster: &Cluster,
        kind: &str,
        identifier: &'i str,
    ) -> Result<&'i str, ServiceError> {
        let Some(resource) = identifier.strip_prefix("arn:") else {
            return Ok(identifier);
        };
        let resource = resource.splitn(5, ':').nth(4).unwrap_or_default();
        match resource.split('/').collect::<Vec<_>>()[..] {
            [actual, _, _] if actual != kind => {
                Err(invalid(format!("Unsupported resource type: {actual}")))
            }
            [_, other, _] if other != cluster.name => Err(invalid(format!(
                "Invalid identifier: Identifier is for cluster {other}. Your cluster is {}",
                cluster.name
            ))),
            [_, _, name] => Ok(name),
            _ => Err(invalid(format!("Invalid identifier: {identifier}"))),
        }
    }

    /// Whether an identifier is a short name, or an ARN of this account and region.
    pub(super) fn is_own(&self, identifier: &str) -> bool {
        !identifier.starts_with("arn:") || identifier.starts_with(&self.arn("cluster", ""))
    }
}

/// The last piece of an ARN or a short name.
pub(super) fn short_name(identifier: &str) -> &str {
    identifier.rsplit('/').next().unwrap_or(identifier)
}

/// The clusters that a request is about, by their short names.
pub(crate) fn clusters_named(operation: &str, request: &Node) -> Vec<String> {
    let named = |identifier: &str| vec![short_name(identifier).to_owned()];
    match operation {
        "ListClusters" => Vec::new(),
        "DescribeClusters" => {
            let clusters = request.texts("clusters").unwrap_or_default();
            clusters.into_iter().map(|cluster| short_name(cluster).to_owned()).collect()
        }
        _ => named(request.text("cluster").ok().flatten().unwrap_or("default")),
    }
}

//! What ListMetrics finds of a fleet.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::fleet::{Cluster, EcsFleet};
use super::life::Life;
use super::metrics::{
    AWS_ECS, CONTAINER_INSIGHTS, Kind, RESERVATION, UTILIZATION, is_observed, tables,
};
use super::scope::Scope;
use super::usage::Usage;

/// A metric that CloudWatch lists: namespace, name and dimensions.
pub(crate) type Listed = (&'static str, &'static str, BTreeMap<String, String>);

impl EcsFleet {
    /// The metrics that `wants` (by namespace and name) of those that had points in `window` (epoch
    /// seconds), in order.
    pub(crate) fn listed(
        &self,
        window: &Range<i64>,
        wants: impl Fn(&str, &str) -> bool,
    ) -> Vec<Listed> {
        let mut found = BTreeSet::new();
        for cluster in self.clusters.iter().filter(|cluster| cluster.presence.is_there()) {
            let capacity = (AWS_ECS, Scope::of_cluster(&cluster.name));
            if cluster.ec2_instances().next().is_some() {
                let tables = [UTILIZATION, RESERVATION].into_iter().flatten();
                let names = tables.map(|(name, _)| *name).filter(|name| wants(AWS_ECS, name));
                found.extend(names.map(|name| (capacity.0, name, capacity.1.clone())));
            }
            let ran = cluster.lives(window).into_iter().filter(|life| life.runs_within(window));
            for life in ran {
                found.extend(published(cluster, &life, window.start, &wants));
            }
        }
        let listed =
            |(namespace, name, scope): (_, _, Scope)| (namespace, name, scope.dimensions());
        found.into_iter().map(listed).collect()
    }
}

/// What a task makes CloudWatch list.
fn published(
    cluster: &Cluster,
    life: &Life<'_>,
    minute: i64,
    wants: &impl Fn(&str, &str) -> bool,
) -> Vec<(&'static str, &'static str, Scope)> {
    let usage = Usage::of(life, minute);
    let is_measured = |scope: &Scope, kind, name: &str| match kind {
        Kind::Task => usage.of_task(name).is_some(),
        Kind::Container => life
            .definition
            .containers
            .iter()
            .filter(|container| scope.takes_container(container))
            .any(|container| usage.of_container(container, name).is_some()),
        Kind::ServiceCount | Kind::ClusterCount => true,
        Kind::Capacity => false,
    };
    let mut found = Vec::new();
    for scope in Scope::all_of(&cluster.name, life) {
        for namespace in [AWS_ECS, CONTAINER_INSIGHTS] {
            if !is_observed(namespace, life.launch_type) {
                continue;
            }
            for (kind, table) in tables(namespace, &scope, cluster.insights) {
                let names = table.iter().map(|(name, _)| *name);
                let names =
                    names.filter(|name| wants(namespace, name) && is_measured(&scope, kind, name));
                found.extend(names.map(|name| (namespace, name, scope.clone())));
            }
        }
    }
    found
}

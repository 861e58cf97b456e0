//! Counts of services, as DescribeServices has them.

use std::collections::BTreeMap;

use super::Counts;
use crate::inventory::{Cluster, Service};
use crate::resources::{self, Owner};

/// The states of a rollout
/// ([AWS: Deployment](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html)). Deployments of other
/// controllers than ECS's own have none, and are not counted.
const ROLLOUT_STATES: [&str; 3] = ["IN_PROGRESS", "COMPLETED", "FAILED"];

pub(super) fn count(counts: &mut Counts<'_>, cluster: &Cluster) {
    if cluster.services.is_none() {
        return;
    }
    let labels = [("cluster", cluster.name.as_str())];
    let number = resources::present(cluster).count();
    counts.say("ecs_services", "services", &resources::cluster(cluster), &labels, number);
    for service in resources::present(cluster) {
        of_service(counts, cluster, service);
    }
}

fn of_service(counts: &mut Counts<'_>, cluster: &Cluster, service: &Service) {
    let resource = Owner::Service(&service.name).resource(cluster);
    let labels = [("cluster", cluster.name.as_str()), ("service", service.name.as_str())];
    for (name, metric, count) in [
        ("ecs_service_desired_tasks", "desired_tasks", service.desired),
        ("ecs_service_running_tasks", "running_tasks", service.running),
        ("ecs_service_pending_tasks", "pending_tasks", service.pending),
    ] {
        counts.say(name, metric, &resource, &labels, count as usize);
    }
    for (state, count) in deployments(service) {
        let metric = format!("deployments_{}", state.to_lowercase());
        let [cluster, service] = labels;
        let labels = [cluster, service, ("rollout_state", state)];
        counts.say("ecs_service_deployments", metric, &resource, &labels, count);
    }
}

/// How many deployments are in each state; a state that AWS thinks of next is one more.
fn deployments(service: &Service) -> BTreeMap<&str, usize> {
    let mut states: BTreeMap<&str, usize> = ROLLOUT_STATES.map(|state| (state, 0)).into();
    let told = service.deployments.iter().map(|deployment| deployment.rollout_state.as_str());
    told.filter(|state| !state.is_empty()).for_each(|state| *states.entry(state).or_default() += 1);
    states
}

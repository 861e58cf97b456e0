//! Counts of container instances: of EC2, and external ones (ECS Anywhere) alike.

use std::collections::BTreeMap;

use super::Counts;
use crate::inventory::{Cluster, ContainerInstance};
use crate::resources;

pub(super) fn count(counts: &mut Counts<'_>, cluster: &Cluster) {
    let Some(instances) = &cluster.instances else {
        return;
    };
    let labels = [("cluster", cluster.name.as_str())];
    let resource = resources::cluster(cluster);
    let (name, metric) = ("ecs_container_instances", "container_instances");
    counts.say(name, metric, &resource, &labels, instances.len());
    // A machine that was registered anew may be there twice for a while. It has one set of series.
    let mut machines: BTreeMap<&str, Vec<&ContainerInstance>> = BTreeMap::new();
    for instance in instances {
        machines.entry(resources::instance_name(instance)).or_default().push(instance);
    }
    for (id, registrations) in machines {
        of_machine(counts, cluster, id, &registrations);
    }
}

fn of_machine(
    counts: &mut Counts<'_>,
    cluster: &Cluster,
    id: &str,
    registrations: &[&ContainerInstance],
) {
    let labels = [("cluster", cluster.name.as_str()), ("instance", id)];
    let any = |is: fn(&ContainerInstance) -> bool| registrations.iter().any(|one| is(one)).into();
    let sum =
        |of: fn(&ContainerInstance) -> u32| registrations.iter().map(|one| of(one) as usize).sum();
    let resource = resources::instance(cluster, registrations[0]);
    for (suffix, value) in [
        ("agent_connected", any(|one| one.agent_connected)),
        ("active", any(|one| one.status == "ACTIVE")),
        ("pending_tasks", sum(|one| one.pending)),
        ("running_tasks", sum(|one| one.running)),
    ] {
        let metric = format!("container_instance_{suffix}");
        counts.say(&format!("ecs_{metric}"), metric, &resource, &labels, value);
    }
}

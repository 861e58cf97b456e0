//! What series are about: the resources of their origins, and the labels that every one of ours has. Pure.
//!
//! A resource's name ends up in Mackerel names and its id tells resources apart that share a name: cluster `a-b` with service
//! `c`, and cluster `a` with service `b-c`.

use series::{Labels, Resource};

use crate::inventory::{Cluster, ContainerInstance, Inventory, Service, Task};

/// Who runs a task: a service, or nobody, and then its family is what it is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner<'a> {
    Service(&'a str),
    Family(&'a str),
}

impl<'a> Owner<'a> {
    /// The owner of a task.
    pub(crate) fn of(task: &'a Task) -> Self {
        task.service.as_deref().map_or(Self::Family(&task.family), Self::Service)
    }

    /// The name of the service, or of the family.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Service(name) | Self::Family(name) => name,
        }
    }

    /// The resource.
    pub(crate) fn resource(self, cluster: &Cluster) -> Resource {
        let known = |name: &str| cluster.services.iter().flatten().find(|one| one.name == name);
        let id = match self {
            // A service that was deleted has tasks for a while yet.
            Self::Service(name) => known(name).map_or_else(
                || format!("{}/service/{name}", cluster.arn),
                |service| service.arn.clone(),
            ),
            Self::Family(family) => format!("{}/family/{family}", cluster.arn),
        };
        Resource { id, name: format!("{}-{}", cluster.name, self.name()) }
    }

    /// A container of all of its tasks.
    pub(crate) fn container(self, cluster: &Cluster, container: &str) -> Resource {
        let Resource { id, name } = self.resource(cluster);
        Resource { id: format!("{id}/container/{container}"), name: format!("{name}-{container}") }
    }
}

/// An account in a region.
pub(crate) fn region(account: &str, region: &str) -> Resource {
    Resource { id: format!("{account}/{region}"), name: region.to_owned() }
}

/// A cluster.
pub(crate) fn cluster(cluster: &Cluster) -> Resource {
    Resource { id: cluster.arn.clone(), name: cluster.name.clone() }
}

/// A container instance.
pub(crate) fn instance(cluster: &Cluster, instance: &ContainerInstance) -> Resource {
    let name = format!("{}-{}", cluster.name, instance_name(instance));
    Resource { id: instance.arn.clone(), name }
}

/// A single task.
pub(crate) fn task(cluster: &Cluster, task: &Task) -> Resource {
    let name = format!("{}-{}-{}", cluster.name, Owner::of(task).name(), task.id);
    Resource { id: task.arn.clone(), name }
}

/// `i-…` or `mi-…`; where the API does not say, the last piece of the ARN.
pub(crate) fn instance_name(instance: &ContainerInstance) -> &str {
    match instance.instance_id.as_str() {
        "" => instance.arn.rsplit('/').next().unwrap_or_default(),
        id => id,
    }
}

/// Services that are there. One that was deleted after it was listed is described for a while as `INACTIVE`.
pub(crate) fn present(cluster: &Cluster) -> impl Iterator<Item = &Service> {
    cluster.services.iter().flatten().filter(|service| service.status != "INACTIVE")
}

/// The labels that every series of the API's has.
pub(crate) fn labels(inventory: &Inventory, name: &str) -> Labels {
    place(&inventory.account, &inventory.region, name)
}

/// The same of an account that may be unknown, and then has no label.
pub(crate) fn place(account: &str, region: &str, name: &str) -> Labels {
    Labels::named(name).with("account_id", account).with("region", region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Cluster {
        Cluster { name: name.to_owned(), arn: format!("arn:{name}"), ..Cluster::default() }
    }

    #[test]
    fn resources_that_share_a_name_differ_in_their_id() {
        let one = Owner::Service("c").resource(&named("a-b"));
        let other = Owner::Service("b-c").resource(&named("a"));
        assert_eq!(one.name, other.name);
        assert_ne!(one.id, other.id);
        let family = Owner::Family("b-c").resource(&named("a"));
        assert_eq!(family.name, other.name);
        assert_ne!(family.id, other.id);
    }

    #[test]
    fn an_instance_without_an_id_is_known_by_its_arn() {
        let mut instance = ContainerInstance {
            arn: "arn:aws:ecs:eu-west-1:1:container-instance/prod/0123".to_owned(),
            ..ContainerInstance::default()
        };
        assert_eq!(instance_name(&instance), "0123");
        instance.instance_id = "mi-0abc".to_owned();
        assert_eq!(instance_name(&instance), "mi-0abc");
    }
}

//! What CloudWatch measures in a cluster: the cluster itself, its services, the families of standalone tasks, the containers
//! of either, and single tasks. Pure.

use std::collections::{BTreeMap, BTreeSet};

use series::{Labels, Resource, naming};

use crate::capacity::{self, Capacity};
use crate::inventory::{Cluster, Inventory, Service, Task};
use crate::metrics::{Level, Metric, Needs, Tier};
use crate::resources::{self, Owner};

/// One thing that metrics are about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) level: Level,
    /// Of the service or cluster: YACE's label `name`.
    pub(crate) arn: String,
    pub(crate) dimensions: Vec<(&'static str, String)>,
    pub(crate) resource: Resource,
    has_instances: bool,
    has_fargate: bool,
}

impl Subject {
    /// Whether it has a metric where this much is published, as far as the API says.
    pub(crate) fn may_have(&self, metric: &Metric, published: Tier) -> bool {
        let has_what_it_needs = match metric.needs {
            Needs::Nothing | Needs::Listing => true,
            Needs::Instances => self.has_instances,
            Needs::Fargate => self.has_fargate,
        };
        metric.tier <= published && metric.levels.contains(&self.level) && has_what_it_needs
    }

    /// The labels that YACE gives its series, but for their names.
    pub(crate) fn labels(&self, inventory: &Inventory) -> Labels {
        let labels = resources::labels(inventory, "").with("name", &*self.arn);
        let add = |labels: Labels, (dimension, value): &(&str, String)| {
            let label = naming::dimension_label(dimension);
            labels.with(label.expect("ECS's dimensions make label names"), value)
        };
        self.dimensions.iter().fold(labels, add)
    }

    fn of_cluster(cluster: &Cluster, has_fargate: bool) -> Self {
        Self {
            level: Level::Cluster,
            arn: cluster.arn.clone(),
            dimensions: vec![("ClusterName", cluster.name.clone())],
            resource: resources::cluster(cluster),
            // A list that could not be had may hold some.
            has_instances: cluster.instances.as_ref().is_none_or(|list| !list.is_empty()),
            has_fargate,
        }
    }

    fn of_service(cluster: &Cluster, service: &Service, has_fargate: bool) -> Self {
        let owner = Owner::Service(&service.name);
        Self {
            level: Level::Service,
            arn: service.arn.clone(),
            resource: owner.resource(cluster),
            dimensions: dimensions(cluster, owner),
            has_instances: false,
            has_fargate,
        }
    }

    fn of_family(cluster: &Cluster, family: &str, has_fargate: bool) -> Self {
        let owner = Owner::Family(family);
        Self {
            level: Level::Family,
            arn: cluster.arn.clone(),
            resource: owner.resource(cluster),
            dimensions: dimensions(cluster, owner),
            has_instances: false,
            has_fargate,
        }
    }

    /// A container of all tasks of a service or family.
    fn container(&self, cluster: &Cluster, owner: Owner<'_>, name: &str) -> Self {
        let mut dimensions = self.dimensions.clone();
        dimensions.push(("ContainerName", name.to_owned()));
        let level = match owner {
            Owner::Service(_) => Level::Container,
            Owner::Family(_) => Level::FamilyContainer,
        };
        Self { level, dimensions, resource: owner.container(cluster, name), ..self.clone() }
    }

    /// A single task.
    pub(crate) fn of_task(cluster: &Cluster, task: &Task) -> Self {
        let owner = Owner::of(task);
        let mut dimensions = dimensions(cluster, owner);
        dimensions.push(("TaskId", task.id.clone()));
        let mut services = cluster.services.iter().flatten();
        let service = services.find(|service| owner == Owner::Service(&service.name));
        Self {
            level: Level::Task,
            arn: service.map_or(&cluster.arn, |service| &service.arn).clone(),
            dimensions,
            resource: resources::task(cluster, task),
            has_instances: false,
            has_fargate: Capacity::of_task(task).is_fargate(),
        }
    }
}

fn dimensions(cluster: &Cluster, owner: Owner<'_>) -> Vec<(&'static str, String)> {
    let (dimension, value) = match owner {
        Owner::Service(name) => ("ServiceName", name),
        Owner::Family(family) => ("TaskDefinitionFamily", family),
    };
    vec![("ClusterName", cluster.name.clone()), (dimension, value.to_owned())]
}

/// What there is in a cluster, but for single tasks.
pub(crate) fn subjects(cluster: &Cluster) -> Vec<Subject> {
    let owned = owned(cluster);
    let mut all = Vec::new();
    for service in resources::present(cluster) {
        let owner = Owner::Service(&service.name);
        let tasks = owned.get(&owner).map(Vec::as_slice).unwrap_or_default();
        let by_definition = capacity::of_service(service, cluster);
        let has_fargate = match by_definition.is_empty() && tasks.is_empty() {
            // Nobody says.
            true => true,
            false => by_definition.iter().any(Capacity::is_fargate) || on_fargate(tasks),
        };
        with_containers(
            cluster,
            Subject::of_service(cluster, service, has_fargate),
            owner,
            tasks,
            &mut all,
        );
    }
    for (owner, tasks) in &owned {
        if let Owner::Family(family) = owner {
            let subject = Subject::of_family(cluster, family, on_fargate(tasks));
            with_containers(cluster, subject, *owner, tasks, &mut all);
        }
    }
    let has_fargate = all.iter().any(|subject| subject.has_fargate);
    all.push(Subject::of_cluster(cluster, has_fargate));
    all
}

/// The tasks of each owner, those that stopped lately too.
fn owned(cluster: &Cluster) -> BTreeMap<Owner<'_>, Vec<&Task>> {
    let mut owned: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for task in cluster.tasks.iter().chain(&cluster.stopped).flatten() {
        owned.entry(Owner::of(task)).or_default().push(task);
    }
    owned
}

fn on_fargate(tasks: &[&Task]) -> bool {
    tasks.iter().any(|task| Capacity::of_task(task).is_fargate())
}

fn with_containers(
    cluster: &Cluster,
    subject: Subject,
    owner: Owner<'_>,
    tasks: &[&Task],
    all: &mut Vec<Subject>,
) {
    let names: BTreeSet<&str> =
        tasks.iter().flat_map(|task| &task.containers).map(String::as_str).collect();
    all.extend(names.into_iter().map(|name| subject.container(cluster, owner, name)));
    all.push(subject);
}

//! The sets of dimensions that ECS publishes under.

use std::collections::BTreeMap;

use super::life::Life;
use super::workload::Container;

const NAMES: [&str; 5] =
    ["ClusterName", "ServiceName", "TaskDefinitionFamily", "TaskId", "ContainerName"];

/// What a metric is about. A service and a family never stand together; a task or a container
/// always stands with one of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) cluster: String,
    pub(super) service: Option<String>,
    pub(super) family: Option<String>,
    pub(super) task: Option<String>,
    pub(super) container: Option<String>,
}

impl Scope {
    pub(super) fn of_cluster(cluster: &str) -> Self {
        let cluster = cluster.to_owned();
        Self { cluster, service: None, family: None, task: None, container: None }
    }

    /// The scope that has exactly these dimensions.
    pub(super) fn of(dimensions: &BTreeMap<String, String>) -> Option<Self> {
        let value = |name: &str| dimensions.get(name).cloned();
        let [_, service, family, task, container] = NAMES.map(value);
        let scope = Self { cluster: value("ClusterName")?, service, family, task, container };
        let has_owner = scope.service.is_some() != scope.family.is_some();
        let has_member = scope.task.is_some() || scope.container.is_some();
        let has_both = scope.service.is_some() && scope.family.is_some();
        let is_published = !has_both && (has_owner || !has_member);
        (is_published && scope.dimensions() == *dimensions).then_some(scope)
    }

    pub(super) fn dimensions(&self) -> BTreeMap<String, String> {
        let Self { cluster, service, family, task, container } = self;
        let values = [
            Some(cluster.clone()),
            service.clone(),
            family.clone(),
            task.clone(),
            container.clone(),
        ];
        let given = NAMES.into_iter().zip(values);
        given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Whether a task is one of those that it is about.
    pub(super) fn takes(&self, life: &Life<'_>) -> bool {
        let Self { cluster: _, service, family, task, container } = self;
        let is = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == actual
        };
        is(service, life.service)
            && is(family, Some(&life.definition.family))
            && is(task, Some(&life.id))
            && container.as_ref().is_none_or(|wanted| {
                life.definition.containers.iter().any(|container| container.name == *wanted)
            })
    }

    /// Whether a container is one of those that it is about.
    pub(super) fn takes_container(&self, container: &Container) -> bool {
        self.container.as_ref().is_none_or(|wanted| *wanted == container.name)
    }

    /// All scopes that a task's metrics are published under, from the cluster down to each of its
    /// containers.
    pub(super) fn all_of(cluster: &str, life: &Life<'_>) -> Vec<Self> {
        let whole = Self::of_cluster(cluster);
        let family = Self { family: Some(life.definition.family.clone()), ..whole.clone() };
        let service =
            life.service.map(|name| Self { service: Some(name.to_owned()), ..whole.clone() });
        let owners: Vec<Self> = service.into_iter().chain([family]).collect();
        let mut all = vec![whole];
        for owner in owners {
            let task = Self { task: Some(life.id.clone()), ..owner.clone() };
            for container in &life.definition.containers {
                let container = Some(container.name.clone());
                all.push(Self { container: container.clone(), ..owner.clone() });
                all.push(Self { container, ..task.clone() });
            }
            all.extend([owner, task]);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(dimensions: &[(&str, &str)]) -> Option<Scope> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Scope::of(&dimensions.iter().map(owned).collect())
    }

    #[test]
    fn only_published_sets_of_dimensions_are_scopes() {
        let [c, s, f, t, k] = [
            ("ClusterName", "c"),
            ("ServiceName", "s"),
            ("TaskDefinitionFamily", "f"),
            ("TaskId", "t"),
            ("ContainerName", "k"),
        ];
        let published: [&[_]; 9] = [
            &[c],
            &[c, s],
            &[c, f],
            &[c, s, t],
            &[c, f, t],
            &[c, s, k],
            &[c, f, k],
            &[c, s, t, k],
            &[c, f, t, k],
        ];
        for dimensions in published {
            assert!(scope(dimensions).is_some(), "{dimensions:?}");
        }
        let region = ("Region", "Global");
        let unknown: [&[_]; 8] = [
            &[],
            &[s],
            &[c, s, f],
            &[c, t],
            &[c, k],
            &[c, t, k],
            &[c, s, region],
            &[c, s, f, t, k],
        ];
        for dimensions in unknown {
            assert_eq!(scope(dimensions), None, "{dimensions:?}");
        }
    }
}

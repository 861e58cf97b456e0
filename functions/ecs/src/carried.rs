//! What is carried over from the run before, so that no minute of CloudWatch's is passed over. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metric_data::Entries;
use series::Timestamp;

use crate::inventory::{Cluster, Inventory};
use crate::listing::List;

/// How long something that the API no longer shows is still read: its last minutes settle, and are read, after it is gone.
pub(crate) const LINGER: Duration = Duration::from_secs(900);

/// The inventory with lists of the one before in the place of those that could not be had.
pub(crate) fn completed(mut inventory: Inventory, before: &Inventory) -> Inventory {
    for cluster in &mut inventory.clusters {
        let Some(old) = before.clusters.iter().find(|old| old.arn == cluster.arn) else {
            continue;
        };
        // `stopped` is for counting alone: what was counted before is not counted again.
        keep(&mut cluster.container_insights, &old.container_insights);
        keep(&mut cluster.services, &old.services);
        keep(&mut cluster.tasks, &old.tasks);
        keep(&mut cluster.instances, &old.instances);
    }
    inventory
}

fn keep<T: Clone>(now: &mut Option<T>, before: &Option<T>) {
    if now.is_none() {
        now.clone_from(before);
    }
}

/// A list of which nothing is known, though it may hold something.
pub(crate) fn unknown<'a>(
    inventory: &Inventory,
    owing: &'a BTreeSet<(String, List)>,
) -> Option<&'a (String, List)> {
    let has = |cluster: &Cluster, list: List| match list {
        List::Services => cluster.services.is_some(),
        List::Tasks => cluster.tasks.is_some(),
        List::Instances => cluster.instances.is_some(),
        // Nothing is asked of CloudWatch because of it.
        List::Stopped => true,
    };
    owing.iter().find(|(name, list)| {
        inventory.clusters.iter().any(|cluster| cluster.name == *name && !has(cluster, *list))
    })
}

/// The entries that there are, with those that there were until lately.
#[derive(Debug, Default)]
pub(crate) struct Lasting {
    pub(crate) entries: Entries,
    /// Since when something is gone, by the key of its entry.
    gone_since: BTreeMap<String, Timestamp>,
}

impl Lasting {
    /// The same a run later, when there are these.
    pub(crate) fn renewed(self, entries: Entries, now: Timestamp) -> Self {
        let mut new = Self { entries, gone_since: BTreeMap::new() };
        for (key, entry) in self.entries {
            let since = self.gone_since.get(&key).copied().unwrap_or(now);
            if !new.entries.contains_key(&key) && now.since(since) < LINGER {
                new.gone_since.insert(key.clone(), since);
                new.entries.insert(key, entry);
            }
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use metric_data::{Entry, Metric, Query, Statistic};
    use series::{Kind, Labels, Origin, Resource, Series};

    use crate::inventory::{ContainerInstance, Service, Task};

    fn cluster(name: &str) -> Cluster {
        Cluster { name: name.to_owned(), arn: format!("arn:{name}"), ..Cluster::default() }
    }

    fn full(name: &str) -> Cluster {
        Cluster {
            container_insights: Some("enhanced".to_owned()),
            services: Some(vec![Service::default()]),
            tasks: Some(vec![Task::default()]),
            stopped: Some(vec![Task::default()]),
            instances: Some(vec![ContainerInstance::default()]),
            ..cluster(name)
        }
    }

    fn inventory(clusters: Vec<Cluster>) -> Inventory {
        Inventory { clusters, ..Inventory::default() }
    }

    #[test]
    fn a_list_that_could_not_be_had_is_the_one_before() {
        let now = Cluster { services: Some(vec![]), ..cluster("a") };
        let now =
            completed(inventory(vec![now, cluster("b")]), &inventory(vec![full("a"), full("c")]));
        let [a, b] = &now.clusters[..] else { panic!("two clusters: {now:?}") };
        assert_eq!(a.services.as_ref().map(Vec::len), Some(0), "empty is known");
        assert_eq!(a.tasks.as_ref().map(Vec::len), Some(1));
        assert_eq!(a.instances.as_ref().map(Vec::len), Some(1));
        assert_eq!(a.container_insights.as_deref(), Some("enhanced"));
        assert!(a.stopped.is_none(), "it was counted already");
        assert!(b.services.is_none() && b.tasks.is_none() && b.instances.is_none());
    }

    #[test]
    fn a_list_is_unknown_until_it_was_had_once() {
        let inventory = inventory(vec![full("a"), Cluster { tasks: None, ..full("b") }]);
        let owing = |name: &str, list| BTreeSet::from([(name.to_owned(), list)]);
        assert_eq!(unknown(&inventory, &owing("a", List::Tasks)), None);
        assert_eq!(unknown(&inventory, &owing("b", List::Services)), None);
        assert_eq!(unknown(&inventory, &owing("b", List::Stopped)), None);
        assert_eq!(unknown(&inventory, &owing("gone", List::Tasks)), None);
        let tasks = owing("b", List::Tasks);
        assert_eq!(unknown(&inventory, &tasks), tasks.first());
        assert_eq!(unknown(&inventory, &BTreeSet::new()), None, "nobody may list b's tasks");
    }

    fn entries(names: &[&str]) -> Entries {
        let entry = |name: &&str| {
            let dimensions = Vec::new();
            let (namespace, metric) = ("N".to_owned(), (*name).to_owned());
            let metric = Metric { namespace, name: metric, dimensions };
            let period = Duration::from_secs(60);
            let query = Query { metric: Arc::new(metric), statistic: Statistic::SUM, period };
            let resource = Resource { id: (*name).to_owned(), name: (*name).to_owned() };
            let origin =
                Origin { kind: Kind::Ecs, metric: (*name).to_owned(), resource: resource.into() };
            let series = Series { labels: Labels::default(), origin, samples: Vec::new() };
            ((*name).to_owned(), Entry { query, series, zero: false })
        };
        names.iter().map(entry).collect()
    }

    #[test]
    fn what_is_gone_is_read_for_some_minutes_more() {
        let at = |minute: i64| Timestamp::from_secs(minute * 60);
        let keys = |lasting: &Lasting| lasting.entries.keys().cloned().collect::<Vec<_>>();
        let lasting = Lasting::default().renewed(entries(&["a", "b", "c"]), at(0));
        assert_eq!(keys(&lasting), ["a", "b", "c"]);
        let lasting = lasting.renewed(entries(&["a"]), at(1)).renewed(entries(&["a", "b"]), at(2));
        assert_eq!(keys(&lasting), ["a", "b", "c"]);
        let lasting = lasting.renewed(entries(&["a"]), at(15));
        assert_eq!(keys(&lasting), ["a", "b", "c"], "b came back in between");
        let lasting = lasting.renewed(entries(&["a"]), at(16));
        assert_eq!(keys(&lasting), ["a", "b"]);
        assert_eq!(keys(&lasting.renewed(entries(&["a"]), at(30))), ["a"]);
    }
}

//! What the API counts, as series. Pure.
//!
//! Names as [slok/ecs-exporter](https://github.com/slok/ecs-exporter) has them, and more of their kind. Zero is a value
//! and is said; a list that could not be had is not an empty one, and says nothing. Which series there are follows from
//! what is set up, not from what happens to run, so that a deployment makes no new ones.

mod instances;
mod services;
mod stops;
mod tasks;
#[cfg(test)]
mod tests;

use series::{Kind, Labels, Origin, Resource, Sample, Series, Timestamp};

use crate::inventory::{Cluster, Inventory};
use crate::resources;

/// The series of an inventory, each with one sample at the end of the window. Tasks count as stopped if they stopped in the
/// window, its beginning excluded and its end included: windows that follow each other count each once.
pub(crate) fn series(inventory: &Inventory, window: (Timestamp, Timestamp)) -> Vec<Series> {
    let mut counts = Counts { inventory, window, series: Vec::new() };
    let here = resources::region(&inventory.account, &inventory.region);
    counts.say("ecs_up", "up", &here, &[], 1);
    counts.say("ecs_clusters", "clusters", &here, &[], inventory.clusters.len());
    for cluster in &inventory.clusters {
        counts.of_cluster(cluster);
    }
    counts.series
}

/// The one series of an account and region whose API did not answer.
pub(crate) fn down(account: Option<&str>, region: &str, at: Timestamp) -> Series {
    let account = account.unwrap_or_default();
    let labels = resources::place(account, region, "ecs_up");
    one(labels, "up", &resources::region(account, region), Sample { at, value: 0.0 })
}

fn one(labels: Labels, metric: impl Into<String>, resource: &Resource, sample: Sample) -> Series {
    let origin =
        Origin { kind: Kind::Ecs, metric: metric.into(), resource: resource.clone().into() };
    Series { labels, origin, samples: vec![sample] }
}

/// Series that are being made.
struct Counts<'a> {
    inventory: &'a Inventory,
    window: (Timestamp, Timestamp),
    series: Vec<Series>,
}

impl Counts<'_> {
    /// Adds a series. `metric` is the metric's part of its Mackerel name.
    fn say(
        &mut self,
        name: &str,
        metric: impl Into<String>,
        resource: &Resource,
        labels: &[(&str, &str)],
        count: usize,
    ) {
        let mut own = resources::labels(self.inventory, name);
        labels.iter().for_each(|(label, value)| own.set(*label, *value));
        let sample = Sample { at: self.window.1, value: count as f64 };
        self.series.push(one(own, metric, resource, sample));
    }

    fn of_cluster(&mut self, cluster: &Cluster) {
        services::count(self, cluster);
        tasks::count(self, cluster);
        stops::count(self, cluster);
        instances::count(self, cluster);
    }
}

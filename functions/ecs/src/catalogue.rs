//! What there is to ask CloudWatch in one account and region: queries, and the series that their answers fill. Pure.
//!
//! Clusters, services, families, tasks and containers are those that the API lists, so that a new one has no gap: CloudWatch
//! lists a metric up to 15 minutes late. Its own list is looked at for what only some of them have and the API does not show.

use std::collections::BTreeSet;
use std::sync::Arc;

use metric_data::{Entries, Entry, Listing, Metric as CloudWatchMetric, Query};
use series::{Kind, Labels, METRIC_NAME, Origin, Series};

use crate::filter::Filter;
use crate::inventory::{Cluster, Inventory, Task};
use crate::metrics::{self, Metric, Needs, Tier, statistic};
use crate::resources;
use crate::settings::Settings;
use crate::subjects::{Subject, subjects};
use crate::task_names::{self, TaskMetric};

/// One account's queries in one region.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// By the key of the query, which follows from what is asked alone.
    pub(crate) entries: Entries,
}

impl Catalogue {
    /// The queries for an inventory. `listed` is what CloudWatch answered to [`listings`].
    pub(crate) fn new(
        settings: &Settings,
        inventory: &Inventory,
        listed: &[CloudWatchMetric],
    ) -> Self {
        let mut making = Making {
            settings,
            inventory,
            rows: rows(settings),
            task_rows: task_rows(settings),
            listed: listed.iter().cloned().map(sorted).collect(),
            entries: Entries::new(),
        };
        for cluster in &inventory.clusters {
            making.of_cluster(cluster);
        }
        Self { entries: making.entries }
    }
}

/// The lists of metrics that a catalogue needs.
pub(crate) fn listings(settings: &Settings) -> Vec<Listing<'static>> {
    if !settings.container_insights {
        return Vec::new();
    }
    let listing = |row: &Row| Listing {
        namespace: row.metric.tier.namespace(),
        metric_name: Some(row.metric.name),
        dimensions: &[],
        // Tasks come and go; CloudWatch would list those of two weeks.
        recently_active: true,
    };
    let rows = rows(settings);
    rows.iter().filter(|row| row.metric.needs == Needs::Listing).map(listing).collect()
}

/// A row of the tables with what is kept of it.
struct Row {
    metric: &'static Metric,
    /// Statistics and the names of their series.
    kept: Vec<(&'static str, String)>,
}

/// The rows of which something is kept.
fn rows(settings: &Settings) -> Vec<Row> {
    let filter = Filter::new(&settings.metrics);
    let kept = |metric: &'static Metric| {
        let named = metric.statistics.iter().map(|&name| (name, metric.series_name(name)));
        Row { metric, kept: named.filter(|(_, name)| filter.keeps_name(name)).collect() }
    };
    metrics::all().map(kept).filter(|row| !row.kept.is_empty()).collect()
}

/// The same of single tasks, with the names of their series.
fn task_rows(settings: &Settings) -> Vec<(&'static TaskMetric, String)> {
    let filter = Filter::new(&settings.metrics);
    let named = task_names::METRICS.iter().map(|row| (row, row.series_name(settings.suffixes)));
    named.filter(|(_, name)| filter.keeps_name(name)).collect()
}

/// A catalogue that is being made.
struct Making<'a> {
    settings: &'a Settings,
    inventory: &'a Inventory,
    rows: Vec<Row>,
    task_rows: Vec<(&'static TaskMetric, String)>,
    listed: BTreeSet<CloudWatchMetric>,
    entries: Entries,
}

impl Making<'_> {
    fn of_cluster(&mut self, cluster: &Cluster) {
        let tier = self.tier(cluster);
        for subject in subjects(cluster) {
            self.of_subject(&subject, tier);
        }
        if self.settings.per_task && tier == Tier::Enhanced {
            for task in task_names::measured(cluster, self.inventory.at) {
                self.of_task(cluster, task);
            }
        }
    }

    /// What a cluster publishes and is wanted. A setting that nobody could read, or that AWS thought of later, may mean all.
    fn tier(&self, cluster: &Cluster) -> Tier {
        match cluster.container_insights.as_deref() {
            _ if !self.settings.container_insights || is_empty(cluster) => Tier::Ecs,
            Some("disabled") => Tier::Ecs,
            Some("enabled") => Tier::Standard,
            Some(_) | None => Tier::Enhanced,
        }
    }

    fn of_subject(&mut self, subject: &Subject, tier: Tier) {
        let Self { settings, inventory, rows, listed, entries, .. } = self;
        let labels = subject.labels(inventory);
        for Row { metric, kept } in rows.iter().filter(|row| subject.may_have(row.metric, tier)) {
            let asked = cloudwatch(metric.tier, metric.name, subject);
            if metric.needs == Needs::Listing && !listed.contains(&*asked) {
                continue;
            }
            for (statistic, name) in kept {
                let metric = metric.mackerel_name(subject.level, statistic);
                let series = series(labels.clone().with(METRIC_NAME, name), metric, subject);
                entries.extend([entry(settings, &asked, statistic, series)]);
            }
        }
    }

    fn of_task(&mut self, cluster: &Cluster, task: &Task) {
        let subject = Subject::of_task(cluster, task);
        self.of_subject(&subject, Tier::Enhanced);
        let labels = task_names::labels(self.inventory, cluster, task);
        for (row, name) in &self.task_rows {
            let asked = cloudwatch(Tier::Enhanced, row.cloudwatch, &subject);
            let metric = row.mackerel_name().to_owned();
            let series = series(labels.clone().with(METRIC_NAME, name), metric, &subject);
            self.entries.extend([entry(self.settings, &asked, row.statistic, series)]);
        }
    }
}

/// A series without samples. `metric` is the metric's part of its Mackerel name.
fn series(labels: Labels, metric: String, subject: &Subject) -> Series {
    let origin = Origin { kind: Kind::Ecs, metric, resource: subject.resource.clone().into() };
    Series { labels, origin, samples: Vec::new() }
}

fn cloudwatch(tier: Tier, name: &str, subject: &Subject) -> Arc<CloudWatchMetric> {
    let dimensions = subject.dimensions.iter();
    Arc::new(sorted(CloudWatchMetric {
        namespace: tier.namespace().to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    }))
}

fn entry(
    settings: &Settings,
    metric: &Arc<CloudWatchMetric>,
    name: &str,
    series: Series,
) -> (String, Entry) {
    let query =
        Query { metric: metric.clone(), statistic: statistic(name), period: settings.period };
    (query.key().to_string(), Entry { query, series, zero: false })
}

/// Whether a cluster is known to hold nothing that Container Insights could see.
fn is_empty(cluster: &Cluster) -> bool {
    let has_services = resources::present(cluster).next().is_some() || cluster.services.is_none();
    // Those that stopped lately may have come and gone since the run before.
    let mut tasks = [&cluster.tasks, &cluster.stopped].into_iter();
    let has_tasks = tasks.any(|list| list.as_ref().is_none_or(|tasks| !tasks.is_empty()));
    !has_services && !has_tasks
}

/// CloudWatch gives dimensions in any order.
fn sorted(mut metric: CloudWatchMetric) -> CloudWatchMetric {
    metric.dimensions.sort_unstable();
    metric
}

//! What there is to read in one account: its distributions and their queries. Pure; `discovery` finds the facts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use metric_data::{Entries, Entry, Metric as CloudWatchMetric, Query};

use crate::distribution::{Distribution, GLOBAL, NAMESPACE};
use crate::metrics::{METRICS, Metric};
use crate::settings::Settings;

/// One account's distributions and queries.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) distributions: Vec<Distribution>,
    pub(crate) entries: Entries,
    /// Queries of distributions whose tags could not be read. Without tags their series would be other series, so they
    /// stay unanswered until the tags are there.
    pub(crate) undescribed: BTreeSet<String>,
}

impl Catalogue {
    /// The queries for these distributions. `enabled` are the additional metrics that exist, as id and metric name.
    pub(crate) fn new(
        settings: &Settings,
        distributions: Vec<Distribution>,
        undescribed: &[Distribution],
        enabled: &BTreeSet<(String, String)>,
    ) -> Self {
        let mut catalogue = Self::default();
        for (distribution, described) in
            distributions.iter().map(|d| (d, true)).chain(undescribed.iter().map(|d| (d, false)))
        {
            for (key, entry) in entries(settings, distribution, enabled) {
                if !described {
                    catalogue.undescribed.insert(key.clone());
                }
                catalogue.entries.insert(key, entry);
            }
        }
        catalogue.distributions = distributions;
        catalogue
    }

    /// The keys of all queries.
    pub(crate) fn keys(&self) -> BTreeSet<String> {
        self.entries.keys().cloned().collect()
    }
}

fn entries(
    settings: &Settings,
    distribution: &Distribution,
    enabled: &BTreeSet<(String, String)>,
) -> Vec<(String, Entry)> {
    let metrics = METRICS.iter().filter(|metric| match &settings.metrics {
        Some(named) => named.contains(metric),
        None => {
            !metric.additional
                || enabled.contains(&(distribution.id.clone(), metric.name.to_owned()))
        }
    });
    metrics.flat_map(|metric| of_metric(settings, distribution, metric)).collect()
}

fn of_metric(
    settings: &Settings,
    distribution: &Distribution,
    metric: &'static Metric,
) -> Vec<(String, Entry)> {
    let cloudwatch = Arc::new(cloudwatch_metric(&distribution.id, metric.name));
    let entry = |(statistic, name): (metric_data::Statistic, &&str)| {
        let query = query(&cloudwatch, statistic, settings.period);
        let zero = settings.zero_fill && metric.absent_is_zero();
        (query.key().to_string(), Entry { query, series: distribution.series(metric, name), zero })
    };
    metric.statistics().zip(metric.statistics).map(entry).collect()
}

fn query(
    metric: &Arc<CloudWatchMetric>,
    statistic: metric_data::Statistic,
    period: Duration,
) -> Query {
    Query { metric: metric.clone(), statistic, period }
}

/// A distribution's metric as CloudWatch knows it: exactly these two dimensions.
fn cloudwatch_metric(id: &str, name: &str) -> CloudWatchMetric {
    let dimensions = vec![
        ("DistributionId".to_owned(), id.to_owned()),
        ("Region".to_owned(), GLOBAL.to_owned()),
    ];
    CloudWatchMetric { namespace: NAMESPACE.to_owned(), name: name.to_owned(), dimensions }
}

/// Which additional metrics exist, as id and metric name, of all metrics that CloudWatch lists.
pub(crate) fn enabled(listed: &[CloudWatchMetric]) -> BTreeSet<(String, String)> {
    let additional = |metric: &&CloudWatchMetric| {
        Metric::named(&metric.name).is_some_and(|known| known.additional)
    };
    let of_distribution = |metric: &CloudWatchMetric| {
        let id = metric.dimensions.iter().find(|(name, _)| name == "DistributionId")?;
        (metric.dimensions.len() == 2).then(|| (id.1.clone(), metric.name.clone()))
    };
    listed.iter().filter(additional).filter_map(of_distribution).collect()
}

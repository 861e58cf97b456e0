//! The metrics that CloudFront has, each with the statistics that are valid for it
//! ([AWS: types of metrics](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html)).

use metric_data::Statistic;

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    /// CloudWatch's name.
    pub(crate) name: &'static str,
    /// The statistics that are read. Any other one gives a number that means nothing.
    pub(crate) statistics: &'static [&'static str],
    /// Only there where additional metrics are enabled for the distribution, at a price.
    pub(crate) additional: bool,
}

const fn usual(name: &'static str, statistics: &'static [&'static str]) -> Metric {
    Metric { name, statistics, additional: false }
}

const fn additional(name: &'static str, statistics: &'static [&'static str]) -> Metric {
    Metric { name, statistics, additional: true }
}

const SUM: &[&str] = &["Sum"];
const AVERAGE: &[&str] = &["Average"];
const PERCENTILES: &[&str] = &["p50", "p90", "p99"];

/// Every metric of a distribution.
pub(crate) const METRICS: [Metric; 14] = [
    usual("Requests", SUM),
    usual("BytesDownloaded", SUM),
    usual("BytesUploaded", SUM),
    usual("4xxErrorRate", AVERAGE),
    usual("5xxErrorRate", AVERAGE),
    usual("TotalErrorRate", AVERAGE),
    additional("CacheHitRate", AVERAGE),
    additional("OriginLatency", PERCENTILES),
    additional("401ErrorRate", AVERAGE),
    additional("403ErrorRate", AVERAGE),
    additional("404ErrorRate", AVERAGE),
    additional("502ErrorRate", AVERAGE),
    additional("503ErrorRate", AVERAGE),
    additional("504ErrorRate", AVERAGE),
];

impl Metric {
    /// The row of a metric.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// The statistics, as CloudWatch takes them.
    pub(crate) fn statistics(&self) -> impl Iterator<Item = Statistic> {
        self.statistics.iter().map(|name| name.parse().expect("the table holds valid statistics"))
    }

    /// Whether no datapoint means zero: counts, but neither rates nor latencies.
    pub(crate) fn absent_is_zero(&self) -> bool {
        self.statistics == SUM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_six_default_and_eight_additional_metrics() {
        let (more, usual): (Vec<_>, Vec<_>) = METRICS.iter().partition(|metric| metric.additional);
        assert_eq!((usual.len(), more.len()), (6, 8));
    }

    #[test]
    fn every_statistic_is_valid() {
        let all: Vec<_> = METRICS.iter().flat_map(Metric::statistics).collect();
        assert_eq!(all.len(), 16);
    }

    #[test]
    fn only_counts_are_zero_where_there_is_no_traffic() {
        let counts: Vec<_> = METRICS
            .iter()
            .filter(|metric| metric.absent_is_zero())
            .map(|metric| metric.name)
            .collect();
        assert_eq!(counts, ["Requests", "BytesDownloaded", "BytesUploaded"]);
    }
}

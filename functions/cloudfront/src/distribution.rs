//! A distribution and its series: names and labels as YACE gives them, plus a readable `alias`. Pure.

use series::{Kind, Labels, METRIC_NAME, Origin, Resource, Sample, Series, Timestamp, naming};

use crate::metrics::Metric;

/// CloudFront's CloudWatch namespace.
pub(crate) const NAMESPACE: &str = "AWS/CloudFront";
/// CloudFront's metrics live in this region only.
pub(crate) const REGION: &str = "us-east-1";
/// The value of CloudFront's own dimension `Region`.
pub(crate) const GLOBAL: &str = "Global";

/// One distribution, as far as its series need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    pub(crate) id: String,
    pub(crate) account: String,
    /// What a person calls it: the given name, else the first alias, else the domain name, else the id.
    pub(crate) alias: String,
    /// Known only where distributions are listed.
    pub(crate) domain_name: String,
    pub(crate) comment: String,
    /// Key and value of each tag.
    pub(crate) tags: Vec<(String, String)>,
}

impl Distribution {
    /// `arn:aws:cloudfront::123456789012:distribution/E1ABCDEF`.
    pub(crate) fn arn(&self) -> String {
        arn(&self.account, &self.id)
    }

    /// The series of one statistic of one metric, still without samples.
    pub(crate) fn series(&self, metric: &Metric, statistic: &str) -> Series {
        let name = naming::metric_name(NAMESPACE, metric.name, statistic);
        let labels = self
            .identity(name)
            .with("account_id", &*self.account)
            .with("region", REGION)
            .with("dimension_DistributionId", &*self.id)
            .with("dimension_Region", GLOBAL);
        Series {
            labels,
            origin: self.origin(Kind::CloudFront, short_name(metric, statistic)),
            samples: Vec::new(),
        }
    }

    /// The info series: constant value, more labels, for joins. YACE gives it the value 0.
    pub(crate) fn info(&self, at: Timestamp) -> Series {
        let labels = self
            .identity(naming::info_name(NAMESPACE))
            .with("domain_name", &*self.domain_name)
            .with("comment", &*self.comment);
        let samples = vec![Sample { at, value: 0.0 }];
        Series { labels, origin: self.origin(Kind::Info, "info".to_owned()), samples }
    }

    fn identity(&self, name: String) -> Labels {
        let tags = self
            .tags
            .iter()
            .filter_map(|(key, value)| Some((naming::tag_label(key)?, value.as_str())));
        let mut labels: Labels = tags.collect();
        labels.set(METRIC_NAME, name);
        labels.with("name", self.arn()).with("alias", &*self.alias)
    }

    fn origin(&self, kind: Kind, metric: String) -> Origin {
        Origin {
            kind,
            metric,
            resource: Resource { id: self.id.clone(), name: self.alias.clone() }.into(),
        }
    }
}

/// The ARN of a distribution.
pub(crate) fn arn(account: &str, id: &str) -> String {
    format!("arn:aws:cloudfront::{account}:distribution/{id}")
}

/// The metric without its namespace, and without the statistic where only one is read: `requests`,
/// `origin_latency_p90`.
fn short_name(metric: &Metric, statistic: &str) -> String {
    let snake = naming::snake_case(metric.name);
    if metric.statistics.len() == 1 {
        snake
    } else {
        format!("{snake}_{}", naming::snake_case(statistic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::METRICS;

    fn www() -> Distribution {
        Distribution {
            id: "E1ABCDEF".to_owned(),
            account: "123456789012".to_owned(),
            alias: "www.example.com".to_owned(),
            domain_name: "d111.cloudfront.net".to_owned(),
            comment: "the \"shop\"".to_owned(),
            tags: vec![
                ("Team".to_owned(), "web".to_owned()),
                ("cost-centre".to_owned(), "42".to_owned()),
                ("タグ".to_owned(), "x".to_owned()),
            ],
        }
    }

    #[test]
    fn series_carry_yace_names_and_labels_and_an_alias() {
        let all = METRICS.iter().flat_map(|metric| {
            metric.statistics.iter().map(move |stat| www().series(metric, stat))
        });
        let lines: Vec<_> =
            all.map(|one| format!("{}  <- {}", one.labels, one.origin.metric)).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn the_info_series_carries_what_would_be_too_much_on_every_sample() {
        let info = www().info(Timestamp::from_secs(60));
        insta::assert_snapshot!(info.labels.to_string());
        assert_eq!(info.origin.kind, Kind::Info);
        assert_eq!(info.samples, [Sample { at: Timestamp::from_secs(60), value: 0.0 }]);
    }

    #[test]
    fn a_tag_never_replaces_a_label_of_ours() {
        let mut distribution = www();
        distribution.tags = vec![("name".to_owned(), "mine".to_owned())];
        let labels = distribution.series(&METRICS[0], "Sum").labels;
        assert_eq!(labels.get("tag_name"), Some("mine"));
        assert_eq!(
            labels.get("name"),
            Some("arn:aws:cloudfront::123456789012:distribution/E1ABCDEF")
        );
    }
}

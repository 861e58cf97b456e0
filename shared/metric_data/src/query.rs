//! What is asked: one statistic of one metric, period by period.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Statistic;

/// One CloudWatch metric: a namespace, a name, and exactly these dimensions (a metric with one more is another one).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric {
    /// Such as `AWS/CloudFront`.
    pub namespace: String,
    /// Such as `Requests`.
    pub name: String,
    /// Name and value of each dimension, in any order.
    pub dimensions: Vec<(String, String)>,
}

/// One series of datapoints to ask for: what CloudWatch bills as one metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The metric, shared by the queries for its other statistics.
    pub metric: Arc<Metric>,
    /// The statistic.
    pub statistic: Statistic,
    /// The length of the period that one datapoint stands for, whole seconds.
    pub period: Duration,
}

impl Query {
    /// The name of this query in the state, the same whatever order the dimensions came in:
    /// `AWS/CloudFront|Requests|DistributionId=E1,Region=Global|Sum`. Separators inside a part are escaped with `\`,
    /// so that two metrics never share a key. The period is not part of it.
    pub fn key(&self) -> QueryKey {
        let Metric { namespace, name, dimensions } = &*self.metric;
        let mut dimensions: Vec<_> = dimensions.iter().collect();
        dimensions.sort_unstable();
        let mut key = format!("{}|{}|", Escaped(namespace), Escaped(name));
        for (at, (name, value)) in dimensions.into_iter().enumerate() {
            let separator = if at == 0 { "" } else { "," };
            key += &format!("{separator}{}={}", Escaped(name), Escaped(value));
        }
        key += &format!("|{}", self.statistic);
        QueryKey(key)
    }

    /// The period as CloudWatch wants it.
    pub(crate) fn period_seconds(&self) -> i32 {
        i32::try_from(self.period.as_secs()).unwrap_or(i32::MAX)
    }
}

/// The stable name of a query, as it stands in the state. Two queries with equal keys ask for the same data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryKey(String);

impl QueryKey {
    /// The text, as it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes the text that [`QueryKey::as_str`] gave back from where it was kept.
impl From<String> for QueryKey {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for QueryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' | '|' | ',' | '=' => write!(f, "\\{c}"),
            c => write!(f, "{c}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> String {
        let dimensions =
            dimensions.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let metric = Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions };
        let query = Query {
            metric: Arc::new(metric),
            statistic: Statistic::SUM,
            period: Duration::from_secs(60),
        };
        query.key().to_string()
    }

    #[test]
    fn a_key_names_namespace_metric_dimensions_and_statistic() {
        assert_eq!(
            key("AWS/CloudFront", "Requests", &[("Region", "Global"), ("DistributionId", "E1")]),
            "AWS/CloudFront|Requests|DistributionId=E1,Region=Global|Sum"
        );
        assert_eq!(key("My|App", "A", &[]), r"My\|App|A||Sum");
    }

    proptest! {
        #[test]
        fn only_equal_dimensions_share_a_key(
            a in proptest::collection::btree_map(r"[ab,=|\\]{1,3}", r"[ab,=|\\]{1,3}", 0..3),
            b in proptest::collection::btree_map(r"[ab,=|\\]{1,3}", r"[ab,=|\\]{1,3}", 0..3),
        ) {
            let of = |map: &std::collections::BTreeMap<String, String>| {
                let pairs: Vec<_> = map.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                key("N", "M", &pairs)
            };
            prop_assert_eq!(of(&a) == of(&b), a == b);
        }
    }
}

//! The `cloudfront` section: what was written, and what is valid.

use std::time::Duration;

use aws::Role;
use config::{Findings, Node, Sections};
use runtime::Timing;

use crate::metrics::{METRICS, Metric};

/// The `cloudfront` section, valid.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The distributions that were named; absent: every one of the account.
    pub(crate) distributions: Option<Vec<Named>>,
    /// The metrics that were named; absent: the six default ones, and each additional one that is enabled.
    pub(crate) metrics: Option<Vec<&'static Metric>>,
    /// Whether tags become labels.
    pub(crate) tags: bool,
    /// The roles to read with; empty: the function's own.
    pub(crate) roles: Vec<Role>,
    /// The distance of datapoints.
    pub(crate) period: Duration,
    /// How long a datapoint takes to settle.
    pub(crate) delay: Duration,
    /// Whether a settled minute without traffic is written as 0.
    pub(crate) zero_fill: bool,
}

/// A distribution that was named by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

impl Settings {
    /// Reads the section; nothing if it is absent or wrong.
    pub(crate) fn read(sections: &Sections, findings: &mut Findings) -> Option<Self> {
        let node = sections.get("cloudfront")?;
        let before = findings.error_count();
        let mut section = node.mapping(findings)?;
        let distributions = section.take("distributions");
        let metrics = section.take("metrics");
        let tags = section.take("tags").and_then(|node| node.boolean(findings));
        let roles = section.take("roles");
        let Timing { period, delay } = Timing::take(&mut section, findings);
        let zero_fill = section.take("zero_fill").and_then(|node| node.boolean(findings));
        section.finish(findings);

        let settings = Self {
            tags: tags.unwrap_or(distributions.is_none()),
            distributions: distributions.map(|node| read_distributions(node, findings)),
            metrics: metrics.map(|node| read_metrics(node, findings)),
            roles: roles.map(|node| Role::read_list(node, findings)).unwrap_or_default(),
            period,
            delay,
            zero_fill: zero_fill.unwrap_or(false),
        };
        if settings.distributions.is_some() && settings.roles.len() > 1 {
            findings.error(node, "distributions: a list goes with one role at most, since each belongs to one account");
        }
        (findings.error_count() == before).then_some(settings)
    }
}

fn read_distributions(node: &Node, findings: &mut Findings) -> Vec<Named> {
    let entries = node.sequence(findings).unwrap_or_default();
    if entries.is_empty() {
        findings.error(
            node,
            "no distribution is named; leave the key away to read every one of the account",
        );
    }
    let mut named: Vec<Named> = Vec::new();
    for entry in entries {
        let Some(one) = read_distribution(entry, findings) else {
            continue;
        };
        if named.iter().any(|other| other.id == one.id) {
            findings.error(entry, format!("distribution {} stands twice", one.id));
        }
        named.push(one);
    }
    named
}

fn read_distribution(node: &Node, findings: &mut Findings) -> Option<Named> {
    let mut entry = node.mapping(findings)?;
    let id = entry.take("id");
    let name = entry.take("name").and_then(|node| node.string(findings));
    entry.finish(findings);
    let Some(id_node) = id else {
        findings.error(node, "id is missing");
        return None;
    };
    let id = id_node.string(findings)?;
    if !is_distribution_id(&id) {
        findings
            .error(id_node, format!("\"{id}\" is not a distribution id such as E1ABCDEF2GHIJK"));
    }
    Some(Named { id, name })
}

/// Ids start with E and hold capital letters and digits. AWS says no more; the bounds keep typing errors out.
fn is_distribution_id(id: &str) -> bool {
    let tail = id.strip_prefix('E').unwrap_or_default();
    (5..=31).contains(&tail.len())
        && tail.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn read_metrics(node: &Node, findings: &mut Findings) -> Vec<&'static Metric> {
    let mut metrics: Vec<&'static Metric> = Vec::new();
    let entries = node.sequence(findings).unwrap_or_default();
    if entries.is_empty() {
        findings.error(node, "no metric is named; leave the key away to read the default ones");
    }
    for entry in entries {
        let Some(name) = entry.string(findings) else {
            continue;
        };
        match Metric::named(&name) {
            None => {
                let known: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
                findings.error(
                    entry,
                    format!("CloudFront has no metric \"{name}\"; it has {}", known.join(", ")),
                );
            }
            Some(metric) if metrics.contains(&metric) => {
                findings.error(entry, format!("{name} stands twice"));
            }
            Some(metric) => metrics.push(metric),
        }
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distribution_ids_have_a_form() {
        for id in ["E1ABCDEF", "EDFDVBD6EXAMPLE", "E2QWRUHAPOMQZL"] {
            assert!(is_distribution_id(id), "{id}");
        }
        for id in [
            "",
            "E",
            "e1abcdef",
            "D1ABCDEF",
            "E1ABC DEF",
            "d111111abcdef8.cloudfront.net",
            "arn:aws:cloudfront::1:distribution/E1",
        ] {
            assert!(!is_distribution_id(id), "{id}");
        }
    }
}

//! The `global` section of a Prometheus configuration.

use std::time::Duration;

use crate::expand::expand;
use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::node::Node;
use crate::quote::shortened;

const SCRAPE_INTERVAL: Duration = Duration::from_secs(60);
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);

/// `global`, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// Labels for every series that leaves, as written: [`expanded`](Self::expanded) replaces variables.
    pub external_labels: Vec<(String, String)>,
    /// How often a job runs that does not say.
    pub scrape_interval: Duration,
    /// How long a scrape or probe of such a job may take.
    pub scrape_timeout: Duration,
}

/// What Prometheus takes when nothing is written.
impl Default for Global {
    fn default() -> Self {
        Self {
            external_labels: Vec::new(),
            scrape_interval: SCRAPE_INTERVAL,
            scrape_timeout: SCRAPE_TIMEOUT,
        }
    }
}

/// What only a server does.
const SERVER_KEYS: [&str; 4] =
    ["evaluation_interval", "rule_query_offset", "query_log_file", "scrape_failure_log_file"];

/// Limits and switches of scrapes, which their jobs may override: read together with the jobs, not here.
const SCRAPE_KEYS: [&str; 13] = [
    "scrape_protocols",
    "body_size_limit",
    "sample_limit",
    "target_limit",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "keep_dropped_targets",
    "metric_name_escaping_scheme",
    "scrape_native_histograms",
    "convert_classic_histograms_to_nhcb",
    "always_scrape_classic_histograms",
    "extra_scrape_metrics",
];

impl Global {
    /// Reads the section; absent or wrong parts come out as Prometheus's defaults.
    pub fn read(node: Option<&Node>, findings: &mut Findings) -> Self {
        let Some(mut mapping) = node.and_then(|node| node.mapping(findings)) else {
            return Self::default();
        };
        let (scrape_interval, scrape_timeout) = take_times(&mut mapping, findings);
        let legacy = take_is_legacy(&mut mapping, findings);
        let external_labels = mapping
            .take("external_labels")
            .map(|node| read_labels(node, legacy, findings))
            .unwrap_or_default();
        for key in SERVER_KEYS {
            if let Some(node) = mapping.take(key) {
                findings.warning(node, "ignored: it makes sense for a Prometheus server only");
            }
        }
        for key in SCRAPE_KEYS {
            mapping.take(key);
        }
        mapping.finish_as("plain", findings);
        Self { external_labels, scrape_interval, scrape_timeout }
    }

    /// The same with `${NAME}` in external labels replaced. Prometheus takes an unknown variable for nothing.
    #[must_use]
    pub fn expanded(mut self, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        for (_, value) in &mut self.external_labels {
            *value = expand(value, environment);
        }
        self
    }
}

fn take_times(mapping: &mut Mapping<'_>, findings: &mut Findings) -> (Duration, Duration) {
    let mut time = |key: &str| {
        let duration = mapping.take(key).and_then(|node| node.duration(findings));
        duration.filter(|duration| !duration.is_zero())
    };
    let interval = time("scrape_interval").unwrap_or(SCRAPE_INTERVAL);
    let timeout = time("scrape_timeout").unwrap_or(SCRAPE_TIMEOUT.min(interval));
    if timeout > interval {
        findings.error(mapping.node(), "global scrape timeout greater than scrape interval");
    }
    (interval, timeout)
}

/// Whether label names are held to the rules of before Prometheus 3.
fn take_is_legacy(mapping: &mut Mapping<'_>, findings: &mut Findings) -> bool {
    let Some(node) = mapping.take("metric_name_validation_scheme") else {
        return false;
    };
    match node.string(findings).as_deref() {
        Some("legacy") => true,
        None | Some("" | "utf8") => false,
        Some(other) => {
            let reason = format!("unrecognized ValidationScheme: {}", shortened(other));
            findings.error(node, reason);
            false
        }
    }
}

fn read_labels(node: &Node, legacy: bool, findings: &mut Findings) -> Vec<(String, String)> {
    let Some(labels) = node.mapping(findings) else {
        return Vec::new();
    };
    let mut read = Vec::new();
    for (name, value) in labels.entries() {
        if name.is_empty() || (legacy && !is_legacy_name(name)) {
            findings.error(value, format!("{} is not a valid label name", shortened(name)));
        }
        if value.is_null() {
            read.push((name.to_owned(), String::new()));
        } else if let Some(value) = value.string(findings) {
            read.push((name.to_owned(), value));
        }
    }
    read
}

fn is_legacy_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

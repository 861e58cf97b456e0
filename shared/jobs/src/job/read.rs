//! One entry of `scrape_configs`, key by key.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Defaults, Findings, Global, HttpClient, Mapping, Node, relabel};
use series::relabel::{NameScheme, Rule};

use super::overridable::{Overridable, take_number, take_switch};
use super::{Job, PROBE_PATH, protocols, providers};

/// What a job says to its scraper about pages. Those of probes are made here: they carry no timestamps, are not
/// compressed, and nothing logs their failures to a file.
const SWITCHES: [&str; 3] =
    ["honor_timestamps", "track_timestamps_staleness", "enable_compression"];

/// The job; `None` where it is no mapping. What is wrong in it is a finding.
pub(super) fn read(
    node: &Node,
    global: &Global,
    defaults: &Overridable,
    findings: &mut Findings,
) -> Option<Job> {
    let mut mapping = node.mapping(findings)?;
    let job = take(&mut mapping, global, defaults, findings);
    mapping.finish_as("ScrapeConfig", findings);
    Some(job)
}

fn take(
    mapping: &mut Mapping<'_>,
    global: &Global,
    defaults: &Overridable,
    findings: &mut Findings,
) -> Job {
    let node = mapping.node();
    let name = take_text(mapping, "job_name", findings).unwrap_or_default();
    if name.is_empty() {
        findings.error(node, "job_name is empty");
    }
    let whose = format!("scrape config with job name {name:?}");
    let (interval, timeout) = take_times(mapping, global, &whose, findings);
    let own = Overridable::of_job(mapping, &whose, findings);
    let names = own.schemes.under(&defaults.schemes);
    let names = names.map_err(|reason| findings.error(node, reason)).unwrap_or_default();
    check_unused(mapping, &whose, findings);
    let metrics_path = take_text(mapping, "metrics_path", findings);
    let metrics_path = metrics_path.unwrap_or_else(|| "/metrics".to_owned());
    let is_probe = metrics_path == PROBE_PATH;
    let rules = Rules::take(mapping, names, findings);
    let providers = providers::take(mapping, is_probe, rules.are_there, findings);
    Job {
        name,
        interval,
        timeout,
        metrics_path,
        scheme: take_text(mapping, "scheme", findings).unwrap_or_else(|| "http".to_owned()),
        params: take_params(mapping, findings),
        honor_labels: take_switch(mapping, "honor_labels", findings).unwrap_or_default(),
        relabel: rules.target,
        metric_relabel: rules.metric,
        limits: own.limits.or(defaults.limits),
        names,
        extra_metrics: own.extra_metrics.or(defaults.extra_metrics).unwrap_or_default(),
        client: HttpClient::take(mapping, findings, Defaults::default()),
        providers,
    }
}

/// Interval and timeout. Zero counts as absent, as it does in Go.
fn take_times(
    mapping: &mut Mapping<'_>,
    global: &Global,
    whose: &str,
    findings: &mut Findings,
) -> (Duration, Duration) {
    let mut time = |key: &str| {
        let duration = mapping.take(key).and_then(|node| node.duration(findings));
        duration.filter(|duration| !duration.is_zero())
    };
    let interval = time("scrape_interval").unwrap_or(global.scrape_interval);
    let timeout = time("scrape_timeout").unwrap_or(global.scrape_timeout.min(interval));
    if timeout > interval {
        let reason = format!("scrape timeout greater than scrape interval for {whose}");
        findings.error(mapping.node(), reason);
    }
    (interval, timeout)
}

/// Keys that are valid and make no difference here.
fn check_unused(mapping: &mut Mapping<'_>, whose: &str, findings: &mut Findings) {
    protocols::check_fallback(mapping, whose, findings);
    for key in SWITCHES {
        take_switch(mapping, key, findings);
    }
    take_text(mapping, "scrape_failure_log_file", findings);
    take_number(mapping, "native_histogram_bucket_limit", findings);
    if let Some(node) = mapping.take("native_histogram_min_bucket_factor") {
        node.float(findings);
    }
}

struct Rules {
    target: Vec<Rule>,
    metric: Vec<Rule>,
    /// Whether targets are relabeled at all, were it by rules that are wrong.
    are_there: bool,
}

impl Rules {
    fn take(mapping: &mut Mapping<'_>, names: NameScheme, findings: &mut Findings) -> Self {
        let mut rules = |key: &str, empty: &str| {
            let node = mapping.take(key)?;
            let count = node.sequence(&mut Findings::new()).map_or(0, <[Node]>::len);
            Some((count, relabel::read_rules_under(names, node, empty, findings)))
        };
        let empty = "empty or null target relabeling rule in scrape config";
        let (written, target) = rules("relabel_configs", empty).unwrap_or_default();
        let empty = "empty or null metric relabeling rule in scrape config";
        let (_, metric) = rules("metric_relabel_configs", empty).unwrap_or_default();
        Self { target, metric, are_there: written > 0 }
    }
}

fn take_params(
    mapping: &mut Mapping<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, Vec<String>> {
    let Some(params) = mapping.take("params").and_then(|node| node.mapping(findings)) else {
        return BTreeMap::new();
    };
    let params = params.entries();
    params.filter_map(|(name, values)| Some((name.to_owned(), values.strings(findings)?))).collect()
}

/// The text of a key; nothing where it is empty.
fn take_text(mapping: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Option<String> {
    mapping.take(key).and_then(|node| node.string(findings)).filter(|text| !text.is_empty())
}

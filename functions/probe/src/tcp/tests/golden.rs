//! Pages of metrics that the original gave, as Grafana's agent recorded them, and what of them a probe of ours gives: names,
//! help texts and labels. Values are of another time and place.

use std::collections::BTreeSet;

use crate::corpus::{Outcome, file};

/// What the frame sets, not the prober.
const FRAME: [&str; 2] = ["probe_success", "probe_duration_seconds"];

/// What a page and a probe do not have in common; nothing where there is no corpus.
pub(crate) fn differences(page: &str, outcome: &Outcome) -> BTreeSet<String> {
    let Some(text) = file(&format!("golden/{page}.txt")) else { return BTreeSet::new() };
    let (expected, found) = (of_page(&text), of_probe(outcome));
    assert!(expected.len() > 5, "{page}");
    expected.symmetric_difference(&found).cloned().collect()
}

/// `# HELP` lines, and samples as their name with the names of their labels. The agent's own metrics are left out.
fn of_page(text: &str) -> BTreeSet<String> {
    let is_ours = |name: &str| {
        name.starts_with("probe_") && !name.contains("_all_") && !FRAME.contains(&name)
    };
    let lines = text.lines().filter_map(|line| {
        if let Some(help) = line.strip_prefix("# HELP ") {
            return is_ours(help.split(' ').next()?).then(|| help.to_owned());
        }
        let name = line.split(['{', ' ']).next()?;
        let labels = line.strip_prefix(name)?.strip_prefix('{').unwrap_or_default();
        // No value of a label in these pages holds what follows a value.
        let labels = labels.split("\",").filter_map(|label| Some(label.split_once("=\"")?.0));
        is_ours(name).then(|| sample(name, labels))
    });
    lines.collect()
}

fn of_probe(outcome: &Outcome) -> BTreeSet<String> {
    let lines = outcome.gauges.iter().flat_map(|gauge| {
        let labels = gauge.labels.iter().map(|(name, _)| name.as_str());
        let help = format!("{} {}", gauge.metric.name, gauge.metric.help);
        [help, sample(gauge.metric.name, labels)]
    });
    lines.collect()
}

fn sample<'a>(name: &str, labels: impl Iterator<Item = &'a str>) -> String {
    let labels: BTreeSet<&str> = labels.collect();
    format!("{name} {labels:?}")
}

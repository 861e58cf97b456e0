//! The keys that `global` and each job may have, the job's word being the last.

use config::{Findings, Mapping, Node};

use super::names::Schemes;
use super::{Limits, protocols};

/// What one place, `global` or a job, says.
#[derive(Debug, Clone, Default)]
pub(super) struct Overridable {
    pub(super) limits: Limits,
    pub(super) extra_metrics: Option<bool>,
    pub(super) schemes: Schemes,
}

/// Switches for histograms that a page may hold. Pages that are made here hold none.
const HISTOGRAM_SWITCHES: [&str; 3] = [
    "scrape_native_histograms",
    "convert_classic_histograms_to_nhcb",
    "always_scrape_classic_histograms",
];

impl Overridable {
    /// What `global` says. The rest of its keys is read elsewhere.
    pub(super) fn of_global(node: Option<&Node>, findings: &mut Findings) -> Self {
        // What is no mapping, or names no scheme, is said by whoever reads the section.
        let mut said_elsewhere = Findings::new();
        let Some(mut mapping) = node.and_then(|node| node.mapping(&mut said_elsewhere)) else {
            return Self::default();
        };
        let schemes = Schemes::take(&mut mapping, &mut said_elsewhere);
        let (limits, extra_metrics) = take_common(&mut mapping, "global config", findings);
        Self { limits, extra_metrics, schemes }
    }

    /// What a job says; `whose` is the job in error texts.
    pub(super) fn of_job(mapping: &mut Mapping<'_>, whose: &str, findings: &mut Findings) -> Self {
        let schemes = Schemes::take(mapping, findings);
        let (limits, extra_metrics) = take_common(mapping, whose, findings);
        Self { limits, extra_metrics, schemes }
    }
}

fn take_common(
    mapping: &mut Mapping<'_>,
    whose: &str,
    findings: &mut Findings,
) -> (Limits, Option<bool>) {
    protocols::check_list(mapping, whose, findings);
    for key in HISTOGRAM_SWITCHES {
        take_switch(mapping, key, findings);
    }
    // Both are about what a server has read or keeps for its own pages.
    if let Some(node) = mapping.take("body_size_limit") {
        node.size(findings);
    }
    take_number(mapping, "keep_dropped_targets", findings);
    let mut limit = |key: &str| take_number(mapping, key, findings).filter(|limit| *limit > 0);
    let limits = Limits {
        samples: limit("sample_limit"),
        targets: limit("target_limit"),
        labels: limit("label_limit"),
        name_length: limit("label_name_length_limit"),
        value_length: limit("label_value_length_limit"),
    };
    (limits, take_switch(mapping, "extra_scrape_metrics", findings))
}

impl Limits {
    /// These limits, and where there is none those of `global`.
    pub(super) fn or(self, global: Self) -> Self {
        let Self { samples, targets, labels, name_length, value_length } = self;
        Self {
            samples: samples.or(global.samples),
            targets: targets.or(global.targets),
            labels: labels.or(global.labels),
            name_length: name_length.or(global.name_length),
            value_length: value_length.or(global.value_length),
        }
    }
}

pub(super) fn take_switch(
    mapping: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
) -> Option<bool> {
    mapping.take(key).and_then(|node| node.boolean(findings))
}

pub(super) fn take_number(
    mapping: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
) -> Option<u64> {
    mapping.take(key).and_then(|node| node.integer(findings))
}

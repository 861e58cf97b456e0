//! `scrape_configs`: each entry as it is valid. Keys, defaults and error texts are those of Prometheus 3
//! (`config/config.go`).

mod names;
mod overridable;
mod protocols;
mod providers;
mod read;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use config::{Findings, Global, HttpClient, SecretRef, Sections};
use series::relabel::{NameScheme, Rule};

use crate::discovery::Provider;
use overridable::Overridable;

/// The path of blackbox_exporter's probes.
const PROBE_PATH: &str = "/probe";

/// One job.
#[derive(Debug, Clone)]
pub struct Job {
    /// `job_name`.
    pub name: String,
    /// `scrape_interval`, else the global one.
    pub interval: Duration,
    /// `scrape_timeout`, else the global one.
    pub timeout: Duration,
    /// `metrics_path`.
    pub metrics_path: String,
    /// `scheme`.
    pub scheme: String,
    /// `params`.
    pub params: BTreeMap<String, Vec<String>>,
    /// `honor_labels`.
    pub honor_labels: bool,
    /// `relabel_configs`.
    pub relabel: Vec<Rule>,
    /// `metric_relabel_configs`.
    pub metric_relabel: Vec<Rule>,
    /// What is refused when there is more of it.
    pub limits: Limits,
    /// `metric_name_validation_scheme`: which names series and labels may have.
    pub names: NameScheme,
    /// `extra_scrape_metrics`: whether the report says more.
    pub extra_metrics: bool,
    /// How requests are made to the target; a probe function has no use for it.
    pub client: HttpClient,
    /// Where targets come from.
    pub providers: Vec<Provider>,
}

/// `sample_limit` and its companions; `None` where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Samples of one scrape, after relabeling.
    pub samples: Option<u64>,
    /// Targets of the job, after relabeling.
    pub targets: Option<u64>,
    /// Labels of one series.
    pub labels: Option<u64>,
    /// Length of a label's name, in bytes.
    pub name_length: Option<u64>,
    /// Length of a label's value, in bytes.
    pub value_length: Option<u64>,
}

impl Job {
    /// Reads all jobs of `scrape_configs`. A job that is wrong is a finding and comes out of the list.
    pub fn read_all(sections: &Sections, global: &Global, findings: &mut Findings) -> Vec<Self> {
        let defaults = Overridable::of_global(sections.get("global"), findings);
        let mut names = HashSet::new();
        let mut jobs = Vec::new();
        for node in sections.list("scrape_configs") {
            if node.is_null() {
                findings.error(&node, "empty or null scrape config section");
                continue;
            }
            let before = findings.error_count();
            let Some(job) = read::read(&node, global, &defaults, findings) else {
                continue;
            };
            if !job.name.is_empty() && !names.insert(job.name.clone()) {
                let reason = format!("found multiple scrape configs with job name {:?}", job.name);
                findings.error(&node, reason);
            }
            if findings.error_count() == before {
                jobs.push(job);
            }
        }
        jobs
    }

    /// Whether this is a job for a blackbox_exporter: `metrics_path: /probe`.
    pub fn is_probe(&self) -> bool {
        self.metrics_path == PROBE_PATH
    }

    /// Every place that holds a secret of this job. What a probe job says to its blackbox_exporter is not needed where
    /// there is none.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        let mut secrets: Vec<_> = self.providers.iter().flat_map(Provider::secrets).collect();
        if !self.is_probe() {
            secrets.extend(self.client.secrets());
        }
        secrets
    }
}

#[cfg(test)]
mod tests;

//! The labels that a series leaves with: external labels first, then the sink's relabeling, as in Prometheus
//! (`storage/remote/queue_manager.go`).

use series::relabel::{self, Rule};
use series::{Labels, Series};

/// What a sink does to labels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outgoing {
    /// Added where a series does not have the label itself.
    pub(crate) external_labels: Vec<(String, String)>,
    /// The sink's `write_relabel_configs`.
    pub(crate) relabeling: Vec<Rule>,
}

impl Outgoing {
    /// The labels of `series` at the sink; none if it does not go there.
    pub(crate) fn labels(&self, series: &Series) -> Option<Labels> {
        let mut labels = series.labels.clone();
        for (name, value) in &self.external_labels {
            if labels.get(name).is_none() {
                labels.set(name, value);
            }
        }
        relabel::apply(&self.relabeling, labels).filter(|labels| !labels.is_empty())
    }
}

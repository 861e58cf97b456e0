//! The top-level keys: whose they are, and how they join over several documents.

/// How a section that stands in several documents becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// It may not stand in several.
    Once,
    /// Lists, one after the other.
    Append,
    /// Mappings, keys side by side; the lists under these keys one after the other.
    Union { append: &'static [&'static str] },
}

/// What becomes of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Some function reads it.
    Section(Join),
    /// It makes no sense without a server, or does nothing here: accepted, however often, with this warning.
    Ignored(&'static str),
}

use Join::{Append, Once, Union};
use Role::{Ignored, Section};

/// Every known top-level key.
pub(crate) const KEYS: [(&str, Role); 20] = [
    // Ours.
    ("cloudfront", Section(Once)),
    ("ecs", Section(Once)),
    ("mackerel", Section(Append)),
    // Prometheus.
    ("global", Section(Once)),
    ("scrape_configs", Section(Append)),
    ("remote_write", Section(Append)),
    ("rule_files", Ignored("ignored: nothing here evaluates rules")),
    ("alerting", Ignored("ignored: nothing here sends alerts")),
    ("storage", Ignored("ignored: nothing here stores series")),
    ("tracing", Ignored("ignored: nothing here traces")),
    ("remote_read", Ignored("ignored: nothing here answers queries")),
    ("otlp", Ignored("ignored: nothing here receives OTLP")),
    ("runtime", Ignored("ignored: it tunes a Prometheus server")),
    (
        "scrape_config_files",
        Ignored("ignored: no other files are read; put their scrape_configs into a document"),
    ),
    // blackbox_exporter.
    ("modules", Section(Union { append: &[] })),
    // YACE.
    ("apiVersion", Section(Once)),
    ("sts-region", Section(Once)),
    ("discovery", Section(Union { append: &["jobs"] })),
    ("static", Section(Append)),
    ("customNamespace", Section(Append)),
];

/// What a key is for, with its name as a constant; `None` if it is unknown.
pub(crate) fn known(name: &str) -> Option<(&'static str, Role)> {
    KEYS.into_iter().find(|(known, _)| *known == name)
}

//! Which label names are valid.

use std::sync::LazyLock;

use regex::Regex;

use crate::naming::is_label_name;

/// Prometheus' two name validation schemes (`metric_name_validation_scheme`).
///
/// The scheme decides which rules are valid and into which labels `replace` may write. What a receiver accepts is
/// another question, which a sink answers for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NameScheme {
    /// Any text that is not empty: the default since Prometheus 3, and ours, since it is what a `prometheus.yml`
    /// without the setting means.
    #[default]
    Utf8,
    /// `[a-zA-Z_][a-zA-Z0-9_]*`, as in Prometheus 2.
    Legacy,
}

impl NameScheme {
    /// Whether a label can have this name.
    pub fn is_label_name(self, name: &str) -> bool {
        match self {
            Self::Utf8 => !name.is_empty(),
            Self::Legacy => is_label_name(name),
        }
    }

    /// Whether a template can become a label name.
    pub(super) fn is_label_template(self, template: &str) -> bool {
        static LEGACY: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^(?-u:(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+)$").ok());
        match self {
            Self::Utf8 => !template.is_empty(),
            Self::Legacy => LEGACY.as_ref().is_some_and(|regex| regex.is_match(template)),
        }
    }
}

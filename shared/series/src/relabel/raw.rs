//! A rule as it was written.

use std::fmt;
use std::str::FromStr;

/// A rule as it was written. What is absent has Prometheus' default, which an empty text is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRule {
    /// The labels whose values, joined, the rule looks at.
    pub source_labels: Vec<String>,
    /// What stands between them: `;`.
    pub separator: Option<String>,
    /// What they must match: `(.*)`.
    pub regex: Option<String>,
    /// The divisor of `hashmod`.
    pub modulus: Option<u64>,
    /// The label that is written.
    pub target_label: Option<String>,
    /// What is written there: `$1`.
    pub replacement: Option<String>,
    /// What is done: `replace`.
    pub action: Option<String>,
}

pub(super) const SEPARATOR: &str = ";";
pub(super) const REGEX: &str = "(.*)";
pub(super) const REPLACEMENT: &str = "$1";

impl RawRule {
    /// The rule with the defaults written out; `modulus` and `target_label` have none. An action's name is in lower
    /// case then, if there is such an action.
    #[must_use]
    pub fn with_defaults(self) -> Self {
        let Self { source_labels, separator, regex, modulus, target_label, replacement, action } =
            self;
        let or = |written: Option<String>, default: &str| {
            Some(written.unwrap_or_else(|| default.to_owned()))
        };
        let action = action.map(|name| match name.parse::<Action>() {
            Ok(action) => action.to_string(),
            Err(_) => name,
        });
        Self {
            source_labels,
            separator: or(separator, SEPARATOR),
            regex: or(regex, REGEX),
            modulus,
            target_label,
            replacement: or(replacement, REPLACEMENT),
            action: or(action, Action::Replace.name()),
        }
    }
}

/// The actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

impl Action {
    const ALL: [Self; 11] = [
        Self::Replace,
        Self::Keep,
        Self::Drop,
        Self::KeepEqual,
        Self::DropEqual,
        Self::HashMod,
        Self::LabelMap,
        Self::LabelDrop,
        Self::LabelKeep,
        Self::Lowercase,
        Self::Uppercase,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseActionError {
    /// There is no text.
    #[error("relabel action cannot be empty")]
    Empty,
    /// There is no such action.
    #[error("unknown relabel action {0:?}")]
    Unknown(String),
}

impl FromStr for Action {
    type Err = ParseActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseActionError::Empty);
        }
        let found = Self::ALL.into_iter().find(|action| text.eq_ignore_ascii_case(action.name()));
        found.ok_or_else(|| ParseActionError::Unknown(text.to_owned()))
    }
}

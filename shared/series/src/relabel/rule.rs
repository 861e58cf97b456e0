//! A rule that is valid.

use std::num::NonZeroU64;

use super::raw::{Action, ParseActionError, REGEX, REPLACEMENT, RawRule, SEPARATOR};
use super::scheme::NameScheme;
use crate::Labels;
use crate::go_regex::{GoRegex, GoRegexError, Template};

/// A rule that is valid, with everything compiled.
#[derive(Debug, Clone)]
pub struct Rule {
    source_labels: Vec<String>,
    separator: String,
    step: Step,
}

/// What a rule does, with what that action needs and nothing else.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Replace(Replace),
    Keep(GoRegex),
    Drop(GoRegex),
    KeepEqual { target: String },
    DropEqual { target: String },
    HashMod { target: String, modulus: NonZeroU64 },
    LabelMap(LabelMap),
    LabelDrop(GoRegex),
    LabelKeep(GoRegex),
    Lowercase { target: String },
    Uppercase { target: String },
}

/// Writes what a template makes of a match.
#[derive(Debug, Clone)]
pub(super) struct Replace {
    pub(super) regex: GoRegex,
    pub(super) target: Template,
    pub(super) replacement: Template,
    pub(super) names: NameScheme,
}

/// Copies labels under names that a template makes of theirs.
#[derive(Debug, Clone)]
pub(super) struct LabelMap {
    pub(super) regex: GoRegex,
    pub(super) replacement: Template,
}

/// A rule that Prometheus refuses, in its words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The action does not exist.
    #[error(transparent)]
    Action(#[from] ParseActionError),
    /// The pattern is wrong.
    #[error(transparent)]
    Regex(#[from] GoRegexError),
    /// `hashmod` has nothing to divide by.
    #[error("relabel configuration for hashmod requires non-zero modulus")]
    NoModulus,
    /// There is no label to write to or to compare with.
    #[error("relabel configuration for {action} action requires 'target_label' value")]
    NoTarget {
        /// The action.
        action: &'static str,
    },
    /// The label cannot have that name.
    #[error("{target:?} is invalid 'target_label' for {action} action")]
    Target {
        /// The name.
        target: String,
        /// The action.
        action: &'static str,
    },
    /// Labels cannot be renamed to that.
    #[error("{replacement:?} is invalid 'replacement' for labelmap action")]
    Replacement {
        /// The new name.
        replacement: String,
    },
    /// The action replaces nothing.
    #[error("'replacement' can not be set for {action} action")]
    NeedlessReplacement {
        /// The action.
        action: &'static str,
    },
    /// A field is set that an equality action does not look at.
    #[error(
        "{action} action requires only 'source_labels' and `target_label`, and no other fields"
    )]
    OnlyLabels {
        /// The action.
        action: &'static str,
    },
    /// A field is set that an action on label names does not look at.
    #[error("{action} action requires only 'regex', and no other fields")]
    OnlyRegex {
        /// The action.
        action: &'static str,
    },
}

impl Rule {
    /// The rule under the naming scheme of Prometheus 3: any UTF-8 text may name a label.
    pub fn new(raw: RawRule) -> Result<Self, RuleError> {
        Self::with_scheme(raw, NameScheme::Utf8)
    }

    /// The rule under a naming scheme.
    pub fn with_scheme(raw: RawRule, names: NameScheme) -> Result<Self, RuleError> {
        let action = raw.action.as_deref().map_or(Ok(Action::Replace), str::parse)?;
        // A pattern that nothing looks at is checked all the same, as Prometheus does on reading it.
        let regex = GoRegex::anchored(raw.regex.as_deref().unwrap_or(REGEX))?;
        Written { action, names, raw: &raw }.check()?;
        let RawRule {
            source_labels,
            separator,
            regex: _, // compiled above
            modulus,
            target_label,
            replacement,
            action: _, // parsed above
        } = raw;
        let target = target_label.unwrap_or_default();
        let replacement = Template::parse(replacement.as_deref().unwrap_or(REPLACEMENT));
        let step = match action {
            Action::Replace => {
                let target = Template::parse(&target);
                Step::Replace(Replace { regex, target, replacement, names })
            }
            Action::Keep => Step::Keep(regex),
            Action::Drop => Step::Drop(regex),
            Action::KeepEqual => Step::KeepEqual { target },
            Action::DropEqual => Step::DropEqual { target },
            Action::HashMod => {
                let modulus = modulus.and_then(NonZeroU64::new).ok_or(RuleError::NoModulus)?;
                Step::HashMod { target, modulus }
            }
            Action::LabelMap => Step::LabelMap(LabelMap { regex, replacement }),
            Action::LabelDrop => Step::LabelDrop(regex),
            Action::LabelKeep => Step::LabelKeep(regex),
            Action::Lowercase => Step::Lowercase { target },
            Action::Uppercase => Step::Uppercase { target },
        };
        let separator = separator.unwrap_or_else(|| SEPARATOR.to_owned());
        Ok(Self { source_labels, separator, step })
    }

    pub(super) fn step(&self) -> &Step {
        &self.step
    }

    /// The values of the source labels, joined; a label that is not there is empty.
    pub(super) fn source(&self, labels: &Labels) -> String {
        let mut source = String::new();
        for (index, name) in self.source_labels.iter().enumerate() {
            if index > 0 {
                source.push_str(&self.separator);
            }
            source.push_str(labels.get(name).unwrap_or_default());
        }
        source
    }
}

/// A rule on its way through Prometheus' checks, in Prometheus' order: the first that fails is the one that is told.
struct Written<'a> {
    action: Action,
    names: NameScheme,
    raw: &'a RawRule,
}

impl Written<'_> {
    fn check(&self) -> Result<(), RuleError> {
        if self.action == Action::HashMod && !self.has_modulus() {
            return Err(RuleError::NoModulus);
        }
        self.check_target()?;
        self.check_replacement()?;
        let action = self.action.name();
        match self.action {
            Action::KeepEqual | Action::DropEqual if self.says_more_than_labels() => {
                Err(RuleError::OnlyLabels { action })
            }
            Action::LabelDrop | Action::LabelKeep if self.says_more_than_regex() => {
                Err(RuleError::OnlyRegex { action })
            }
            _ => Ok(()),
        }
    }

    fn check_target(&self) -> Result<(), RuleError> {
        let (action, target) = (self.action.name(), self.target());
        let is_valid = match self.action {
            Action::Keep | Action::Drop => return Ok(()),
            Action::LabelMap | Action::LabelDrop | Action::LabelKeep => return Ok(()),
            _ if target.is_empty() => return Err(RuleError::NoTarget { action }),
            Action::Replace if target.contains('$') => self.names.is_label_template(target),
            _ => self.names.is_label_name(target),
        };
        if is_valid { Ok(()) } else { Err(RuleError::Target { target: target.to_owned(), action }) }
    }

    fn check_replacement(&self) -> Result<(), RuleError> {
        let replacement = self.raw.replacement.as_deref().unwrap_or(REPLACEMENT);
        match self.action {
            Action::Lowercase | Action::Uppercase | Action::KeepEqual | Action::DropEqual
                if replacement != REPLACEMENT =>
            {
                Err(RuleError::NeedlessReplacement { action: self.action.name() })
            }
            Action::LabelMap if !self.names.is_label_template(replacement) => {
                Err(RuleError::Replacement { replacement: replacement.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Prometheus compares the pattern by identity, so that its default counts as said when it is written out.
    fn says_more_than_labels(&self) -> bool {
        self.raw.regex.is_some() || self.has_modulus() || self.has_separator()
    }

    fn says_more_than_regex(&self) -> bool {
        let replacement = self.raw.replacement.as_deref().unwrap_or(REPLACEMENT);
        !self.raw.source_labels.is_empty()
            || !self.target().is_empty()
            || self.has_modulus()
            || self.has_separator()
            || replacement != REPLACEMENT
    }

    fn target(&self) -> &str {
        self.raw.target_label.as_deref().unwrap_or_default()
    }

    fn has_modulus(&self) -> bool {
        self.raw.modulus.is_some_and(|modulus| modulus != 0)
    }

    fn has_separator(&self) -> bool {
        self.raw.separator.as_deref().is_some_and(|separator| separator != SEPARATOR)
    }
}

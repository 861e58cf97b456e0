//! Prometheus relabeling, all actions, as
//! [`relabel_config`](https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config) says.
//!
//! A rule is typed twice: [`RawRule`] is what was written, [`Rule`] what is valid, with its patterns compiled. Errors
//! have Prometheus' own texts. Knows no YAML, and not whether it relabels targets or samples.

mod case;
mod raw;
mod rule;
mod scheme;

pub use raw::{ParseActionError, RawRule};
pub use rule::{Rule, RuleError};
pub use scheme::NameScheme;

use md5::{Digest, Md5};

use crate::Labels;
use case::{lowercase, uppercase};
use rule::{LabelMap, Replace, Step};

/// The labels after the rules, in their order; None if a rule drops the series, or takes its last label away.
pub fn apply(rules: &[Rule], labels: Labels) -> Option<Labels> {
    let mut labels = labels;
    for rule in rules {
        if !rule.apply(&mut labels) {
            return None;
        }
    }
    (!labels.is_empty()).then_some(labels)
}

impl Rule {
    /// Applies the rule; false if the series is dropped.
    fn apply(&self, labels: &mut Labels) -> bool {
        match self.step() {
            Step::Keep(regex) => return regex.is_match(&self.source(labels)),
            Step::Drop(regex) => return !regex.is_match(&self.source(labels)),
            Step::KeepEqual { target } => return self.equals(labels, target),
            Step::DropEqual { target } => return !self.equals(labels, target),
            Step::Replace(replace) => replace.apply(&self.source(labels), labels),
            Step::Lowercase { target } => labels.set(target, lowercase(&self.source(labels))),
            Step::Uppercase { target } => labels.set(target, uppercase(&self.source(labels))),
            Step::HashMod { target, modulus } => {
                let remainder = hash(&self.source(labels)) % *modulus;
                labels.set(target, remainder.to_string());
            }
            Step::LabelMap(map) => map.apply(labels),
            Step::LabelDrop(regex) => labels.retain(|name| !regex.is_match(name)),
            Step::LabelKeep(regex) => labels.retain(|name| regex.is_match(name)),
        }
        true
    }

    fn equals(&self, labels: &Labels, target: &str) -> bool {
        labels.get(target).unwrap_or_default() == self.source(labels)
    }
}

impl Replace {
    fn apply(&self, source: &str, labels: &mut Labels) {
        let Some(captures) = self.regex.captures(source) else {
            return;
        };
        let target = self.regex.expand(&self.target, &captures);
        if self.names.is_label_name(&target) {
            labels.set(target, self.regex.expand(&self.replacement, &captures));
        }
    }
}

impl LabelMap {
    /// Copies labels under new names. Of two that meet in one name, the one whose old name sorts last stays. A label
    /// whose new name is empty is not copied: Prometheus would make a series of it that no receiver takes.
    fn apply(&self, labels: &mut Labels) {
        let renamed: Vec<_> = labels
            .iter()
            .filter(|(name, _)| self.regex.is_match(name))
            .map(|(name, value)| {
                (self.regex.replace_all(name, &self.replacement), value.to_owned())
            })
            .filter(|(name, _)| !name.is_empty())
            .collect();
        for (name, value) in renamed {
            labels.set(name, value);
        }
    }
}

/// The last eight bytes of the MD5, as Prometheus has always hashed: shards stay where they are.
fn hash(text: &str) -> u64 {
    let digest: [u8; 16] = Md5::digest(text).into();
    let [.., a, b, c, d, e, f, g, h] = digest;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests;

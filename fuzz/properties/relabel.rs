//! What holds for every rule and label set: relabeling does not panic, and labels stay sorted, named, unique and
//! without empty values.
//!
//! Input: `key value` on each line. `action` begins a rule, the other fields of a rule follow it; `label name=value`
//! is a label of the series.

use series::Labels;
use series::relabel::{NameScheme, RawRule, Rule, apply};

pub(crate) fn check(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (rules, labels) = read(input);
    for scheme in [NameScheme::Utf8, NameScheme::Legacy] {
        let rules = rules.iter().cloned().map(|raw| Rule::with_scheme(raw, scheme));
        let rules: Vec<_> = rules.filter_map(Result::ok).collect();
        let Some(result) = apply(&rules, labels.clone()) else {
            continue;
        };
        let names: Vec<_> = result.iter().map(|(name, _)| name).collect();
        assert!(!names.is_empty());
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{result}");
        assert!(
            result.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()),
            "{result}"
        );
    }
}

fn read(input: &str) -> (Vec<RawRule>, Labels) {
    let mut rules = Vec::new();
    let mut labels = Labels::new();
    for line in input.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match (key, rules.last_mut()) {
            ("action", _) => {
                rules.push(RawRule { action: Some(value.to_owned()), ..RawRule::default() });
            }
            ("label", _) => {
                if let Some((name, value)) = value.split_once('=').filter(|pair| !pair.0.is_empty())
                {
                    labels.set(name, value);
                }
            }
            (_, Some(rule)) => set(rule, key, value),
            _ => {}
        }
    }
    (rules, labels)
}

fn set(rule: &mut RawRule, key: &str, value: &str) {
    let text = || Some(value.to_owned());
    match key {
        "source_labels" => rule.source_labels = value.split(',').map(str::to_owned).collect(),
        "separator" => rule.separator = text(),
        "regex" => rule.regex = text(),
        "modulus" => rule.modulus = value.parse().ok(),
        "target_label" => rule.target_label = text(),
        "replacement" => rule.replacement = text(),
        _ => {}
    }
}

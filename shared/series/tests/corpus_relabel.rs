//! Relabeling against Prometheus' own test tables (corpus/prometheus/relabel).

use std::collections::BTreeMap;

use cases::corpus::{cases, take};
use serde_json::Value;
use series::Labels;
use series::relabel::{NameScheme, RawRule, Rule, apply};

/// A rule as JSON has it. A number as a pattern is its text, as in YAML.
fn raw(mut rule: Value) -> RawRule {
    let regex = match take::<Option<Value>>(&mut rule, "regex") {
        Some(Value::String(text)) => Some(text),
        other => other.map(|number| number.to_string()),
    };
    RawRule {
        source_labels: take(&mut rule, "source_labels"),
        separator: take(&mut rule, "separator"),
        regex,
        modulus: take(&mut rule, "modulus"),
        target_label: take(&mut rule, "target_label"),
        replacement: take(&mut rule, "replacement"),
        action: take(&mut rule, "action"),
    }
}

fn labels(case: &mut Value, member: &str) -> Labels {
    take::<BTreeMap<String, String>>(case, member).into_iter().collect()
}

#[test]
fn rules_relabel_as_in_prometheus() {
    for mut case in cases("prometheus/relabel/relabel.json", 23) {
        let rules = take::<Vec<Value>>(&mut case, "relabel_configs").into_iter().map(raw);
        let rules: Vec<_> = rules.map(|raw| Rule::new(raw).expect("a valid rule")).collect();
        let result = apply(&rules, labels(&mut case, "input"));
        let dropped: bool = take(&mut case, "dropped");
        let expected = (!dropped).then(|| labels(&mut case, "output"));
        assert_eq!(result, expected, "{}", case["id"]);
    }
}

#[test]
fn rules_are_valid_as_in_prometheus() {
    for mut case in cases("prometheus/relabel/validate.json", 7) {
        let mut config: Value = take(&mut case, "config");
        let scheme: String = take(&mut config, "name_validation_scheme");
        let scheme = if scheme == "legacy" { NameScheme::Legacy } else { NameScheme::Utf8 };
        let error = Rule::with_scheme(raw(config), scheme).err().map(|error| error.to_string());
        assert_eq!(error.is_none(), case["valid"], "{}: {error:?}", case["id"]);
        if let (Some(error), Some(expected)) = (error, case["error_contains"].as_str()) {
            assert!(error.contains(expected), "{}: {error}", case["id"]);
        }
    }
}

#[test]
fn target_labels_are_valid_under_the_legacy_scheme_as_in_prometheus() {
    for mut case in cases("prometheus/relabel/target_label_legacy.json", 11) {
        let rule = RawRule { target_label: take(&mut case, "target_label"), ..RawRule::default() };
        let result = Rule::with_scheme(rule, NameScheme::Legacy);
        assert_eq!(result.is_ok(), case["valid"], "{}: {result:?}", case["id"]);
    }
}

#[test]
fn defaults_are_those_of_prometheus() {
    for mut case in cases("prometheus/relabel/parse_defaults.json", 12) {
        let written = raw(take(&mut case, "rule"));
        assert!(Rule::new(written.clone()).is_ok(), "{}", case["id"]);
        assert_eq!(written.with_defaults(), raw(take(&mut case, "parsed")), "{}", case["id"]);
    }
}

#[test]
fn what_is_empty_is_not_absent() {
    for mut case in cases("prometheus/relabel/yaml_roundtrip.json", 3) {
        let rule = flat_yaml(&take::<String>(&mut case, "yaml"));
        assert!(Rule::new(rule.clone()).is_ok(), "{}", case["id"]);
        let filled = rule.clone().with_defaults();
        for (written, filled) in [
            (&rule.separator, &filled.separator),
            (&rule.regex, &filled.regex),
            (&rule.replacement, &filled.replacement),
            (&rule.action, &filled.action),
        ] {
            assert!(written.is_none() || written == filled, "{}", case["id"]);
        }
    }
}

/// The YAML of the round-trip cases: one `key: value` a line, lists in brackets.
fn flat_yaml(text: &str) -> RawRule {
    let mut rule = RawRule::default();
    for line in text.lines() {
        let (key, value) = line.split_once(": ").expect("a key and a value");
        let text = || Some(value.trim_matches('"').to_owned());
        match key {
            "source_labels" => {
                let names = value.trim_matches(['[', ']']).split(", ");
                rule.source_labels = names.map(str::to_owned).collect();
            }
            "separator" => rule.separator = text(),
            "regex" => rule.regex = text(),
            "target_label" => rule.target_label = text(),
            "replacement" => rule.replacement = text(),
            "action" => rule.action = text(),
            other => panic!("{other} is not in these cases"),
        }
    }
    rule
}

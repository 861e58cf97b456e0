use proptest::prelude::*;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().copied().collect()
}

fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn raw(action: &str, source_labels: &[&str]) -> RawRule {
    RawRule {
        action: owned(action),
        source_labels: source_labels.iter().map(|&name| name.to_owned()).collect(),
        ..RawRule::default()
    }
}

fn applied(rule: RawRule, pairs: &[(&str, &str)]) -> Option<Labels> {
    apply(&[Rule::new(rule).expect("a valid rule")], labels(pairs))
}

fn refusal(rule: RawRule) -> String {
    Rule::new(rule).expect_err("an invalid rule").to_string()
}

#[test]
fn replace_writes_the_expanded_template() {
    let rule = RawRule {
        regex: owned("f(.*);(?P<rest>.*)"),
        target_label: owned("${1}_x"),
        replacement: owned("$rest-$$-$9"),
        ..raw("replace", &["a", "b"])
    };
    let expected = labels(&[("a", "foo"), ("b", "bar"), ("oo_x", "bar-$-")]);
    assert_eq!(applied(rule, &[("a", "foo"), ("b", "bar")]), Some(expected));
}

#[test]
fn replace_without_a_match_or_a_name_changes_nothing() {
    let input = [("a", "foo")];
    let unmatched =
        RawRule { regex: owned("o+"), target_label: owned("b"), ..raw("replace", &["a"]) };
    assert_eq!(applied(unmatched, &input), Some(labels(&input)));
    let nameless = RawRule { target_label: owned("${2}"), ..raw("replace", &["a"]) };
    assert_eq!(applied(nameless, &input), Some(labels(&input)));
}

#[test]
fn an_empty_replacement_takes_the_label_away() {
    let rule = RawRule { target_label: owned("a"), replacement: owned(""), ..raw("replace", &[]) };
    assert_eq!(applied(rule.clone(), &[("a", "1"), ("b", "2")]), Some(labels(&[("b", "2")])));
    assert_eq!(applied(rule, &[("a", "1")]), None, "nothing is left of it");
}

#[test]
fn keep_and_drop_look_at_the_joined_values() {
    let keep = RawRule { regex: owned("1/2"), separator: owned("/"), ..raw("keep", &["a", "b"]) };
    let drop = RawRule { action: owned("DROP"), ..keep.clone() };
    for (b, kept) in [("2", true), ("3", false)] {
        let input = [("a", "1"), ("b", b)];
        assert_eq!(applied(keep.clone(), &input).is_some(), kept);
        assert_eq!(applied(drop.clone(), &input).is_some(), !kept);
    }
}

#[test]
fn equality_compares_with_the_target_label() {
    let keep = RawRule { target_label: owned("b"), ..raw("keepequal", &["a"]) };
    let drop = RawRule { action: owned("dropequal"), ..keep.clone() };
    for (input, equal) in [
        (vec![("a", "1"), ("b", "1")], true),
        (vec![("a", "1"), ("b", "2")], false),
        (vec![("c", "1")], true), // both absent
    ] {
        assert_eq!(applied(keep.clone(), &input).is_some(), equal, "{input:?}");
        assert_eq!(applied(drop.clone(), &input).is_some(), !equal, "{input:?}");
    }
}

#[test]
fn hashmod_puts_a_series_where_prometheus_puts_it() {
    let rule =
        RawRule { modulus: Some(1000), target_label: owned("shard"), ..raw("hashmod", &["a"]) };
    let result = applied(rule, &[("a", "foo\nbar")]).expect("kept");
    assert_eq!(result.get("shard"), Some("734"));
}

#[test]
fn label_names_are_mapped_dropped_and_kept() {
    let input = [("a", "1"), ("b1", "2"), ("b2", "3")];
    let with_regex = |action: &str| RawRule { regex: owned("b(.*)"), ..raw(action, &[]) };
    let map = RawRule { replacement: owned("c${1}"), ..with_regex("labelmap") };
    let mapped = labels(&[("a", "1"), ("b1", "2"), ("b2", "3"), ("c1", "2"), ("c2", "3")]);
    assert_eq!(applied(map, &input), Some(mapped));
    assert_eq!(applied(with_regex("labeldrop"), &input), Some(labels(&[("a", "1")])));
    assert_eq!(applied(with_regex("labelkeep"), &input), Some(labels(&[("b1", "2"), ("b2", "3")])));
    let onto_one = RawRule { replacement: owned("c"), ..with_regex("labelmap") };
    assert_eq!(applied(onto_one, &input).expect("kept").get("c"), Some("3"));
    let onto_none = RawRule { replacement: owned("$2"), ..with_regex("labelmap") };
    assert_eq!(applied(onto_none, &input), Some(labels(&input)));
}

#[test]
fn lowercase_and_uppercase_write_the_target() {
    let rule = |action| RawRule { target_label: owned("b"), ..raw(action, &["a"]) };
    for (action, expected) in [("lowercase", "straße"), ("uppercase", "STRAßE")] {
        assert_eq!(
            applied(rule(action), &[("a", "Straße")]).expect("kept").get("b"),
            Some(expected)
        );
    }
}

#[test]
fn the_scheme_decides_which_labels_replace_may_write() {
    let rule = RawRule { target_label: owned("x${1}"), ..raw("replace", &["a"]) };
    let input = [("a", ".y")];
    let utf8 = Rule::with_scheme(rule.clone(), NameScheme::Utf8).expect("valid");
    assert_eq!(apply(&[utf8], labels(&input)).expect("kept").get("x.y"), Some(".y"));
    let legacy = Rule::with_scheme(rule, NameScheme::Legacy).expect("valid");
    assert_eq!(apply(&[legacy], labels(&input)), Some(labels(&input)));
}

#[test]
fn a_wrong_rule_is_refused_in_prometheus_words() {
    let target = |action: &str| RawRule { target_label: owned("b"), ..raw(action, &["a"]) };
    for (rule, expected) in [
        (raw("", &[]), "relabel action cannot be empty"),
        (raw("Rename", &[]), "unknown relabel action \"Rename\""),
        (raw("hashmod", &[]), "relabel configuration for hashmod requires non-zero modulus"),
        (
            RawRule { modulus: Some(0), ..target("hashmod") },
            "relabel configuration for hashmod requires non-zero modulus",
        ),
        (
            RawRule { modulus: Some(2), ..raw("hashmod", &["a"]) },
            "relabel configuration for hashmod action requires 'target_label' value",
        ),
        (
            RawRule::default(),
            "relabel configuration for replace action requires 'target_label' value",
        ),
        (
            RawRule { regex: owned("(a"), ..raw("keep", &["a"]) },
            "error parsing regexp: missing closing ): `^(?s:(a)$`",
        ),
        (
            RawRule { replacement: owned("x"), ..target("lowercase") },
            "'replacement' can not be set for lowercase action",
        ),
        (
            RawRule { replacement: owned(""), ..raw("labelmap", &[]) },
            "\"\" is invalid 'replacement' for labelmap action",
        ),
        (
            RawRule { regex: owned("(.*)"), ..target("keepequal") },
            "keepequal action requires only 'source_labels' and `target_label`, and no other fields",
        ),
        (
            RawRule { separator: owned(","), ..target("dropequal") },
            "dropequal action requires only 'source_labels' and `target_label`, and no other fields",
        ),
        (target("labeldrop"), "labeldrop action requires only 'regex', and no other fields"),
        (
            RawRule { modulus: Some(1), ..raw("labelkeep", &[]) },
            "labelkeep action requires only 'regex', and no other fields",
        ),
    ] {
        assert_eq!(refusal(rule), expected);
    }
}

#[test]
fn legacy_names_are_refused_where_they_would_be_written() {
    for (rule, expected) in [
        (
            RawRule { target_label: owned("a.b"), ..RawRule::default() },
            "\"a.b\" is invalid 'target_label' for replace action",
        ),
        (
            RawRule { target_label: owned("-${1}"), ..RawRule::default() },
            "\"-${1}\" is invalid 'target_label' for replace action",
        ),
        (
            RawRule { target_label: owned("${3}"), ..raw("uppercase", &[]) },
            "\"${3}\" is invalid 'target_label' for uppercase action",
        ),
        (
            RawRule { replacement: owned("a-b"), ..raw("labelmap", &[]) },
            "\"a-b\" is invalid 'replacement' for labelmap action",
        ),
    ] {
        assert!(Rule::new(rule.clone()).is_ok(), "{expected}");
        let error = Rule::with_scheme(rule, NameScheme::Legacy).expect_err("a legacy name");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn values_equal_to_the_defaults_count_as_absent() {
    let rule = RawRule {
        separator: owned(";"),
        replacement: owned("$1"),
        modulus: Some(0),
        target_label: owned("b"),
        ..raw("keepequal", &["a"])
    };
    assert!(Rule::new(rule).is_ok());
}

prop_compose! {
    fn rules()(
        action in prop::sample::select(vec![
            "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop",
            "labelkeep", "lowercase", "uppercase",
        ]),
        source_labels in prop::collection::vec("[a-d]", 0..3),
        separator in prop::option::of("[;x]?"),
        regex in prop::option::of(r"\(?[a-dx.*+?|]{0,4}\)?"),
        modulus in prop::option::of(0u64..4),
        target_label in prop::option::of(r"[a-d]?(\$\{?[0-2]\}?)?"),
        replacement in prop::option::of(r"[a-d]?(\$\{?[0-2]\}?)?[x]?"),
    ) -> RawRule {
        let action = owned(action);
        RawRule { source_labels, separator, regex, modulus, target_label, replacement, action }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn labels_stay_sorted_named_and_without_empty_values(
        raw in prop::collection::vec(rules(), 1..6),
        pairs in prop::collection::vec(("[a-d]", "[a-dx]{0,3}"), 0..5),
    ) {
        let rules: Vec<_> = raw.into_iter().filter_map(|raw| Rule::new(raw).ok()).collect();
        if let Some(labels) = apply(&rules, pairs.into_iter().collect()) {
            let names: Vec<_> = labels.iter().map(|(name, _)| name).collect();
            prop_assert!(!names.is_empty());
            prop_assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(labels.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
        }
    }
}

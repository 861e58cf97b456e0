//! Groups in both forms.

use proptest::prelude::*;

use super::Group;

fn group(targets: &[&str], labels: &[(&str, &str)]) -> Group {
    Group {
        source: String::new(),
        targets: targets.iter().map(|it| (*it).to_owned()).collect(),
        labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    }
}

fn yaml(text: &str) -> Result<Vec<Group>, String> {
    Group::all_from_yaml(text.as_bytes().to_vec())
}

#[test]
fn groups_are_read_from_both_forms() {
    let text = r#"[{"targets": ["a:1", "b"], "labels": {"team": "é", "empty": ""}}, {"labels": null}, {}]"#;
    let expected = vec![
        group(&["a:1", "b"], &[("empty", ""), ("team", "é")]),
        group(&[], &[]),
        group(&[], &[]),
    ];
    assert_eq!(Group::all_from_json(text.as_bytes()), Ok(expected.clone()));
    assert_eq!(yaml(text), Ok(expected), "JSON is YAML");
    let block = "- targets:\n  - a:1\n  - 8080\n  labels:\n    port: 8080\n    none:\n";
    assert_eq!(yaml(block), Ok(vec![group(&["a:1", "8080"], &[("none", ""), ("port", "8080")])]));
}

#[test]
fn nothing_is_no_groups() {
    for text in ["", "null", "[]", "# nothing"] {
        assert_eq!(yaml(text), Ok(Vec::new()), "{text}");
    }
    for text in ["null", "[]", " [ ] "] {
        assert_eq!(Group::all_from_json(text.as_bytes()), Ok(Vec::new()), "{text}");
    }
}

#[test]
fn what_is_no_list_of_groups_is_refused_with_its_place() {
    let table = [
        ("{}", "expected a list, found a mapping", "invalid type: map"),
        ("[null]", "[0]: nil target group item found", "nil target group item found"),
        ("[{}, 5]", "[1]: expected a mapping", "invalid type: integer `5`"),
        (r#"[{"target": ["a"]}]"#, "[0].target: field target not found", "unknown field `target`"),
        (r#"[{"targets": "a"}]"#, "[0].targets: expected a list", "invalid type: string"),
        (
            r#"[{"labels": {"": "a"}}]"#,
            "\"\" is not a valid label name",
            "\"\" is not a valid label name",
        ),
        (r#"[{"labels": {"a": []}}]"#, "expected text, found a list", "invalid type: sequence"),
        ("[", "", "EOF while parsing a list at line 1 column 1"),
    ];
    for (text, in_yaml, in_json) in table {
        let error = yaml(text).expect_err(text);
        assert!(error.contains(in_yaml), "{text}: {error}");
        let error = Group::all_from_json(text.as_bytes()).expect_err(text);
        assert!(error.contains(in_json), "{text}: {error}");
    }
}

#[test]
fn many_mistakes_are_told_in_few_words() {
    let error = yaml(&format!("[{}]", "5, ".repeat(100))).expect_err("no groups");
    assert!(error.ends_with("; and 97 more"), "{error}");
    assert!(error.len() < 300, "{error}");
    let error = Group::all_from_json(format!("{:?}", "x".repeat(5_000)).as_bytes());
    assert_eq!(error, Err("not target groups at line 1 column 5002".to_owned()));
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _outcome = Group::all_from_json(&body);
        let _outcome = Group::all_from_yaml(body);
    }

    #[test]
    fn both_forms_say_the_same(
        targets in proptest::collection::vec("[a-z:/.\\\\\" é]{0,8}", 0..4),
        labels in proptest::collection::btree_map("[a-zé]{1,4}", "[a-z\\\\\" {}:#é]{0,8}", 0..4),
    ) {
        let body = serde_json::json!([{"targets": targets, "labels": labels}]).to_string();
        let expected = vec![Group { source: String::new(), targets, labels }];
        prop_assert_eq!(Group::all_from_json(body.as_bytes()), Ok(expected.clone()));
        prop_assert_eq!(Group::all_from_yaml(body.into_bytes()), Ok(expected));
    }
}

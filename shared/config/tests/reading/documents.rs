//! What counts as a document, and what a document may cost.

use config::{Document, Findings, Sections};

use crate::readers::{document, findings, read, shown};

fn only_finding(body: impl AsRef<[u8]>) -> String {
    let mut found = findings("a.yml", body);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_document_that_is_not_utf8_is_refused_with_the_byte() {
    let found = only_finding(b"cloudfront:\n  metrics: [caf\xe9]\n");
    assert_eq!(found, "a.yml: not UTF-8: byte 27 is not text");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_document() {
    let (sections, found) = read(&[document("a.yml", "\u{feff}cloudfront: {}\n")]);
    assert_eq!(shown(&found), Vec::<String>::new());
    assert!(sections.get("cloudfront").is_some());
}

#[test]
fn a_nul_does_not_end_the_document_unseen() {
    let found = only_finding("cloudfront: {}\n\0nonsense: 1\n");
    assert_eq!(found, "a.yml: byte 15 is the control character U+0000, which YAML forbids");
}

#[test]
fn windows_line_ends_are_line_ends() {
    let found = only_finding("cloudfront:\r\n  period: 1m\r\n  colour: red\r\n");
    assert_eq!(found, "a.yml: cloudfront.colour: unknown key");
}

#[test]
fn nothing_says_nothing() {
    for body in ["", "\n", "# a comment\n", "---\n", "~", "{}", "null\n"] {
        let (sections, found) = read(&[document("a.yml", body)]);
        assert!(sections.is_empty() && found.is_empty(), "{body:?}: {found:?}");
    }
}

#[test]
fn a_separator_after_the_end_is_harmless_and_a_second_document_is_not() {
    assert_eq!(findings("a.yml", "---\ncloudfront: {}\n---\n"), Vec::<String>::new());
    assert_eq!(findings("a.yml", "cloudfront: {}\n...\n"), Vec::<String>::new());
    let found = only_finding("cloudfront: {}\n---\ncloudfront: {}\n");
    assert_eq!(
        found,
        "a.yml: line 3: a second YAML document begins here; write one document a file"
    );
}

#[test]
fn json_is_yaml() {
    let body = "{\n\t\"cloudfront\": {\n\t\t\"period\": \"1m\", \"metrics\": [\"a\\u00e9\\/b\"],\n\t\t\"delay\": 1\n\t}\n}\n";
    assert_eq!(findings("a.json", body), ["a.json: cloudfront.delay: unknown key"]);
}

#[test]
fn a_broken_document_costs_the_others_nothing() {
    let documents = [document("a.yml", "a: ["), document("b.yml", "cloudfront: {}")];
    let (sections, found) = read(&documents);
    assert_eq!(found.errors().count(), 1);
    assert_eq!(sections.keys().collect::<Vec<_>>(), ["cloudfront"]);
}

#[test]
fn aliases_cannot_explode() {
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        bomb += &format!("a{level}: &a{level} [*a{below}, *a{below}]\n");
    }
    let heavy = "a.yml: too large: with its aliases expanded it weighs more than 32 MiB";
    assert_eq!(only_finding(bomb), heavy);

    let text = "x".repeat(100_000);
    let texts = format!("a: &a {text}\nb: [{}]\n", "*a, ".repeat(1000));
    assert_eq!(only_finding(texts), heavy);
}

#[test]
fn merge_keys_cannot_explode() {
    let mut bomb = "a0: &a0 {x: 1}\n".to_owned();
    for level in 1..30 {
        let below = level - 1;
        bomb += &format!("a{level}: &a{level} {{<<: [*a{below}, *a{below}]}}\n");
    }
    let heavy = "a.yml: too large: with its aliases expanded it weighs more than 32 MiB";
    assert_eq!(only_finding(bomb), heavy);
}

#[test]
fn depth_is_bounded_however_it_is_written() {
    let nested = |open: &str, close: &str| open.repeat(63) + &close.repeat(63);
    let fits = format!("cloudfront: {}", nested("[", "]"));
    let mut found = Findings::new();
    Sections::read(&[document("a.yml", fits)], &mut found);
    assert_eq!(shown(&found), Vec::<String>::new());

    let too_deep = "a.yml: line 1: values nest deeper than 64 levels";
    assert_eq!(only_finding("[".repeat(65)), too_deep);
    let parsers_own = "a.yml: line 1, column 256: not valid YAML: recursion limit exceeded";
    assert_eq!(only_finding("[".repeat(100_000)), parsers_own);
    assert_eq!(only_finding("- ".repeat(100_000)), too_deep);
    assert_eq!(only_finding("{a: ".repeat(65)), too_deep);

    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..10_000 {
        chain += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert_eq!(only_finding(chain), "a.yml: line 64: values nest deeper than 64 levels");
}

#[test]
fn size_is_bounded() {
    let found = only_finding(" ".repeat((8 << 20) + 1));
    assert_eq!(found, "a.yml: 8388609 bytes long; at most 8388608 are read");
}

#[test]
fn a_document_does_not_print_its_body() {
    let document = Document { body: b"api_key: hunter2".to_vec(), ..document("a.yml", "") };
    let shown = format!("{document:?}");
    assert!(
        shown.contains("a.yml") && !shown.contains("hunter2") && !shown.contains("104"),
        "{shown}"
    );
}

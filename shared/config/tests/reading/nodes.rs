//! Values: types, leniency, aliases, places.

use std::time::Duration;

use config::{Findings, Mapping, Node, Secret, SecretRef, Sections};

use crate::readers::{document, shown};

/// Runs `test` on the mapping `cloudfront: {…}`, and gives what was found.
fn with_section(body: &str, test: impl FnOnce(&mut Mapping<'_>, &mut Findings)) -> Vec<String> {
    let indented: String = body.lines().map(|line| format!("  {line}\n")).collect();
    let body = format!("cloudfront:\n{indented}");
    let mut findings = Findings::new();
    let sections = Sections::read(&[document("a.yml", body)], &mut findings);
    let node = sections.get("cloudfront").expect("the section");
    let mut mapping = node.mapping(&mut findings).expect("a mapping");
    test(&mut mapping, &mut findings);
    shown(&findings)
}

fn texts(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| node.string(&mut Findings::new()).expect("text")).collect()
}

#[test]
fn any_scalar_is_a_text_where_a_text_is_wanted() {
    let body = "a: [x, 5, 1.50, true, yes, 010, 2026-01-01, 'q', \"\\u00e9\", !!str 7, 'null', \"\"]\nb: |\n  two\n  lines\nc: >-\n  one\n  line";
    let found = with_section(body, |mapping, findings| {
        let list = mapping.take("a").and_then(|node| node.strings(findings)).expect("texts");
        let expected =
            ["x", "5", "1.50", "true", "yes", "010", "2026-01-01", "q", "é", "7", "null", ""];
        assert_eq!(list, expected);
        let b = mapping.take("b").and_then(|node| node.string(findings));
        assert_eq!(b.as_deref(), Some("two\nlines\n"));
        let c = mapping.take("c").and_then(|node| node.string(findings));
        assert_eq!(c.as_deref(), Some("one line"));
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn binary_is_bytes_and_a_text_if_it_is_utf8() {
    let found = with_section("a: !!binary AAAACATSFi8=\nb: !!binary YWJj", |mapping, findings| {
        let a = mapping.take("a").expect("a");
        assert_eq!(a.bytes(findings), Some(vec![0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]));
        assert_eq!(a.string(findings), None);
        let b = mapping.take("b").and_then(|node| node.string(findings));
        assert_eq!(b.as_deref(), Some("abc"));
    });
    assert_eq!(found, ["a.yml: cloudfront.a: !!binary value is not UTF-8"]);
}

#[test]
fn booleans_numbers_and_durations_are_as_lenient_as_go() {
    let body = "a: on\nb: No\nc: 0x1F\nd: 1e3\ne: 3\nf: 1h30m\ng: 0";
    let found = with_section(body, |mapping, findings| {
        let mut take = |key: &str| mapping.take(key).expect("a value");
        assert_eq!(take("a").boolean(findings), Some(true));
        assert_eq!(take("b").boolean(findings), Some(false));
        assert_eq!(take("c").integer::<u8>(findings), Some(31));
        assert_eq!(take("d").integer::<i64>(findings), Some(1000));
        assert_eq!(take("e").float(findings), Some(3.0));
        assert_eq!(take("f").duration(findings), Some(Duration::from_secs(5400)));
        assert_eq!(take("g").duration(findings), Some(Duration::ZERO));
        assert_eq!(take("g").positive_duration(findings), None);
    });
    assert_eq!(found, ["a.yml: cloudfront.g: must be greater than 0"]);
}

#[test]
fn a_key_without_a_value_counts_as_absent() {
    let found = with_section("a:\nb: ~\nc: null\nd: 'null'", |mapping, _| {
        for key in ["a", "b", "c"] {
            assert!(mapping.take(key).is_none(), "{key}");
            assert!(mapping.take_present(key).is_some_and(Node::is_null), "{key}");
        }
        assert!(mapping.take("d").is_some());
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn aliases_are_values_at_their_own_place() {
    let body = "a: &list [x, y]\nb: *list\nc: &word z\nd: [*word, *word]";
    let found = with_section(body, |mapping, findings| {
        let b = mapping.take("b").expect("b");
        let items = b.sequence(findings).expect("a list");
        assert_eq!(texts(items), ["x", "y"]);
        assert_eq!(items[1].path(), "cloudfront.b[1]");
        let d = mapping.take("d").and_then(|node| node.strings(findings));
        assert_eq!(d, Some(vec!["z".to_owned(), "z".to_owned()]));
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn merge_keys_fill_in_what_a_mapping_does_not_say_itself() {
    let body = "base: &base {a: 1, b: 1}\nmore: &more {b: 2, c: 2}\n\
                x: {<<: *base, a: 0}\ny: {<<: [*base, *more], d: 3}\nz: {'<<': 1}";
    let found = with_section(body, |mapping, findings| {
        let mut pairs = |key: &str| -> Vec<(String, i32)> {
            let node = mapping.take(key).expect("a value");
            let mapping = node.mapping(findings).expect("a mapping");
            let mut pairs: Vec<_> = mapping
                .entries()
                .map(|(key, node)| {
                    (key.to_owned(), node.integer(&mut Findings::new()).expect("one"))
                })
                .collect();
            pairs.sort();
            pairs
        };
        let pair = |key: &str, value| (key.to_owned(), value);
        assert_eq!(pairs("x"), [pair("a", 0), pair("b", 1)]);
        assert_eq!(pairs("y"), [pair("a", 1), pair("b", 1), pair("c", 2), pair("d", 3)]);
        assert_eq!(pairs("z"), [pair("<<", 1)], "a quoted << is a key like any other");
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_node_knows_its_line_document_and_folder() {
    let found = with_section("a:\n  b: [1,\n      2]", |mapping, findings| {
        let a = mapping.take("a").expect("a");
        let mut inner = a.mapping(findings).expect("a mapping");
        let b = inner.take("b").expect("b");
        let items = b.sequence(findings).expect("a list");
        assert_eq!([b.line(), items[0].line(), items[1].line()], [3, 3, 4]);
        assert_eq!(b.document(), "a.yml");
        assert_eq!(b.directory().and_then(|path| path.to_str()), Some("/etc/hostless"));
        assert_eq!(format!("{:?}", items[1]), "Node(a.yml: cloudfront.a.b[1])");
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn secrets_are_inline_or_kept_elsewhere() {
    let body = "a: hunter2\nb: key\nc: ssm:/a/b\nd: secretsmanager:x";
    let found = with_section(body, |mapping, findings| {
        let secret = mapping.take("a").and_then(|node| node.secret(findings)).expect("a secret");
        assert!(matches!(&secret, Secret::Inline(_)) && secret.reference().is_none());
        assert!(!format!("{secret:?}").contains("hunter2"));
        let mut shown = |key: &str| {
            let reference = mapping.take(key).and_then(|node| node.secret_ref(findings));
            reference.as_ref().map(SecretRef::to_string)
        };
        assert_eq!(shown("b").as_deref(), Some("/etc/hostless/key"));
        assert_eq!(shown("c").as_deref(), Some("ssm:/a/b"));
        assert_eq!(shown("d").as_deref(), Some("secretsmanager:x"));
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_lenient_end_only_warns() {
    let mut findings = Findings::new();
    let sections = Sections::read(&[document("a.yml", "discovery: {x: 1}")], &mut findings);
    let node = sections.get("discovery").expect("the section");
    node.mapping(&mut findings).expect("a mapping").finish_leniently(&mut findings);
    assert_eq!(shown(&findings), ["warning: a.yml: discovery.x: unknown key, ignored"]);
}

//! How documents are joined by top-level key.

use config::{Findings, Node, Sections};

use crate::readers::{document, shown};

/// Sections of documents named `a.yml`, `b.yml`, …
fn read(bodies: &[&str]) -> (Sections, Findings) {
    let names = ["a.yml", "b.yml", "c.yml"];
    let documents: Vec<_> =
        names.iter().zip(bodies).map(|(name, body)| document(name, body)).collect();
    let mut findings = Findings::new();
    let sections = Sections::read(&documents, &mut findings);
    (sections, findings)
}

fn places<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Vec<String> {
    nodes.into_iter().map(|node| format!("{}: {}", node.document(), node.path())).collect()
}

#[test]
fn lists_are_appended_and_their_items_keep_their_places() {
    for key in ["scrape_configs", "remote_write", "mackerel", "static", "customNamespace"] {
        let first = format!("{key}: [1, 2]");
        let second = format!("{key}:\n- 3");
        let (sections, findings) = read(&[&first, &second, &format!("{key}:")]);
        assert_eq!(shown(&findings), Vec::<String>::new(), "{key}");
        let expected =
            [format!("a.yml: {key}[0]"), format!("a.yml: {key}[1]"), format!("b.yml: {key}[0]")];
        assert_eq!(places(&sections.list(key)), expected);
        let joined = sections.get(key).and_then(|node| node.sequence(&mut Findings::new()));
        assert_eq!(joined.map(<[Node]>::len), Some(3));
    }
}

#[test]
fn modules_are_a_union_and_a_module_that_stands_twice_names_both_documents() {
    let (sections, findings) = read(&[
        "modules:\n  http: {prober: http}\n  tcp: {prober: tcp}\n",
        "modules:\n  dns: {prober: dns}\n  tcp: {prober: tcp}\n",
    ]);
    let mut none = Findings::new();
    let modules = sections.get("modules").and_then(|node| node.mapping(&mut none));
    let nodes: Vec<&Node> = modules.expect("modules").entries().map(|(_, node)| node).collect();
    assert_eq!(places(nodes), ["a.yml: modules.http", "a.yml: modules.tcp", "b.yml: modules.dns"]);
    assert_eq!(shown(&findings), ["b.yml: modules.tcp: stands in a.yml already, line 3"]);
}

#[test]
fn jobs_of_discovery_are_appended_and_its_other_keys_stand_once() {
    let (sections, findings) = read(&[
        "discovery: {exportedTagsOnMetrics: {ec2: [Name]}, jobs: [{type: a}]}",
        "discovery: {jobs: [{type: b}]}",
        "discovery: {exportedTagsOnMetrics: {}, jobs: []}",
    ]);
    let mut none = Findings::new();
    let mut discovery =
        sections.get("discovery").and_then(|node| node.mapping(&mut none)).expect("discovery");
    let jobs = discovery.take("jobs").and_then(|node| node.sequence(&mut none)).expect("jobs");
    assert_eq!(places(jobs), ["a.yml: discovery.jobs[0]", "b.yml: discovery.jobs[0]"]);
    let expected = "c.yml: discovery.exportedTagsOnMetrics: stands in a.yml already, line 1";
    assert_eq!(shown(&findings), [expected]);
}

#[test]
fn any_other_section_stands_once_and_names_both_documents() {
    for key in ["cloudfront", "ecs", "global", "apiVersion", "sts-region"] {
        let body = format!("{key}: {{}}");
        let (sections, findings) = read(&[&body, "# nothing\n", &format!("\n\n{body}")]);
        let expected = format!("c.yml: {key}: stands in a.yml already, line 1");
        assert_eq!(shown(&findings), [expected]);
        assert_eq!(sections.get(key).map(Node::document), Some("a.yml"));
    }
}

#[test]
fn a_section_of_the_wrong_type_is_found_and_does_not_hide_the_others() {
    let (sections, findings) = read(&["remote_write: text", "remote_write: [1]", "modules: [1]\n"]);
    assert_eq!(shown(&findings), ["a.yml: remote_write: expected a list, found text"]);
    assert_eq!(places(&sections.list("remote_write")), ["b.yml: remote_write[0]"]);
}

#[test]
fn a_section_that_is_nothing_is_there_and_empty() {
    let (sections, findings) = read(&["cloudfront:\nremote_write:\n"]);
    let mut none = Findings::new();
    let section = sections.get("cloudfront").expect("it was written");
    assert!(section.is_null());
    assert_eq!(section.mapping(&mut none).expect("an empty mapping").entries().count(), 0);
    assert!(sections.list("remote_write").is_empty());
    assert!(none.is_empty() && findings.is_empty());
}

#[test]
fn sections_for_servers_only_are_no_sections_here() {
    let (sections, findings) = read(&["rule_files: [x]\necs: {}\n", "rule_files: [y]\n"]);
    assert_eq!(sections.keys().collect::<Vec<_>>(), ["ecs"]);
    let places = shown(&findings);
    let expected = [
        "warning: a.yml: rule_files: ignored: nothing here evaluates rules",
        "warning: b.yml: rule_files: ignored: nothing here evaluates rules",
    ];
    assert_eq!(places, expected);
    assert!(!findings.has_errors());
}

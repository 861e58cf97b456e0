//! Readers such as the other crates have, for the tests of this one: a section of ours, one of Prometheus's.

use std::time::Duration;

use config::{
    Defaults, Document, Finding, Findings, Global, HttpClient, Mapping, Node, Sections, Severity,
    relabel,
};

/// A document of a folder.
pub(crate) fn document(name: &str, body: impl AsRef<[u8]>) -> Document {
    let directory = Some("/etc/hostless".into());
    Document { name: name.to_owned(), directory, body: body.as_ref().to_vec() }
}

/// Reads documents, and in them `global`, `remote_write` and a part of `cloudfront`.
pub(crate) fn read(documents: &[Document]) -> (Sections, Findings) {
    let mut findings = Findings::new();
    let sections = Sections::read(documents, &mut findings);
    Global::read(sections.get("global"), &mut findings);
    for node in sections.list("remote_write") {
        read_remote_write(&node, &mut findings);
    }
    if let Some(mapping) = sections.get("cloudfront").and_then(|node| node.mapping(&mut findings)) {
        read_cloudfront(mapping, &mut findings);
    }
    (sections, findings)
}

/// The findings of one document as users see them.
pub(crate) fn findings(name: &str, body: impl AsRef<[u8]>) -> Vec<String> {
    shown(&read(&[document(name, body)]).1)
}

/// Findings as users see them; warnings say so.
pub(crate) fn shown(findings: &Findings) -> Vec<String> {
    let line = |finding: &Finding| match finding.severity {
        Severity::Error => finding.to_string(),
        Severity::Warning => format!("warning: {finding}"),
    };
    findings.iter().map(line).collect()
}

/// The client block of the first `remote_write` entry of a document without findings.
pub(crate) fn http_client(body: &str) -> HttpClient {
    let mut findings = Findings::new();
    let sections = Sections::read(&[document("a.yml", body)], &mut findings);
    let node = sections.list("remote_write").into_iter().next().expect("an entry");
    let client = read_remote_write(&node, &mut findings).expect("a mapping");
    assert_eq!(shown(&findings), Vec::<String>::new());
    client
}

fn read_remote_write(node: &Node, findings: &mut Findings) -> Option<HttpClient> {
    let mut mapping = node.mapping(findings)?;
    mapping.take("url").and_then(|node| node.url(findings));
    if let Some(rules) = mapping.take("write_relabel_configs") {
        relabel::read_rules_of(
            rules,
            "empty or null relabeling rule in remote write config",
            findings,
        );
    }
    let defaults = Defaults { enable_http2: false, ..Defaults::default() };
    let client = HttpClient::take(&mut mapping, findings, defaults);
    mapping.finish_as("RemoteWriteConfig", findings);
    Some(client)
}

fn read_cloudfront(mut mapping: Mapping<'_>, findings: &mut Findings) -> Option<Duration> {
    mapping.take("metrics").and_then(|node| node.strings(findings));
    mapping.take("zero_fill").and_then(|node| node.boolean(findings));
    mapping.take("retries").and_then(|node| node.integer::<u8>(findings));
    mapping.take("ratio").and_then(|node| node.float(findings));
    let period = mapping.take("period").and_then(|node| node.positive_duration(findings));
    mapping.finish(findings);
    period
}

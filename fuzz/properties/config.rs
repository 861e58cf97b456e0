//! The configuration reader on any bytes, read in every way there is.
//!
//! What must hold: nothing panics, every refusal has a finding, a finding says where and why in one line, and reading
//! twice finds the same.

use config::{Defaults, Document, Findings, Global, HttpClient, Mapping, Node, Sections, relabel};

/// Reads `bytes` as one document, and as two that are joined.
pub(crate) fn check(bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for bodies in [&[bytes][..], &[first, second], &[bytes, bytes]] {
        let documents: Vec<Document> = bodies.iter().enumerate().map(document).collect();
        let findings = read(&documents);
        assert_eq!(findings, read(&documents), "reading twice finds the same");
        for finding in findings.iter() {
            assert!(!finding.document.is_empty() && !finding.reason.is_empty(), "{finding:?}");
            assert!(!finding.to_string().contains('\n'), "{finding:?}");
        }
    }
}

fn document((index, body): (usize, &&[u8])) -> Document {
    let directory = (index == 0).then(|| "/etc/hostless".into());
    Document { name: format!("{index}.yml"), directory, body: body.to_vec() }
}

fn read(documents: &[Document]) -> Findings {
    let mut findings = Findings::new();
    let sections = Sections::read(documents, &mut findings);
    let global = Global::read(sections.get("global"), &mut findings);
    let global = global.expanded(&|name| Some(name.to_owned()));
    assert!(global.scrape_timeout <= global.scrape_interval || findings.has_errors());
    for key in sections.keys() {
        walk(sections.get(key).expect("a key that is there"), &mut findings);
        for node in sections.list(key) {
            relabel::read_rules(&node, &mut findings);
            if let Some(mut mapping) = node.mapping(&mut findings) {
                HttpClient::take(&mut mapping, &mut findings, Defaults::default()).secrets();
                mapping.finish_as("RemoteWriteConfig", &mut findings);
            }
        }
    }
    findings
}

/// Reads a value as everything, and then what is in it.
fn walk(node: &Node, findings: &mut Findings) {
    answers(|own| node.string(own), findings);
    answers(|own| node.strings(own), findings);
    answers(|own| node.bytes(own), findings);
    answers(|own| node.boolean(own), findings);
    answers(|own| node.integer::<u16>(own), findings);
    answers(|own| node.float(own), findings);
    answers(|own| node.positive_duration(own), findings);
    answers(|own| node.url(own), findings);
    answers(|own| node.secret(own), findings);
    answers(|own| node.secret_ref(own), findings);
    for item in answers(|own| node.sequence(own), findings).unwrap_or_default() {
        walk(item, findings);
    }
    let entries = answers(|own| node.mapping(own), findings).map(Mapping::entries);
    for (_, value) in entries.into_iter().flatten() {
        walk(value, findings);
    }
}

/// What a way of reading answers: a value, or nothing and a finding that says why.
fn answers<T>(read: impl FnOnce(&mut Findings) -> Option<T>, findings: &mut Findings) -> Option<T> {
    let mut own = Findings::new();
    let answer = read(&mut own);
    assert_eq!(answer.is_none(), own.has_errors(), "{own:?}");
    findings.extend(own.into_vec());
    answer
}

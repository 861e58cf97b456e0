//! The reader of probe modules on any bytes.
//!
//! What must hold: nothing panics, reading twice finds the same, a refusal has a finding and what is taken has no error, and a
//! finding is one line.

use config::{Document, Findings, Sections};
use probe::Probe;
use runtime::Function;

/// Reads `bytes` as a `blackbox.yml`, beside a document with no jobs.
pub(crate) fn check(bytes: &[u8]) {
    let documents =
        [document("blackbox.yml", bytes), document("prometheus.yml", b"scrape_configs: []")];
    let findings = read(&documents);
    assert_eq!(findings, read(&documents), "reading twice finds the same");
    for finding in findings.iter() {
        assert!(!finding.to_string().contains('\n'), "{finding:?}");
    }
}

fn read(documents: &[Document]) -> Findings {
    let mut findings = Findings::new();
    let sections = Sections::read(documents, &mut findings);
    let before = findings.error_count();
    let settings = Probe::read(&sections, &mut findings);
    if sections.get("scrape_configs").is_some() {
        assert_eq!(settings.is_none(), findings.error_count() > before, "{findings:?}");
    }
    findings
}

fn document(name: &str, body: &[u8]) -> Document {
    Document { name: name.to_owned(), directory: None, body: body.to_vec() }
}

//! Modules from outside: documents go in, modules and findings come out.

mod any_bytes;
mod corpus;
mod defaults;
mod fields;
mod mistakes;
mod secrecy;

use std::collections::BTreeMap;

use config::{Document, Findings, Sections};

use super::{Module, read_all};

/// All modules of a document and what is said about it, without the document's name.
fn read(text: impl Into<Vec<u8>>) -> (BTreeMap<String, Module>, Vec<String>) {
    let directory = Some("/etc/probe".into());
    let document = Document { name: "f".into(), directory, body: text.into() };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let modules = read_all(&sections, &mut findings);
    let shown = |finding: &config::Finding| {
        let severity = match finding.severity {
            config::Severity::Error => "",
            config::Severity::Warning => "warning: ",
        };
        format!("{severity}{}", finding.to_string().trim_start_matches("f: "))
    };
    (modules, findings.iter().map(shown).collect())
}

/// The one module `m`, with what is said about it, without its path.
fn module(text: &str) -> (Option<Module>, Vec<String>) {
    let (mut modules, findings) = read(format!("modules: {{m: {text}}}"));
    let strip = |finding: String| finding.replace("modules.m", "");
    (modules.remove("m"), findings.into_iter().map(strip).collect())
}

/// The one module `m`, which must be right.
fn right(text: &str) -> Module {
    let (module, findings) = module(text);
    let module = module.unwrap_or_else(|| panic!("{text}: {findings:?}"));
    assert!(findings.is_empty(), "{text}: {findings:?}");
    module
}

/// What a module of this prober does.
macro_rules! prober {
    ($variant:ident, $module:expr) => {
        match $module.prober {
            super::super::Prober::$variant(own) => own,
            other => panic!("another prober: {other:?}"),
        }
    };
}

use prober;

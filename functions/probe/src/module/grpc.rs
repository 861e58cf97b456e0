//! The `grpc` section.

use std::fmt;

use config::{Findings, Mapping, Node};
use dial::Preference;

use super::reading::{take_preference, take_switch, take_text, take_tls, text};
use super::secrets::Secrets;

/// A gRPC health check.
pub(crate) struct Grpc {
    pub(crate) service: String,
    pub(crate) is_tls: bool,
    pub(crate) tls: dial::Tls,
    pub(crate) preference: Preference,
    /// Name and value of each entry.
    pub(crate) metadata: Vec<(String, String)>,
}

/// What a module has that does not write the section. The original forgot this section in its defaults of a module, so that
/// only a module that writes it falls back to the other version of IP.
impl Default for Grpc {
    fn default() -> Self {
        Self {
            service: String::new(),
            is_tls: false,
            tls: dial::Tls::new(config::Tls::default()),
            preference: super::preference("", false),
            metadata: Vec::new(),
        }
    }
}

/// Values of metadata may be tokens, and stay out.
impl fmt::Debug for Grpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, is_tls, tls: _, preference, metadata } = self;
        let names: Vec<&str> = metadata.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Grpc")
            .field("service", service)
            .field("is_tls", is_tls)
            .field("preference", preference)
            .field("metadata", &names)
            .finish_non_exhaustive()
    }
}

pub(super) fn read_grpc(
    node: &Node,
    secrets: &mut Secrets,
    findings: &mut Findings,
) -> Option<Grpc> {
    let mut section = node.mapping(findings)?;
    let service = take_text(&mut section, "service", findings);
    let is_tls = take_switch(&mut section, "tls", false, findings);
    let tls = take_tls(&mut section, findings);
    let preference = take_preference(&mut section, findings);
    let metadata = take_metadata(&mut section, findings);
    section.finish_as("plain", findings);
    secrets.add(tls.references());
    Some(Grpc { service, is_tls, tls: dial::Tls::new(tls), preference, metadata })
}

/// Names to lists of values, in the order of names.
fn take_metadata(section: &mut Mapping<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    let Some(names) = section.take("metadata").and_then(|node| node.mapping(findings)) else {
        return Vec::new();
    };
    let mut metadata = Vec::new();
    for (name, node) in names.entries() {
        for value in node.sequence(findings).unwrap_or_default() {
            metadata.extend(text(value, findings).map(|value| (name.to_owned(), value)));
        }
    }
    metadata.sort_by(|(a, _), (b, _)| a.cmp(b));
    metadata
}

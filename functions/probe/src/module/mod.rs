//! `blackbox.yml`: modules as they are valid. Reading them, with the original's leniency and error texts, is the business of
//! the `read_*` functions beside each type. The source followed is blackbox_exporter's `config/config.go`.
//!
//! A module may write the sections of all probers. All of them are checked, and the one that `prober` names is kept; what it
//! does not write has defaults, which are not always those of a section that is written without the key.

mod cel;
mod dns;
mod grpc;
mod http;
mod network;
mod query_response;
mod reading;
mod secrets;
mod tcp;
mod time;
mod unsupported;
mod websocket;

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Findings, Mapping, Node, SecretRef, Sections};

pub(crate) use cel::CelProgram;
pub(crate) use dns::{Dns, RecordRules, Transport};
pub(crate) use grpc::Grpc;
pub(crate) use http::{Body, Compression, HeaderRule, Http};
pub(crate) use network::preference;
pub(crate) use query_response::Exchange;
pub(crate) use query_response::Expect;
pub(crate) use tcp::Tcp;
pub(crate) use websocket::Websocket;

use secrets::Secrets;

/// One module.
#[derive(Debug)]
pub(crate) struct Module {
    /// What it does.
    pub(crate) prober: Prober,
    /// The time it gives a probe; `None` where it does not say (or says 0).
    pub(crate) timeout: Option<Duration>,
    secrets: Secrets,
}

/// The probers, each with its settings.
#[derive(Debug)]
pub(crate) enum Prober {
    Http(Box<Http>),
    Tcp(Box<Tcp>),
    Dns(Box<Dns>),
    Grpc(Box<Grpc>),
    Websocket(Box<Websocket>),
    /// What a Lambda function cannot do, and why.
    Unsupported(&'static str),
}

/// Reads all modules. One that is wrong is a finding and comes out of the list.
pub(crate) fn read_all(sections: &Sections, findings: &mut Findings) -> BTreeMap<String, Module> {
    let node = sections.get("modules");
    let Some(modules) = node.and_then(|node| node.mapping(findings)) else {
        return BTreeMap::new();
    };
    let mut read = BTreeMap::new();
    for (name, node) in modules.entries() {
        let before = findings.error_count();
        let module = Module::read(node, findings);
        if let Some(module) = module.filter(|_| findings.error_count() == before) {
            read.insert(name.to_owned(), module);
        }
    }
    read
}

impl Module {
    /// Every place that holds a secret of this module.
    pub(crate) fn secrets(&self) -> Vec<&SecretRef> {
        self.secrets.references()
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut module = node.mapping(findings)?;
        let timeout = module.take("timeout").and_then(|node| time::read_duration(node, findings));
        let kept = take_prober(&mut module, findings);
        module.finish_as("plain", findings);
        let (prober, secrets) = kept?;
        Some(Self { prober, timeout: timeout.and_then(time::GoDuration::positive), secrets })
    }
}

/// Reads all sections, and keeps the one that is named.
fn take_prober(module: &mut Mapping<'_>, findings: &mut Findings) -> Option<(Prober, Secrets)> {
    let written = module.take("prober");
    let node = written.unwrap_or(module.node());
    let name = written.map_or(Some(String::new()), |node| node.string(findings));
    let (http, of_http) = take_section(module, "http", findings, http::read_http);
    let (tcp, of_tcp) = take_section(module, "tcp", findings, tcp::read_tcp);
    let (dns, of_dns) = take_section(module, "dns", findings, dns::read_dns);
    let (grpc, of_grpc) = take_section(module, "grpc", findings, grpc::read_grpc);
    let (websocket, of_websocket) =
        take_section(module, "websocket", findings, websocket::read_websocket);
    unsupported::check_sections(module, findings);
    let mut refuse = |why| {
        findings.warning(node, format!("{why}: probes with this module fail as unsupported"));
        (Prober::Unsupported(why), Secrets::default())
    };
    Some(match name?.as_str() {
        "http" if http.is_http3 => (Prober::Unsupported(unsupported::HTTP3), of_http),
        "http" => (Prober::Http(Box::new(http.http)), of_http),
        "tcp" => (Prober::Tcp(Box::new(tcp)), of_tcp),
        "dns" => (Prober::Dns(Box::new(dns)), of_dns),
        "grpc" => (Prober::Grpc(Box::new(grpc)), of_grpc),
        "websocket" => (Prober::Websocket(Box::new(websocket)), of_websocket),
        "icmp" => refuse(unsupported::ICMP),
        "unix" => refuse(unsupported::UNIX),
        other => {
            let shown = reading::printable(other);
            findings.error(node, format!("prober '{shown}' is not valid"));
            return None;
        }
    })
}

/// A section with its secret places: as it is written, or its default.
fn take_section<T: Default>(
    module: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
    read: impl Fn(&Node, &mut Secrets, &mut Findings) -> Option<T>,
) -> (T, Secrets) {
    let mut secrets = Secrets::default();
    let written = module.take(key).and_then(|node| read(node, &mut secrets, findings));
    (written.unwrap_or_default(), secrets)
}

#[cfg(test)]
mod tests;

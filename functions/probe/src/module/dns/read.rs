//! From what is written in a `dns` section to what is valid.

use config::{Findings, Mapping, Node};
use series::go_regex::GoRegex;

use super::{Dns, RecordRules, Transport};
use crate::dns::names::{class_code, type_code};
use crate::module::reading::{
    printable, take_list, take_preference, take_source_address, take_switch, take_text, take_texts,
    take_tls, text,
};
use crate::module::secrets::Secrets;

/// The class of the Internet.
pub(super) const CLASS_IN: u16 = 1;

/// Records of all types.
pub(super) const TYPE_ANY: u16 = 255;

pub(in crate::module) fn read_dns(
    node: &Node,
    secrets: &mut Secrets,
    findings: &mut Findings,
) -> Option<Dns> {
    let mut section = node.mapping(findings)?;
    let preference = take_preference(&mut section, findings);
    let has_source_address = take_source_address(&mut section, findings);
    let over_tls = take_switch(&mut section, "dns_over_tls", false, findings);
    let tls = take_tls(&mut section, findings);
    let transport = take_transport(&mut section, over_tls, findings);
    let query_class = take_code(&mut section, "query_class", "class", class_code, findings);
    let query_name = take_text(&mut section, "query_name", findings);
    let query_type = take_code(&mut section, "query_type", "type", type_code, findings);
    let recursion_desired = take_switch(&mut section, "recursion_desired", true, findings);
    let valid_rcodes = take_texts(&mut section, "valid_rcodes", findings);
    let mut rules = |key: &str| take_rules(&mut section, key, findings);
    let answer = rules("validate_answer_rrs");
    let authority = rules("validate_authority_rrs");
    let additional = rules("validate_additional_rrs");
    section.finish_as("plain", findings);
    if query_name.is_empty() {
        findings.error(node, "query name must be set for DNS module");
    }
    secrets.add(tls.references());
    Some(Dns {
        preference,
        has_source_address,
        over_tls,
        tls: dial::Tls::new(tls),
        transport,
        query_class: query_class.unwrap_or(CLASS_IN),
        query_name,
        query_type: query_type.unwrap_or(TYPE_ANY),
        recursion_desired,
        valid_rcodes,
        answer,
        authority,
        additional,
    })
}

/// What only a probe finds out in the original is a warning here.
fn take_transport(section: &mut Mapping<'_>, over_tls: bool, findings: &mut Findings) -> Transport {
    let block = section.node();
    let node = section.take("transport_protocol");
    let transport = match node.and_then(|node| node.string(findings)) {
        None => Transport::Udp,
        Some(text) => match text.as_str() {
            "" | "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            _ => Transport::Unknown(text),
        },
    };
    let node = node.unwrap_or(block);
    match &transport {
        Transport::Unknown(text) => {
            let shown = printable(text);
            findings.warning(node, format!("\"{shown}\" fails every probe; write udp or tcp"));
        }
        Transport::Udp if over_tls => {
            findings
                .warning(node, "dns_over_tls fails every probe without transport_protocol: tcp");
        }
        Transport::Udp | Transport::Tcp => {}
    }
    transport
}

/// The code of a name; `None` if none is written.
fn take_code(
    section: &mut Mapping<'_>,
    key: &str,
    what: &str,
    code: impl Fn(&str) -> Option<u16>,
    findings: &mut Findings,
) -> Option<u16> {
    let node = section.take(key)?;
    let name = node.string(findings).filter(|name| !name.is_empty())?;
    let code = code(&name);
    if code.is_none() {
        findings.error(node, format!("query {what} '{}' is not valid", printable(&name)));
    }
    code
}

fn take_rules(section: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> RecordRules {
    let Some(mut rules) = section.take(key).and_then(|node| node.mapping(findings)) else {
        return RecordRules::default();
    };
    let mut patterns = |key: &str| take_list(&mut rules, key, findings, read_pattern);
    let read = RecordRules {
        fail_if_matches: patterns("fail_if_matches_regexp"),
        fail_if_all_match: patterns("fail_if_all_match_regexp"),
        fail_if_not_matches: patterns("fail_if_not_matches_regexp"),
        fail_if_none_matches: patterns("fail_if_none_matches_regexp"),
    };
    rules.finish_as("plain", findings);
    read
}

/// A pattern stays a text: a wrong one fails the probe in the original, and is a warning here.
fn read_pattern(node: &Node, findings: &mut Findings) -> Option<String> {
    let pattern = text(node, findings)?;
    if let Err(error) = GoRegex::new(&pattern) {
        findings.warning(node, format!("fails every probe: {}", printable(&error.to_string())));
    }
    Some(pattern)
}

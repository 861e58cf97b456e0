//! What a Lambda function cannot do: `icmp` and `unix` sections. They are checked as the original checks them, so that a
//! file that works there works here, and nothing of them is kept.

use config::{Findings, Mapping, Node};

use super::query_response::take_exchanges;
use super::reading::{take_preference, take_switch, take_tls};

/// Why an icmp probe fails.
pub(super) const ICMP: &str =
    "a Lambda function cannot send ICMP; probe the host over tcp, http or dns";

/// Why a unix probe fails.
pub(super) const UNIX: &str = "a Lambda function has no neighbour behind a Unix socket; let the service listen on TCP, and probe that";

/// Why an HTTP/3 probe fails.
pub(super) const HTTP3: &str =
    "enable_http3: HTTP/3 is not supported yet; drop it to probe over HTTP/2 or HTTP/1.1";

/// The sections of a module that are checked alone.
pub(super) fn check_sections(module: &mut Mapping<'_>, findings: &mut Findings) {
    if let Some(node) = module.take("icmp") {
        check_icmp(node, findings);
    }
    if let Some(node) = module.take("unix") {
        check_unix(node, findings);
    }
}

fn check_icmp(node: &Node, findings: &mut Findings) {
    let Some(mut section) = node.mapping(findings) else {
        return;
    };
    take_preference(&mut section, findings);
    // No warning: none of it is used.
    section.take("source_ip_address").and_then(|node| node.string(findings));
    section.take("payload_size").and_then(|node| node.integer::<i64>(findings));
    take_switch(&mut section, "dont_fragment", false, findings);
    if let Some(ttl) = section.take("ttl") {
        match ttl.integer::<i64>(findings) {
            Some(..0) => findings.error(ttl, "\"ttl\" cannot be negative"),
            Some(256..) => findings.error(ttl, "\"ttl\" cannot exceed 255"),
            Some(0..=255) | None => {}
        }
    }
    section.finish_as("plain", findings);
}

fn check_unix(node: &Node, findings: &mut Findings) {
    let Some(mut section) = node.mapping(findings) else {
        return;
    };
    take_exchanges(&mut section, findings);
    take_switch(&mut section, "tls", false, findings);
    take_tls(&mut section, findings);
    section.finish_as("plain", findings);
}

//! `http_headers`, and the headers for a proxy.

use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::node::{Node, Value};
use crate::secret::Secret;

/// A header that is sent with every request, once for each value.
#[derive(Debug, Clone)]
pub struct Header {
    /// In the usual spelling: `X-Scope-Orgid`.
    pub name: String,
    /// Its values: those in plain text, then the secret ones, then those from elsewhere.
    pub values: Vec<Secret>,
}

impl Header {
    /// Reads headers that stand under a key of their own (`websocket` probes). Here a text or a list may stand in the place
    /// of `values`, and no name is reserved.
    pub fn read_all(node: &Node, findings: &mut Findings) -> Vec<Self> {
        let Some(headers) = node.mapping(findings) else {
            return Vec::new();
        };
        let mut read = Vec::new();
        for (name, node) in headers.entries() {
            let name = header_name(name, node, findings);
            let values = match node.value() {
                Value::Mapping(_) => read_values(node, findings),
                Value::Sequence(items) => {
                    Some(items.iter().filter_map(|item| item.secret(findings)).collect())
                }
                Value::Scalar(_) if node.is_null() => Some(Vec::new()),
                Value::Scalar(_) => node.secret(findings).map(|value| vec![value]),
            };
            read.extend(name.zip(values).map(|(name, values)| Self { name, values }));
        }
        in_order(read)
    }
}

/// Headers that carry the protocol, the authorization or the signature.
const RESERVED: [&str; 18] = [
    "Accept-Encoding",
    "Authorization",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Host",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "User-Agent",
    "Www-Authenticate",
    "X-Amz-Content-Sha256",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Prometheus-Remote-Read-Version",
    "X-Prometheus-Remote-Write-Version",
    "X-Prometheus-Scrape-Timeout-Seconds",
];

pub(super) fn take(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Vec<Header> {
    let Some(headers) = mapping.take("http_headers").and_then(|node| node.mapping(findings)) else {
        return Vec::new();
    };
    let mut read = Vec::new();
    for (name, node) in headers.entries() {
        let Some(name) = header_name(name, node, findings) else {
            continue;
        };
        if RESERVED.contains(&name.as_str()) {
            findings.error(node, format!("setting header {name:?} is not allowed"));
        }
        if let Some(values) = read_values(node, findings) {
            read.push(Header { name, values });
        }
    }
    in_order(read)
}

/// `proxy_connect_header`: names to lists of secrets.
pub(super) fn take_connect(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Vec<Header> {
    let node = mapping.take("proxy_connect_header");
    let Some(headers) = node.and_then(|node| node.mapping(findings)) else {
        return Vec::new();
    };
    let mut read = Vec::new();
    for (name, node) in headers.entries() {
        let Some(name) = header_name(name, node, findings) else {
            continue;
        };
        let values = node.sequence(findings).unwrap_or_default();
        let values = values.iter().filter_map(|value| value.secret(findings)).collect();
        read.push(Header { name, values });
    }
    in_order(read)
}

/// Go keeps headers in a map and sends them in the order of their names.
fn in_order(mut headers: Vec<Header>) -> Vec<Header> {
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    headers
}

fn read_values(node: &Node, findings: &mut Findings) -> Option<Vec<Secret>> {
    let mut mapping = node.mapping(findings)?;
    let mut values = Vec::new();
    for key in ["values", "secrets"] {
        let nodes = mapping.take(key).and_then(|node| node.sequence(findings)).unwrap_or_default();
        values.extend(nodes.iter().filter_map(|node| node.secret(findings)));
    }
    let files = mapping.take("files").and_then(|node| node.sequence(findings)).unwrap_or_default();
    let files = files.iter().filter_map(|node| node.secret_ref(findings));
    values.extend(files.map(Secret::Reference));
    mapping.finish_as("Header", findings);
    Some(values)
}

fn header_name(name: &str, node: &Node, findings: &mut Findings) -> Option<String> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        findings.error(node, "not a valid header name");
        return None;
    }
    Some(canonical(name))
}

/// Go's `CanonicalMIMEHeaderKey`: `x-scope-orgID` becomes `X-Scope-Orgid`.
fn canonical(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let lower = word.to_ascii_lowercase();
        let (first, rest) = lower.split_at(lower.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn names_are_spelled_as_go_spells_them() {
        let table =
            [("x-scope-orgID", "X-Scope-Orgid"), ("HOST", "Host"), ("a--b", "A--B"), ("", "")];
        for (written, expected) in table {
            assert_eq!(canonical(written), expected);
        }
    }
}

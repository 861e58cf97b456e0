//! `headers` of a `remote_write` entry: free, but for those that the protocol, the credentials or the signature need.

use config::{Findings, Node};
use http1::{HeaderName, HeaderValue};

/// Prometheus's list (`config/config.go`, `reservedHeaders`).
const RESERVED: [&str; 16] = [
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
];

const AUTHORIZATION: &str = "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, \
                             azuread or google_iam parameter";

/// Reads the headers. Their values are marked as sensitive: people put keys there.
pub(super) fn read(node: &Node, findings: &mut Findings) -> Vec<(HeaderName, HeaderValue)> {
    let Some(headers) = node.mapping(findings) else {
        return Vec::new();
    };
    let mut read = Vec::new();
    for (name, node) in headers.entries() {
        let Some(value) = node.string(findings) else {
            continue;
        };
        match header(name, &value) {
            Ok(header) => read.push(header),
            Err(reason) => findings.error(node, reason),
        }
    }
    read
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let lower = name.to_ascii_lowercase();
    if lower == "authorization" {
        return Err(AUTHORIZATION.to_owned());
    }
    if RESERVED.contains(&lower.as_str()) {
        return Err(format!("{name} is a reserved header. It must not be changed"));
    }
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("{name:?} is not a valid header name"))?;
    let mut value =
        HeaderValue::from_str(value).map_err(|_| "not a valid header value".to_owned())?;
    value.set_sensitive(true);
    Ok((name, value))
}

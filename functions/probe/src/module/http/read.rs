//! From what is written in an `http` section to what is valid.

use std::collections::BTreeMap;

use config::{Defaults, Findings, HttpClient, Mapping, Node, Secret};

use super::accept_encoding::accepts;
use super::http3::Versions;
use super::{Body, Compression, HeaderRule, Http};
use crate::module::CelProgram;
use crate::module::reading::{
    printable, read_regex, take_bytes, take_list, take_preference, take_switch, take_text, text,
};
use crate::module::secrets::Secrets;

/// Larger than any body: what a limit below 0 stands for, and one that is too large to be counted up from.
const ENDLESS: i64 = i64::MAX - 1;

/// A section as it is written: something that can be done, or HTTP/3.
#[derive(Default)]
pub(in crate::module) struct Written {
    pub(in crate::module) http: Http,
    pub(in crate::module) is_http3: bool,
}

pub(in crate::module) fn read_http(
    node: &Node,
    secrets: &mut Secrets,
    findings: &mut Findings,
) -> Option<Written> {
    let mut section = node.mapping(findings)?;
    let client = take_client(&mut section, findings);
    let http3 = section.take("enable_http3").filter(|node| node.boolean(findings) == Some(true));
    let valid_http_versions = take_versions(&mut section, findings);
    Versions { http3, enable_http2: client.enable_http2, valid: &valid_http_versions }
        .check(node, findings);
    let headers = take_headers(&mut section, findings);
    let compression = take_compression(&mut section, &headers, findings);
    let body = take_body(&mut section, findings);
    secrets.add(client.secrets());
    if let Body::File(secret) = &body {
        secrets.add(secret.reference());
    }
    let method = take_text(&mut section, "method", findings);
    let mut switch = |key: &str| take_switch(&mut section, key, false, findings);
    let http = Http {
        skip_resolve_phase_with_proxy: switch("skip_resolve_phase_with_proxy"),
        fail_if_ssl: switch("fail_if_ssl"),
        fail_if_not_ssl: switch("fail_if_not_ssl"),
        valid_status_codes: take_list(&mut section, "valid_status_codes", findings, read_status),
        valid_http_versions,
        preference: take_preference(&mut section, findings),
        method: if method.is_empty() { "GET".to_owned() } else { method },
        headers,
        fail_if_body_matches: take_list(
            &mut section,
            "fail_if_body_matches_regexp",
            findings,
            read_regex,
        ),
        fail_if_body_not_matches: take_list(
            &mut section,
            "fail_if_body_not_matches_regexp",
            findings,
            read_regex,
        ),
        fail_if_body_json_matches: take_cel(
            &mut section,
            "fail_if_body_json_matches_cel",
            findings,
        ),
        fail_if_body_json_not_matches: take_cel(
            &mut section,
            "fail_if_body_json_not_matches_cel",
            findings,
        ),
        fail_if_header_matches: take_list(
            &mut section,
            "fail_if_header_matches",
            findings,
            read_header_rule,
        ),
        fail_if_header_not_matches: take_list(
            &mut section,
            "fail_if_header_not_matches",
            findings,
            read_header_rule,
        ),
        body,
        compression,
        body_size_limit: section
            .take("body_size_limit")
            .and_then(|node| read_limit(node, findings)),
        tls: dial::Tls::new(client.tls.clone()),
        client,
    };
    section.finish_as("plain", findings);
    Some(Written { http, is_http3: http3.is_some() })
}

/// The HTTP client block, and the older key for redirects, which wins.
fn take_client(section: &mut Mapping<'_>, findings: &mut Findings) -> HttpClient {
    let mut client = HttpClient::take(section, findings, Defaults::default());
    if let Some(node) = section.take("no_follow_redirects") {
        findings.warning(node, "no_follow_redirects is deprecated; write follow_redirects instead");
        client.follow_redirects = !node.boolean(findings).unwrap_or(!client.follow_redirects);
    }
    client
}

fn read_status(node: &Node, findings: &mut Findings) -> Option<i64> {
    if node.is_null() { Some(0) } else { node.integer(findings) }
}

/// Any text is allowed; one that no answer can have is a mistake all the same, and a common one.
fn take_versions(section: &mut Mapping<'_>, findings: &mut Findings) -> Vec<String> {
    take_list(section, "valid_http_versions", findings, |node, findings| {
        let version = text(node, findings)?;
        if !matches!(version.as_str(), "HTTP/1.0" | "HTTP/1.1" | "HTTP/2.0" | "HTTP/3.0") {
            let shown = printable(&version);
            let reason = format!(
                "no answer has the version \"{shown}\"; there are HTTP/1.0, HTTP/1.1 and HTTP/2.0"
            );
            findings.warning(node, reason);
        }
        Some(version)
    })
}

fn take_headers(section: &mut Mapping<'_>, findings: &mut Findings) -> BTreeMap<String, String> {
    let Some(headers) = section.take("headers").and_then(|node| node.mapping(findings)) else {
        return BTreeMap::new();
    };
    let read = |(name, node): (&str, &Node)| Some((name.to_owned(), text(node, findings)?));
    headers.entries().filter_map(read).collect()
}

fn take_compression(
    section: &mut Mapping<'_>,
    headers: &BTreeMap<String, String>,
    findings: &mut Findings,
) -> Compression {
    let block = section.node();
    let node = section.take("compression");
    let written = node.and_then(|node| node.string(findings)).unwrap_or_default();
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("accept-encoding") && !accepts(value, &written) {
            let (value, written) = (printable(value), printable(&written));
            let reason =
                format!("invalid configuration \"{name}: {value}\", \"compression: {written}\"");
            findings.error(block, reason);
        }
    }
    let compression = match written.to_lowercase().as_str() {
        "" => Compression::None,
        "br" => Compression::Brotli,
        "gzip" => Compression::Gzip,
        "deflate" => Compression::Deflate,
        "identity" => Compression::Identity,
        _ => Compression::Unknown(written),
    };
    if let (Compression::Unknown(text), Some(node)) = (&compression, node) {
        let shown = printable(text);
        let reason = format!("\"{shown}\" fails every probe; write br, gzip, deflate or identity");
        findings.warning(node, reason);
    }
    compression
}

fn take_body(section: &mut Mapping<'_>, findings: &mut Findings) -> Body {
    let text = take_bytes(section, "body", findings);
    let file = section.take("body_file");
    // An empty name is none.
    let file = file.filter(|node| node.bytes(&mut Findings::new()).is_none_or(|b| !b.is_empty()));
    if text.is_some() && file.is_some() {
        findings.error(section.node(), "setting body and body_file both are not allowed");
    }
    match (text, file.and_then(|node| node.secret_ref(findings))) {
        (Some(text), _) => Body::Text(text),
        (None, Some(reference)) => Body::File(Secret::Reference(reference)),
        (None, None) => Body::None,
    }
}

/// A limit; `None` where there is none.
fn read_limit(node: &Node, findings: &mut Findings) -> Option<u64> {
    match node.size(findings)? {
        0 => None,
        size if size < 0 || size == i64::MAX => Some(ENDLESS.unsigned_abs()),
        size => Some(size.unsigned_abs()),
    }
}

fn take_cel(section: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Option<CelProgram> {
    let node = section.take(key)?;
    let expression = node.string(findings)?;
    let refuse = |reason: String| {
        let shown = printable(&expression);
        findings.error(
            node,
            format!("\"Could not compile CEL program\" expression=\"{shown}\": {reason}"),
        );
    };
    CelProgram::compile(&expression).map_err(refuse).ok()
}

fn read_header_rule(node: &Node, findings: &mut Findings) -> Option<HeaderRule> {
    let mut mapping = node.mapping(findings)?;
    let header = take_text(&mut mapping, "header", findings);
    let pattern = mapping.take("regexp");
    let pattern =
        pattern.filter(|node| node.bytes(&mut Findings::new()).is_none_or(|b| !b.is_empty()));
    let regexp = pattern.map(|node| read_regex(node, findings));
    let allow_missing = take_switch(&mut mapping, "allow_missing", false, findings);
    mapping.finish_as("plain", findings);
    let missing = if header.is_empty() {
        Some("header name must be set for HTTP header matchers")
    } else {
        regexp.is_none().then_some("regexp must be set for HTTP header matchers")
    };
    if let Some(missing) = missing {
        findings.error(node, missing);
    }
    Some(HeaderRule { header, regexp: regexp??, allow_missing })
}

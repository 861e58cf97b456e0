//! What the readers of all sections share: fields as Go's YAML package fills them. An absent field and one that is nothing
//! are the type's zero, any scalar is a text, and `!!binary` makes a text any bytes.

use config::{Findings, Mapping, Node};
use dial::Preference;
use series::go_regex::GoBytesRegex;

use super::network::preference;

/// Longer texts are cut in messages, as Go's YAML package does it.
const LONGEST: usize = 10;

/// A text; nothing is the empty one.
pub(super) fn text(node: &Node, findings: &mut Findings) -> Option<String> {
    if node.is_null() { Some(String::new()) } else { node.string(findings) }
}

/// The text of a key, empty where there is none.
pub(super) fn take_text(mapping: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> String {
    mapping.take(key).and_then(|node| node.string(findings)).unwrap_or_default()
}

/// The text of a key as bytes; `None` where there is none.
pub(super) fn take_bytes(
    mapping: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
) -> Option<Vec<u8>> {
    mapping.take(key).and_then(|node| node.bytes(findings)).filter(|bytes| !bytes.is_empty())
}

/// The texts of a key.
pub(super) fn take_texts(
    mapping: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
) -> Vec<String> {
    take_list(mapping, key, findings, text)
}

/// What a list holds. An item that is wrong is a finding, and left out.
pub(super) fn take_list<T>(
    mapping: &mut Mapping<'_>,
    key: &str,
    findings: &mut Findings,
    read: impl Fn(&Node, &mut Findings) -> Option<T>,
) -> Vec<T> {
    let items = mapping.take(key).and_then(|node| node.sequence(findings)).unwrap_or_default();
    items.iter().filter_map(|item| read(item, findings)).collect()
}

pub(super) fn take_switch(
    mapping: &mut Mapping<'_>,
    key: &str,
    default: bool,
    findings: &mut Findings,
) -> bool {
    mapping.take(key).and_then(|node| node.boolean(findings)).unwrap_or(default)
}

/// A Go regular expression, which may match anywhere.
pub(super) fn read_regex(node: &Node, findings: &mut Findings) -> Option<GoBytesRegex> {
    let pattern = text(node, findings)?;
    let regex = GoBytesRegex::new(&pattern);
    let refuse = |error: series::go_regex::GoRegexError| {
        let reason = format!(
            "\"Could not compile regular expression\" regexp=\"{}\": {}",
            printable(&pattern),
            printable(&error.to_string()),
        );
        findings.error(node, reason);
    };
    regex.map_err(refuse).ok()
}

/// `preferred_ip_protocol` and `ip_protocol_fallback`.
pub(super) fn take_preference(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Preference {
    let node = mapping.take("preferred_ip_protocol");
    let preferred = node.and_then(|node| node.string(findings)).unwrap_or_default();
    if let Some(node) = node.filter(|_| !matches!(preferred.as_str(), "" | "ip4" | "ip6")) {
        let shown = printable(&preferred);
        findings.warning(node, format!("\"{shown}\" counts as ip4; write ip4 or ip6"));
    }
    preference(&preferred, take_switch(mapping, "ip_protocol_fallback", true, findings))
}

/// Whether there is a `source_ip_address`, which cannot be honoured.
pub(super) fn take_source_address(mapping: &mut Mapping<'_>, findings: &mut Findings) -> bool {
    let node = mapping.take("source_ip_address");
    let address = node.and_then(|node| node.string(findings)).unwrap_or_default();
    if let Some(node) = node.filter(|_| !address.is_empty()) {
        let reason = "a Lambda function does not choose the address it sends from: probes with this module fail as unsupported; \
                      drop the key, and put the function into the subnet that the address belongs to";
        findings.warning(node, reason);
    }
    !address.is_empty()
}

pub(super) fn take_tls(mapping: &mut Mapping<'_>, findings: &mut Findings) -> config::Tls {
    let node = mapping.take("tls_config");
    node.and_then(|node| config::Tls::read(node, findings)).unwrap_or_default()
}

/// YAML's tag of a plain value that is no text; `None` for texts.
pub(super) fn number_kind(node: &Node) -> Option<&'static str> {
    let quiet = &mut Findings::new();
    if node.integer::<i128>(quiet).is_some() {
        Some("!!int")
    } else if node.float(quiet).is_some() {
        Some("!!float")
    } else {
        None
    }
}

/// A text inside a message: without control characters, and not long.
pub(super) fn shortened(text: &str) -> String {
    let mut end = text.len();
    if text.len() > LONGEST {
        end = text.floor_char_boundary(LONGEST - 3);
    }
    let cut = if end < text.len() { "..." } else { "" };
    format!("{}{cut}", text[..end].escape_debug())
}

/// A text that a user wrote, inside a message: whole as long as it is no nuisance, since upstream shows it whole, too.
pub(super) fn printable(text: &str) -> String {
    const LONG: usize = 200;
    let end = text.floor_char_boundary(LONG);
    let cut = if end < text.len() { "…" } else { "" };
    let visible = |c: char| if c.is_control() { c.escape_debug().collect() } else { c.to_string() };
    let shown: String = text[..end].chars().map(visible).collect();
    format!("{shown}{cut}")
}

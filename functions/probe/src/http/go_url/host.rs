//! Hosts, with their ports.

use percent_encoding::percent_decode;

use super::UrlError;
use super::path::check_escapes;

/// Host and port as they will be used: decoded, and names of other alphabets in their ASCII form.
pub(super) fn parse_host(text: &[u8]) -> Result<String, UrlError> {
    check_escapes(text)?;
    let text = percent_decode(text).decode_utf8().map_err(|_| UrlError::Host)?;
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']').ok_or(UrlError::Host)?;
        address.parse::<std::net::Ipv6Addr>().map_err(|_| UrlError::Host)?;
        return if is_port(port) { Ok(text.into_owned()) } else { Err(UrlError::Port) };
    }
    let (name, port) = match text.find(':') {
        Some(colon) => text.split_at(colon),
        None => (&*text, ""),
    };
    if !is_port(port) {
        return Err(UrlError::Port);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
    if name.bytes().all(allowed) {
        return Ok(text.into_owned());
    }
    match url::Host::parse(name) {
        Ok(host) if !name.is_ascii() => Ok(format!("{host}{port}")),
        _ => Err(UrlError::Host),
    }
}

/// Nothing, or a colon and digits, of which there may be none.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Name and port of a host; the name without brackets.
pub(super) fn split_port(host: &str) -> (&str, &str) {
    let (name, port) = match host.rfind(':') {
        Some(colon) if is_port(&host[colon..]) => (&host[..colon], &host[colon + 1..]),
        _ => (host, ""),
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    (bare.unwrap_or(name), port)
}

//! The canonical request: the form in which both sides hash what was sent.

use std::fmt::Write as _;

use super::credential::Authorization;
use super::{SigV4Error, SignedRequest, sha256_hex};

/// The text whose hash is signed.
#[derive(Debug)]
pub(super) struct CanonicalRequest(pub(super) String);

impl CanonicalRequest {
    pub(super) fn of(
        request: SignedRequest<'_>,
        authorization: &Authorization,
    ) -> Result<Self, SigV4Error> {
        let path = request.uri.path();
        let is_s3 = authorization.service == "s3";
        let path = if is_s3 { encode(&decode(path), true) } else { normalized(path) };
        let query = canonical_query(request.uri.query().unwrap_or(""));
        let headers = canonical_headers(request, &authorization.signed_headers)?;
        let signed_headers = authorization.signed_headers.join(";");
        let payload = payload_hash(request, is_s3)?;
        let method = request.method;
        Ok(Self(format!("{method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{payload}")))
    }
}

/// The path of every service but S3: dot segments and repeated slashes resolved, then each segment
/// encoded once more over the encoding it came with.
fn normalized(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let slash = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", encode(segments.join("/").as_bytes(), true))
}

/// `name=value` pairs, decoded and encoded again, sorted by encoded name and then value.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(&decode(name), false), encode(&decode(value), false))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// `name:value` lines in the order of the signed list; values trimmed, inner runs of spaces made
/// one.
fn canonical_headers(request: SignedRequest<'_>, signed: &[String]) -> Result<String, SigV4Error> {
    let mut lines = String::new();
    for name in signed {
        let mut values: Vec<String> = request
            .headers
            .get_all(name.as_str())
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        // HTTP/2 carries the host as `:authority`.
        if let (true, "host", Some(host)) =
            (values.is_empty(), name.as_str(), request.uri.authority())
        {
            values.push(host.to_string());
        }
        if values.is_empty() {
            return Err(SigV4Error::Malformed(format!("signed header {name:?} is not there")));
        }
        let values: Vec<String> = values.iter().map(|value| single_spaced(value)).collect();
        writeln!(lines, "{name}:{}", values.join(",")).expect("a String takes everything");
    }
    Ok(lines)
}

fn single_spaced(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What `x-amz-content-sha256` says, if it is true; without the header, the hash of the body.
fn payload_hash(request: SignedRequest<'_>, is_s3: bool) -> Result<String, SigV4Error> {
    let actual = sha256_hex(request.body);
    match request.headers.get("x-amz-content-sha256").map(|value| value.as_bytes()) {
        // S3 alone insists on the header.
        None if is_s3 => Err(SigV4Error::PayloadHash),
        None => Ok(actual),
        Some(b"UNSIGNED-PAYLOAD") if is_s3 => Ok("UNSIGNED-PAYLOAD".to_owned()),
        Some(claimed) if claimed == actual.as_bytes() => Ok(actual),
        Some(_) => Err(SigV4Error::PayloadHash),
    }
}

/// Percent-encodes all but unreserved characters, with upper-case digits.
fn encode(bytes: &[u8], keep_slash: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(byte.into());
            }
            b'/' if keep_slash => text.push('/'),
            _ => write!(text, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    text
}

/// Resolves percent escapes; what is none stays as it is.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

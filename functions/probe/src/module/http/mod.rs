//! The `http` section.

mod accept_encoding;
mod http3;
mod read;

use std::collections::BTreeMap;
use std::fmt;

use config::{HttpClient, Secret};
use dial::Preference;
use series::go_regex::GoBytesRegex;

use super::CelProgram;

pub(super) use read::read_http;

/// An HTTP probe.
pub(crate) struct Http {
    /// Empty: 200 to 299.
    pub(crate) valid_status_codes: Vec<i64>,
    /// Empty: any. Compared with `HTTP/1.0`, `HTTP/1.1`, `HTTP/2.0`.
    pub(crate) valid_http_versions: Vec<String>,
    pub(crate) preference: Preference,
    pub(crate) skip_resolve_phase_with_proxy: bool,
    pub(crate) fail_if_ssl: bool,
    pub(crate) fail_if_not_ssl: bool,
    pub(crate) method: String,
    /// As written; `Host` among them sets the Host header and the name to verify.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) fail_if_body_matches: Vec<GoBytesRegex>,
    pub(crate) fail_if_body_not_matches: Vec<GoBytesRegex>,
    pub(crate) fail_if_body_json_matches: Option<CelProgram>,
    pub(crate) fail_if_body_json_not_matches: Option<CelProgram>,
    pub(crate) fail_if_header_matches: Vec<HeaderRule>,
    pub(crate) fail_if_header_not_matches: Vec<HeaderRule>,
    pub(crate) body: Body,
    pub(crate) compression: Compression,
    /// Bytes, after decompression; `None`: no limit.
    pub(crate) body_size_limit: Option<u64>,
    /// Auth, TLS, proxy, redirects, HTTP/2, `http_headers`.
    pub(crate) client: HttpClient,
    /// `client.tls`, ready to shake hands.
    pub(crate) tls: dial::Tls,
}

/// What is sent.
#[derive(Default)]
pub(crate) enum Body {
    #[default]
    None,
    /// `body`, which `!!binary` makes any bytes.
    Text(Vec<u8>),
    /// `body_file`, which may be in a secret place.
    File(Secret),
}

/// `fail_if_header_matches` and its opposite.
#[derive(Debug)]
pub(crate) struct HeaderRule {
    pub(crate) header: String,
    pub(crate) regexp: GoBytesRegex,
    pub(crate) allow_missing: bool,
}

/// How the body is expected to be compressed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Compression {
    /// The body is taken as it is.
    #[default]
    None,
    Brotli,
    Gzip,
    /// Raw deflate, without zlib's header.
    Deflate,
    Identity,
    /// Nobody knows it: the probe fails.
    Unknown(String),
}

/// What a module has that does not write the section.
impl Default for Http {
    fn default() -> Self {
        let client = HttpClient::default();
        Self {
            valid_status_codes: Vec::new(),
            valid_http_versions: Vec::new(),
            preference: super::preference("", true),
            skip_resolve_phase_with_proxy: false,
            fail_if_ssl: false,
            fail_if_not_ssl: false,
            method: "GET".to_owned(),
            headers: BTreeMap::new(),
            fail_if_body_matches: Vec::new(),
            fail_if_body_not_matches: Vec::new(),
            fail_if_body_json_matches: None,
            fail_if_body_json_not_matches: None,
            fail_if_header_matches: Vec::new(),
            fail_if_header_not_matches: Vec::new(),
            body: Body::None,
            compression: Compression::None,
            body_size_limit: None,
            tls: dial::Tls::new(client.tls.clone()),
            client,
        }
    }
}

/// Values of headers may be tokens, and stay out.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, headers, body, client, .. } = self;
        let names: Vec<&str> = headers.keys().map(String::as_str).collect();
        f.debug_struct("Http")
            .field("method", method)
            .field("headers", &names)
            .field("body", body)
            .field("client", client)
            .finish_non_exhaustive()
    }
}

/// What is sent may be a password, and stays out.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::File(secret) => f.debug_tuple("File").field(secret).finish(),
        }
    }
}

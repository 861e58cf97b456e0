//! The HTTP client block that Prometheus inlines into `remote_write`, scrape jobs and probe modules
//! (`prometheus/common`, `config/http_config.go`), read and validated with its error texts.
//!
//! What it says is described here, not done: crate `http` builds clients from it.

mod auth;
mod headers;
mod proxy;
mod tls;

pub use auth::{Auth, OAuth2, SigV4};
pub use headers::Header;
pub use proxy::Proxy;
pub use tls::{Tls, TlsVersion};

use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::node::Node;
use crate::secret::{Secret, SecretRef};

/// What a client does when the block does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// `follow_redirects`.
    pub follow_redirects: bool,
    /// `enable_http2`; off for remote write since Prometheus 3.
    pub enable_http2: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { follow_redirects: true, enable_http2: true }
    }
}

/// A validated HTTP client block. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct HttpClient {
    /// How requests are authorized; at most one way.
    pub auth: Option<Auth>,
    /// `tls_config`.
    pub tls: Tls,
    /// `proxy_url` and its companions.
    pub proxy: Proxy,
    /// Whether 3xx answers are followed.
    pub follow_redirects: bool,
    /// Whether HTTP/2 may be negotiated.
    pub enable_http2: bool,
    /// `http_headers`, sorted by name.
    pub http_headers: Vec<Header>,
}

/// The block as it is when nothing of it is written.
impl Default for HttpClient {
    fn default() -> Self {
        let Defaults { follow_redirects, enable_http2 } = Defaults::default();
        Self {
            auth: None,
            tls: Tls::default(),
            proxy: Proxy::Direct,
            follow_redirects,
            enable_http2,
            http_headers: Vec::new(),
        }
    }
}

impl HttpClient {
    /// Takes the block's keys from a mapping in which it is inlined. Keys that are wrong are findings and come out
    /// as if they were absent.
    pub fn take(mapping: &mut Mapping<'_>, findings: &mut Findings, defaults: Defaults) -> Self {
        let mut switch = |key: &str, default: bool, findings: &mut Findings| {
            mapping.take(key).and_then(|node| node.boolean(findings)).unwrap_or(default)
        };
        let follow_redirects = switch("follow_redirects", defaults.follow_redirects, findings);
        let enable_http2 = switch("enable_http2", defaults.enable_http2, findings);
        Self {
            auth: Auth::take(mapping, findings),
            tls: Tls::take(mapping, findings),
            proxy: Proxy::take(mapping, findings),
            follow_redirects,
            enable_http2,
            http_headers: headers::take(mapping, findings),
        }
    }

    /// Every place that holds a secret of this block.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        let Self { auth, tls, proxy, follow_redirects: _, enable_http2: _, http_headers } = self;
        let mut secrets = tls.secrets();
        secrets.extend(proxy.secrets());
        secrets.extend(auth.iter().flat_map(Auth::secrets));
        secrets.extend(http_headers.iter().flat_map(|header| &header.values));
        secrets.into_iter().filter_map(Secret::reference).collect()
    }
}

/// A secret that can be given in three ways: `password`, `password_file`, `password_ref`.
struct Choice {
    secret: Option<Secret>,
    given: usize,
}

impl Choice {
    /// Reads the three keys of a secret. Empty texts count as not given, as in Go. A reference needs a secret
    /// manager, which Prometheus has no way to configure; ours stand in the `_file` key.
    fn take(mapping: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Self {
        let mut choice = Self::take_two(mapping, key, findings);
        if let Some(node) = mapping.take(&format!("{key}_ref")).filter(|node| !is_empty(node)) {
            let reason = format!(
                "cannot use secret ref without manager; write {key}_file: ssm:/… or secretsmanager:…"
            );
            findings.error(node, reason);
            choice.given += 1;
        }
        choice
    }

    /// The same without `_ref`.
    fn take_two(mapping: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Self {
        let inline = mapping.take(key).filter(|node| !is_empty(node));
        let file = mapping.take(&format!("{key}_file")).filter(|node| !is_empty(node));
        let given = usize::from(inline.is_some()) + usize::from(file.is_some());
        let inline = inline.and_then(|node| node.secret(findings));
        let file = file.and_then(|node| node.secret_ref(findings)).map(Secret::Reference);
        Self { secret: inline.or(file), given }
    }

    /// The secret; with a finding where it is given in more than one way.
    fn at_most_one(self, node: &Node, reason: &str, findings: &mut Findings) -> Option<Secret> {
        if self.given > 1 {
            findings.error(node, reason);
        }
        self.secret
    }
}

/// `password: ""` and the like.
fn is_empty(node: &Node) -> bool {
    node.string(&mut Findings::new()).is_some_and(|text| text.is_empty())
}

/// The text of a key, if it is there and not empty.
fn take_text(mapping: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Option<String> {
    mapping.take(key).and_then(|node| node.string(findings)).filter(|text| !text.is_empty())
}

/// A key that we know and cannot serve.
fn refuse(mapping: &mut Mapping<'_>, key: &str, findings: &mut Findings) {
    if let Some(node) = mapping.take(key) {
        findings.error(node, format!("{key} is not supported"));
    }
}

//! What a TLS session and its certificates say, in the words and numbers of blackbox_exporter (`prober/tls.go`).

use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, ProtocolVersion};
use sha2::{Digest, Sha256};

use crate::certificate::der::magnitude;
use crate::certificate::{Certificate, push_hex, to_text};

/// An established session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: &'static str,
    /// Go's name of the cipher suite: `TLS_AES_128_GCM_SHA256`.
    pub cipher: &'static str,
    /// What ALPN agreed on.
    pub protocol: Option<Vec<u8>>,
    /// What the certificates say.
    pub chain: ChainFacts,
}

/// What the certificates say that a server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFacts {
    /// The earliest end of validity of all certificates sent, Unix seconds.
    pub earliest_expiry: i64,
    /// The latest, over all verified chains, of the earliest end in each (root included), Unix seconds. `None` where
    /// nothing was verified: `insecure_skip_verify`, or verification failed.
    pub last_chain_expiry: Option<i64>,
    /// The first certificate.
    pub leaf: LeafFacts,
}

/// What the server's own certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafFacts {
    /// SHA-256 of the certificate, lower-case hex.
    pub fingerprint_sha256: String,
    /// Go's `pkix.Name.String()`.
    pub subject: String,
    /// The same of the issuer.
    pub issuer: String,
    /// DNS names, joined by commas.
    pub alternative_names: String,
    /// Lower-case hex of the magnitude's bytes.
    pub serial: String,
}

impl ChainFacts {
    /// What the certificates say that came with a handshake; `None` where the first one is no certificate.
    pub(crate) fn of(
        presented: &[CertificateDer<'_>],
        last_chain_expiry: Option<i64>,
    ) -> Option<Self> {
        let parsed = presented.iter().map(|der| Certificate::parse(der));
        let leaf = parsed.clone().next().flatten()?;
        let expiries = parsed.flatten().map(|certificate| certificate.validity.not_after);
        let earliest_expiry = expiries.min().unwrap_or(leaf.validity.not_after);
        Some(Self { earliest_expiry, last_chain_expiry, leaf: LeafFacts::of(&leaf) })
    }
}

impl LeafFacts {
    fn of(certificate: &Certificate<'_>) -> Self {
        let names = certificate.extensions.alternative_names.as_ref();
        Self {
            fingerprint_sha256: hex(&Sha256::digest(certificate.der)),
            subject: to_text(certificate.subject),
            issuer: to_text(certificate.issuer),
            alternative_names: names.map(|names| names.dns.join(",")).unwrap_or_default(),
            serial: hex(&magnitude(certificate.serial)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

/// Go's name of a version.
pub(crate) fn version_name(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        // We offer no other.
        _ => "unknown",
    }
}

/// Go's name of a cipher suite: IANA's. Only for those of TLS 1.3 rustls has names of its own.
pub(crate) fn cipher_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => other.as_str().unwrap_or("unknown"),
    }
}

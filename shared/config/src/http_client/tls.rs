//! `tls_config`. Certificates and keys are named here and opened by crate `http`.

use super::{Choice, refuse, take_text};
use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::node::Node;
use crate::secret::{Secret, SecretRef};

/// `tls_config`, consistent: a certificate has its key, versions are in order.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM certificates that are trusted instead of the system's.
    pub ca: Option<Secret>,
    /// The client's certificate, PEM.
    pub cert: Option<Secret>,
    /// The client's key, PEM; there if and only if the certificate is.
    pub key: Option<Secret>,
    /// The name that the server's certificate must have; absent: the URL's host.
    pub server_name: Option<String>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
    /// The lowest version that is offered.
    pub min_version: Option<TlsVersion>,
    /// The highest version that is offered.
    pub max_version: Option<TlsVersion>,
}

/// The versions of TLS that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

impl Tls {
    pub(super) fn take(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Self {
        mapping.take("tls_config").and_then(|node| Self::read(node, findings)).unwrap_or_default()
    }

    /// Reads a `tls_config` section, for sections that have one without the rest of the block (`tcp` probes).
    pub fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut mapping = node.mapping(findings)?;
        let mut part = |key: &str, reason: &str, findings: &mut Findings| {
            Choice::take(&mut mapping, key, findings).at_most_one(node, reason, findings)
        };
        let ca = part("ca", "at most one of ca, ca_file & ca_ref must be configured", findings);
        let cert =
            part("cert", "at most one of cert, cert_file & cert_ref must be configured", findings);
        let key = part("key", "at most one of key and key_file must be configured", findings);
        let server_name = take_text(&mut mapping, "server_name", findings);
        let insecure_skip_verify = mapping
            .take("insecure_skip_verify")
            .and_then(|node| node.boolean(findings))
            .unwrap_or_default();
        let min_version = mapping.take("min_version").and_then(|node| read_minimum(node, findings));
        let max_version = mapping.take("max_version").and_then(|node| read_maximum(node, findings));
        refuse(&mut mapping, "next_protos", findings);
        mapping.finish_as("plain", findings);
        let tls =
            Self { ca, cert, key, server_name, insecure_skip_verify, min_version, max_version };
        for reason in tls.contradictions() {
            findings.error(node, reason);
        }
        Some(tls)
    }

    fn contradictions(&self) -> impl Iterator<Item = &'static str> {
        let pair = match (&self.cert, &self.key) {
            (Some(_), None) => Some(
                "exactly one of key or key_file must be configured when a client certificate is configured",
            ),
            (None, Some(_)) => Some(
                "exactly one of cert or cert_file must be configured when a client key is configured",
            ),
            _ => None,
        };
        let crossed = self.min_version.zip(self.max_version).is_some_and(|(min, max)| max < min);
        let order = crossed.then_some(
            "tls_config.max_version must be greater than or equal to tls_config.min_version \
             if both are specified",
        );
        pair.into_iter().chain(order)
    }

    /// Every place that holds a secret of this section.
    pub fn references(&self) -> Vec<&SecretRef> {
        self.secrets().into_iter().filter_map(Secret::reference).collect()
    }

    pub(super) fn secrets(&self) -> Vec<&Secret> {
        let Self { ca, cert, key, .. } = self;
        [ca, cert, key].into_iter().flatten().collect()
    }
}

/// The two that are older than our lowest.
enum Version {
    Old,
    Spoken(TlsVersion),
}

fn read_version(node: &Node, findings: &mut Findings) -> Option<Version> {
    let text = node.string(findings)?;
    match text.as_str() {
        "TLS13" => Some(Version::Spoken(TlsVersion::Tls13)),
        "TLS12" => Some(Version::Spoken(TlsVersion::Tls12)),
        "TLS11" | "TLS10" => Some(Version::Old),
        _ => {
            findings.error(node, format!("unknown TLS version: {}", text.escape_debug()));
            None
        }
    }
}

/// To allow older versions is harmless: they are not offered all the same.
fn read_minimum(node: &Node, findings: &mut Findings) -> Option<TlsVersion> {
    match read_version(node, findings)? {
        Version::Spoken(version) => Some(version),
        Version::Old => {
            findings.warning(node, "TLS 1.2 is the lowest version that is offered");
            Some(TlsVersion::Tls12)
        }
    }
}

fn read_maximum(node: &Node, findings: &mut Findings) -> Option<TlsVersion> {
    match read_version(node, findings)? {
        Version::Spoken(version) => Some(version),
        Version::Old => {
            findings.error(node, "TLS 1.0 and 1.1 are not supported");
            None
        }
    }
}

//! Why a probe failed: a closed list, for `probe_failure_info{reason}`, and the words for a person.

use std::fmt;

/// A probe that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Which of the closed list.
    pub(crate) reason: Reason,
    /// What happened. Shows no secret.
    pub(crate) message: String,
}

/// Why probes fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// A Lambda function cannot do this (`icmp`, `unix`, `source_ip_address`).
    Unsupported,
    /// The target is none.
    Target,
    /// The name has no address that could be used.
    Resolve,
    /// No TCP connection.
    Connect,
    /// No TLS session, for another reason than the certificate.
    Tls,
    /// The certificate is not believed.
    Certificate,
    /// The proxy refused, or is not there.
    Proxy,
    /// The time was over.
    Timeout,
    /// The connection broke, or what came is not of the protocol.
    Protocol,
    /// Credentials could not be had: a secret or an OAuth2 token.
    Credentials,
    /// Too many redirects, or one that leads nowhere.
    Redirect,
    /// The status code, the rcode or the gRPC status.
    Status,
    /// The version of HTTP.
    Version,
    /// `fail_if_ssl`, `fail_if_not_ssl`.
    Ssl,
    /// A header.
    Header,
    /// The body, or a text of a dialogue.
    Body,
    /// The body could not be decompressed, or should not have been compressed.
    Compression,
    /// The body is larger than `body_size_limit`, or than what is kept to look at.
    BodySize,
    /// A CEL expression.
    Cel,
    /// Resource records.
    Records,
    /// The health check says that it does not serve.
    Unhealthy,
    /// The module itself: what could only be found out while probing.
    Module,
    /// The prober itself broke down: a mistake of ours.
    Internal,
}

impl Reason {
    /// As the label has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Target => "target",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Proxy => "proxy",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Credentials => "credentials",
            Self::Redirect => "redirect",
            Self::Status => "status",
            Self::Version => "version",
            Self::Ssl => "ssl",
            Self::Header => "header",
            Self::Body => "body",
            Self::Compression => "compression",
            Self::BodySize => "body_size",
            Self::Cel => "cel",
            Self::Records => "records",
            Self::Unhealthy => "unhealthy",
            Self::Module => "module",
            Self::Internal => "internal",
        }
    }
}

impl Failure {
    /// A failure of this kind.
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// The time was over, while `step` was going on.
    pub(crate) fn timeout(step: &str) -> Self {
        Self::new(Reason::Timeout, format!("{step}: the time was over"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

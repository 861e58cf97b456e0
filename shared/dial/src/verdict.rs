//! Whether a server is believed to be who it says it is, in Go's order and in Go's words (`crypto/x509`,
//! `Certificate.Verify`), because that is what people who read a prober's log know.
//!
//! Two have to agree. Our own search for [`Chains`](crate::chains) knows Go's rules and when roots end; the library that
//! rustls verifies with has seen more of the world. Where the library is known to refuse what Go takes, it is not asked.

use std::net::IpAddr;

use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use series::Timestamp;

use crate::certificate::{AlternativeNames, Certificate, Validity, name_of};
use crate::chains::Chains;
use crate::trust::{Trust, Trusted, fingerprint};

/// Why a server is not believed.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// In words.
    pub(crate) message: String,
    /// What the server is told.
    pub(crate) alert: CertificateError,
}

impl Refusal {
    fn new(alert: CertificateError, message: impl Into<String>) -> Self {
        Self { message: message.into(), alert }
    }
}

/// Reads what a server sent. As in Go, one that is no certificate spoils all, also where nobody verifies.
pub(crate) fn parse<'a>(
    presented: &'a [CertificateDer<'_>],
) -> Result<Vec<Certificate<'a>>, Refusal> {
    let parsed = presented.iter().map(|der| Certificate::parse(der)).collect::<Option<Vec<_>>>();
    parsed.filter(|certificates| !certificates.is_empty()).ok_or_else(|| {
        let message = "tls: failed to parse certificate from server: x509: malformed certificate";
        Refusal::new(CertificateError::BadEncoding, message)
    })
}

/// Judges a server by what it sent. Says when the last of the chains to somebody trusted ends, Unix seconds.
pub(crate) fn judge(
    presented: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: UnixTime,
    trust: &Trust,
) -> Result<i64, Refusal> {
    let certificates = parse(presented)?;
    verify(presented, &certificates, name, now, trust).map_err(|refusal| Refusal {
        message: format!("tls: failed to verify certificate: {}", refusal.message),
        ..refusal
    })
}

fn verify(
    presented: &[CertificateDer<'_>],
    certificates: &[Certificate<'_>],
    name: &ServerName<'_>,
    now: UnixTime,
    trust: &Trust,
) -> Result<i64, Refusal> {
    let unknown = |message: String| Refusal::new(CertificateError::UnknownIssuer, message);
    let trusted = trust.trusted().map_err(|error| unknown(format!("x509: {error}")))?;
    let Some(leaf) = certificates.first() else {
        return Err(unknown("x509: no certificate".to_owned()));
    };
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    check_time(leaf.validity, seconds)?;
    check_name(leaf, &name.to_str())?;
    let fingerprint = fingerprint(certificates);
    let last = match &*trust.chains(certificates, fingerprint, trusted) {
        Chains::Found(chains) => last_expiry(chains, seconds)?,
        Chains::None(reason) => return Err(unknown(reason.clone())),
    };
    if may_be_asked(leaf, trusted) {
        let ask = || ask_library(presented, name, now, trusted);
        let key = (fingerprint, name.to_str().into_owned());
        trust.believe(certificates, key, seconds, ask)?;
    }
    Ok(last)
}

fn check_time(validity: Validity, now: i64) -> Result<(), Refusal> {
    let Validity { not_before, not_after } = validity;
    let at = |seconds| Timestamp::from_secs(seconds);
    let expired = |detail: String| {
        let message = format!("x509: certificate has expired or is not yet valid: {detail}");
        Refusal::new(CertificateError::Expired, message)
    };
    if now < not_before {
        Err(expired(format!("current time {} is before {}", at(now), at(not_before))))
    } else if now > not_after {
        Err(expired(format!("current time {} is after {}", at(now), at(not_after))))
    } else {
        Ok(())
    }
}

/// The end of the chain that ends last, of those that are valid now.
fn last_expiry(chains: &[Validity], now: i64) -> Result<i64, Refusal> {
    let valid = chains.iter().filter(|chain| check_time(**chain, now).is_ok());
    match valid.map(|chain| chain.not_after).max() {
        Some(last) => Ok(last),
        None => {
            chains.iter().try_for_each(|chain| check_time(*chain, now))?;
            Err(Refusal::new(CertificateError::UnknownIssuer, "x509: no valid chains built"))
        }
    }
}

fn check_name(leaf: &Certificate<'_>, host: &str) -> Result<(), Refusal> {
    let none = AlternativeNames::default();
    let names = leaf.extensions.alternative_names.as_ref().unwrap_or(&none);
    if names.include(host) {
        return Ok(());
    }
    Err(Refusal::new(CertificateError::NotValidForName, wrong_name(leaf, names, host)))
}

/// Go stops listing names here.
const MOST_NAMES: usize = 100;

fn wrong_name(leaf: &Certificate<'_>, names: &AlternativeNames<'_>, host: &str) -> String {
    let has_legacy_name = leaf.extensions.alternative_names.is_none()
        && name_of(leaf.subject).is_some_and(|name| name.eq_ignore_ascii_case(host));
    if has_legacy_name {
        return "x509: certificate relies on legacy Common Name field, use SANs instead".to_owned();
    }
    let valid: Vec<String> = if host.parse::<IpAddr>().is_ok() {
        if names.addresses.is_empty() {
            return format!(
                "x509: cannot validate certificate for {host} because it doesn't contain any IP SANs"
            );
        }
        names.addresses.iter().map(IpAddr::to_string).collect()
    } else {
        names.dns.iter().map(|name| (*name).to_owned()).collect()
    };
    match valid.len() {
        0 => format!("x509: certificate is not valid for any names, but wanted to match {host}"),
        MOST_NAMES.. => {
            format!("x509: certificate is valid for {} names, but none matched {host}", valid.len())
        }
        _ => format!("x509: certificate is valid for {}, not {host}", valid.join(", ")),
    }
}

/// The library refuses what Go takes: a server's certificate that is an authority's as well, and one that is trusted
/// itself.
fn may_be_asked(leaf: &Certificate<'_>, trusted: &Trusted) -> bool {
    let is_authority = leaf.extensions.basic_constraints.is_some_and(|known| known.is_authority);
    !is_authority && !trusted.anchors.holds(leaf.der)
}

fn ask_library(
    presented: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: UnixTime,
    trusted: &Trusted,
) -> Result<(), Refusal> {
    let Some((leaf, intermediates)) = presented.split_first() else { return Ok(()) };
    let verified = trusted.library.verify_server_cert(leaf, intermediates, name, &[], now);
    verified.map(drop).map_err(|error| {
        let message = format!("x509: {error}");
        match error {
            rustls::Error::InvalidCertificate(alert) => Refusal::new(alert, message),
            _ => Refusal::new(CertificateError::ApplicationVerificationFailure, message),
        }
    })
}

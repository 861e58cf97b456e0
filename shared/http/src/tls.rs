//! rustls configurations: one provider, TLS 1.2 and 1.3, and whom to trust.

use std::sync::Arc;

use config::TlsVersion;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

use crate::material::TlsMaterial;
use crate::roots::{Roots, verifier};

/// The one provider of cryptography. Passed to every configuration, so that no process-wide default is needed.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// What one peer asks for, beside the [`TlsMaterial`].
#[derive(Default)]
pub(crate) struct TlsOptions<'a> {
    /// The name that the peer's certificate must carry, where it is not the URL's host.
    pub(crate) server_name: Option<&'a str>,
    /// Trust anybody.
    pub(crate) skip_verification: bool,
    /// The versions to offer.
    pub(crate) versions: Versions,
    /// Offer HTTP/2 beside HTTP/1.1.
    pub(crate) http2: bool,
}

/// Which versions of TLS to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// TLS 1.2 and 1.3
    #[default]
    Both,
    /// TLS 1.2
    Tls12Only,
    /// TLS 1.3
    Tls13Only,
}

/// Why a TLS configuration cannot be made. Shows no key.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum TlsError {
    /// The authorities hold no certificate, or none of use.
    #[error("read the certificate authority: {0}")]
    Authority(String),
    /// The client certificate is no certificate.
    #[error("read the client certificate: {0}")]
    Certificate(String),
    /// The client key is no private key.
    #[error("read the client key: {0}")]
    Key(String),
    /// Certificate and key do not belong together, or are of no use.
    #[error("use the client certificate: {0}")]
    Identity(String),
    /// `server_name` is neither a name nor an address.
    #[error("use server_name \"{0}\": it is neither a host name nor an address")]
    ServerName(String),
}

/// A configuration with our identity that believes no server until it is given another verifier.
pub fn unbelieving_config(
    material: &TlsMaterial,
    versions: Versions,
) -> Result<ClientConfig, TlsError> {
    let unusable = |error: Error| TlsError::Identity(error.to_string());
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions.offered())
        .map_err(unusable)?
        .with_root_certificates(RootCertStore::empty());
    match material.identity()? {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(unusable),
    }
}

/// The configuration for one peer.
pub(crate) fn client_config(
    roots: &Roots,
    material: &TlsMaterial,
    options: &TlsOptions<'_>,
) -> Result<ClientConfig, TlsError> {
    let mut config = unbelieving_config(material, options.versions)?;
    let verifier = certificate_verifier(roots, material, options)?;
    config.dangerous().set_certificate_verifier(verifier);
    let protocols: &[&[u8]] = if options.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

impl Versions {
    /// The versions that a `tls_config` leaves to choose from.
    pub fn of(tls: &config::Tls) -> Self {
        match (tls.min_version, tls.max_version) {
            (Some(TlsVersion::Tls13), _) => Self::Tls13Only,
            (_, Some(TlsVersion::Tls12)) => Self::Tls12Only,
            _ => Self::Both,
        }
    }

    fn offered(self) -> &'static [&'static SupportedProtocolVersion] {
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Both => &BOTH,
            Self::Tls12Only => &BOTH[1..],
            Self::Tls13Only => &BOTH[..1],
        }
    }
}

fn certificate_verifier(
    roots: &Roots,
    material: &TlsMaterial,
    options: &TlsOptions<'_>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let trust = match material.authorities()? {
        _ if options.skip_verification => Trust::Anybody,
        None => Trust::Machine(roots.clone()),
        Some(authorities) => Trust::Given(given_authorities(authorities)?),
    };
    let server_name = options.server_name.map(parse_server_name).transpose()?;
    Ok(Arc::new(Verifier { trust, server_name }))
}

/// A verifier that believes these authorities alone.
pub fn given_authorities(
    certificates: Vec<CertificateDer<'static>>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    verifier(certificates).map_err(|error| TlsError::Authority(error.to_string()))
}

fn parse_server_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName(name.to_owned()))
}

/// Whom we believe to be who they say they are.
#[derive(Debug)]
enum Trust {
    Machine(Roots),
    Given(Arc<WebPkiServerVerifier>),
    Anybody,
}

/// Verifies certificates against roots that are read when the first one is seen, and optionally against another name
/// than the URL's. The name that the handshake itself announces stays the URL's host: reqwest sets it.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    server_name: Option<ServerName<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verifier = match &self.trust {
            Trust::Anybody => return Ok(ServerCertVerified::assertion()),
            Trust::Given(verifier) => verifier,
            Trust::Machine(roots) => {
                roots.load().as_ref().map_err(|error| Error::General(error.to_string()))?
            }
        };
        let name = self.server_name.as_ref().unwrap_or(server_name);
        verifier.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

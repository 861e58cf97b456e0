//! rustls configurations: one provider, TLS 1.2 and 1.3, and whom to trust.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
};

use crate::roots::{Roots, verifier};

/// The one provider of cryptography. Passed to every configuration, so that no process-wide default is needed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// What one peer asks for, all secrets resolved.
#[derive(Default)]
pub(crate) struct TlsOptions<'a> {
    /// PEM of the authorities to trust instead of the machine's roots.
    pub(crate) authorities: Option<&'a str>,
    /// PEM of our certificate chain and of its key.
    pub(crate) identity: Option<(&'a str, &'a str)>,
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
pub(crate) enum Versions {
    #[default]
    Both,
    Tls12Only,
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

/// The configuration for one peer.
pub(crate) fn client_config(
    roots: &Roots,
    options: &TlsOptions<'_>,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(options.versions.offered())
        .map_err(|error| TlsError::Identity(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(certificate_verifier(roots, options)?);
    let mut config = match options.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(chain(certificate)?, private_key(key)?)
            .map_err(|error| TlsError::Identity(error.to_string()))?,
    };
    let protocols: &[&[u8]] = if options.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

impl Versions {
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
    options: &TlsOptions<'_>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let trust = match options.authorities {
        _ if options.skip_verification => Trust::Anybody,
        None => Trust::Machine(roots.clone()),
        Some(pem) => Trust::Given(given_authorities(pem)?),
    };
    let server_name = options.server_name.map(parse_server_name).transpose()?;
    Ok(Arc::new(Verifier { trust, server_name }))
}

fn given_authorities(pem: &str) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let certificates =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| TlsError::Authority(error.to_string()))?;
    if certificates.is_empty() {
        return Err(TlsError::Authority("it holds no certificate".to_owned()));
    }
    verifier(certificates).map_err(|error| TlsError::Authority(error.to_string()))
}

fn parse_server_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName(name.to_owned()))
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate("it holds no certificate".to_owned()));
    }
    Ok(chain)
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| TlsError::Key(error.to_string()))
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

//! Stands by at one handshake: keeps what the server's certificates say, whether or not they are believed, and judges them.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::verify_tls13_signature_with_raw_key;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use crate::certificate::{Certificate, PublicKey};
use crate::session::ChainFacts;
use crate::trust::Trust;
use crate::verdict::{self, Refusal};

/// A verifier for one handshake.
#[derive(Debug)]
pub(crate) struct Witness {
    /// Whom to believe; `None`: anybody.
    trust: Option<Arc<Trust>>,
    seen: OnceLock<Seen>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// What the certificates say; `None` where the first one is no certificate.
    pub(crate) chain: Option<ChainFacts>,
    /// Why they are not believed.
    pub(crate) refusal: Option<Refusal>,
}

impl Witness {
    pub(crate) fn new(trust: Option<Arc<Trust>>) -> Self {
        Self { trust, seen: OnceLock::new() }
    }

    /// What was seen; `None` where the handshake did not come as far as the certificates.
    pub(crate) fn seen(&self) -> Option<&Seen> {
        self.seen.get()
    }

    /// When the last chain ends; `None` where nobody looks.
    fn judge(
        &self,
        presented: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<Option<i64>, Refusal> {
        match &self.trust {
            Some(trust) => verdict::judge(presented, name, now, trust).map(Some),
            None => verdict::parse(presented).map(|_| None),
        }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented: Vec<CertificateDer<'_>> = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|certificate| CertificateDer::from(certificate.as_ref()))
            .collect();
        let (last_chain_expiry, refusal) = match self.judge(&presented, server_name, now) {
            Ok(last) => (last, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let chain = ChainFacts::of(&presented, last_chain_expiry);
        let seen = self.seen.get_or_init(|| Seen { chain, refusal });
        match &seen.refusal {
            Some(refusal) => Err(Error::InvalidCertificate(refusal.alert.clone())),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = public_key(certificate)?;
        let algorithms = http::provider().signature_verification_algorithms;
        // In TLS 1.2 a scheme does not say which curve: the key does.
        let fitting = algorithms
            .mapping
            .iter()
            .filter(|(scheme, _)| *scheme == signed.scheme)
            .flat_map(|(_, algorithms)| *algorithms)
            .find(|algorithm| algorithm.public_key_alg_id().as_ref() == key.algorithm);
        let algorithm = fitting.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        algorithm
            .verify_signature(key.bits, message, signed.signature())
            .map(|()| HandshakeSignatureValid::assertion())
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadSignature))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(public_key(certificate)?.whole);
        let algorithms = http::provider().signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        http::provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The key of a certificate of any version. rustls's own way to it is for version 3 alone, and `openssl x509 -req` still makes
/// others, which are probed with `insecure_skip_verify`.
fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Result<PublicKey<'a>, Error> {
    let malformed = || Error::InvalidCertificate(CertificateError::BadEncoding);
    Certificate::parse(certificate).map(|certificate| certificate.key).ok_or_else(malformed)
}

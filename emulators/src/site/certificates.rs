//! A root, an authority below it, and a server's certificate for `localhost` and the loopback addresses.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// The certificates of a site.
#[derive(Debug)]
pub struct Certificates {
    /// The root, PEM: what a client has to trust.
    pub(super) authority: String,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Certificates {
    /// New ones that end at this time.
    ///
    /// # Panics
    /// When no keys can be made.
    #[must_use]
    pub fn until(end: SystemTime) -> Self {
        let root = authority("hostless emulated root", end);
        let root = CertifiedIssuer::self_signed(root, key_pair()).expect("a root");
        let middle = authority("hostless emulated authority", end);
        let middle = CertifiedIssuer::signed_by(middle, key_pair(), &root).expect("an authority");
        let key = key_pair();
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut leaf = CertificateParams::new(names).expect("good names");
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.not_before = start().into();
        leaf.not_after = end.into();
        let leaf = leaf.signed_by(&key, &middle).expect("a certificate");
        Self {
            authority: root.pem(),
            chain: vec![leaf.der().clone(), middle.der().clone(), root.der().clone()],
            key: key.serialize_der(),
        }
    }

    /// Shakes hands with whoever comes.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of the provider")
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .expect("a certificate and its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// All of them are valid from here: 2020-01-01.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800)
}

fn authority(name: &str, end: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.not_before = start().into();
    params.not_after = end.into();
    params
}

fn key_pair() -> KeyPair {
    KeyPair::generate().expect("a key")
}

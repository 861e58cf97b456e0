//! Authorities, what they sign, servers that show it, and a client that looks.

use std::sync::Arc;
use std::time::Duration;

use aws::Secrets;
use clock::Clock;
use config::{Secret, Tls as Settings};
use http::Roots;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use secrecy::SecretString;
use series::Timestamp;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::{TlsAcceptor, server};

use crate::{Dialer, Handshake, HandshakeError, Secured, Session, Tls};

/// 2026-11-20T09:26:40Z
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_795_166_800);

/// The end of what the laboratory makes if nothing else is said: 2040-01-01.
pub(super) const END: i64 = 2_208_988_800;

/// 2030-01-01, and 2035-01-01.
pub(super) const END_2030: i64 = 1_893_456_000;
pub(super) const END_2035: i64 = 2_051_222_400;

/// Signs certificates.
pub(super) struct Authority {
    name: &'static str,
    issuer: Issuer<'static, KeyPair>,
}

/// A chain, the bearer's first, and its key.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: Arc<PrivateKeyDer<'static>>,
}

impl Authority {
    pub(super) fn new(name: &'static str) -> Self {
        let key = KeyPair::generate().expect("a key");
        Self { name, issuer: Issuer::new(authority(name), key) }
    }

    /// Its certificate, signed by itself.
    pub(super) fn root(&self) -> CertificateDer<'static> {
        self.root_with(|_| ())
    }

    /// The same, changed.
    pub(super) fn root_with(
        &self,
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut params = authority(self.name);
        change(&mut params);
        params.self_signed(self.issuer.key()).expect("a certificate").der().clone()
    }

    /// Its certificate, signed by another one.
    pub(super) fn signed_by(
        &self,
        other: &Self,
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut params = authority(self.name);
        change(&mut params);
        let signed = params.signed_by(self.issuer.key(), &other.issuer);
        signed.expect("a certificate").der().clone()
    }

    /// A server's certificate.
    pub(super) fn sign(&self, names: &[&str]) -> Identity {
        self.sign_with(names, |_| ())
    }

    /// The same, changed.
    pub(super) fn sign_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let mut params = server_params(names);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity::new(certificate.der().clone(), &key)
    }
}

impl Identity {
    fn new(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        Self { chain: vec![certificate], key: Arc::new(key) }
    }

    /// One that signs itself.
    pub(super) fn self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = server_params(names);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self::new(certificate, &key)
    }

    /// Shows these as well.
    pub(super) fn with(mut self, more: &[&CertificateDer<'static>]) -> Self {
        self.chain.extend(more.iter().copied().cloned());
        self
    }

    /// A server that shows it.
    pub(super) fn server(&self) -> ServerConfig {
        self.server_of(rustls::ALL_VERSIONS)
    }

    /// The same for these versions of TLS only.
    pub(super) fn server_of(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ServerConfig {
        let provider = http::provider();
        let key = provider.key_provider.load_private_key(self.key.clone_key()).expect("a key");
        // Not looked at: some of them no server of this library would show.
        let shown = SingleCertAndKey::from(CertifiedKey::new(self.chain.clone(), key));
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown))
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(&[], name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn server_params(names: &[&str]) -> CertificateParams {
    let mut params = params(names, "server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

/// Valid until the first day of a year.
pub(super) fn until(year: i32) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.not_after = date_time_ymd(year, 1, 1)
}

pub(super) fn pem(certificates: &[&CertificateDer<'_>]) -> String {
    use base64::Engine as _;
    let encode = |der: &&CertificateDer<'_>| {
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    certificates.iter().map(encode).collect()
}

pub(super) fn inline(text: impl Into<String>) -> Option<Secret> {
    Some(Secret::Inline(SecretString::from(text.into())))
}

/// A `tls_config` that trusts these.
pub(super) fn trusting(authorities: &[&CertificateDer<'_>]) -> Settings {
    Settings { ca: inline(pem(authorities)), ..Settings::default() }
}

/// One who looks: a client with its surroundings.
pub(super) struct Client {
    pub(super) tls: Tls,
    pub(super) dialer: Dialer,
    pub(super) secrets: Secrets,
}

impl Client {
    pub(super) fn new(settings: Settings) -> Self {
        Self::at(settings, Clock::manual(NOW))
    }

    pub(super) fn at(settings: Settings, clock: Clock) -> Self {
        Self::on_machine(settings, clock, Roots::of(&|_| Some("/nowhere".to_owned())))
    }

    pub(super) fn on_machine(settings: Settings, clock: Clock, roots: Roots) -> Self {
        let secrets = Secrets::new(None, clock.clone(), Duration::from_secs(60));
        Self { tls: Tls::new(settings), dialer: Dialer::new(roots, clock), secrets }
    }

    /// Shakes hands over a pipe.
    pub(super) async fn over(
        &self,
        pipe: DuplexStream,
        name: &str,
    ) -> Result<Secured<DuplexStream>, HandshakeError> {
        let wanted = Handshake { name, protocols: &[] };
        self.tls.handshake(pipe, wanted, &self.dialer, &self.secrets).await
    }

    /// Shakes hands with a server.
    pub(super) async fn meet(
        &self,
        server: ServerConfig,
        name: &str,
    ) -> Result<Secured<DuplexStream>, HandshakeError> {
        let (ours, theirs) = duplex(1 << 16);
        let (met, _) = tokio::join!(self.over(ours, name), accept(server, theirs));
        met
    }

    /// The same, for the session alone.
    pub(super) async fn session(
        &self,
        server: ServerConfig,
        name: &str,
    ) -> Result<Session, HandshakeError> {
        self.meet(server, name).await.map(|secured| secured.session)
    }
}

/// The server's side of a handshake.
pub(super) async fn accept(
    config: ServerConfig,
    pipe: DuplexStream,
) -> Option<server::TlsStream<DuplexStream>> {
    let accepting = TlsAcceptor::from(Arc::new(config)).accept(pipe).into_fallible().await;
    match accepting {
        Ok(stream) => Some(stream),
        Err((_, mut pipe)) => {
            // What it had to say before it fell silent is on its way already.
            pipe.shutdown().await.ok();
            None
        }
    }
}

//! Certificates for servers of tests.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use time::{Duration, OffsetDateTime};

/// What a certificate of a test is to be like.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) organization: &'a str,
    pub(crate) common_name: &'a str,
    pub(crate) dns_names: &'a [&'a str],
    pub(crate) is_ca: bool,
    /// How long it is valid, in days; negative where that is over.
    pub(crate) days: i64,
}

/// A certificate with its key.
pub(crate) struct Identity {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) pem: String,
    pub(crate) key: KeyPair,
    /// The end of its validity, in Unix seconds.
    pub(crate) not_after: i64,
}

impl Wanted<'_> {
    /// A server at `localhost`.
    pub(crate) const LOCALHOST: Wanted<'static> = Wanted {
        organization: "Example Org",
        common_name: "Example",
        dns_names: &["localhost"],
        is_ca: true,
        days: 1,
    };

    /// Signed with its own key.
    pub(crate) fn self_signed(&self) -> Identity {
        self.signed_by_itself(KeyPair::generate().expect("a key"))
    }

    pub(crate) fn signed_by_itself(&self, key: KeyPair) -> Identity {
        let params = self.params();
        let certificate = params.self_signed(&key).expect("a certificate");
        identity(&certificate, &params, key)
    }

    /// Signed by another.
    pub(crate) fn signed_by(&self, issuer: &Wanted<'_>, issuer_key: &KeyPair) -> Identity {
        let (params, key) = (self.params(), KeyPair::generate().expect("a key"));
        let issuer = issuer.params();
        let issuer = Issuer::from_params(&issuer, issuer_key);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        identity(&certificate, &params, key)
    }

    fn params(&self) -> CertificateParams {
        let Self { organization, common_name, dns_names, is_ca, days } = self;
        let names: Vec<String> = dns_names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, *organization);
        params.distinguished_name.push(DnType::CommonName, *common_name);
        params.is_ca =
            if *is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        params.not_before = now() - Duration::days(30);
        params.not_after = now() + Duration::days(*days);
        params
    }
}

impl Identity {
    /// TLS for a server with this certificate and others behind it.
    pub(crate) fn server(
        &self,
        others: &[&Identity],
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let chain = std::iter::once(self).chain(others.iter().copied());
        let chain = chain.map(|identity| identity.der.clone()).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_protocol_versions(versions).expect("versions");
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let config = config.with_no_client_auth().with_single_cert(chain, key.into());
        Arc::new(config.expect("a certificate and its key"))
    }
}

fn identity(
    certificate: &rcgen::Certificate,
    params: &CertificateParams,
    key: KeyPair,
) -> Identity {
    Identity {
        der: certificate.der().clone(),
        pem: certificate.pem(),
        key,
        not_after: params.not_after.unix_timestamp(),
    }
}

#[expect(clippy::disallowed_methods, reason = "certificates are valid around now")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

//! Certificates, made when a test needs them: a good chain of three, and what is wrong with others.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// Years in which certificates end: each of them ends in its own, so that a value says which one it came from.
pub mod ends {
    /// The root.
    pub const ROOT: i32 = 2060;
    /// The one between.
    pub const INTERMEDIATE: i32 = 2050;
    /// A server.
    pub const SERVER: i32 = 2040;
    /// A server that is out of date.
    pub const EXPIRED: i32 = 2021;
}

/// A root and an authority between it and the servers.
pub struct Authority {
    root: Issuer,
    intermediate: Issuer,
}

/// A key with the certificates that a server or a client sends.
#[derive(Clone)]
pub struct Identity {
    /// Its own first.
    pub chain: Vec<CertificateDer<'static>>,
    key_der: Vec<u8>,
    chain_pem: String,
    key_pem: String,
}

impl Authority {
    /// A new one: `name` is part of the names in its certificates.
    pub fn new(name: &str) -> Self {
        let root =
            CertifiedIssuer::self_signed(authority(&format!("{name} root"), ends::ROOT), key());
        let root = root.expect("a root");
        let params = authority(&format!("{name} intermediate"), ends::INTERMEDIATE);
        let intermediate = CertifiedIssuer::signed_by(params, key(), &root).expect("an authority");
        Self { root, intermediate }
    }

    /// The root, as a `ca_file` holds it.
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// A server at `localhost` and 127.0.0.1.
    pub fn server(&self) -> Identity {
        self.issue(&server(&["localhost"], ends::SERVER))
    }

    /// The same, out of date.
    pub fn expired(&self) -> Identity {
        self.issue(&server(&["localhost"], ends::EXPIRED))
    }

    /// The same, until the beginning of a day.
    pub fn server_until(&self, year: i32, month: u8, day: u8) -> Identity {
        let mut params = server(&["localhost"], ends::SERVER);
        params.not_after = date_time_ymd(year, month, day);
        self.issue(&params)
    }

    /// A server of another name, and of no address.
    pub fn wrong_host(&self) -> Identity {
        let mut params = server(&["other.example", "another.example"], ends::SERVER);
        params.subject_alt_names.retain(|name| matches!(name, SanType::DnsName(_)));
        self.issue(&params)
    }

    /// A server whose subject has every kind of part, and a serial number that begins with zeros.
    pub fn verbose(&self) -> Identity {
        let mut params = server(&["localhost"], ends::SERVER);
        let subject = &mut params.distinguished_name;
        subject.push(DnType::CommonName, "local, host+\"");
        subject.push(DnType::OrganizationalUnitName, "unit");
        subject.push(DnType::OrganizationName, "Acme, Inc.");
        subject.push(DnType::LocalityName, "Minato");
        subject.push(DnType::StateOrProvinceName, "Tokyo");
        subject.push(DnType::CountryName, "JP");
        subject.push(DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]), "a@example.com");
        params.serial_number = Some(SerialNumber::from_slice(&[0x05, 0x00, 0xab]));
        self.issue(&params)
    }

    /// A client.
    pub fn client(&self) -> Identity {
        let mut params = server(&["client"], ends::SERVER);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = key();
        let own = params.signed_by(&key, &self.intermediate).expect("a certificate");
        let chain = [own.der(), self.intermediate.der(), self.root.der()];
        let pem = own.pem() + &self.intermediate.pem() + &self.root.pem();
        Identity::new(chain.map(Clone::clone).to_vec(), pem, &key)
    }
}

impl Identity {
    /// What `openssl req -x509` makes: a server's certificate that signed itself and says that it is an authority.
    pub fn self_signed() -> Self {
        let mut params = server(&["localhost"], ends::SERVER);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.extended_key_usages = Vec::new();
        params.key_usages = Vec::new();
        let key = key();
        let own = params.self_signed(&key).expect("a certificate");
        Self::new(vec![own.der().clone()], own.pem(), &key)
    }

    /// Without the certificates behind its own.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.chain.truncate(1);
        self
    }

    /// The certificates in PEM.
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The key in PEM.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The key, for a server.
    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key_der.clone()).into()
    }

    fn new(chain: Vec<CertificateDer<'static>>, chain_pem: String, key: &KeyPair) -> Self {
        Self { chain, key_der: key.serialize_der(), chain_pem, key_pem: key.serialize_pem() }
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn named(name: &str, ends: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(ends, 1, 1);
    params
}

fn authority(name: &str, ends: i32) -> CertificateParams {
    let mut params = named(name, ends);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server(names: &[&str], ends: i32) -> CertificateParams {
    let mut params = named(names[0], ends);
    let names = names.iter().map(|name| {
        SanType::DnsName((*name).try_into().expect("a name of letters, digits and dots"))
    });
    params.subject_alt_names = names.collect();
    params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

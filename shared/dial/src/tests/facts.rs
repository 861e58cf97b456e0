//! What certificates say, as text. The certificate here was made with openssl, with a subject that has everything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SerialNumber, SigningKey as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use std::sync::Arc;

use super::laboratory::{Authority, Client, Identity, until};
use crate::ChainFacts;
use crate::certificate::Certificate;

const EVERYTHING: &str = "\
MIIDEDCCArWgAwIBAgIQC/+8EfGQfQKvcZr81k+yUzAKBggqhkjOPQQDAjCB3jETMBEGCgmSJomT8ixkARkWA2NvbTEXMBUGCgmS\
JomT8ixkARkWB2V4YW1wbGUxFDASBgkqhkiG9w0BCQEWBXhAeS56MQswCQYDVQQGEwJKUDEOMAwGA1UECAwFVG9reW8xDzANBgNV\
BAcMBk1pbmF0bzEOMAwGA1UECQwFMS0yLTMxDDAKBgNVBBEMAzEwNTETMBEGA1UECgwKQWNtZSwgSW5jLjEKMAgGA1UECwwBYTEK\
MAgGA1UECwwBYjESMBAGA1UEAwwJbG9jYWxob3N0MQswCQYDVQQFEwI3NzAgFw0yNjExMjExNzAzMDZaGA8yMTI2MTAyODE3MDMw\
Nlowgd4xEzARBgoJkiaJk/IsZAEZFgNjb20xFzAVBgoJkiaJk/IsZAEZFgdleGFtcGxlMRQwEgYJKoZIhvcNAQkBFgV4QHkuejEL\
MAkGA1UEBhMCSlAxDjAMBgNVBAgMBVRva3lvMQ8wDQYDVQQHDAZNaW5hdG8xDjAMBgNVBAkMBTEtMi0zMQwwCgYDVQQRDAMxMDUx\
EzARBgNVBAoMCkFjbWUsIEluYy4xCjAIBgNVBAsMAWExCjAIBgNVBAsMAWIxEjAQBgNVBAMMCWxvY2FsaG9zdDELMAkGA1UEBRMC\
NzcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR6VvT+hDmJQ+RwlYKDZ7oDVWNC+O3MKO6LX+Ya/2QZ8oDn/XBSAa0D7SCnPdqO\
xxmqe5kfAUtlsjXu/wDb2hPFo1EwTzAuBgNVHREEJzAlgglsb2NhbGhvc3SCCyoubG9jYWxob3N0hwR/AAABgQV4QHkuejAdBgNV\
HQ4EFgQU5G/zh5205slrVlfdfquKXAcV+yIwCgYIKoZIzj0EAwIDSQAwRgIhALfEacyRzbTGb7/Qlq5SpqvDYAgNWt7XMISmlqGU\
/SxmAiEAnL9KZB+MbyJ4YNzp7fCdZjQDG+XAiwscxXIbLDGRw30=";

/// As blackbox_exporter prints it.
const NAME: &str = r"SERIALNUMBER=77,CN=localhost,OU=a+OU=b,O=Acme\, Inc.,POSTALCODE=105,STREET=1-2-3,L=Minato,ST=Tokyo,C=JP,1.2.840.113549.1.9.1=#0c057840792e7a,0.9.2342.19200300.100.1.25=#13076578616d706c65,0.9.2342.19200300.100.1.25=#1303636f6d";

#[test]
fn a_certificate_with_everything_reads_as_in_the_original() {
    let der = CertificateDer::from(STANDARD.decode(EVERYTHING).expect("Base64"));
    let facts = ChainFacts::of(&[der], Some(7)).expect("a certificate");
    assert_eq!(facts.leaf.subject, NAME);
    assert_eq!(facts.leaf.issuer, NAME);
    assert_eq!(facts.leaf.alternative_names, "localhost,*.localhost");
    assert_eq!(facts.leaf.serial, "0bffbc11f1907d02af719afcd64fb253");
    assert_eq!(
        facts.leaf.fingerprint_sha256,
        "3a887232e8b04e1f0271a47b1613f9ec1b7f01dbc60680990c5b49b8bfe68a5a"
    );
    assert_eq!((facts.earliest_expiry, facts.last_chain_expiry), (4_948_880_586, Some(7)));
}

/// The facts of a certificate that signs itself.
fn facts(change: impl FnOnce(&mut CertificateParams)) -> ChainFacts {
    let identity = Identity::self_signed(&[], change);
    ChainFacts::of(&identity.chain, None).expect("a certificate")
}

#[test]
fn names_are_escaped_as_in_go() {
    let cases = [
        ("plain", r"CN=plain"),
        (r#"a,b+c"d\e<f>g;h"#, r#"CN=a\,b\+c\"d\\e\<f\>g\;h"#),
        (" both ends ", r"CN=\ both ends\ "),
        (" ", r"CN=\ "),
        ("#first#", r"CN=\#first#"),
        ("a=b/c", "CN=a=b/c"),
        ("日本", "CN=日本"),
        ("", ""),
    ];
    for (value, expected) in cases {
        let facts = facts(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, value);
        });
        assert_eq!(facts.leaf.subject, expected, "{value}");
    }
}

#[test]
fn values_are_read_from_every_kind_of_text() {
    let unknown = || DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 2]);
    let cases: [(&str, DnType, DnValue, &str); 6] = [
        (
            "ASCII",
            DnType::CommonName,
            DnValue::Ia5String("a@b".try_into().expect("ASCII")),
            "CN=a@b",
        ),
        (
            "printable",
            DnType::CommonName,
            DnValue::PrintableString("a b".try_into().expect("text")),
            "CN=a b",
        ),
        (
            "UTF-16",
            DnType::CommonName,
            DnValue::BmpString("ä日".try_into().expect("UTF-16")),
            "CN=ä日",
        ),
        ("UTF-8", DnType::OrganizationName, DnValue::Utf8String("ä".to_owned()), "O=ä"),
        // Go writes these anew: as PrintableString where it can, else as UTF-8, whatever they were.
        (
            "hex of printable",
            unknown(),
            DnValue::Utf8String("a b".to_owned()),
            "1.2.840.113549.1.9.2=#1303612062",
        ),
        (
            "hex of others",
            unknown(),
            DnValue::BmpString("ä".try_into().expect("UTF-16")),
            "1.2.840.113549.1.9.2=#0c02c3a4",
        ),
    ];
    for (name, kind, value, expected) in cases {
        let facts = facts(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(kind, value);
        });
        assert_eq!(facts.leaf.subject, expected, "{name}");
    }
    let long = "x".repeat(200);
    let facts = facts(|params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(unknown(), long.as_str());
    });
    let expected = format!("1.2.840.113549.1.9.2=#1381c8{}", "78".repeat(200));
    assert_eq!(facts.leaf.subject, expected, "a length of two bytes");
}

fn serial(bytes: &[u8]) -> String {
    facts(|params| params.serial_number = Some(SerialNumber::from_slice(bytes))).leaf.serial
}

#[test]
fn serial_numbers_are_the_bytes_of_the_magnitude() {
    let cases: [(&[u8], &str); 4] = [
        (&[0x0b, 0xff, 0xbc], "0bffbc"),
        (&[0xbb, 0xff, 0xbc], "bbffbc"),
        (&[0x00, 0x00, 0x01], "01"),
        (&[0x00], ""),
    ];
    for (bytes, expected) in cases {
        assert_eq!(serial(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn serial_numbers_of_the_corpus() {
    for case in cases::corpus::cases("blackbox/behaviour/serial_numbers.json", 2) {
        let text = |member: &str| case[member].as_str().expect(member).to_owned();
        let hex = text("serial_hex");
        let (pairs, _) = hex.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| {
            let pair = std::str::from_utf8(pair).expect("ASCII");
            u8::from_str_radix(pair, 16).expect("hex")
        };
        let bytes: Vec<u8> = pairs.iter().map(byte).collect();
        assert_eq!(serial(&bytes), text("expected"), "{}", text("id"));
    }
}

#[test]
fn the_earliest_end_is_that_of_what_was_sent() {
    let authority = Authority::new("authority");
    let leaf = authority.sign_with(&["example.com"], until(2035)).chain.remove(0);
    let sooner = authority.root_with(until(2030));
    let expiry = |chain: &[CertificateDer<'_>]| {
        ChainFacts::of(chain, None).expect("a certificate").earliest_expiry
    };
    assert_eq!(expiry(std::slice::from_ref(&leaf)), super::laboratory::END_2035);
    assert_eq!(expiry(&[leaf.clone(), sooner]), super::laboratory::END_2030);
    assert_eq!(expiry(&[leaf, CertificateDer::from(&b"none"[..])]), super::laboratory::END_2035);
    assert_eq!(ChainFacts::of(&[], None), None);
    assert_eq!(ChainFacts::of(&[CertificateDer::from(&b"none"[..])], None), None);
}

/// A certificate of version 1, as `openssl x509 -req` makes them where it is given no extensions.
fn of_version_1() -> Identity {
    by_hand(&[], &[])
}

/// A certificate with this in front of and behind what version 1 has.
fn by_hand(before: &[u8], after: &[u8]) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let model = CertificateParams::new(Vec::new()).expect("parameters");
    let model = model.self_signed(&key).expect("a certificate");
    let model = Certificate::parse(model.der()).expect("a certificate");
    let validity = b"\x17\x0d200101000000Z\x17\x0d400101000000Z";
    let algorithm = element(0x30, model.signature_algorithm);
    let signed = [
        before.to_vec(),
        element(0x02, &[7]),
        algorithm.clone(),
        element(0x30, model.issuer),
        element(0x30, validity),
        element(0x30, model.subject),
        model.key.whole.to_vec(),
        after.to_vec(),
    ];
    let signed = element(0x30, &signed.concat());
    let signature = key.sign(&signed).expect("a signature");
    let signature = element(0x03, &[&[0], signature.as_slice()].concat());
    let der = element(0x30, &[signed, algorithm, signature].concat());
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    Identity { chain: vec![CertificateDer::from(der)], key: Arc::new(key) }
}

#[test]
fn extensions_stand_in_version_3_alone() {
    let version = |number| element(0xa0, &element(0x02, &[number]));
    // An extension that nobody knows, and that counts.
    let critical = element(0x01, &[0xff]);
    let extension = [element(0x06, &[0x2a, 0x03]), critical, element(0x04, &[])].concat();
    let extensions = element(0xa3, &element(0x30, &element(0x30, &extension)));
    let identifiers = [element(0x81, &[0, 1]), element(0x82, &[0, 1])].concat();
    let read = |before: &[u8], after: &[u8]| {
        let identity = by_hand(before, after);
        let read = Certificate::parse(&identity.chain[0])?;
        Some((read.version, read.extensions.has_unknown_critical))
    };
    let (second, third) = (version(1), version(2));
    for (name, before, after, expected) in [
        ("version 1", &[][..], &[][..], Some((1, false))),
        ("version 1 with extensions", &[], &extensions, None),
        ("version 2", &second, &[], Some((2, false))),
        ("version 2 with identifiers", &second, &identifiers, Some((2, false))),
        ("version 2 with extensions", &second, &extensions, None),
        ("version 3 with extensions", &third, &extensions, Some((3, true))),
    ] {
        assert_eq!(read(before, after), expected, "{name}");
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

#[tokio::test]
async fn certificates_of_version_1_are_seen_where_nobody_verifies() {
    let identity = of_version_1();
    for version in [&TLS12, &TLS13] {
        let settings = config::Tls { insecure_skip_verify: true, ..config::Tls::default() };
        let server = identity.server_of(&[version]);
        let session = Client::new(settings).session(server, "example.com").await;
        assert_eq!(session.expect("a session").chain.leaf.serial, "07", "{version:?}");
    }
}

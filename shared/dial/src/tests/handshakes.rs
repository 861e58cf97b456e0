//! What a handshake agrees on, and how one fails.

use std::sync::Arc;

use clock::Clock;
use config::{Secret, SecretRef, Tls as Settings, TlsVersion};
use http::Roots;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use series::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::laboratory::{Authority, Client, END, Identity, NOW, accept, inline, pem, trusting};
use crate::{Handshake, HandshakeError};

#[tokio::test]
async fn a_session_says_what_was_agreed_on() {
    let authority = Authority::new("authority");
    let identity = authority.sign(&["example.com"]);
    let cases = [
        ("both speak TLS 1.3", rustls::ALL_VERSIONS, "TLS 1.3", "TLS_AES_256_GCM_SHA384"),
        ("a server of old", &[&TLS12][..], "TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ];
    for (name, versions, version, cipher) in cases {
        let client = Client::new(trusting(&[&authority.root()]));
        let session = client.session(identity.server_of(versions), "example.com").await;
        let session = session.expect(name);
        assert_eq!((session.version, session.cipher), (version, cipher), "{name}");
        assert_eq!(session.protocol, None, "{name}");
        assert_eq!(session.chain.last_chain_expiry, Some(END), "{name}");
    }
}

#[tokio::test]
async fn versions_are_as_configured() {
    let authority = Authority::new("authority");
    let identity = authority.sign(&["example.com"]);
    let limited = |min_version, max_version| Settings {
        min_version,
        max_version,
        ..trusting(&[&authority.root()])
    };
    let client = Client::new(limited(None, Some(TlsVersion::Tls12)));
    let session = client.session(identity.server(), "example.com").await.expect("a session");
    assert_eq!(session.version, "TLS 1.2");

    let client = Client::new(limited(Some(TlsVersion::Tls13), None));
    let refused = client.session(identity.server_of(&[&TLS12]), "example.com").await;
    let refused = refused.expect_err("no common version");
    assert_eq!(refused.message, "remote error: tls: protocol version not supported");
    assert!(!refused.is_certificate);
}

#[tokio::test]
async fn protocols_are_offered_for_each_handshake() {
    let authority = Authority::new("authority");
    let client = Client::new(trusting(&[&authority.root()]));
    let mut server = authority.sign(&["example.com"]).server();
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    type Case = (&'static [&'static [u8]], Option<&'static [u8]>);
    let cases: [Case; 3] =
        [(&[b"h2", b"http/1.1"], Some(b"h2")), (&[b"http/1.1"], Some(b"http/1.1")), (&[], None)];
    for (protocols, expected) in cases {
        let (ours, theirs) = duplex(1 << 16);
        let wanted = Handshake { name: "example.com", protocols };
        let shaking = client.tls.handshake(ours, wanted, &client.dialer, &client.secrets);
        let (met, _server) = tokio::join!(shaking, accept(server.clone(), theirs));
        assert_eq!(met.expect("a session").session.protocol.as_deref(), expected);
    }
}

#[tokio::test]
async fn names_are_announced_and_addresses_are_not() {
    let authority = Authority::new("authority");
    let identity = authority.sign(&["example.com", "192.0.2.1", "2001:db8::1"]);
    let cases = [
        ("example.com", None, Some("example.com")),
        ("example.com.", None, Some("example.com")),
        ("192.0.2.1", None, None),
        ("[2001:db8::1]", None, None),
        ("192.0.2.1", Some("example.com"), Some("example.com")),
        ("other.example", Some("192.0.2.1"), None),
    ];
    for (name, server_name, expected) in cases {
        let settings = Settings {
            server_name: server_name.map(str::to_owned),
            ..trusting(&[&authority.root()])
        };
        let client = Client::new(settings);
        let (ours, theirs) = duplex(1 << 16);
        let (met, seen) = tokio::join!(client.over(ours, name), accept(identity.server(), theirs));
        met.expect(name);
        let seen = seen.expect(name);
        assert_eq!(seen.get_ref().1.server_name(), expected, "{name} {server_name:?}");
    }
}

#[tokio::test]
async fn what_is_no_name_is_refused_before_anything_is_sent() {
    let client = Client::new(Settings::default());
    let (ours, _theirs) = duplex(64);
    let error = client.over(ours, "not a name").await.expect_err("no name");
    assert_eq!(
        error.message,
        "use server name \"not a name\": it is neither a host name nor an address"
    );
}

#[tokio::test]
async fn each_handshake_is_a_whole_one() {
    let authority = Authority::new("authority");
    let client = Client::new(trusting(&[&authority.root()]));
    for versions in [&[&TLS13][..], &[&TLS12]] {
        let server = authority.sign(&["example.com"]).server_of(versions);
        for _ in 0..2 {
            let (ours, theirs) = duplex(1 << 16);
            let (met, served) =
                tokio::join!(client.over(ours, "example.com"), accept(server.clone(), theirs));
            let (mut met, mut served) = (met.expect("a session"), served.expect("a session"));
            assert_eq!(met.stream.0.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
            // Reading takes in the tickets with which another client would come back.
            served.write_all(b"x").await.expect("written");
            assert_eq!(met.stream.read_u8().await.expect("read"), b'x');
        }
    }
}

#[tokio::test]
async fn a_server_that_just_closes_has_said_all() {
    let authority = Authority::new("authority");
    let client = Client::new(trusting(&[&authority.root()]));
    for versions in [&[&TLS13][..], &[&TLS12]] {
        let server = authority.sign(&["example.com"]).server_of(versions);
        let (ours, theirs) = duplex(1 << 16);
        let serve = async {
            let mut served = accept(server, theirs).await.expect("a session");
            served.write_all(b"all of it").await.expect("written");
            served.flush().await.expect("sent");
            // The pipe falls with it, and no `close_notify` goes out.
        };
        let (met, ()) = tokio::join!(client.over(ours, "example.com"), serve);
        let mut stream = met.expect("a session").stream;
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.expect("an end");
        assert_eq!(read, b"all of it");
        assert_eq!(stream.read(&mut [0]).await.expect("still the end"), 0);
    }
}

#[tokio::test]
async fn the_clock_that_is_handed_in_decides() {
    let authority = Authority::new("authority");
    let identity = authority.sign(&["example.com"]);
    let clock = Clock::manual(NOW);
    let client = Client::at(trusting(&[&authority.root()]), clock.clone());
    client.session(identity.server(), "example.com").await.expect("in time");
    clock.set(Timestamp::from_secs(END + 1));
    let error = client.session(identity.server(), "example.com").await.expect_err("too late");
    assert_eq!(
        error.message,
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: \
         current time 2040-01-01T00:00:01Z is after 2040-01-01T00:00:00Z"
    );
    clock.set(NOW);
    client.session(identity.server(), "example.com").await.expect("in time again");
}

#[tokio::test]
async fn the_machines_roots_are_read_where_no_authority_is_given() {
    let (authority, other) = (Authority::new("authority"), Authority::new("other"));
    let identity = authority.sign(&["example.com"]);
    let outcome = async |bundle: String| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bundle.pem");
        std::fs::write(&file, bundle).expect("written");
        let named =
            |name: &str| (name == "SSL_CERT_FILE").then(|| file.to_string_lossy().into_owned());
        let client = Client::on_machine(Settings::default(), Clock::manual(NOW), Roots::of(&named));
        client.session(identity.server(), "example.com").await
    };
    let session = outcome(pem(&[&other.root(), &authority.root()])).await.expect("a session");
    assert_eq!(session.chain.last_chain_expiry, Some(END));
    for (name, bundle, expected) in [
        ("another root", pem(&[&other.root()]), "x509: certificate signed by unknown authority"),
        ("no root", pem(&[&b"none"[..].into()]), "x509: use trust roots: "),
    ] {
        let error = outcome(bundle).await.expect_err(name);
        assert!(error.message.contains(expected), "{name}: {error}");
        assert!(error.is_certificate && error.chain.is_some(), "{name}");
    }
}

/// A server that wants to see a certificate of this authority.
fn demanding(authority: &Authority, identity: &Identity) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root()).expect("a root");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), http::provider())
        .build()
        .expect("a verifier");
    ServerConfig::builder_with_provider(http::provider())
        .with_protocol_versions(&[&TLS12])
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .expect("a server")
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_it_has_one() {
    let authority = Authority::new("authority");
    let identity = authority.sign(&["example.com"]);
    let ours = authority.sign_with(&["client"], |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let settings = Settings {
        cert: inline(pem(&[&ours.chain[0]])),
        key: inline(key_pem(&ours)),
        ..trusting(&[&authority.root()])
    };
    let client = Client::new(settings);
    client.session(demanding(&authority, &identity), "example.com").await.expect("a session");

    // In TLS 1.3 a client is told only when it reads; in TLS 1.2 the handshake fails, after the server has shown its own.
    let client = Client::new(trusting(&[&authority.root()]));
    let server = demanding(&authority, &identity);
    let error = client.session(server, "example.com").await.expect_err("no certificate");
    assert_eq!(error.message, "remote error: tls: certificate required");
    assert!(!error.is_certificate);
    let chain = error.chain.expect("the server's certificate was seen");
    assert_eq!((chain.leaf.subject.as_str(), chain.last_chain_expiry), ("CN=server", Some(END)));
}

fn key_pem(identity: &Identity) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(identity.key.secret_der());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

#[tokio::test]
async fn a_replaced_authority_is_taken_in() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem(&[&first.root()])).expect("written");
    let settings = Settings {
        ca: Some(Secret::Reference(SecretRef::File(file.clone()))),
        ..Settings::default()
    };
    let clock = Clock::manual(NOW);
    let client = Client::at(settings, clock.clone());
    let (before, after) = (first.sign(&["example.com"]), second.sign(&["example.com"]));
    client.session(before.server(), "example.com").await.expect("the first");
    client.session(after.server(), "example.com").await.expect_err("not yet");
    std::fs::write(&file, pem(&[&second.root()])).expect("written");
    clock.set(NOW + std::time::Duration::from_secs(3600));
    client.session(after.server(), "example.com").await.expect("the second");
    client.session(before.server(), "example.com").await.expect_err("no longer");
}

#[tokio::test]
async fn secrets_of_no_use_are_named_and_not_shown() {
    let missing = Secret::Reference(SecretRef::File("/nowhere/ca.pem".into()));
    let identity = Authority::new("authority").sign(&["example.com"]);
    let certificate = inline(pem(&[&identity.chain[0]]));
    let cases = [
        (
            "a file that is not there",
            Settings { ca: Some(missing), ..Settings::default() },
            "read secret /nowhere/ca.pem: it does not exist",
        ),
        (
            "no certificate",
            Settings { ca: inline("password"), ..Settings::default() },
            "read the certificate authority: it holds no certificate",
        ),
        (
            "no key",
            Settings { cert: certificate, key: inline("password"), ..Settings::default() },
            "read the client key: ",
        ),
    ];
    for (name, settings, expected) in cases {
        let client = Client::new(settings);
        let prepared = client.tls.prepare(&client.dialer, &client.secrets).await;
        let prepared = prepared.expect_err(name).to_string();
        let (ours, _theirs) = duplex(64);
        let HandshakeError { message, is_certificate, chain } =
            client.over(ours, "example.com").await.expect_err(name);
        assert!(message.starts_with(expected), "{name}: {message}");
        assert_eq!(prepared, message, "{name}");
        assert!(!message.contains("password"), "{name}");
        assert_eq!((is_certificate, chain), (false, None), "{name}");
    }
}

#[tokio::test]
async fn who_does_not_speak_tls_is_named_as_that() {
    let cases: [(&str, &[u8], &str); 5] = [
        (
            "plain HTTP",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "first record does not look like a TLS handshake",
        ),
        (
            "a greeting",
            b"220 mail.example.com ESMTP\r\n",
            "first record does not look like a TLS handshake",
        ),
        ("nothing", b"", "EOF"),
        ("half a record", b"\x16\x03\x03\x01\x00half", "EOF"),
        ("an alert", b"\x15\x03\x03\x00\x02\x02\x28", "remote error: tls: handshake failure"),
    ];
    for (name, answer, expected) in cases {
        let client = Client::new(Settings::default());
        let (ours, mut theirs) = duplex(1 << 16);
        let serve = async {
            theirs.write_all(answer).await.expect("written");
            theirs.shutdown().await.expect("closed");
            let mut rest = Vec::new();
            theirs.read_to_end(&mut rest).await.ok();
        };
        let (met, ()) = tokio::join!(client.over(ours, "example.com"), serve);
        let HandshakeError { message, is_certificate, chain } = met.expect_err(name);
        assert!(message.contains(expected), "{name}: {message}");
        assert_eq!((is_certificate, chain), (false, None), "{name}");
    }
}

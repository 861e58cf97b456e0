//! Whom the client trusts, and what it shows of itself.

use config::{HttpClient, Tls, TlsVersion};
use http::{Factory, SendError};
use rustls::version::{TLS12, TLS13};
use url::Url;

use crate::certificates::{Authority, server, server_with};
use crate::server::{Reply, Server};
use crate::{client, error, file, inline, secrets, send, status};

const HERE: &str = "127.0.0.1";

fn trusting(authority: &Authority) -> Tls {
    Tls { ca: Some(inline(&authority.pem)), ..Tls::default() }
}

fn with(tls: Tls) -> HttpClient {
    HttpClient { tls, ..HttpClient::default() }
}

async fn serve(config: rustls::ServerConfig) -> (Server, Url) {
    let server = Server::tls(config, |_| Reply::status(200)).await;
    let url = server.url("https", "/");
    (server, url)
}

fn tls_error(error: SendError) -> String {
    match error {
        SendError::Tls(reason) => reason,
        other => panic!("a TLS error, not {other:?}"),
    }
}

#[tokio::test]
async fn the_given_authority_is_trusted_and_nobody_else() {
    let (ours, others) = (Authority::new(), Authority::new());
    let (_server, url) = serve(server(&ours.sign(HERE))).await;
    assert_eq!(status(&with(trusting(&ours)), url.clone()).await, 200);
    let reason = tls_error(error(&with(trusting(&others)), url).await);
    assert!(reason.contains("UnknownIssuer") || reason.contains("BadSignature"), "{reason}");
}

#[tokio::test]
async fn the_machines_roots_come_from_the_named_bundle_at_the_first_handshake() {
    let authority = Authority::new();
    let (_server, url) = serve(server(&authority.sign(HERE))).await;
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("bundle.pem");
    let path = bundle.display().to_string();
    let factory = Factory::new(&|name| (name == "SSL_CERT_FILE").then(|| path.clone()));
    // The bundle comes into being after the factory: nothing has been read yet.
    std::fs::write(&bundle, &authority.pem).expect("written");
    let client = factory.expect("a factory").client(&HttpClient::default(), &secrets(), None);
    let response = send(&client.expect("a client"), url).await.expect("an answer");
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_unless_that_is_the_name_to_expect() {
    let authority = Authority::new();
    let (_server, url) = serve(server(&authority.sign("receiver.test"))).await;
    let reason = tls_error(error(&with(trusting(&authority)), url.clone()).await);
    assert!(reason.contains("not valid for"), "{reason}");
    let named = Tls { server_name: Some("receiver.test".to_owned()), ..trusting(&authority) };
    assert_eq!(status(&with(named), url).await, 200);
}

#[tokio::test]
async fn a_certificate_that_is_over_is_refused() {
    let authority = Authority::new();
    let (_server, url) = serve(server(&authority.sign_expired(HERE))).await;
    let reason = tls_error(error(&with(trusting(&authority)), url).await);
    assert!(reason.contains("expired"), "{reason}");
}

#[tokio::test]
async fn insecure_skip_verify_takes_any_certificate() {
    let authority = Authority::new();
    let (_server, url) = serve(server(&authority.sign_expired("receiver.test"))).await;
    let tls = Tls { insecure_skip_verify: true, ..Tls::default() };
    assert_eq!(status(&with(tls), url).await, 200);
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_it() {
    let authority = Authority::new();
    let config = authority.mutual(&authority.sign(HERE));
    let (server, url) = serve(config).await;
    let own = authority.sign("client.test");
    let tls = Tls {
        cert: Some(inline(&own.certificate)),
        key: Some(inline(&own.key)),
        ..trusting(&authority)
    };
    assert_eq!(status(&with(tls), url.clone()).await, 200);
    error(&with(trusting(&authority)), url).await;
    assert_eq!(server.received().len(), 1, "without a certificate nothing arrives");
}

#[tokio::test]
async fn only_the_versions_that_are_allowed_are_offered() {
    let authority = Authority::new();
    let (_new, new) = serve(server_with(&authority.sign(HERE), &[&TLS13])).await;
    let (_old, old) = serve(server_with(&authority.sign(HERE), &[&TLS12])).await;
    let at_least_13 = Tls { min_version: Some(TlsVersion::Tls13), ..trusting(&authority) };
    let at_most_12 = Tls { max_version: Some(TlsVersion::Tls12), ..trusting(&authority) };
    assert_eq!(status(&with(at_least_13.clone()), new.clone()).await, 200);
    assert_eq!(status(&with(at_most_12.clone()), old.clone()).await, 200);
    tls_error(error(&with(at_least_13), old.clone()).await);
    tls_error(error(&with(at_most_12), new.clone()).await);
    let both = with(trusting(&authority));
    assert_eq!((status(&both, new).await, status(&both, old).await), (200, 200));
}

#[tokio::test]
async fn http2_is_offered_where_it_is_enabled() {
    let authority = Authority::new();
    // This server speaks nothing but HTTP/2, and says so before a byte of HTTP is sent.
    let mut config = server(&authority.sign(HERE));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (_server, url) = serve(config).await;
    let without = HttpClient { enable_http2: false, ..with(trusting(&authority)) };
    let reason = tls_error(error(&without, url.clone()).await);
    assert!(reason.contains("NoApplicationProtocol"), "{reason}");
    // Agreed upon, and then the server does not keep its word.
    let with_it = error(&with(trusting(&authority)), url).await;
    assert!(matches!(with_it, SendError::Broken(_)), "{with_it:?}");
}

#[tokio::test]
async fn an_authority_that_was_replaced_in_its_file_is_used_after_a_refresh() {
    let (old, new) = (Authority::new(), Authority::new());
    let (_server, url) = serve(server(&new.sign(HERE))).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, &old.pem).expect("written");
    let client = client(&with(Tls { ca: Some(file(&path)), ..Tls::default() }));
    tls_error(send(&client, url.clone()).await.expect_err("signed by another authority"));
    std::fs::write(&path, &new.pem).expect("written");
    client.refresh_credentials().await.expect("refreshed");
    assert_eq!(send(&client, url).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn material_of_no_use_is_found_before_anything_is_sent() {
    let authority = Authority::new();
    let own = authority.sign("client.test");
    let other = authority.sign("other.test");
    let (cert, key) = (Some(inline(&own.certificate)), Some(inline(&own.key)));
    let table = [
        (Tls { ca: Some(inline("nothing")), ..Tls::default() }, "certificate authority"),
        (Tls { cert: Some(inline("x")), key: key.clone(), ..Tls::default() }, "client certificate"),
        (Tls { cert: cert.clone(), key: Some(inline("x")), ..Tls::default() }, "client key"),
        (Tls { cert, key: Some(inline(&other.key)), ..Tls::default() }, "client certificate"),
        (Tls { server_name: Some("not a name".to_owned()), ..Tls::default() }, "server_name"),
    ];
    for (tls, expected) in table {
        let reason = client(&with(tls)).prepare().await.expect_err("of no use").to_string();
        assert!(reason.contains(expected), "{expected}: {reason}");
        assert!(!reason.contains("PRIVATE KEY"), "{reason}");
    }
}

//! HTTPS: what the certificate says, whether or not it is believed, and which name is announced to whom.

use rcgen::date_time_ymd;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::server::{Identity, Reply, Server};
use super::{knowing, phases, probe, probe_with, reason};
use crate::frame::Reason;

async fn serving(identity: &Identity) -> Server {
    Server::over(Some(identity.config(&[])), |_| Reply::whole(200, &[], b"fine")).await
}

#[tokio::test]
async fn a_believed_certificate_is_described() {
    let identity = Identity::of(&["a.example"]);
    let server = serving(&identity).await;
    let target = format!("https://a.example:{}/", server.address.port());
    let section = json!({"tls_config": {"ca": identity.pem}});
    let outcome = probe_with(&knowing(&["a.example"]), section, &target, None).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    assert_eq!(outcome.value("probe_http_ssl"), Some(1.0));
    for name in ["probe_tls_version_info", "probe_tls_cipher_info", "probe_ssl_last_chain_info"] {
        assert_eq!(outcome.value(name), Some(1.0), "{name}");
    }
    let expiry = outcome.value("probe_ssl_earliest_cert_expiry");
    assert_eq!(outcome.value("probe_ssl_last_chain_expiry_timestamp_seconds"), expiry);
    assert_eq!(phases(&outcome), ["resolve", "connect", "tls", "processing", "transfer"]);
    assert_eq!(server.seen()[0].server_name.as_deref(), Some("a.example"));
}

#[tokio::test]
async fn a_certificate_that_is_not_believed_is_described_all_the_same() {
    let expired = Identity::with(&["a.example"], |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let elsewhere = Identity::of(&["elsewhere.example"]);
    for identity in [expired, elsewhere] {
        let server = serving(&identity).await;
        let target = format!("https://a.example:{}/", server.address.port());
        let section = json!({"tls_config": {"ca": identity.pem}});
        let outcome = probe_with(&knowing(&["a.example"]), section, &target, None).await;
        assert_eq!(reason(&outcome), Some(Reason::Certificate), "{:?}", outcome.result);
        assert_eq!(outcome.value("probe_http_ssl"), Some(0.0));
        assert_eq!(outcome.value("probe_ssl_last_chain_info"), Some(1.0));
        assert!(outcome.value("probe_ssl_earliest_cert_expiry").is_some());
        // As in the original, a handshake that failed counts for no phase.
        let sum: f64 = outcome
            .gauges
            .iter()
            .filter(|gauge| {
                gauge.labels.iter().any(|(_, phase)| phase == "connect" || phase == "tls")
            })
            .map(|gauge| gauge.value)
            .sum();
        assert!(sum.abs() < f64::EPSILON);
    }
}

#[tokio::test]
async fn garbage_is_no_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("https://{}/", listener.local_addr().unwrap());
    let garbling = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        // Open until the client has gone.
        drop(stream.read_to_end(&mut Vec::new()).await);
    };
    let (outcome, ()) = tokio::join!(probe(json!({}), &target), garbling);
    assert_eq!(reason(&outcome), Some(Reason::Tls), "{:?}", outcome.result);
}

#[tokio::test]
async fn the_name_is_the_headers_then_the_targets() {
    let identity = Identity::of(&["a.example", "v.example", "s.example"]);
    let server = serving(&identity).await;
    let port = server.address.port();
    let table = [
        (json!({}), None, "a.example"),
        (json!({"headers": {"host": "v.example:443"}}), None, "v.example"),
        (json!({}), Some("v.example"), "v.example"),
        (
            json!({"headers": {"Host": "v.example"}, "tls_config": {"server_name": "s.example"}}),
            None,
            "s.example",
        ),
    ];
    for (mut section, hostname, expected) in table {
        section["tls_config"]["ca"] = json!(identity.pem);
        let target = format!("https://a.example:{port}/");
        let outcome = probe_with(&knowing(&["a.example"]), section, &target, hostname).await;
        assert_eq!(outcome.result, Ok(()), "{expected}");
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.server_name.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn another_host_is_known_by_its_own_name() {
    let identity = Identity::of(&["a.example", "b.example", "s.example"]);
    let other = serving(&identity).await;
    let to = format!("https://b.example:{}/", other.address.port());
    let first = Server::over(Some(identity.config(&[])), move |_| Reply::redirect(302, &to)).await;
    let target = format!("https://a.example:{}/", first.address.port());
    let section = json!({"tls_config": {"ca": identity.pem, "server_name": "s.example"}});
    let outcome = probe_with(&knowing(&["a.example", "b.example"]), section, &target, None).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    assert_eq!(first.seen()[0].server_name.as_deref(), Some("s.example"));
    assert_eq!(other.seen()[0].server_name.as_deref(), Some("b.example"));
    assert!(outcome.says("Address does not match first address, not sending TLS ServerName"));
    // From https to https there is a Referer; from https to http there is none.
    assert!(other.seen()[0].header("referer").is_some());
}

#[tokio::test]
async fn no_referer_leaves_https() {
    let identity = Identity::of(&["a.example"]);
    let plain = Server::start(|_| Reply::whole(200, &[], b"")).await;
    let to = plain.url("/");
    let first = Server::over(Some(identity.config(&[])), move |_| Reply::redirect(302, &to)).await;
    let section = json!({"tls_config": {"insecure_skip_verify": true}, "fail_if_ssl": true});
    let outcome = probe(section, &format!("https://{}/", first.address)).await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(outcome.value("probe_http_ssl"), Some(0.0));
    assert_eq!(outcome.value("probe_ssl_last_chain_info"), None);
    assert_eq!(plain.seen()[0].header("referer"), None);
}

#[tokio::test]
async fn no_credentials_leave_https() {
    let identity = Identity::of(&["a.example"]);
    for host in ["a.example", "127.0.0.1"] {
        let again = serving(&identity).await;
        let back = format!("https://{host}:{}/", again.address.port());
        let plain = Server::start(move |_| Reply::redirect(302, &back)).await;
        let to = format!("http://{host}:{}/", plain.address.port());
        let config = identity.config(&[]);
        let first = Server::over(Some(config), move |_| Reply::redirect(302, &to)).await;
        let section = json!({
            "basic_auth": {"username": "u", "password": "p"},
            "http_headers": {"Cookie": {"secrets": ["s=1"]}},
            "tls_config": {"insecure_skip_verify": true},
        });
        let target = format!("https://{host}:{}/", first.address.port());
        let outcome = probe_with(&knowing(&["a.example"]), section, &target, None).await;
        assert_eq!(outcome.result, Ok(()), "{host}: {:#?}", outcome.steps);
        // Whoever read the answer in the clear may have chosen the way back.
        for (what, server, is_sent) in
            [("first", &first, true), ("plain", &plain, false), ("back", &again, false)]
        {
            let seen = server.seen().pop().unwrap();
            for name in ["authorization", "cookie"] {
                assert_eq!(seen.header(name).is_some(), is_sent, "{host} {what} {name}");
            }
        }
    }
}

#[tokio::test]
async fn tls_may_be_unwelcome() {
    let identity = Identity::of(&["localhost"]);
    let server = serving(&identity).await;
    let section = json!({"tls_config": {"insecure_skip_verify": true}, "fail_if_ssl": true});
    let outcome = probe(section, &format!("https://{}/", server.address)).await;
    assert_eq!(reason(&outcome), Some(Reason::Ssl));
    assert_eq!(outcome.value("probe_http_ssl"), Some(1.0));
    let zero_time = -62_135_596_800.0;
    assert_eq!(outcome.value("probe_ssl_last_chain_expiry_timestamp_seconds"), Some(zero_time));
}

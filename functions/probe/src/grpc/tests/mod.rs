//! The grpc prober against servers of all kinds, and the cases of blackbox_exporter's own tests.

mod corpus;
mod server;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use self::server::{Answer, Server};
use crate::corpus::{Outcome, equipment, read_module, run};
use crate::frame::Reason;
use crate::module::Prober;
use crate::tcp::tests::certificates::{Identity, Wanted};

/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

const SERVING: u8 = 1;

async fn probe(target: &str, section: Value, time: Duration) -> Outcome {
    let module = read_module(&json!({ "prober": "grpc", "grpc": section })).expect("a module");
    let Prober::Grpc(module) = module.prober else { unreachable!("it says so") };
    let equipment = equipment(&BTreeMap::new());
    let probing = async |probe: crate::frame::Probe<'_>| super::probe(&module, &probe).await;
    run(target, None, time, &equipment, probing).await
}

async fn asked(answer: Answer, section: Value) -> (Outcome, Server) {
    let server = Server::start("127.0.0.1:0", answer, None).await.expect("a server");
    let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
    (outcome, server)
}

fn health(services: &[(&str, u8)]) -> Answer {
    let services = services.iter().map(|(name, state)| ((*name).to_owned(), *state));
    Answer::Health(services.collect())
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.result.as_ref().err().map(|failure| failure.reason)
}

/// The state that the metric shows.
fn state(outcome: &Outcome) -> Option<&str> {
    let states = outcome.gauges.iter().filter(|gauge| {
        gauge.metric.name == "probe_grpc_healthcheck_response" && gauge.value == 1.0
    });
    let states: Vec<_> = states.map(|gauge| gauge.labels[0].1.as_str()).collect();
    assert!(states.len() < 2, "{states:?}");
    states.first().copied()
}

/// TLS with gRPC's protocol, or with none.
fn tls(identity: &Identity, speaks_h2: bool) -> Arc<ServerConfig> {
    let mut config = Arc::unwrap_or_clone(identity.server(&[], &[&TLS12, &TLS13]));
    if speaks_h2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    Arc::new(config)
}

#[tokio::test]
async fn a_service_that_serves_is_a_success() {
    let (outcome, server) =
        asked(health(&[("", SERVING), ("shop", SERVING)]), json!({"service": "shop"})).await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(state(&outcome), Some("SERVING"));
    for (name, value) in [
        ("probe_grpc_status_code", 0.0),
        ("probe_grpc_ssl", 0.0),
        ("probe_ip_protocol", 4.0),
        ("probe_ip_addr_hash", 3_668_918_509.0),
    ] {
        assert_eq!(outcome.value(name), Some(value), "{name}");
    }
    let phases = outcome.gauges.iter().filter(|it| it.metric.name == "probe_grpc_duration_seconds");
    let phases: Vec<_> = phases.map(|gauge| gauge.labels[0].1.as_str()).collect();
    assert_eq!(phases, ["resolve", "check"]);
    assert!(outcome.value("probe_ssl_earliest_cert_expiry").is_none());
    let seen = server.seen();
    let header = |name: &str| seen[0].headers()[name].to_str().expect("text");
    assert_eq!(seen[0].uri().path(), "/grpc.health.v1.Health/Check");
    assert_eq!(
        seen[0].uri().authority().expect("there is one").as_str(),
        server.address.to_string()
    );
    assert_eq!((header("content-type"), header("te")), ("application/grpc", "trailers"));
}

#[tokio::test]
async fn a_service_that_does_not_serve_is_unhealthy_in_its_own_words() {
    for (number, name) in [(0, "UNKNOWN"), (2, "NOT_SERVING"), (3, "SERVICE_UNKNOWN"), (7, "7")] {
        let (outcome, _server) = asked(health(&[("", number)]), json!({})).await;
        assert_eq!(reason(&outcome), Some(Reason::Unhealthy), "{name}");
        assert_eq!(state(&outcome), Some(name));
        assert_eq!(outcome.value("probe_grpc_status_code"), Some(0.0), "the call went well");
    }
}

#[tokio::test]
async fn a_call_that_fails_has_the_code_that_grpc_go_gives_it() {
    let table = [
        (health(&[]), 5.0, Reason::Status),
        (Answer::Trailers(12, "unknown service"), 12.0, Reason::Status),
        (Answer::Trailers(0, ""), 13.0, Reason::Protocol),
        (Answer::Http(404, "text/html"), 12.0, Reason::Status),
        (Answer::Http(503, "text/plain"), 14.0, Reason::Status),
        (Answer::Http(200, "text/html"), 2.0, Reason::Status),
        (Answer::Bytes(vec![1, 0, 0, 0, 0]), 13.0, Reason::Protocol),
        (Answer::Bytes(vec![0, 0, 0, 0, 9, 1]), 13.0, Reason::Protocol),
        (Answer::Bytes(vec![0; 65_537]), 8.0, Reason::Protocol),
        (Answer::Reset(h2::Reason::REFUSED_STREAM), 14.0, Reason::Protocol),
        (Answer::Reset(h2::Reason::CANCEL), 1.0, Reason::Protocol),
        (Answer::Reset(h2::Reason::INTERNAL_ERROR), 13.0, Reason::Protocol),
    ];
    for (answer, code, expected) in table {
        let (outcome, _server) = asked(answer.clone(), json!({})).await;
        assert_eq!(outcome.value("probe_grpc_status_code"), Some(code), "{answer:?}");
        assert_eq!(reason(&outcome), Some(expected), "{answer:?}: {:?}", outcome.result);
        assert_eq!(state(&outcome), None, "{answer:?}");
        let states = "probe_grpc_healthcheck_response";
        let shown = outcome.gauges.iter().filter(|gauge| gauge.metric.name == states).count();
        assert_eq!(shown, 4, "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_ends_with_the_time() {
    let server = Server::start("127.0.0.1:0", Answer::Silence, None).await.expect("a server");
    let time = Duration::from_millis(300);
    let outcome = probe(&server.address.to_string(), json!({}), time).await;
    assert_eq!(reason(&outcome), Some(Reason::Timeout));
    assert_eq!(outcome.value("probe_grpc_status_code"), Some(4.0));
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = free.local_addr().expect("it is bound").to_string();
    drop(free);
    let outcome = probe(&closed, json!({}), PATIENCE).await;
    assert_eq!(reason(&outcome), Some(Reason::Connect), "{:?}", outcome.result);
    assert_eq!(outcome.value("probe_grpc_status_code"), Some(14.0));

    let outcome = probe("http://:80", json!({}), PATIENCE).await;
    assert_eq!(reason(&outcome), Some(Reason::Target));
    assert_eq!(outcome.value("probe_grpc_status_code"), Some(0.0));
}

#[tokio::test]
async fn metadata_goes_along_and_cannot_change_the_protocol() {
    let section = json!({"metadata": {
        "Key": ["a", "b"], "bytes-bin": ["test"], "authorization": ["Bearer planted"], "te": ["x"], "grpc-timeout": ["1n"],
    }});
    let (outcome, server) = asked(health(&[("", SERVING)]), section).await;
    assert_eq!(outcome.result, Ok(()));
    let seen = server.seen();
    let values = |name: &str| -> Vec<_> {
        let values = seen[0].headers().get_all(name).iter();
        values.map(|value| value.to_str().expect("text").to_owned()).collect()
    };
    assert_eq!(values("key"), ["a", "b"]);
    assert_eq!(values("bytes-bin"), ["dGVzdA"]);
    assert_eq!(values("authorization"), ["Bearer planted"]);
    assert_eq!(values("te"), ["trailers"]);
    assert_eq!(values("grpc-timeout"), Vec::<String>::new());

    let (outcome, _server) =
        asked(health(&[("", SERVING)]), json!({"metadata": {"key": ["a\nb"]}})).await;
    assert_eq!(outcome.value("probe_grpc_status_code"), Some(13.0), "no value of a header");
}

#[tokio::test]
async fn over_tls_the_certificates_are_described_believed_or_not() {
    let identity = Wanted { dns_names: &["127.0.0.1"], ..Wanted::LOCALHOST }.self_signed();
    let mut trusted = NamedTempFile::new().expect("a file");
    trusted.write_all(identity.pem.as_bytes()).expect("room");
    let believed = json!({"ca_file": trusted.path()});
    for (config, speaks_h2, expected, ssl) in [
        (believed.clone(), true, None, 1.0),
        (json!({"insecure_skip_verify": true}), true, None, 1.0),
        (json!({}), true, Some(Reason::Certificate), 0.0),
        (believed, false, Some(Reason::Tls), 1.0),
    ] {
        let tls = Some(tls(&identity, speaks_h2));
        let server = Server::start("127.0.0.1:0", health(&[("", SERVING)]), tls).await;
        let server = server.expect("a server");
        let section = json!({"tls": true, "tls_config": config});
        let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
        assert_eq!(reason(&outcome), expected, "{config}: {:?}", outcome.result);
        assert_eq!(outcome.value("probe_grpc_ssl"), Some(ssl), "{config}");
        let expiry = outcome.value("probe_ssl_earliest_cert_expiry");
        assert_eq!(expiry, Some(identity.not_after as f64), "{config}");
        let code = if expected.is_none() { 0.0 } else { 14.0 };
        assert_eq!(outcome.value("probe_grpc_status_code"), Some(code), "{config}");
    }
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_unavailable() {
    use crate::tcp::tests::server::{Act, Scripted};
    for script in [
        vec![Act::Send(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Act::Close],
        vec![Act::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Act::Close],
        vec![Act::Close],
    ] {
        let server = Scripted::start(script.clone(), None).await;
        let outcome = probe(&server.address.to_string(), json!({}), PATIENCE).await;
        assert_eq!(reason(&outcome), Some(Reason::Protocol), "{script:?}: {:?}", outcome.result);
        assert_eq!(outcome.value("probe_grpc_status_code"), Some(14.0), "{script:?}");
    }
}

#[tokio::test]
async fn headers_that_do_not_end_are_not_collected() {
    let endless: &'static str = "x".repeat(128 * 1024).leak();
    let (outcome, _server) = asked(Answer::Trailers(5, endless), json!({})).await;
    assert_eq!(reason(&outcome), Some(Reason::Protocol), "{:?}", outcome.result);
    // Not the status that stands in them.
    assert_eq!(outcome.value("probe_grpc_status_code"), Some(14.0));
}

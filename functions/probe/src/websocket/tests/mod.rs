//! The websocket prober against servers that follow a script, and the cases of blackbox_exporter's own tests.

mod corpus;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use self::server::{Act, Server};
use crate::corpus::{Outcome, equipment, read_module, run};
use crate::frame::Reason;
use crate::module::Prober;
use crate::tcp::tests::certificates::Wanted;
use crate::tcp::tests::server::{Act as Raw, Scripted};

/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

async fn probe(target: &str, section: Value, time: Duration) -> Outcome {
    let module = json!({ "prober": "websocket", "websocket": section });
    let module = read_module(&module).expect("a module");
    let Prober::Websocket(module) = module.prober else { unreachable!("it says so") };
    let equipment = equipment(&BTreeMap::new());
    let probing = async |probe: crate::frame::Probe<'_>| super::probe(&module, &probe).await;
    run(target, None, time, &equipment, probing).await
}

async fn converse(script: Vec<Act>, section: Value) -> (Outcome, Server) {
    let server = Server::start(script, None).await;
    let outcome = probe(&format!("ws://{}/chat", server.address), section, PATIENCE).await;
    (outcome, server)
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.result.as_ref().err().map(|failure| failure.reason)
}

fn phases(outcome: &Outcome) -> Vec<&str> {
    let of_phases = |name: &&str| *name == "probe_websocket_duration_seconds";
    let gauges = outcome.gauges.iter().filter(|gauge| of_phases(&gauge.metric.name));
    gauges.map(|gauge| gauge.labels[0].1.as_str()).collect()
}

fn send(text: &str) -> Act {
    Act::Send(Message::text(text))
}

#[tokio::test]
async fn an_upgrade_alone_is_a_success_without_a_dialogue() {
    let (outcome, server) = converse(vec![], json!({})).await;
    assert_eq!(outcome.result, Ok(()));
    for (name, value) in [
        ("probe_websocket_status_code", 101.0),
        ("probe_websocket_connection_upgraded", 1.0),
        ("probe_websocket_failed_due_to_regex", 0.0),
        ("probe_ip_protocol", 4.0),
    ] {
        assert_eq!(outcome.value(name), Some(value), "{name}");
    }
    assert_eq!(phases(&outcome), ["resolve", "connect", "processing"]);
    let seen = server.seen();
    assert_eq!(seen["host"], server.address.to_string());
    assert_eq!(seen["user-agent"], crate::frame::USER_AGENT);
}

#[tokio::test]
async fn a_dialogue_is_led_in_messages() {
    let script = vec![
        Act::Send(Message::Ping("x".into())),
        send("hello 42"),
        Act::Read("got 42".to_owned()),
        Act::Send(Message::binary(&b"\xffbytes"[..])),
        Act::Read("plain ${1}".to_owned()),
        Act::Close,
    ];
    let section = json!({"query_response": [
        {"expect": "^hello ([0-9]+)$", "send": "got ${1}"},
        {"expect": "bytes$"},
        {"send": "plain ${1}"},
    ]});
    let (outcome, _server) = converse(script, section).await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(phases(&outcome), ["resolve", "connect", "processing", "transfer"]);
    assert!(outcome.says("regexp matched"));
}

#[tokio::test]
async fn a_dialogue_that_goes_wrong_is_a_failure_that_says_why() {
    let expect = json!({"query_response": [{"expect": "^yes$"}]});
    for (script, expected) in [
        (vec![send("no")], Reason::Body),
        (vec![Act::Close], Reason::Protocol),
        (vec![Act::Send(Message::Close(None))], Reason::Protocol),
    ] {
        let (outcome, _server) = converse(script.clone(), expect.clone()).await;
        assert_eq!(reason(&outcome), Some(expected), "{script:?}: {:?}", outcome.result);
        assert_eq!(outcome.value("probe_websocket_failed_due_to_regex"), Some(1.0));
        assert_eq!(outcome.value("probe_websocket_connection_upgraded"), Some(1.0));
    }
}

#[tokio::test]
async fn a_silent_server_ends_with_the_time() {
    let server = Server::start(vec![], None).await;
    let section = json!({"query_response": [{"expect": "never"}]});
    let target = format!("ws://{}", server.address);
    let outcome = probe(&target, section, Duration::from_secs(1)).await;
    assert_eq!(reason(&outcome), Some(Reason::Timeout), "{:?}", outcome.result);
}

#[tokio::test]
async fn a_server_that_does_not_upgrade_is_shown_with_its_status() {
    for (answer, status, expected) in [
        (&b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"[..], 403.0, Reason::Status),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", 302.0, Reason::Status),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101.0, Reason::Protocol),
        (b"SSH-2.0-x\r\n\r\n", 0.0, Reason::Protocol),
        (b"", 0.0, Reason::Protocol),
    ] {
        let script = vec![Raw::ReadLine, Raw::Send(answer.to_vec()), Raw::Close];
        let server = Scripted::start(script, None).await;
        let outcome = probe(&format!("ws://{}", server.address), json!({}), PATIENCE).await;
        let said = String::from_utf8_lossy(answer);
        assert_eq!(reason(&outcome), Some(expected), "{said}: {:?}", outcome.result);
        assert_eq!(outcome.value("probe_websocket_status_code"), Some(status), "{said}");
        assert_eq!(outcome.value("probe_websocket_connection_upgraded"), Some(0.0), "{said}");
        assert_eq!(phases(&outcome), ["resolve", "connect", "processing"], "{said}");
    }
}

#[tokio::test]
async fn over_tls_the_certificates_are_described_believed_or_not() {
    let identity = Wanted { dns_names: &["127.0.0.1"], ..Wanted::LOCALHOST }.self_signed();
    for (skip, expected) in [(true, None), (false, Some(Reason::Certificate))] {
        let tls = identity.server(&[], &[&TLS12, &TLS13]);
        let server = Server::start(vec![Act::Close], Some(tls)).await;
        let section = json!({"http_config": {"tls_config": {"insecure_skip_verify": skip}}});
        let outcome = probe(&format!("wss://{}", server.address), section, PATIENCE).await;
        assert_eq!(reason(&outcome), expected, "{:?}", outcome.result);
        let expiry = outcome.value("probe_ssl_earliest_cert_expiry");
        assert_eq!(expiry, Some(identity.not_after as f64));
    }
}

#[tokio::test]
async fn secrets_go_along_and_are_never_shown() {
    for (section, header, expected) in [
        (
            json!({"http_config": {"authorization": {"credentials": "planted"}}}),
            "authorization",
            "Bearer planted",
        ),
        (
            json!({"http_config": {"basic_auth": {"username": "u", "password": "planted"}}}),
            "authorization",
            "Basic dTpwbGFudGVk",
        ),
        (json!({"headers": {"X-Key": {"secrets": ["planted"]}}}), "x-key", "planted"),
    ] {
        let (outcome, server) = converse(vec![Act::Close], section.clone()).await;
        assert_eq!(outcome.result, Ok(()), "{section}");
        assert_eq!(server.seen()[header], expected, "{section}");
        let said = format!("{outcome:?}");
        assert!(!said.contains("planted") && !said.contains("dTpwbGFudGVk"), "{said}");
    }
    let missing = json!({"http_config": {"authorization": {"credentials_file": "/no/such/file"}}});
    let (outcome, _server) = converse(vec![], missing).await;
    assert_eq!(reason(&outcome), Some(Reason::Credentials), "{:?}", outcome.result);
}

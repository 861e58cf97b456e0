//! TCP probes against servers that follow a script.

pub(crate) mod certificates;
pub(crate) mod golden;
pub(crate) mod server;

mod corpus;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use self::certificates::{Identity, Wanted};
use self::server::{Act, Scripted};
use crate::corpus::{Outcome, equipment, read_module, run};
use crate::frame::{Equipment, Reason};
use crate::module::Prober;

/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Probes with a `tcp` section.
async fn probe(target: &str, hostname: Option<&str>, section: Value, time: Duration) -> Outcome {
    let module = read_module(&json!({ "prober": "tcp", "tcp": section })).expect("a module");
    let Prober::Tcp(module) = module.prober else { unreachable!("it says so") };
    let equipment = equipment(&BTreeMap::new());
    let probing = async |probe: crate::frame::Probe<'_>| super::probe(&module, &probe).await;
    run(target, hostname, time, &equipment, probing).await
}

/// Equipment for which `localhost` has both addresses, whatever the machine says.
pub(crate) fn with_both_loopbacks() -> Equipment {
    let equipment = equipment(&BTreeMap::new());
    let addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let hosts = BTreeMap::from([("localhost".to_owned(), addresses)]);
    Equipment { dialer: equipment.dialer.with_hosts(hosts), ..equipment }
}

/// Probes a server that follows a script.
async fn converse(script: Vec<Act>, section: Value) -> (Outcome, Vec<String>) {
    let server = Scripted::start(script, None).await;
    let outcome = probe(&server.address.to_string(), None, section, PATIENCE).await;
    (outcome, server.lines().await)
}

fn send(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.result.as_ref().err().map(|failure| failure.reason)
}

fn pem_file(identities: &[&Identity]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    for identity in identities {
        file.write_all(identity.pem.as_bytes()).expect("room");
    }
    file
}

#[tokio::test]
async fn a_connection_alone_is_a_success() {
    let (outcome, _) = converse(vec![], json!({})).await;
    assert_eq!(outcome.result, Ok(()));
    for (name, value) in [
        ("probe_ip_protocol", 4.0),
        ("probe_ip_addr_hash", 3_668_918_509.0),
        ("probe_failed_due_to_regex", 0.0),
        ("probe_failed_due_to_bytes", 0.0),
    ] {
        assert_eq!(outcome.value(name), Some(value), "{name}");
    }
    assert!(outcome.value("probe_dns_lookup_time_seconds").is_some());
    assert_eq!(outcome.gauges.len(), 5, "{:?}", outcome.gauges);
    assert!(outcome.says("Dialing TCP without TLS") && outcome.says("Successfully dialed"));
    assert_eq!(golden::differences("tcp", &outcome), BTreeSet::new());
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_has_no_dialogue_metrics() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = free.local_addr().expect("it is bound").to_string();
    drop(free);
    for (target, expected, message) in [
        (closed.as_str(), Reason::Connect, "connect to 127.0.0.1:"),
        ("127.0.0.1", Reason::Target, "address 127.0.0.1: missing port in address"),
        ("127.0.0.1:http:", Reason::Target, "address 127.0.0.1:http:: too many colons in address"),
        ("127.0.0.1:70000", Reason::Target, "unknown port \"70000\""),
        (":0", Reason::Resolve, "no such host"),
    ] {
        let outcome = probe(target, None, json!({}), PATIENCE).await;
        assert_eq!(reason(&outcome), Some(expected), "{target}");
        assert!(outcome.says(message), "{target}: {:#?}", outcome.steps);
        assert_eq!(outcome.value("probe_failed_due_to_regex"), None, "{target}");
    }
}

#[tokio::test]
async fn a_source_address_is_unsupported() {
    let outcome =
        probe("127.0.0.1:1", None, json!({ "source_ip_address": "127.0.0.1" }), PATIENCE).await;
    assert_eq!(reason(&outcome), Some(Reason::Unsupported));
}

#[tokio::test]
async fn a_dialogue_goes_step_by_step() {
    let script = vec![
        send("220-welcome\r\n220 mail.example ESMTP\r\n250 early\r\n"),
        Act::ReadLine,
        Act::ReadLine,
        send("bye"),
        Act::Close,
    ];
    let section = json!({ "query_response": [
        { "expect": "^220 ([^ ]+)", "send": "EHLO ${1}\r",
          "labels": [{ "name": "host", "value": "<${1}>" }] },
        { "expect": "^250 (.*)$", "labels": [{ "name": "word", "value": "$1" }] },
        { "send": "QUIT $1" },
        { "expect": "^bye$" },
    ]});
    let (outcome, lines) = converse(script, section).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    assert_eq!(lines, ["EHLO mail.example\r\n", "QUIT $1\n"]);
    assert_eq!(outcome.value("probe_failed_due_to_regex"), Some(0.0));
    let infos = outcome.gauges.iter().filter(|gauge| gauge.metric.name == "probe_expect_info");
    let labels: Vec<_> = infos.map(|gauge| (gauge.labels.clone(), gauge.value)).collect();
    let label = |name: &str, value: &str| (vec![(name.to_owned(), value.to_owned())], 1.0);
    assert_eq!(labels, [label("host", "<mail.example>"), label("word", "early")]);
    for step in ["entry_number=0", "Read line line=220-welcome", "Regexp matched", "Sending line"] {
        assert!(outcome.says(step), "{step}: {:#?}", outcome.steps);
    }
    assert!(!outcome.says("EHLO"), "what is sent may be a password");
}

#[tokio::test]
async fn a_dialogue_fails_for_one_reason_at_a_time() {
    let hello = || json!({ "query_response": [{ "expect": "^hello$" }] });
    let bytes = |text: &str| json!({ "query_response": [{ "expect_bytes": text }] });
    for (sentence, script, section, expected, regex, bytes) in [
        ("no line matches", vec![send("a\nb\n"), Act::Close], hello(), Reason::Body, 1.0, 0.0),
        ("nothing comes", vec![Act::Close], hello(), Reason::Body, 1.0, 0.0),
        (
            "a line without end",
            vec![Act::Send(vec![b'x'; 1 << 16])],
            hello(),
            Reason::Protocol,
            0.0,
            0.0,
        ),
        ("other bytes", vec![send("nay")], bytes("yes"), Reason::Body, 0.0, 1.0),
        ("too few bytes", vec![send("y"), Act::Close], bytes("yes"), Reason::Body, 0.0, 0.0),
        ("no bytes", vec![Act::Close], bytes("yes"), Reason::Protocol, 0.0, 0.0),
    ] {
        let (outcome, _) = converse(script, section).await;
        assert_eq!(reason(&outcome), Some(expected), "{sentence}: {:#?}", outcome.steps);
        assert_eq!(outcome.value("probe_failed_due_to_regex"), Some(regex), "{sentence}");
        assert_eq!(outcome.value("probe_failed_due_to_bytes"), Some(bytes), "{sentence}");
    }
}

#[tokio::test]
async fn bytes_are_sent_and_expected_as_they_are() {
    let (outcome, lines) = converse(
        vec![Act::ReadLine, Act::Send(b"\0\xff\n\r".to_vec())],
        json!({ "query_response": [{ "send": "a\0$1" }, { "expect_bytes": "\0" }] }),
    )
    .await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    assert_eq!(lines, ["a\0$1\n"]);
}

#[tokio::test]
async fn what_lines_were_read_ahead_is_not_there_for_bytes() {
    let (outcome, _) = converse(
        vec![send("one\ntwo"), Act::Close],
        json!({ "query_response": [{ "expect": "one" }, { "expect_bytes": "two" }] }),
    )
    .await;
    // Where both came in one piece, the original does not find the bytes; where not, it does.
    assert_ne!(reason(&outcome), Some(Reason::Timeout));
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_time_there_is() {
    let server = Scripted::start(vec![send("a line without end")], None).await;
    let section = json!({ "query_response": [{ "expect": "hello" }] });
    let outcome =
        probe(&server.address.to_string(), None, section, Duration::from_millis(300)).await;
    assert_eq!(reason(&outcome), Some(Reason::Timeout));
    assert_eq!(outcome.value("probe_failed_due_to_regex"), Some(0.0));
}

#[tokio::test]
async fn tls_comes_first_or_in_the_middle() {
    let identity = Wanted::LOCALHOST.self_signed();
    let ca = pem_file(&[&identity]);
    let tls = json!({ "ca_file": ca.path(), "server_name": "localhost" });
    let first = (
        vec![Act::Tls, send("hello\n")],
        json!({ "tls": true, "tls_config": tls, "query_response": [{ "expect": "^hello$" }] }),
    );
    let middle = (
        vec![send("220 go\n"), Act::ReadLine, Act::Tls, Act::ReadLine, send("hello\n")],
        json!({ "tls_config": tls, "query_response": [
            { "expect": "^220", "send": "STARTTLS", "starttls": true },
            { "send": "EHLO" },
            { "expect": "^hello$" },
        ]}),
    );
    for (script, section) in [first, middle] {
        let server = Scripted::start(script, Some(identity.server(&[], &[&TLS13]))).await;
        let outcome = probe(&server.address.to_string(), None, section, PATIENCE).await;
        assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
        assert_session(&outcome, &identity, "TLS 1.3");
        for page in ["tcp_ssl", "tcp_ssl_basic"] {
            assert_eq!(golden::differences(page, &outcome), BTreeSet::new());
        }
        server.lines().await;
    }
}

fn assert_session(outcome: &Outcome, identity: &Identity, version: &str) {
    let expiry = Some(identity.not_after as f64);
    assert_eq!(outcome.value("probe_ssl_earliest_cert_expiry"), expiry);
    assert_eq!(outcome.value("probe_ssl_last_chain_expiry_timestamp_seconds"), expiry);
    let info = outcome.first("probe_tls_version_info").expect("a version");
    assert_eq!(info.labels, [("version".to_owned(), version.to_owned())]);
    let leaf = outcome.first("probe_ssl_last_chain_info").expect("a certificate");
    let subject = ("subject".to_owned(), "CN=Example,O=Example Org".to_owned());
    assert!(leaf.labels.contains(&subject), "{:?}", leaf.labels);
    assert_eq!(outcome.value("probe_tls_cipher_info"), None, "only HTTP says the cipher");
}

#[tokio::test]
async fn the_name_to_verify_is_the_module_s_or_the_parameter_s_or_the_target_s() {
    let identity = Wanted { dns_names: &["probe.example"], ..Wanted::LOCALHOST }.self_signed();
    let ca = pem_file(&[&identity]);
    let with = |name: Option<&str>| {
        json!({ "tls": true, "preferred_ip_protocol": "ip4",
        "tls_config": { "ca_file": ca.path(), "server_name": name.unwrap_or_default() } })
    };
    for (sentence, hostname, name, expected) in [
        ("the target's does not fit", None, None, Some(Reason::Certificate)),
        ("an empty parameter is none", Some(""), None, Some(Reason::Certificate)),
        ("the parameter fits", Some("probe.example"), None, None),
        ("the module's fits", None, Some("probe.example"), None),
        ("the module's goes first", Some("probe.example"), Some("x"), Some(Reason::Certificate)),
    ] {
        let server = Scripted::start(vec![Act::Tls], Some(identity.server(&[], &[&TLS12]))).await;
        let target = format!("localhost:{}", server.address.port());
        let outcome = probe(&target, hostname, with(name), PATIENCE).await;
        assert_eq!(reason(&outcome), expected, "{sentence}: {:#?}", outcome.steps);
    }
}

#[tokio::test]
async fn certificates_that_are_not_believed_are_recorded() {
    let identity = Wanted { days: -2, ..Wanted::LOCALHOST }.self_signed();
    let ca = pem_file(&[&identity]);
    let tls = json!({ "ca_file": ca.path(), "server_name": "localhost" });
    let first = (vec![Act::Tls], json!({ "tls": true, "tls_config": tls }), None);
    let starttls = json!({ "tls_config": tls, "query_response": [{ "starttls": true }] });
    for (script, section, regex) in [first, (vec![Act::Tls], starttls, Some(0.0))] {
        let server = Scripted::start(script, Some(identity.server(&[], &[&TLS13]))).await;
        let outcome = probe(&server.address.to_string(), None, section, PATIENCE).await;
        assert_eq!(reason(&outcome), Some(Reason::Certificate), "{:#?}", outcome.steps);
        let expiry = outcome.value("probe_ssl_earliest_cert_expiry");
        assert_eq!(expiry, Some(identity.not_after as f64));
        let last = outcome.value("probe_ssl_last_chain_expiry_timestamp_seconds");
        assert_eq!(last, Some(-62_135_596_800.0));
        assert_eq!(outcome.value("probe_tls_version_info"), None, "there is no session");
        assert_eq!(outcome.value("probe_failed_due_to_regex"), regex);
    }
}

#[tokio::test]
async fn garbage_instead_of_tls_is_a_failed_handshake() {
    let outcome = {
        let server = Scripted::start(vec![send("SSH-2.0-x\r\n"), Act::Close], None).await;
        probe(&server.address.to_string(), None, json!({ "tls": true }), PATIENCE).await
    };
    assert_eq!(reason(&outcome), Some(Reason::Tls), "{:#?}", outcome.steps);
    assert!(outcome.says("Error dialing TCP"));
}

//! DNS probes against servers on this machine.

mod corpus;
mod server;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};

use self::server::{Answering, DnsServer};
use self::zone::answer;
use crate::corpus::{Outcome, equipment, read_module, run};
use crate::frame::Reason;
use crate::module::Prober;
use crate::tcp::tests::certificates::Wanted;
use crate::tcp::tests::golden;

/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Probes with a `dns` section, of which `query_name` is example.com unless it says otherwise.
async fn probe(target: &str, mut section: Value, time: Duration) -> Outcome {
    let members = section.as_object_mut().expect("a section");
    members.entry("query_name").or_insert_with(|| "example.com".into());
    let module = read_module(&json!({ "prober": "dns", "dns": section })).expect("a module");
    let Prober::Dns(module) = module.prober else { unreachable!("it says so") };
    let equipment = equipment(&BTreeMap::new());
    let probing = async |probe: crate::frame::Probe<'_>| super::probe(&module, &probe).await;
    run(target, None, time, &equipment, probing).await
}

fn answering(answers: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Answering {
    Arc::new(answers)
}

/// An address in each section, and one more in the last.
fn three_sections(query: &[u8]) -> Vec<u8> {
    let address = |last: u8| format!("example.com. 60 IN A 192.0.2.{last}");
    answer(query, 0, [&[address(1)], &[address(2)], &[address(3), address(4)]])
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.result.as_ref().err().map(|failure| failure.reason)
}

fn phase(outcome: &Outcome, name: &str) -> f64 {
    let label = [("phase".to_owned(), name.to_owned())];
    let is_it = |gauge: &&crate::frame::Gauge| {
        gauge.metric.name == "probe_dns_duration_seconds" && gauge.labels == label
    };
    outcome.gauges.iter().find(is_it).expect(name).value
}

#[tokio::test]
async fn an_answer_over_each_transport_has_the_same_metrics() {
    let reply = answering(|query| vec![three_sections(query)]);
    let identity = Wanted::LOCALHOST.self_signed();
    let mut ca = tempfile::NamedTempFile::new().expect("a file");
    ca.write_all(identity.pem.as_bytes()).expect("room");
    let config = identity.server(&[], &[&TLS12, &TLS13]);
    let over_tls = json!({ "transport_protocol": "tcp", "dns_over_tls": true,
        "tls_config": { "ca_file": ca.path() }, "preferred_ip_protocol": "ip4" });
    for (server, section, protocol) in [
        (DnsServer::udp(reply.clone()).await, json!({}), "dial_protocol=udp4"),
        (
            DnsServer::tcp(reply.clone(), None).await,
            json!({ "transport_protocol": "tcp" }),
            "dial_protocol=tcp4",
        ),
        (DnsServer::tcp(reply.clone(), Some(config)).await, over_tls, "dial_protocol=tcp4-tls"),
    ] {
        // The certificate is asked for by the target's name.
        let host = if protocol.ends_with("tls") { "localhost" } else { "127.0.0.1" };
        let target = format!("{host}:{}", server.address.port());
        let outcome = probe(&target, section, PATIENCE).await;
        assert_eq!(outcome.result, Ok(()), "{protocol}: {:#?}", outcome.steps);
        assert!(outcome.says(protocol), "{:#?}", outcome.steps);
        for (name, value) in [
            ("probe_dns_answer_rrs", 1.0),
            ("probe_dns_authority_rrs", 1.0),
            ("probe_dns_additional_rrs", 2.0),
            ("probe_dns_query_succeeded", 1.0),
            ("probe_ip_protocol", 4.0),
            ("probe_ip_addr_hash", 3_668_918_509.0),
        ] {
            assert_eq!(outcome.value(name), Some(value), "{protocol}: {name}");
        }
        assert!(phase(&outcome, "connect") > 0.0 && phase(&outcome, "request") > 0.0);
        assert!(phase(&outcome, "resolve") >= 0.0);
        assert_eq!(outcome.value("probe_dns_serial"), None);
        assert_eq!(outcome.gauges.len(), 10, "{:?}", outcome.gauges);
    }
}

#[tokio::test]
async fn a_query_asks_for_what_the_module_says() {
    for (section, name, kind, class, recursion) in [
        (json!({}), &b"\x07example\x03com\0"[..], 255, 1, true),
        (
            json!({ "query_name": "a.b.", "query_type": "SOA", "query_class": "CH",
                "recursion_desired": false }),
            b"\x01a\x01b\0",
            6,
            3,
            false,
        ),
        (json!({ "query_name": "." }), b"\0", 255, 1, true),
    ] {
        let (expected_kind, expected_class): (u16, u16) = (kind, class);
        let server = DnsServer::udp(answering(move |query| {
            let question = [name, &expected_kind.to_be_bytes(), &expected_class.to_be_bytes()];
            let flags = if recursion { [1, 0] } else { [0, 0] };
            let header = [&flags[..], &[0, 1, 0, 0, 0, 0, 0, 0]].concat();
            let is_asked = query[2..] == [&header[..], &question.concat()].concat();
            vec![answer(query, if is_asked { 0 } else { 5 }, [&[], &[], &[]])]
        }))
        .await;
        let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
        assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    }
}

#[tokio::test]
async fn a_zone_has_a_serial_number() {
    let soa = "example.com. 60 IN SOA ns.example.com. noc.example.com. 2026041601 1 2 3 4";
    for (records, expected) in [(vec![soa.to_owned()], 2_026_041_601.0), (vec![], 0.0)] {
        let server =
            DnsServer::udp(answering(move |query| vec![answer(query, 0, [&records, &[], &[]])]))
                .await;
        let section = json!({ "query_type": "SOA" });
        let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
        assert_eq!(outcome.value("probe_dns_serial"), Some(expected));
        assert_eq!(golden::differences("dns_basic", &outcome), BTreeSet::new());
    }
}

#[tokio::test]
async fn datagrams_of_other_transactions_are_passed_over() {
    let server = DnsServer::udp(answering(|query| {
        let right = three_sections(query);
        let mut late = right.clone();
        late[0] ^= 0xff;
        vec![late.clone(), late, right]
    }))
    .await;
    let outcome = probe(&server.address.to_string(), json!({}), PATIENCE).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
}

#[tokio::test]
async fn what_is_no_answer_fails_the_probe() {
    type Spoil = fn(&[u8]) -> Vec<u8>;
    let spoiled: [(&str, Spoil, &str); 6] = [
        ("garbage", |_| b"HTTP/1.1 400 Bad Request".to_vec(), "no DNS message"),
        ("a few bytes", |query| query[..7].to_vec(), "shorter than a header"),
        ("the query itself", <[u8]>::to_vec, "a query, not an answer"),
        (
            "another question",
            |query| {
                three_sections(query)
                    .iter()
                    .map(|it| if *it == b'x' { b'y' } else { *it })
                    .collect()
            },
            "another question",
        ),
        (
            "an answer that is cut off",
            |query| {
                let whole = three_sections(query);
                whole[..whole.len() - 1].to_vec()
            },
            "middle of a field",
        ),
        (
            "a name that leads to itself",
            |query| {
                let mut message = answer(query, 0, [&[], &[], &[]]);
                message[7] = 1;
                let at = u16::try_from(message.len()).expect("short") | 0xc000;
                [message, at.to_be_bytes().to_vec(), vec![0; 10]].concat()
            },
            "compression pointers",
        ),
    ];
    for (sentence, spoil, expected) in spoiled {
        for transport in ["udp", "tcp"] {
            let reply = answering(move |query| vec![spoil(query)]);
            let server = match transport {
                "udp" => DnsServer::udp(reply).await,
                _ => DnsServer::tcp(reply, None).await,
            };
            let section = json!({ "transport_protocol": transport });
            let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
            assert_eq!(reason(&outcome), Some(Reason::Protocol), "{sentence} {:?}", outcome.result);
            assert!(outcome.says(expected), "{sentence}: {:#?}", outcome.steps);
            assert_eq!(outcome.value("probe_dns_query_succeeded"), Some(0.0), "{sentence}");
            assert!(phase(&outcome, "request") > 0.0, "{sentence}");
        }
    }
}

#[tokio::test]
async fn over_tcp_another_transaction_or_no_answer_fails_the_probe() {
    let other = answering(|query| {
        let mut message = three_sections(query);
        message[0] ^= 0xff;
        vec![message]
    });
    // A length of nothing, then the end.
    let none = answering(|_| vec![vec![]]);
    for (reply, expected) in [(other, "another transaction"), (none, "shorter than a header")] {
        let server = DnsServer::tcp(reply, None).await;
        let section = json!({ "transport_protocol": "tcp" });
        let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
        assert_eq!(reason(&outcome), Some(Reason::Protocol));
        assert!(outcome.says(expected), "{:#?}", outcome.steps);
    }
}

#[tokio::test]
async fn a_silent_server_costs_no_more_than_the_time_there_is() {
    for transport in ["udp", "tcp"] {
        let silence = answering(|_| Vec::new());
        let server = match transport {
            "udp" => DnsServer::udp(silence).await,
            _ => DnsServer::tcp(silence, None).await,
        };
        let section = json!({ "transport_protocol": transport });
        let time = Duration::from_millis(300);
        let outcome = probe(&server.address.to_string(), section, time).await;
        assert_eq!(reason(&outcome), Some(Reason::Timeout), "{transport}");
        assert!(phase(&outcome, "request") > 0.0, "{transport}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connection_that_fails() {
    for transport in ["udp", "tcp"] {
        let server = DnsServer::udp(answering(|_| Vec::new())).await;
        let target = server.address.to_string();
        drop(server);
        let section = json!({ "transport_protocol": transport });
        // Nobody may listen on the port meanwhile; if somebody does, there is no answer all the same.
        let outcome = probe(&target, section, Duration::from_secs(5)).await;
        let reason = reason(&outcome);
        let expected = [Some(Reason::Connect), Some(Reason::Timeout)];
        assert!(expected.contains(&reason), "{transport}: {reason:?}");
    }
}

#[tokio::test]
async fn what_only_a_probe_finds_out_fails_it_in_the_original_s_words() {
    for (section, expected, message) in [
        (
            json!({ "transport_protocol": "sctp" }),
            Reason::Module,
            "Configuration error: Expected transport protocol udp or tcp protocol=sctp",
        ),
        (
            json!({ "dns_over_tls": true }),
            Reason::Module,
            "Configuration error: Expected transport protocol tcp for DoT protocol=udp",
        ),
        (
            json!({ "query_name": "a..b" }),
            Reason::Module,
            "query_name: \"a..b\" cannot be asked for",
        ),
        (json!({ "source_ip_address": "127.0.0.1" }), Reason::Unsupported, "source_ip_address"),
    ] {
        let outcome = probe("127.0.0.1:1", section, PATIENCE).await;
        let failure = outcome.result.clone().expect_err(message);
        assert_eq!(failure.reason, expected, "{message}");
        assert!(failure.message.contains(message), "{failure}");
        assert_eq!(outcome.value("probe_dns_query_succeeded"), Some(0.0));
    }
}

#[tokio::test]
async fn a_target_without_port_has_the_usual_one() {
    for (target, section, expected) in [
        ("127.0.0.1", json!({}), "target=127.0.0.1:53 "),
        ("::1", json!({}), "target=[::1]:53 dial_protocol=udp6"),
        ("127.0.0.1:domain", json!({}), "target=127.0.0.1:53 "),
        (
            "127.0.0.1",
            json!({ "transport_protocol": "tcp", "dns_over_tls": true }),
            "target=127.0.0.1:853 dial_protocol=tcp4-tls",
        ),
    ] {
        // No time is left to ask whoever may be there.
        let outcome = probe(target, section, Duration::from_millis(1)).await;
        let is_late = outcome.says("resolve: the time was over");
        assert!(is_late || outcome.says(expected), "{expected}: {:#?}", outcome.steps);
    }
    let outcome = probe("127.0.0.1:99999", json!({}), PATIENCE).await;
    assert_eq!(reason(&outcome), Some(Reason::Target));
}

#[tokio::test]
async fn a_certificate_that_is_not_believed_fails_the_probe() {
    let identity = Wanted::LOCALHOST.self_signed();
    let config = identity.server(&[], &[&TLS13]);
    let reply = answering(|query| vec![three_sections(query)]);
    let server = DnsServer::tcp(reply, Some(config)).await;
    let section = json!({ "transport_protocol": "tcp", "dns_over_tls": true });
    let outcome = probe(&server.address.to_string(), section, PATIENCE).await;
    assert_eq!(reason(&outcome), Some(Reason::Certificate), "{:#?}", outcome.steps);
    assert!(phase(&outcome, "connect") > 0.0);
    assert_eq!(phase(&outcome, "request"), 0.0);
}

#[tokio::test]
async fn each_section_is_judged_by_its_own_rules() {
    let server = DnsServer::udp(answering(|query| vec![three_sections(query)])).await;
    let rule = |section: &str, pattern: &str| {
        let section = format!("validate_{section}_rrs");
        json!({ section: { "fail_if_not_matches_regexp": [pattern] } })
    };
    for (section, pattern, expected) in [
        ("answer", "\\tA\\t192.0.2.1$", None),
        ("authority", "2$", None),
        ("additional", "[34]$", None),
        ("answer", "2$", Some("Answer section")),
        ("authority", "3$", Some("Authority section")),
        ("additional", "3$", Some("Additional section")),
    ] {
        let outcome = probe(&server.address.to_string(), rule(section, pattern), PATIENCE).await;
        match (&outcome.result, expected) {
            (Ok(()), None) => {}
            (Err(failure), Some(expected)) => {
                assert_eq!(failure.reason, Reason::Records);
                assert!(failure.message.contains(expected), "{failure}");
            }
            other => panic!("{section} {pattern}: {other:?}"),
        }
    }
}

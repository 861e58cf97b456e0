//! The cases of blackbox_exporter's own tests.

use serde_json::Value;

use super::super::names;
use super::answering;
use super::server::{Answering, DnsServer};
use super::zone::{answer, asked};
use crate::corpus::{Case, cases, read_module, run};
use crate::module::Prober;
use crate::tcp::tests::with_both_loopbacks;

#[tokio::test]
async fn dns_probes_behave_like_the_original() {
    let mut wrong = Vec::new();
    for mut case in cases("dns", 33) {
        let Some(server) = start(&case).await else {
            eprintln!("{} is not tested: this machine has no ::1", case.id);
            continue;
        };
        case.fill_address(server.address);
        let module = match read_module(&case.module) {
            Ok(module) => module,
            // An unknown type is refused before anything is probed, which the case allows.
            Err(error) => {
                assert!(
                    case.id.starts_with("dns/TestServfailDNSResponse/2/"),
                    "{}: {error}",
                    case.id
                );
                assert!(
                    error.contains("query type 'NOT_A_VALID_QUERY_TYPE' is not valid"),
                    "{error}"
                );
                continue;
            }
        };
        let Prober::Dns(module) = module.prober else { unreachable!("{}", case.id) };
        let equipment = with_both_loopbacks();
        let probing =
            async |probe: crate::frame::Probe<'_>| super::super::probe(&module, &probe).await;
        let outcome = run(&case.target, None, case.deadline, &equipment, probing).await;
        wrong.extend(case.mismatches(&outcome).iter().map(|what| format!("{}: {what}", case.id)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The server of a case; nothing where the machine has not what it needs.
async fn start(case: &Case) -> Option<DnsServer> {
    let reply = replies(&case.server["answers"]);
    if !case.requires.is_empty() {
        return DnsServer::on_both(&reply).await;
    }
    Some(match case.server["transport"].as_str() {
        Some("udp") => DnsServer::udp(reply).await,
        _ => DnsServer::tcp(reply, None).await,
    })
}

/// The first answer whose `when` fits.
fn replies(answers: &Value) -> Answering {
    let answers = answers.as_array().expect("answers").clone();
    answering(move |query| {
        let fitting = answers.iter().find(|answer| fits(&answer["when"], query));
        let fitting = fitting.expect("the last answer fits everything");
        let section = |name: &str| -> Vec<String> {
            let records = fitting[name].as_array().into_iter().flatten();
            records.filter_map(|record| Some(record.as_str()?.to_owned())).collect()
        };
        let (answers, authority, additional) =
            (section("answer"), section("authority"), section("additional"));
        let rcode = names::rcode(fitting["rcode"].as_str().expect("a code")).expect("a known code");
        vec![answer(query, rcode, [&answers, &authority, &additional])]
    })
}

fn fits(when: &Value, query: &[u8]) -> bool {
    let (kind, class) = asked(query);
    let recursion_desired = query[2] & 1 == 1;
    when.as_object().into_iter().flatten().all(|(what, expected)| match what.as_str() {
        "recursion_desired" => expected.as_bool() == Some(recursion_desired),
        "qtype" => expected.as_str().and_then(names::type_code) == Some(kind),
        "qclass" => expected.as_str().and_then(names::class_code) == Some(class),
        other => unreachable!("{other}"),
    })
}

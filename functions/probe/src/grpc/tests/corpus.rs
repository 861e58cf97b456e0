//! The cases of blackbox_exporter's own tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::version::TLS12;
use serde_json::Value;

use super::server::{Answer, Server};
use crate::corpus::{Case, cases, equipment, read_module, run};
use crate::module::Prober;
use crate::tcp::tests::certificates::Wanted;

#[tokio::test]
async fn grpc_probes_behave_like_the_original() {
    let mut wrong = Vec::new();
    for mut case in cases("grpc", 7) {
        // The names ask for IPv6, and for nothing else.
        let server = match start(&case).await {
            Ok(server) => server,
            Err(error) => {
                eprintln!("{} is not tested, this machine has no ::1: {error}", case.id);
                continue;
            }
        };
        case.fill_address(server.address);
        let module =
            read_module(&case.module).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        let Prober::Grpc(module) = module.prober else { unreachable!("{}", case.id) };
        let mut equipment = equipment(&BTreeMap::new());
        let localhost = BTreeMap::from([("localhost".to_owned(), vec![server.address.ip()])]);
        equipment.dialer = equipment.dialer.with_hosts(localhost);
        let probing =
            async |probe: crate::frame::Probe<'_>| super::super::probe(&module, &probe).await;
        let outcome = run(&case.target, None, case.deadline, &equipment, probing).await;
        let mut found = case.mismatches(&outcome);
        found.extend(missed(&case.expect["server_saw"], &server));
        wrong.extend(found.iter().map(|what| format!("{}: {what}", case.id)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn start(case: &Case) -> std::io::Result<Server> {
    let services = case.server["services"].as_object();
    let number = |state: &Value| match state.as_str() {
        Some("SERVING") => 1,
        Some("NOT_SERVING") => 2,
        other => panic!("{other:?}"),
    };
    let answer = match services {
        Some(services) => Answer::Health(
            services.iter().map(|(name, state)| (name.clone(), number(state))).collect(),
        ),
        None => Answer::Trailers(12, "unknown service grpc.health.v1.Health"),
    };
    let tls = (!case.server["tls"].is_null()).then(|| {
        let mut config =
            Arc::unwrap_or_clone(Wanted::LOCALHOST.self_signed().server(&[], &[&TLS12]));
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    });
    Server::start("[::1]:0", answer, tls).await
}

/// Metadata that the server should have seen and did not. Binary values come as their bytes.
fn missed(expected: &Value, server: &Server) -> Vec<String> {
    let Some(expected) = expected[0]["metadata"].as_object() else { return Vec::new() };
    let seen = server.seen();
    let values = |name: &str| -> Vec<String> {
        let values = seen.iter().flat_map(|request| request.headers().get_all(name));
        let text = |value: &http1::HeaderValue| value.to_str().expect("text").to_owned();
        values.map(text).collect()
    };
    let is_there = |name: &str, value: &Value| match value.as_str() {
        Some("test") if name.ends_with("-bin") => values(name).contains(&"dGVzdA".to_owned()),
        Some(value) => values(name).contains(&value.to_owned()),
        None => false,
    };
    let all = expected.iter().flat_map(|(name, expected)| {
        expected.as_array().into_iter().flatten().map(move |value| (name, value))
    });
    all.filter(|(name, value)| !is_there(name, value))
        .map(|(name, value)| format!("the server did not see {name}: {value}"))
        .collect()
}

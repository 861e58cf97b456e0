//! The cases of blackbox_exporter's own tests.

use std::collections::BTreeMap;
use std::io::Write as _;

use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::server::{Act, Server};
use super::{phases, send};
use crate::corpus::{Case, cases, equipment, read_module, run};
use crate::module::Prober;
use crate::tcp::tests::certificates::Wanted;

#[tokio::test]
async fn websocket_probes_behave_like_the_original() {
    let mut wrong = Vec::new();
    for mut case in cases("websocket", 3) {
        let server = start(&case).await;
        case.fill_address(server.address);
        let module =
            read_module(&case.module).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        let Prober::Websocket(module) = module.prober else { unreachable!("{}", case.id) };
        let equipment = equipment(&BTreeMap::new());
        let probing =
            async |probe: crate::frame::Probe<'_>| super::super::probe(&module, &probe).await;
        let outcome = run(&case.target, None, case.deadline, &equipment, probing).await;
        wrong.extend(case.mismatches(&outcome).iter().map(|what| format!("{}: {what}", case.id)));
        assert!(!phases(&outcome).is_empty());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn start(case: &Case) -> Server {
    let step = |step: &Value| match (step["send"].as_str(), step["read"].as_str()) {
        (Some(text), _) => send(text),
        (_, Some(text)) => Act::Read(text.to_owned()),
        _ => Act::Close,
    };
    let script = case.server["steps"].as_array().into_iter().flatten().map(step).collect();
    let tls = (!case.server["tls"].is_null())
        .then(|| Wanted::LOCALHOST.self_signed().server(&[], &[&TLS12, &TLS13]));
    Server::start(script, tls).await
}

#[tokio::test]
async fn headers_come_from_the_module_like_the_original_s() {
    let mut count = 0;
    for case in crate::corpus::table("websocket_headers", 2) {
        count += 1;
        let mut section = case["websocket"].to_string();
        let mut kept = Vec::new();
        for (name, text) in case["files"].as_object().into_iter().flatten() {
            let mut file = NamedTempFile::new().expect("a file");
            file.write_all(text.as_str().expect("text").as_bytes()).expect("room");
            let path = file.path().to_string_lossy().into_owned();
            section = section.replace(&format!("{{file:{name}}}"), &path);
            kept.push(file);
        }
        let section: Value = serde_json::from_str(&section).expect("JSON");
        let module = read_module(&json!({"prober": "websocket", "websocket": section}));
        let Prober::Websocket(module) = module.expect("a module").prober else { unreachable!() };
        let equipment = equipment(&BTreeMap::new());
        let headers = super::super::request::headers(&module, &equipment.secrets).await;
        let headers = headers.expect("headers");
        for (name, values) in case["expected_headers"].as_object().expect("headers") {
            let found: Vec<_> = headers.get_all(name).iter().collect();
            let expected: Vec<_> =
                values.as_array().expect("values").iter().filter_map(Value::as_str).collect();
            assert_eq!(found, expected, "{}: {name}", case["id"]);
        }
        let expected = case["expected_headers"].as_object().expect("headers").len();
        assert_eq!(headers.keys_len(), expected);
    }
    assert!(count == 0 || count == 2);
}

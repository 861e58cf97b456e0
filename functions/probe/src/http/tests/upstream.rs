//! blackbox_exporter's own test tables.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clock::Clock;
use serde_json::Value;

use super::server::{Identity, Reply, Seen, Server};
use crate::corpus::{self, Case};
use crate::module::Prober;

#[tokio::test]
async fn probes_end_as_blackbox_exporters_do() {
    let mut wrong = Vec::new();
    for mut case in corpus::cases("http", 83) {
        let id = case.id.clone();
        let found = run(&mut case).await;
        wrong.extend(found.into_iter().map(|mismatch| format!("{id}: {mismatch}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn run(case: &mut Case) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in case.files.clone() {
        let file = folder.path().join(&name);
        std::fs::write(&file, text).expect("written");
        case.fill(&format!("file:{name}"), file.to_str().expect("a path"));
    }
    let in_a_year = Clock::System.now() + Duration::from_secs(365 * 24 * 3600);
    let in_a_year = Duration::from_millis(in_a_year.as_millis().unsigned_abs());
    case.fill("http_date+365d", &httpdate::fmt_http_date(std::time::UNIX_EPOCH + in_a_year));
    let read = corpus::read_module(&case.module);
    if let Some(expected) = case.expect["config_error"].as_str() {
        return match read {
            Err(said) if said.contains(expected) => Vec::new(),
            other => vec![format!("should be refused: {other:?}")],
        };
    }
    if case.requires.iter().any(|required| required == "http3") {
        return Vec::new();
    }
    let server = serve(&case.server).await;
    case.fill_address(server.address);
    let module = match corpus::read_module(&case.module) {
        Ok(module) => module,
        Err(said) => return vec![format!("refused: {said}")],
    };
    let Prober::Http(module) = module.prober else { panic!("no http module") };
    let equipment = corpus::equipment(&case.env);
    let outcome = corpus::run(&case.target, None, case.deadline, &equipment, async |probe| {
        crate::http::probe(&module, &probe).await
    })
    .await;
    let mut wrong = case.mismatches(&outcome);
    wrong.extend(unseen(&case.expect, &server.seen()));
    wrong
}

async fn serve(server: &Value) -> Server {
    let routes = server["routes"].as_array().cloned().expect("routes");
    let identity = server["tls"].is_object().then(|| Identity::of(&["localhost"]));
    let tls = identity.map(|identity| identity.config(&[]));
    Server::over(tls, move |seen| {
        let fits = |route: &&Value, member: &str, value: &str| {
            let wanted = route[member].as_str();
            wanted.is_none_or(|wanted| wanted == "*" || wanted == value)
        };
        let fits = |route: &&Value| {
            fits(route, "path", seen.path()) && fits(route, "method", seen.method())
        };
        routes.iter().find(fits).map(reply).unwrap_or_default()
    })
    .await
}

fn reply(route: &Value) -> Reply {
    let body = match route["body_base64"].as_str() {
        Some(encoded) => STANDARD.decode(encoded).expect("base64"),
        None => route["body"].as_str().unwrap_or_default().as_bytes().to_vec(),
    };
    let pairs = route["headers"].as_array().cloned().unwrap_or_default();
    let headers: Vec<(&str, &str)> =
        pairs.iter().filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?))).collect();
    let status = route["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let delay = Duration::from_millis(route["delay_ms"].as_u64().unwrap_or_default());
    Reply { delay, ..Reply::whole(status.expect("a status"), &headers, &body) }
}

/// The requests that a server should have seen and has not, and those that it has and should not have.
fn unseen(expect: &Value, seen: &[Seen]) -> Vec<String> {
    let list = |member: &str| expect[member].as_array().cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    for wanted in list("server_saw") {
        let headers = wanted["headers"].as_object().cloned().unwrap_or_default();
        let is_it = |seen: &&Seen| {
            wanted["path"].as_str().is_none_or(|path| path == seen.path())
                && wanted["body"].as_str().is_none_or(|body| body.as_bytes() == seen.body)
                && headers.iter().all(|(name, value)| seen.header(name) == value.as_str())
        };
        if !seen.iter().any(|seen| is_it(&seen)) {
            wrong.push(format!("the server should have seen {wanted}: {seen:#?}"));
        }
    }
    for path in list("never_requested") {
        if seen.iter().any(|seen| path.as_str() == Some(seen.path())) {
            wrong.push(format!("{path} should not have been asked for"));
        }
    }
    wrong
}

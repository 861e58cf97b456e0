//! Probes by hand, and that they show no secret.

use std::collections::BTreeMap;

use config::{Document, Findings, Sections};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Means, Modules, Shown, Wanted};
use crate::corpus::equipment;
use crate::frame::Equipment;

const SECRET: &str = "planted-secret";

fn modules(yaml: &str) -> Modules {
    let document =
        Document { name: "test.yml".into(), directory: None, body: yaml.as_bytes().to_vec() };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    Modules::read(&sections, &mut findings).unwrap_or_else(|| panic!("{findings:?}"))
}

fn means() -> Means {
    let Equipment { factory, secrets, clock, .. } = equipment(&BTreeMap::new());
    Means { factory, secrets, clock }
}

/// Answers every request with this status.
async fn serve(status: &'static str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let running = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _length = stream.read(&mut head).await.expect("a request");
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("it is read");
        }
    });
    (address, running)
}

async fn shown(modules: &Modules, target: &str, module: Option<&str>, debug: bool) -> Shown {
    let wanted = Wanted { target, module, hostname: None, debug };
    modules.probe(&wanted, &means()).await.expect("a probe")
}

#[test]
fn the_modules_that_are_built_in_are_good() {
    let Modules(modules) = Modules::built_in();
    let written = include_str!("modules.yml");
    let names = written.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    assert_eq!(modules.len(), names.count());
    assert!(modules.contains_key("http_2xx"));
}

#[tokio::test]
async fn the_metrics_are_a_page_and_the_steps_come_with_debug() {
    let (address, server) = serve("200 OK").await;
    let good = shown(&Modules::built_in(), &address, None, false).await;
    assert_eq!(good.failure, None);
    assert!(good.text.contains("\nprobe_success 1\n"), "{}", good.text);
    assert!(!good.text.contains('#') && good.text.lines().is_sorted(), "{}", good.text);

    let debug = shown(&Modules::built_in(), &address, Some("tcp_connect"), true).await;
    assert!(debug.text.starts_with("Logs for the probe:\n"), "{}", debug.text);
    assert!(debug.text.contains("# TYPE probe_success gauge\nprobe_success 1\n"));
    server.abort();
}

#[tokio::test]
async fn a_probe_that_fails_says_why() {
    let (address, server) = serve("500 Internal Server Error").await;
    let failed = shown(&Modules::built_in(), &address, None, false).await;
    let why = failed.failure.expect("a failure");
    assert!(why.starts_with("status: "), "{why}");
    assert!(failed.text.contains("probe_failure_info{reason=\"status\"} 1\n"));
    server.abort();
}

#[tokio::test]
async fn what_cannot_be_probed_is_an_error_in_words() {
    for (target, module, expected) in [
        ("x", Some("nope"), r#"no module is named "nope"; "modules" has a"#),
        ("", Some("a"), "there is no target"),
    ] {
        let modules = modules("modules: {a: {prober: http}}");
        let wanted = Wanted { target, module, hostname: None, debug: false };
        let error = modules.probe(&wanted, &means()).await.expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let conflict = modules("modules: {a: {prober: http, http: {headers: {host: b.example}}}}");
    let wanted =
        Wanted { target: "x", module: Some("a"), hostname: Some("c.example"), debug: false };
    let error = conflict.probe(&wanted, &means()).await.expect_err("a conflict").to_string();
    assert_eq!(
        error,
        "host header defined both in module configuration (b.example) and with URL-parameter 'hostname' (c.example)"
    );
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let modules = modules(&format!(
        "modules:
  basic: {{prober: http, http: {{basic_auth: {{username: u, password: {SECRET}}}}}}}
  bearer: {{prober: http, http: {{authorization: {{credentials: {SECRET}}}}}}}
  header: {{prober: http, http: {{headers: {{X-Key: {SECRET}}}}}}}
  secret_header: {{prober: http, http: {{http_headers: {{X-Key: {{secrets: [{SECRET}]}}}}}}}}
  grpc: {{prober: grpc, grpc: {{metadata: {{key: [{SECRET}]}}}}}}
  websocket: {{prober: websocket, websocket: {{headers: {{X-Key: {{values: [{SECRET}]}}}}}}}}
  plain: {{prober: http}}
"
    ));
    let encoded = "dTpwbGFudGVkLXNlY3JldA";
    for status in ["200 OK", "401 Unauthorized", "302 Found\r\nLocation: /x"] {
        let (address, server) = serve(status).await;
        for (module, target) in [
            ("basic", format!("http://{address}")),
            ("bearer", format!("http://{address}")),
            ("header", format!("http://{address}")),
            ("secret_header", format!("http://{address}")),
            ("grpc", address.clone()),
            ("websocket", format!("ws://{address}")),
            ("plain", format!("http://u:{SECRET}@{address}/x")),
            ("plain", format!("u:{SECRET}@{address}")),
        ] {
            let Shown { text, failure } = shown(&modules, &target, Some(module), true).await;
            let all = format!("{text}{failure:?}");
            assert!(!all.contains(SECRET) && !all.contains(encoded), "{module}: {all}");
        }
        server.abort();
    }
}

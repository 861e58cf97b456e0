//! The frame as a whole: requests as the original's handler takes them, in its own tests' cases.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Asked, Outcome, page, run, timeout};
use crate::corpus::{equipment, read_module, table};
use crate::module::Module;

/// The original's page shows the module with its secrets masked. Ours shows no module: a plain header may be a secret, too.
const SHOWS_THE_MODULE: &str = "handler/TestPrometheusConfigSecretsHidden";

#[test]
fn probes_get_the_time_that_the_original_gives_them() {
    let seconds = |case: &Value, member: &str| -> Option<Duration> {
        let text = case[member].as_str().and_then(|text| text.parse().ok());
        let seconds = case[member].as_f64().or(text)?;
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds))
    };
    for case in table("timeouts", 8) {
        let module = seconds(&case, "module_timeout_s");
        let scrape = seconds(&case, "scrape_timeout_header");
        let offset = seconds(&case, "timeout_offset_s").unwrap_or_default();
        let expected = seconds(&case, "expected_timeout_s").unwrap_or_default();
        assert_eq!(timeout(module, scrape, offset), expected, "{}", case["id"]);
    }
}

#[tokio::test]
async fn requests_are_answered_like_the_original_s() {
    for case in table("handler", 6) {
        let id = case["id"].as_str().expect("an id").to_owned();
        let server = Server::start(&case["server"]["routes"][0]).await;
        let modules = modules(&case["modules"]);
        let params = params(case["query"].as_str().expect("a query"), server.address);
        let Ok(asked) = Asked::read(&params, &modules) else {
            assert_eq!(case["expect"]["status"], 400, "{id}");
            continue;
        };
        let header = case["request_headers"]["X-Prometheus-Scrape-Timeout-Seconds"].as_str();
        let scrape = header.map(|text| Duration::from_secs(text.parse().expect("seconds")));
        let offset = case["timeout_offset_s"].as_f64().expect("seconds");
        let time = timeout(asked.module.timeout, scrape, Duration::from_secs_f64(offset));
        let outcome = run(&asked, time, &equipment(&BTreeMap::new()), true).await;
        assert_ne!(case["expect"]["status"], 400, "{id}");
        compare(&id, &case["expect"], &outcome, &server);
    }
}

fn compare(id: &str, expect: &Value, outcome: &Outcome, server: &Server) {
    let steps: Vec<_> = outcome.steps.iter().map(|step| step.message.as_str()).collect();
    let shown = format!("{}\n{}", steps.join("\n"), page::text(&outcome.gauges, true));
    let texts = |member: &str| -> Vec<String> {
        let list = expect[member].as_array().into_iter().flatten();
        list.map(|text| text.as_str().expect("text").to_owned()).collect()
    };
    for text in texts("body_contains").iter().filter(|_| id != SHOWS_THE_MODULE) {
        assert!(shown.contains(text), "{id}: {text}: {shown}");
    }
    for text in texts("body_lacks") {
        assert!(!shown.contains(&text), "{id}: {text}: {shown}");
    }
    for request in expect["server_saw"].as_array().into_iter().flatten() {
        let host = request["headers"]["Host"].as_str().expect("a host");
        let seen = server.seen.lock().expect("no test has failed yet").to_ascii_lowercase();
        assert!(seen.contains(&format!("host: {host}\r\n")), "{id}: {seen}");
    }
}

fn modules(modules: &Value) -> BTreeMap<String, Module> {
    let modules = modules.as_object().expect("modules").iter();
    modules.map(|(name, module)| (name.clone(), read_module(module).expect("a module"))).collect()
}

/// A query as HTTP servers read it: unescaped once.
fn params(query: &str, address: SocketAddr) -> BTreeMap<String, Vec<String>> {
    let query = query
        .replace("{addr}", &address.to_string())
        .replace("{host}", &address.ip().to_string())
        .replace("{port}", &address.port().to_string());
    let pairs = query.split('&').map(|pair| pair.split_once('=').expect("a pair"));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    pairs.map(|(name, value)| (name.to_owned(), vec![decoded(value)])).collect()
}

/// Answers each request as a route says, after its delay.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<String>>,
    running: JoinHandle<()>,
}

impl Server {
    async fn start(route: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::new(String::new()));
        let delay = Duration::from_millis(route["delay_ms"].as_u64().unwrap_or_default());
        let note = Arc::clone(&seen);
        let running = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).await.expect("a request");
                *note.lock().expect("no test has failed yet") =
                    String::from_utf8_lossy(&head[..length]).into_owned();
                tokio::time::sleep(delay).await;
                // The probe may have given up meanwhile.
                let _given_up =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            }
        });
        Self { address, seen, running }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

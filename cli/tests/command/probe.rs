//! `hostless invoke probe`: a whole job, and one target by hand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use tempfile::TempDir;

use crate::hostless::{Ended, hostless};

/// As it stands beside a blackbox_exporter on premises.
const PROMETHEUS: &str = "
global:
  scrape_interval: 60s
  evaluation_interval: 15s
rule_files: [alerts.yml]
scrape_configs:
  - job_name: node
    static_configs: [{targets: ['10.0.0.1:9100']}]
  - job_name: blackbox
    metrics_path: /probe
    params:
      module: [http_2xx]
    static_configs:
      - targets: [TARGET]
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - target_label: instance
        replacement: prometheus.io
      - target_label: __address__
        replacement: 127.0.0.1:9115
remote_write:
  - url: http://127.0.0.1:9/api/v1/write
";

const BLACKBOX: &str = "
modules:
  http_2xx:
    prober: http
    timeout: 5s
    http:
      valid_http_versions: [\"HTTP/1.1\", \"HTTP/2.0\"]
      headers: {X-Key: planted-secret}
      follow_redirects: true
      preferred_ip_protocol: \"ip4\"
  basic:
    prober: http
    http: {basic_auth: {username: u, password: planted-secret}}
";

/// Answers requests with a status, until the test ends.
fn serve(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut head = [0; 4096];
            let _length = stream.read(&mut head).expect("a request");
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("it is read");
        }
    });
    address
}

fn folder(target: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    write("prometheus.yml", &PROMETHEUS.replace("TARGET", target)).expect("a file");
    write("blackbox.yml", BLACKBOX).expect("a file");
    folder
}

fn at(folder: &Path, arguments: &[&str]) -> Ended {
    let mut all = arguments.to_vec();
    let path = folder.display().to_string();
    all.extend(["--config", &path]);
    // A region, so that nobody looks for one.
    hostless(&all, &[("AWS_REGION", "eu-west-1"), ("AWS_LAMBDA_LOG_LEVEL", "ERROR")])
}

#[test]
fn an_unchanged_job_gives_the_series_that_prometheus_had() {
    let target = format!("http://{}", serve("200 OK"));
    let folder = folder(&target);
    let time = "2025-11-20T09:07:00Z";
    let arguments = ["invoke", "probe", "--dry-run", "--output", "exposition", "--time", time];
    let ended = at(folder.path(), &arguments);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
    let labels = "{instance=\"prometheus.io\",job=\"blackbox\"}";
    for (metric, value) in [
        ("probe_success", "1"),
        ("probe_http_status_code", "200"),
        ("probe_timeout_seconds", "5"),
        ("up", "1"),
    ] {
        let line = format!("{metric}{labels} {value} 1763629620000");
        assert!(ended.out.lines().any(|found| found == line), "{line}: {}", ended.out);
    }
    assert!(!ended.out.contains("node"), "a job that is no probe: {}", ended.out);
    assert!(!ended.out.contains("planted-secret"));

    let checked = at(folder.path(), &["check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.err);
}

#[test]
fn a_probe_by_hand_prints_its_metrics_and_exits_by_its_success() {
    let (good, bad) = (serve("200 OK"), serve("404 Not Found"));
    let probed = hostless(&["invoke", "probe", "--target", &good.to_string()], &[]);
    assert_eq!((probed.code, &*probed.err), (Some(0), ""));
    assert!(probed.out.contains("probe_success 1\n"), "{}", probed.out);

    let probed = hostless(&["invoke", "probe", "--target", &bad.to_string()], &[]);
    assert_eq!(probed.code, Some(1));
    assert!(probed.out.contains("probe_success 0\n"), "{}", probed.out);
    assert!(probed.err.starts_with("the probe failed: status: "), "{}", probed.err);

    let unknown = ["invoke", "probe", "--target", "x", "--module", "nope"];
    let probed = hostless(&unknown, &[]);
    assert_eq!(probed.code, Some(1));
    assert!(probed.err.starts_with("hostless: no module is named \"nope\""), "{}", probed.err);

    for wrong in [
        &["invoke", "ecs", "--target", "x"][..],
        &["invoke", "probe", "--module", "x"],
        &["invoke", "probe", "--target", "x", "--dry-run"],
    ] {
        assert_eq!(hostless(wrong, &[]).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn debug_shows_the_steps_and_no_secret() {
    let address = serve("200 OK");
    let folder = folder("http://unused");
    for (module, target) in [
        ("http_2xx", format!("http://u:planted-secret@{address}/")),
        ("basic", format!("http://{address}/")),
    ] {
        let arguments = ["invoke", "probe", "--target", &target, "--module", module, "--debug"];
        let ended = at(folder.path(), &arguments);
        let all = format!("{}{}", ended.out, ended.err);
        assert_eq!(ended.code, Some(0), "{all}");
        assert!(ended.out.starts_with("Logs for the probe:\n"), "{all}");
        assert!(all.contains("# HELP probe_success Displays whether or not the probe"), "{all}");
        let encoded = "dTpwbGFudGVkLXNlY3JldA";
        assert!(!all.contains("planted-secret") && !all.contains(encoded), "{all}");
    }
}

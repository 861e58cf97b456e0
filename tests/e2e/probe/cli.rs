//! `hostless invoke probe` on the files that an installation has, delivered into a real Prometheus; and a probe by hand.

use std::process::{Command, Output};

use series::Timestamp;
use tests::child;
use tests::live;
use tests::nginx::Nginx;
use tests::prometheus::Prometheus;
use tests::targets::certificates::Authority;

use super::site::Site;

/// As it lies on the host that is to go, with everything that is no business of ours. The last rule is the test's own: the
/// name leads to loopback.
const PROMETHEUS: &str = "
global:
  scrape_interval: 15s
  external_labels: {monitor: tokyo}
rule_files: [alerts.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: ['localhost:9093']}]}]
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ['localhost:9090']}]
  - job_name: node
    scrape_interval: 30s
    static_configs: [{targets: ['localhost:9100']}]
  - job_name: blackbox
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs:
      - targets: [prometheus.io]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: '127.0.0.1:9115'}
      - {target_label: __param_target, replacement: '{plain}'}
remote_write:
  - url: '{write}'
";

/// Debian's file, shortened, with a module that Lambda cannot do.
const BLACKBOX: &str = "
modules:
  http_2xx: {prober: http}
  http_private: {prober: http, http: {basic_auth: {username: user, password: planted-target-password}}}
  tcp_connect: {prober: tcp}
  icmp: {prober: icmp}
";

fn site(write_url: &str) -> Site {
    let mut site = Site::new();
    let nginx = Nginx::start(&Authority::new("test").server());
    site.place("plain", nginx.plain());
    site.keep(nginx);
    site.place("write", write_url);
    site.write("prometheus.yml", PROMETHEUS);
    site.write("blackbox.yml", BLACKBOX);
    site
}

fn hostless(arguments: &[&str]) -> Output {
    let mut command = Command::new(child::program("HOSTLESS_BIN_DIR", "hostless"));
    // As on a machine that knows nothing of AWS.
    command.env_clear().args(arguments).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_files_of_an_installation_are_probed_and_delivered_unchanged() {
    let prometheus = Prometheus::start();
    let site = site(&prometheus.write_url());
    let folder = site.configuration();
    let output = hostless(&["invoke", "probe", "--config", &folder]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).expect("the report");
    assert_eq!(report["errors"], serde_json::json!([]), "{report}");
    // The sample may be of this very second's second half.
    let now = Timestamp::from_secs(live::now().as_secs() + 1);
    let query = r#"probe_success{job="blackbox",instance="prometheus.io"}"#;
    let found = prometheus.each_minute(query, now, now);
    let values: Vec<f64> = found.values().flatten().map(|(_, value)| *value).collect();
    assert_eq!(values, [1.0], "{found:?}");
    let phases = prometheus.each_minute("probe_http_duration_seconds", now, now);
    assert_eq!(phases.len(), 5, "{phases:?}");
    let all = prometheus.each_minute("count by (job) (up)", now, now);
    assert_eq!(all.len(), 1, "the other jobs are somebody else's: {all:?}");
}

#[test]
fn the_series_are_shown_without_being_sent() {
    let site = site("http://127.0.0.1:9/api/v1/write");
    let folder = site.configuration();
    let arguments = ["invoke", "probe", "--config", &folder, "--dry-run", "--output", "exposition"];
    let time = ["--time", "2026-11-20T09:00:00Z"];
    let shown = |output: &Output| {
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let old = shown(&hostless(&[&arguments[..], &time].concat()));
    let success = "probe_success{instance=\"prometheus.io\",job=\"blackbox\"} 1 ";
    assert!(old.lines().any(|line| line == format!("{success}1795165200000")), "{old}");
    assert!(old.lines().is_sorted(), "{old}");
    let now = shown(&hostless(&arguments));
    assert!(now.lines().any(|line| line.starts_with(success)), "{now}");
    assert_eq!(now.lines().count(), old.lines().count());
}

#[test]
fn a_probe_by_hand_shows_its_steps_and_no_secret() {
    let site = site("http://127.0.0.1:9/api/v1/write");
    let folder = site.configuration();
    let target = site.filled("http://{plain}/private");
    let arguments =
        ["invoke", "probe", "--config", &folder, "--target", &target, "--module", "http_private"];
    let output = hostless(&[&arguments[..], &["--debug"]].concat());
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    for words in
        ["Beginning probe", "Probe succeeded", "# HELP probe_success", "probe_http_status_code 200"]
    {
        assert!(stdout.contains(words), "{words} is not in: {stdout}");
    }
    assert!(!(stdout + &stderr).contains("planted"));

    // Debian's default module needs no configuration; a failure is one of the command, too.
    let missing = site.filled("http://{plain}/missing");
    let output = hostless(&["invoke", "probe", "--target", &missing]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("probe_success 0"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("status"), "{}", text(&output.stderr));

    let unknown = hostless(&[&arguments[..6], &["--module", "missing"]].concat());
    assert_ne!(unknown.status.code(), Some(0));
    assert!(text(&unknown.stderr).contains("\"missing\""), "{}", text(&unknown.stderr));
}

//! A real Prometheus receives the series, and answers what dashboards and alerts ask.

use std::collections::BTreeMap;

use tests::nginx::Nginx;
use tests::prometheus::Prometheus;
use tests::samples::Labels;
use tests::targets::certificates::Authority;
use tests::targets::tls::Tls;
use tests::targets::web::plain;
use tests::{Setup, World, minute};

use super::site::Site;
use super::{function, run};

/// From an installation with a Prometheus and an exporter: the job as its documentation has it. Where the names lead on
/// loopback is a rule of the test's own.
const JOBS: &str = "
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs:
      - targets: [prometheus.io, https://prometheus.io, http://example.com:8080, https://soon.example]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: '127.0.0.1:9115'}
      - {source_labels: [instance], regex: prometheus\\.io, target_label: __param_target, replacement: '{plain}'}
      - {source_labels: [instance], regex: 'https://prometheus\\.io', target_label: __param_target, replacement: 'https://{secure}/'}
      - {source_labels: [instance], regex: 'http://example\\.com:8080', target_label: __param_target, replacement: 'http://{nobody}/'}
      - {source_labels: [instance], regex: 'https://soon\\.example', target_label: __param_target, replacement: 'https://{soon}/'}
  - job_name: ssh
    metrics_path: /probe
    params: {module: [tcp_connect]}
    static_configs: [{targets: ['{plain}'], labels: {team: infra}}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
";

const MODULES: &str = "
modules:
  http_2xx: {prober: http, timeout: 5s, http: {tls_config: {ca_file: '{ca}'}}}
  tcp_connect: {prober: tcp, timeout: 5s}
";

/// The minutes of the runs.
const RUNS: [i64; 3] = [1, 2, 3];

async fn runs(prometheus: &Prometheus) -> World {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let nginx = Nginx::start(&authority.server());
    site.place("plain", nginx.plain());
    site.place("secure", nginx.secure());
    site.keep(nginx);
    // It ends eleven days after the tests' time.
    let tls = Tls::of(&authority.server_until(2026, 12, 1)).acceptor();
    site.place("soon", site.targets.web(Some(tls), |_| plain("200 OK", "", b"hello")).addr);
    site.place("nobody", site.targets.nobody());
    site.file("ca", &authority.root_pem());
    site.write("blackbox.yml", MODULES);
    site.write("prometheus.yml", JOBS);
    let url = prometheus.write_url();
    site.write("sinks.yml", &format!("remote_write: [{{name: amp, url: '{url}'}}]"));
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let handler = function(&world, &site).await;
    for at in RUNS {
        run(&world, &handler, at).await;
    }
    world
}

/// What a query comes to at the last run, by the values of these labels.
fn asked(prometheus: &Prometheus, query: &str, labels: &[&str]) -> BTreeMap<String, f64> {
    let at = minute(RUNS[2]);
    let found = prometheus.each_minute(query, at, at).into_iter();
    let key = |found: &Labels| {
        let values = labels.iter().map(|label| found.get(*label).cloned().unwrap_or_default());
        values.collect::<Vec<_>>().join(" ")
    };
    found.map(|(labels, samples)| (key(&labels), samples[0].1)).collect()
}

const ALL: [&str; 4] =
    ["http://example.com:8080", "https://prometheus.io", "https://soon.example", "prometheus.io"];

#[tokio::test]
async fn queries_dashboards_and_alerts_get_their_answers() {
    let prometheus = Prometheus::start();
    let world = runs(&prometheus).await;
    drop(world);
    let by_instance = |query: &str| asked(&prometheus, query, &["instance"]);
    let instances = |query: &str| by_instance(query).into_keys().collect::<Vec<_>>();
    let value = |query: &str| {
        let found: Vec<f64> = by_instance(query).into_values().collect();
        assert_eq!(found.len(), 1, "{query}");
        found[0]
    };

    // What people type.
    assert_eq!(value(r#"probe_success{job="blackbox",instance="prometheus.io"}"#), 1.0);
    assert_eq!(value(r#"probe_success{job="ssh",team="infra"}"#), 1.0);
    assert_eq!(value(r#"probe_http_status_code{instance="prometheus.io"}"#), 200.0);
    assert_eq!(value(r#"probe_http_version{instance="https://prometheus.io"}"#), 2.0);
    assert_eq!(value(r#"probe_failure_info{reason="connect"}"#), 1.0);
    assert_eq!(value(r#"count(up{job="blackbox"} == 1)"#), 4.0);
    assert_eq!(value(r#"count_over_time(probe_success{instance="prometheus.io"}[10m])"#), 3.0);

    // Dashboard 7587.
    for query in [
        r#"probe_success{instance=~".+",job="blackbox"}"#,
        r#"probe_duration_seconds{instance=~".+",job="blackbox"}"#,
        r#"sum(probe_http_duration_seconds{instance=~".+"}) by (instance)"#,
        r#"probe_http_ssl{instance=~".+"}"#,
        r#"probe_http_version{instance=~".+"}"#,
        r#"avg(probe_dns_lookup_time_seconds{instance=~".+",job="blackbox"}) by (instance)"#,
    ] {
        assert_eq!(instances(query), ALL, "{query}");
    }
    let phases =
        asked(&prometheus, r#"probe_http_duration_seconds{instance="prometheus.io"}"#, &["phase"]);
    let phases: Vec<_> = phases.into_keys().collect();
    assert_eq!(phases, ["connect", "processing", "resolve", "tls", "transfer"]);
    let certificates = ["https://prometheus.io", "https://soon.example"];
    assert_eq!(instances("probe_ssl_earliest_cert_expiry - time()"), certificates);

    // Dashboard 13659.
    let uptime = by_instance(r#"avg_over_time(probe_success{job=~"blackbox"}[5m])"#);
    assert_eq!(uptime.into_values().collect::<Vec<_>>(), [0.0, 1.0, 1.0, 1.0]);
    let phases = asked(
        &prometheus,
        r#"avg by (phase) (probe_http_duration_seconds{job="blackbox"})"#,
        &["phase"],
    );
    assert_eq!(phases.len(), 5);
    let versions = asked(&prometheus, r#"probe_tls_version_info{job="blackbox"}"#, &["version"]);
    assert_eq!(versions.into_keys().collect::<Vec<_>>(), ["TLS 1.2", "TLS 1.3"]);
    let chains = r#"probe_ssl_last_chain_info{job="blackbox"}"#;
    let subjects = asked(&prometheus, chains, &["instance", "subject", "issuer"]);
    let soon = "https://soon.example CN=localhost CN=test intermediate";
    assert_eq!(subjects.get(soon), Some(&1.0), "{subjects:?}");

    // The mixin's alerts, and those of many a handbook.
    assert_eq!(instances("probe_success == 0"), ["http://example.com:8080"]);
    let down = r#"avg_over_time(probe_success{job="blackbox"}[30d]) * 100 < 99.9"#;
    assert_eq!(instances(down), ["http://example.com:8080"]);
    for days in [14, 21] {
        let ending = format!("probe_ssl_earliest_cert_expiry - time() < 86400 * {days}");
        assert_eq!(instances(&ending), ["https://soon.example"], "{ending}");
    }
    let last = "probe_ssl_last_chain_expiry_timestamp_seconds - time() < 86400 * 14";
    assert_eq!(instances(last), ["https://soon.example"]);

    let log = prometheus.log();
    let complaints = log.lines().filter(|line| !line.contains("level=info"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
}

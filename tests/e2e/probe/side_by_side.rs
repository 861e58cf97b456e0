//! One `prometheus.yml`, twice: with a real Prometheus that scrapes a real exporter, and with the function that delivers to
//! another Prometheus. The same series are in both.

use std::collections::BTreeSet;

use tests::blackbox::Blackbox;
use tests::child::wait_until;
use tests::nginx::Nginx;
use tests::prometheus::Prometheus;
use tests::samples::Labels;
use tests::targets::certificates::Authority;
use tests::targets::script::{Line, say};
use tests::{Setup, World, live, minute};

use super::function;
use super::site::Site;

/// Nothing in it is ours. A second is enough for the exporter: all is on loopback.
const JOBS: &str = "
global: {scrape_interval: 1s, scrape_timeout: 1s, external_labels: {site: tokyo}}
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs:
      - targets: ['http://{plain}/', 'https://{secure}/', 'http://{plain}/teapot', 'http://{nobody}/']
        labels: {team: web, __tmp: hidden}
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: '{exporter}'}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: probe_ip_addr_hash, action: drop}
      - {source_labels: [phase], regex: (.+), target_label: step}
  - job_name: ssh
    metrics_path: /probe
    honor_labels: true
    params: {module: [ssh_banner]}
    static_configs:
      - {targets: ['{ssh}'], labels: {name: bastion}}
      - {targets: ['{nobody}'], labels: {name: gone}}
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [name], target_label: instance}
      - {target_label: __address__, replacement: '{exporter}'}
  - job_name: limited
    metrics_path: /probe
    sample_limit: 3
    params: {module: [ssh_banner], target: ['{ssh}']}
    static_configs: [{targets: ['{exporter}']}]
  - job_name: unknown
    metrics_path: /probe
    params: {module: [missing], target: ['{ssh}']}
    static_configs: [{targets: ['{exporter}']}]
";

const MODULES: &str = "
modules:
  http_2xx: {prober: http, http: {tls_config: {ca_file: '{ca}'}}}
  ssh_banner: {prober: tcp, tcp: {query_response: [{expect: '^SSH-2.0-'}]}}
";

/// What all jobs have.
const SERIES: &str = r#"{job=~"blackbox|ssh|limited|unknown"}"#;

/// Metrics that one of them does not have; the reasons stand in `compared/differences.json`.
const OURS_ALONE: [&str; 4] = [
    "probe_failed_due_to_bytes",
    "probe_failure_info",
    "probe_timeout_seconds",
    "probe_tls_cipher_info",
];

fn site(authority: &Authority) -> Site {
    let mut site = Site::new();
    let nginx = Nginx::start(&authority.server());
    site.place("plain", nginx.plain());
    site.place("secure", nginx.secure());
    site.keep(nginx);
    site.place("ssh", site.targets.script(vec![say("SSH-2.0-x\r\n"), Line::Stay]));
    site.place("nobody", site.targets.nobody());
    site.file("ca", &authority.root_pem());
    site
}

/// The series of the original, once every target was scraped and is known.
fn scraped(jobs: &str) -> BTreeSet<Labels> {
    let prometheus = Prometheus::with_configuration(jobs);
    let now = |query: &str| {
        let now = live::now();
        prometheus.each_minute(query, now, now)
    };
    let all_are_there = || now(&format!("up{SERIES}")).len() == 8;
    assert!(wait_until(std::time::Duration::from_secs(60), all_are_there), "{}", prometheus.log());
    now(SERIES).into_keys().collect()
}

/// Ours.
async fn delivered(site: &Site) -> BTreeSet<Labels> {
    let prometheus = Prometheus::start();
    let url = prometheus.write_url();
    site.write("sinks.yml", &format!("remote_write: [{{name: amp, url: '{url}'}}]"));
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let handler = function(&world, site).await;
    let outcome = world.run(&handler, minute(1)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    // What a Prometheus would have shown on its page of targets.
    let said: Vec<_> = outcome.report.errors.iter().map(|error| error.source.as_str()).collect();
    assert_eq!(said, ["probe:limited", "probe:unknown"]);
    prometheus.each_minute(SERIES, minute(1), minute(1)).into_keys().collect()
}

#[tokio::test]
async fn the_same_configuration_leaves_the_same_series() {
    let authority = Authority::new("test");
    let mut site = site(&authority);
    let exporter = Blackbox::start(&site.filled(MODULES));
    site.place("exporter", exporter.addr());
    site.write("blackbox.yml", MODULES);
    site.write("prometheus.yml", JOBS);
    let theirs = scraped(&site.filled(JOBS));
    let delivered = delivered(&site).await;
    let mut ours = BTreeSet::new();
    let mut alone = BTreeSet::new();
    for mut labels in delivered {
        // External labels are sent, and not stored by the one who scrapes.
        assert_eq!(labels.remove("site").as_deref(), Some("tokyo"), "{labels:?}");
        if OURS_ALONE.contains(&labels["__name__"].as_str()) {
            alone.insert(labels["__name__"].clone());
            continue;
        }
        labels.remove("serialnumber");
        ours.insert(labels);
    }
    assert!(alone.iter().eq(OURS_ALONE), "{alone:?}");
    let mut theirs = theirs;
    // Of a target that nobody answers 0.23 says that no expression failed.
    theirs.retain(|labels| {
        labels["__name__"] != "probe_failed_due_to_regex"
            || labels.get("name").is_none_or(|name| name != "gone")
    });
    let missing: Vec<_> = theirs.difference(&ours).collect();
    let more: Vec<_> = ours.difference(&theirs).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing: {missing:#?}\nmore: {more:#?}");
    assert!(ours.len() > 60, "{}", ours.len());
}

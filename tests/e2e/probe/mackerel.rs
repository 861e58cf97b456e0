//! The names under which Mackerel gets what probes saw.

use std::collections::BTreeMap;

use tests::targets::certificates::{Authority, ends};
use tests::targets::script::Line;
use tests::targets::tls::Tls;
use tests::targets::web::plain;
use tests::{API_KEY, World, minute};

use super::site::Site;
use super::{function, world};

fn site(jobs: &str) -> Site {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let tls = Tls::of(&authority.server()).acceptor();
    site.place("web", site.targets.web(Some(tls), |_| plain("200 OK", "", b"hello")).addr);
    site.place("mute", site.targets.script(vec![Line::Stay]));
    site.file("ca", &authority.root_pem());
    site.write(
        "blackbox.yml",
        "modules:
  https: {prober: http, http: {tls_config: {ca_file: '{ca}'}}}
  tcp: {prober: tcp}",
    );
    site.write("prometheus.yml", &format!("scrape_configs:\n{jobs}"));
    site
}

/// A world whose only sink is Mackerel.
fn with_mackerel(site: &Site) -> World {
    let world = world(site);
    let url = world.mackerel.url();
    let sinks =
        format!("mackerel: [{{service: production, api_key: {API_KEY}, base_url: '{url}'}}]");
    site.write("sinks.yml", &sinks);
    world
}

/// What Mackerel holds of one minute.
fn held(world: &World, at: i64) -> BTreeMap<String, f64> {
    let metrics = world.mackerel.metrics("production").into_iter();
    metrics.filter_map(|(name, points)| Some((name, *points.get(&minute(at).as_secs())?))).collect()
}

#[tokio::test]
async fn names_are_those_that_are_documented() {
    let site = site(
        "  - job_name: web
    metrics_path: /probe
    params: {module: [https]}
    static_configs: [{targets: ['www.example.com/shop']}]
    relabel_configs:
      - {source_labels: [__address__], target_label: instance}
      - {target_label: __param_target, replacement: 'https://{web}/'}
      - {target_label: __address__, replacement: exporter}
  - job_name: tcp
    metrics_path: /probe
    params: {module: [tcp]}
    static_configs: [{targets: ['{mute}'], labels: {name: mail server}}]
    relabel_configs: [{source_labels: [__address__], target_label: __param_target}]
",
    );
    let world = with_mackerel(&site);
    let handler = function(&world, &site).await;
    let outcome = world.run(&handler, minute(1)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    assert_eq!(world.mackerel.violations(), Vec::<String>::new());
    let held = held(&world, 1);
    let web = "www_example_com_shop";
    let phases = ["connect", "processing", "resolve", "tls", "transfer"];
    let mut names = vec![
        format!("probe.success.{web}"),
        format!("probe.duration.{web}"),
        format!("probe.cert_days.{web}"),
        "probe.success.mail_server".to_owned(),
        "probe.duration.mail_server".to_owned(),
    ];
    names.extend(phases.map(|phase| format!("probe.http.{phase}.{web}")));
    for name in &names {
        assert!(held.contains_key(name), "{name} is not among {held:#?}");
    }
    assert_eq!(held["probe.success.mail_server"], 1.0);
    let days = held[&format!("probe.cert_days.{web}")];
    let years = f64::from(ends::SERVER - 2027);
    assert!((365.0 * years..366.0 * (years + 1.1)).contains(&days), "{days} days");
    // Whatever else there is says whose it is, at the end.
    for name in held.keys() {
        assert!(
            name.starts_with("probe.")
                && names
                    .iter()
                    .any(|known| { known.rsplit('.').next() == name.rsplit('.').next() }),
            "{name}"
        );
    }
}

#[tokio::test]
async fn names_that_would_meet_are_kept_apart() {
    let site = site(
        "  - job_name: tcp
    metrics_path: /probe
    params: {module: [tcp]}
    static_configs: [{targets: ['a/b', 'a.b']}]
    relabel_configs:
      - {source_labels: [__address__], target_label: instance}
      - {target_label: __param_target, replacement: '{mute}'}
      - {target_label: __address__, replacement: exporter}
",
    );
    let world = with_mackerel(&site);
    let handler = function(&world, &site).await;
    let outcome = world.run(&handler, minute(1)).await;
    assert_eq!(outcome.failure, None);
    let held = held(&world, 1);
    let success: Vec<&String> =
        held.keys().filter(|name| name.starts_with("probe.success.")).collect();
    assert_eq!(success.len(), 2, "{held:#?}");
    assert!(success.iter().any(|name| *name == "probe.success.a_b"), "{success:?}");
    let [error, ..] = &outcome.report.errors[..] else { panic!("nobody is told") };
    assert_eq!(error.source, "mackerel:production");
    assert!(error.message.contains("a/b") || error.message.contains("a_b"), "{}", error.message);
}

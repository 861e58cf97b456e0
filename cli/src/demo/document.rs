//! The configuration that a user would write: what AWS is asked for, the blackbox job of a `prometheus.yml` with the module that
//! it uses, and where everything goes. Pure.

/// Where the configuration is, in the emulated Parameter Store.
pub(super) const CONFIG: &str = "ssm:/hostless/config";
/// The parameter that holds it.
pub(super) const DOCUMENT: &str = "/hostless/config/hostless.yml";
/// The parameter that holds Mackerel's key.
pub(super) const API_KEY: &str = "/hostless/secret/mackerel-api-key";
/// The parameter that holds what the site's certificates are signed with.
pub(super) const AUTHORITY: &str = "/hostless/secret/site-ca";

/// The Mackerel service that is posted to.
pub(super) const SERVICE: &str = "production";

/// The job that probes.
pub(super) const JOB: &str = "blackbox";
/// What it probes, by its public name.
pub(super) const INSTANCE: &str = "https://www.example.com";
/// What a person calls that.
pub(super) const SITE: &str = "www.example.com";

/// The document. `remote_write` is an entry of that section, `mackerel` a URL, `site` where the site is on this machine.
pub(super) fn document(remote_write: &str, mackerel: &str, site: &str) -> String {
    format!(
        r#"cloudfront: {{}}
ecs: {{}}
modules:                                 # as in blackbox.yml
  http_2xx:
    prober: http
    timeout: 5s
    http: {{tls_config: {{ca_file: ssm:{AUTHORITY}}}}}
scrape_configs:                          # as in prometheus.yml
  - job_name: {JOB}
    metrics_path: /probe
    params: {{module: [http_2xx]}}
    scrape_interval: 5m
    static_configs:
      - targets: [{INSTANCE}]
        labels: {{name: {SITE}}}
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "blackbox-exporter:9115"}}
      # The demo's site stands in for the real one.
      - {{target_label: __param_target, replacement: "{site}"}}
remote_write:
  - {remote_write}
mackerel:
  - service: {SERVICE}
    api_key_file: ssm:{API_KEY}
    base_url: {mackerel}
"#
    )
}

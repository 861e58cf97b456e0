//! Each key, default and mistake of a job.

use std::time::Duration;

use config::{Document, Findings, Global, Sections};
use series::relabel::NameScheme;

use super::{Job, Limits};
use crate::discovery::{Asked, Provider};

fn read_document(text: &str, directory: Option<&str>) -> (Vec<Job>, Vec<String>) {
    let mut findings = Findings::new();
    let document = Document {
        name: "p.yml".to_owned(),
        directory: directory.map(Into::into),
        body: text.as_bytes().to_vec(),
    };
    let sections = Sections::read(&[document], &mut findings);
    let global = Global::read(sections.get("global"), &mut findings);
    let jobs = Job::read_all(&sections, &global, &mut findings);
    (jobs, findings.iter().map(ToString::to_string).collect())
}

fn read(text: &str) -> (Vec<Job>, Vec<String>) {
    read_document(text, Some("/etc/prometheus"))
}

/// The one job of a document without a finding.
fn job(text: &str) -> Job {
    let (mut jobs, findings) = read(text);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

/// The findings about one job, written as a flow mapping.
fn findings_of(job: &str) -> Vec<String> {
    read(&format!("scrape_configs: [{job}]")).1
}

#[test]
fn a_job_that_says_only_its_name_has_the_defaults() {
    let job = job("scrape_configs: [{job_name: a}]");
    assert_eq!((job.name.as_str(), job.scheme.as_str()), ("a", "http"));
    assert_eq!(job.metrics_path, "/metrics");
    let (interval, timeout) = (Duration::from_secs(60), Duration::from_secs(10));
    assert_eq!((job.interval, job.timeout), (interval, timeout));
    assert_eq!((job.honor_labels, job.extra_metrics, job.is_probe()), (false, false, false));
    assert_eq!((job.limits, job.names), (Limits::default(), NameScheme::Utf8));
    assert!(job.providers.is_empty() && job.params.is_empty() && job.relabel.is_empty());
}

#[test]
fn a_blackbox_job_as_people_write_it_is_read() {
    let job = job("
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    scrape_interval: 5m
    scrape_timeout: 20s
    honor_labels: yes
    params: {module: [http_2xx], debug: ['true', x]}
    static_configs:
      - targets: [https://prometheus.io, http://example.com:8080]
        labels: {team: web, empty: , number: 5}
    file_sd_configs: [{files: [targets/*.yml], refresh_interval: 1m}]
    http_sd_configs: [{url: 'http://sd.example/targets', basic_auth: {username: u, password_file: pw}}]
    dns_sd_configs: [{names: [_http._tcp.example.com]}, {names: [a.example], type: aaaa, port: 443}]
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - target_label: __address__
        replacement: exporter:9115
    metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: 'go_.*'}]
    sample_limit: 100
    label_limit: 0
");
    assert!(job.is_probe() && job.honor_labels);
    let (interval, timeout) = (Duration::from_secs(300), Duration::from_secs(20));
    assert_eq!((job.interval, job.timeout), (interval, timeout));
    assert_eq!(job.params["debug"], ["true", "x"]);
    assert_eq!((job.relabel.len(), job.metric_relabel.len()), (2, 1));
    assert_eq!(job.limits, Limits { samples: Some(100), ..Limits::default() });
    let [Provider::Static(groups), Provider::Asked(Asked::File(_)), rest @ ..] = &*job.providers
    else {
        panic!("{:?}", job.providers)
    };
    let [Provider::Asked(Asked::Http(_)), dns @ ..] = rest else { panic!("{rest:?}") };
    assert!(matches!(dns, [Provider::Asked(Asked::Dns(_)), Provider::Asked(Asked::Dns(_))]));
    assert_eq!(groups[0].targets, ["https://prometheus.io", "http://example.com:8080"]);
    let labels: Vec<_> = groups[0].labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(labels, ["empty=", "number=5", "team=web"]);
    let secrets: Vec<_> = job.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["/etc/prometheus/pw"]);
}

#[test]
fn what_a_probe_job_says_to_its_exporter_is_no_secret_that_we_need() {
    let client = "basic_auth: {username: u, password_file: pw}";
    let probe = job(&format!("scrape_configs: [{{job_name: a, metrics_path: /probe, {client}}}]"));
    assert!(probe.secrets().is_empty());
    let other = job(&format!("scrape_configs: [{{job_name: a, {client}}}]"));
    assert_eq!(other.secrets().len(), 1);
}

#[test]
fn a_job_takes_from_global_what_it_does_not_say() {
    let global = "
global:
  scrape_interval: 30s
  scrape_timeout: 20s
  sample_limit: 5
  target_limit: 6
  label_limit: 7
  label_name_length_limit: 8
  label_value_length_limit: 9
  body_size_limit: 1MB
  keep_dropped_targets: 3
  extra_scrape_metrics: true
  metric_name_validation_scheme: legacy
scrape_configs:
";
    let inherited = job(&format!("{global}  - {{job_name: a}}"));
    let limits = Limits {
        samples: Some(5),
        targets: Some(6),
        labels: Some(7),
        name_length: Some(8),
        value_length: Some(9),
    };
    assert_eq!((inherited.limits, inherited.extra_metrics), (limits, true));
    assert_eq!(inherited.names, NameScheme::Legacy);
    assert_eq!(inherited.timeout, Duration::from_secs(20));
    let own = "{job_name: a, scrape_interval: 15s, sample_limit: 1, extra_scrape_metrics: false, \
               metric_name_validation_scheme: utf8}";
    let own = job(&format!("{global}  - {own}"));
    assert_eq!(own.limits, Limits { samples: Some(1), ..limits });
    assert_eq!((own.extra_metrics, own.names), (false, NameScheme::Utf8));
    // The timeout of all is too long for this interval.
    assert_eq!(own.timeout, Duration::from_secs(15));
}

#[test]
fn what_makes_no_difference_here_is_accepted() {
    let job = job("
scrape_configs:
  - job_name: a
    scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4]
    fallback_scrape_protocol: PrometheusText1.0.0
    scrape_native_histograms: true
    always_scrape_classic_histograms: false
    convert_classic_histograms_to_nhcb: true
    native_histogram_bucket_limit: 160
    native_histogram_min_bucket_factor: 1.1
    honor_timestamps: false
    track_timestamps_staleness: true
    enable_compression: false
    enable_http2: false
    follow_redirects: false
    body_size_limit: 10MB
    keep_dropped_targets: 100
    scrape_failure_log_file: failures.log
    metric_name_escaping_scheme: dots
    scheme: https
");
    assert_eq!(job.scheme, "https");
}

#[test]
fn each_mistake_has_the_words_of_prometheus() {
    let table = [
        ("", "empty or null scrape config section"),
        ("{job_name: ''}", "job_name is empty"),
        ("{static_configs: []}", "job_name is empty"),
        (
            "{job_name: a, scrape_interval: 10s, scrape_timeout: 11s}",
            "scrape timeout greater than scrape interval for scrape config with job name \"a\"",
        ),
        ("{job_name: a, scrape_intervall: 1m}", "field scrape_intervall not found in type"),
        ("{job_name: a, scrape_interval: 1}", "not a valid duration string: \"1\""),
        (
            "{job_name: a, scrape_protocols: []}",
            "scrape_protocols cannot be empty for scrape config",
        ),
        (
            "{job_name: a, scrape_protocols: [x]}",
            "scrape_protocols: unknown scrape protocol x, supported: [OpenMetricsText0.0.1 \
             OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0] \
             for scrape config with job name \"a\"",
        ),
        (
            "{job_name: a, scrape_protocols: [PrometheusProto, prometheusproto]}",
            "duplicated protocol in scrape_protocols, got [PrometheusProto prometheusproto]",
        ),
        (
            "{job_name: a, fallback_scrape_protocol: x}",
            "invalid fallback_scrape_protocol for scrape config with job name \"a\": unknown",
        ),
        ("{job_name: a, body_size_limit: 10}", "units: unknown unit  in 10"),
        ("{job_name: a, sample_limit: -1}", "-1 is out of range"),
        ("{job_name: a, params: {module: x}}", "expected a list"),
        ("{job_name: a, honor_labels: 1}", "expected true or false"),
        ("{job_name: a, metric_name_validation_scheme: x}", "unrecognized ValidationScheme: \"x\""),
        (
            "{job_name: a, metric_name_escaping_scheme: x}",
            "unknown scrape config name escaping method specified, must be one of 'allow-utf-8', \
             'underscores', 'dots', or 'values', got \"x\"",
        ),
        (
            "{job_name: a, metric_name_validation_scheme: legacy, \
             metric_name_escaping_scheme: allow-utf-8}",
            "utf8 metric names requested but validation scheme is not set to UTF8",
        ),
        (
            "{job_name: a, relabel_configs: [null]}",
            "empty or null target relabeling rule in scrape config",
        ),
        (
            "{job_name: a, metric_relabel_configs: [null]}",
            "empty or null metric relabeling rule in scrape config",
        ),
        (
            "{job_name: a, metric_name_validation_scheme: legacy, \
             relabel_configs: [{target_label: a.b}]}",
            "\"a.b\" is invalid 'target_label' for replace action",
        ),
        (
            "{job_name: a, bearer_token: x, bearer_token_file: y}",
            "at most one of bearer_token & bearer_token_file must be configured",
        ),
    ];
    for (job, expected) in table {
        let text = if job.is_empty() {
            "scrape_configs: [null]"
        } else {
            &format!("scrape_configs: [{job}]")
        };
        let (jobs, findings) = read(text);
        assert!(jobs.is_empty(), "{job}");
        assert_eq!(findings.len(), 1, "{job}: {findings:?}");
        assert!(findings[0].contains(expected), "{job}: {findings:?}");
    }
}

#[test]
fn each_mistake_about_targets_has_the_words_of_prometheus() {
    let file = "file service discovery config must contain at least one path name";
    let table = [
        ("static_configs: [null]", "empty or null section in static_configs"),
        ("static_configs: [{}]", "empty or null section in static_configs"),
        ("static_configs: [{target: [a]}]", "field target not found in type targetgroup.Group"),
        ("static_configs: [{targets: a}]", "expected a list, found text"),
        ("static_configs: [{targets: [a], labels: {'': x}}]", "\"\" is not a valid label name"),
        ("static_configs: [{targets: ['http://bad']}]", "\"http://bad\" is not a valid hostname"),
        (
            "static_configs: [{targets: ['https://user:hunter2@bad/?token=t0k3n']}]",
            "\"https://bad/\" is not a valid hostname",
        ),
        ("file_sd_configs: [null]", "empty or null section in file_sd_configs"),
        ("file_sd_configs: [{}]", file),
        ("file_sd_configs: [{files: []}]", file),
        (
            "file_sd_configs: [{files: [a.txt]}]",
            "path name \"a.txt\" is not valid for file discovery",
        ),
        ("file_sd_configs: [{files: ['*/a.yml']}]", "path name \"*/a.yml\" is not valid for file"),
        ("file_sd_configs: [{files: ['ssm:/a.yml']}]", "\"ssm:/a.yml\" is no file"),
        ("file_sd_configs: [{files: [a.yml], refresh_interval: 0s}]", "must be greater than 0"),
        (
            "file_sd_configs: [{files: [a.yml], refresh: 1s}]",
            "field refresh not found in type file",
        ),
        ("http_sd_configs: [null]", "empty or null section in http_sd_configs"),
        ("http_sd_configs: [{}]", "URL is missing"),
        ("http_sd_configs: [{url: ''}]", "URL is missing"),
        ("http_sd_configs: [{url: 'ftp://a'}]", "URL scheme must be 'http' or 'https'"),
        ("http_sd_configs: [{url: 'http://'}]", "host is missing in URL"),
        ("http_sd_configs: [{url: 'http://a', x: 1}]", "field x not found in type http.plain"),
        ("dns_sd_configs: [null]", "empty or null section in dns_sd_configs"),
        ("dns_sd_configs: [{}]", "DNS-SD config must contain at least one SRV record name"),
        (
            "dns_sd_configs: [{names: [a], type: A}]",
            "a port is required in DNS-SD configs for all record types except SRV",
        ),
        ("dns_sd_configs: [{names: [a], type: TXT}]", "invalid DNS-SD records type TXT"),
        ("dns_sd_configs: [{names: [a], port: 65536, type: A}]", "65536 is out of range"),
    ];
    for (targets, expected) in table {
        let findings = findings_of(&format!("{{job_name: a, {targets}}}"));
        assert!(findings.iter().any(|it| it.contains(expected)), "{targets}: {findings:?}");
    }
}

#[test]
fn a_url_may_be_a_target_where_a_rule_can_move_it() {
    let url = "static_configs: [{targets: ['http://a']}]";
    for (rest, expected) in [
        ("", 1),
        (", relabel_configs: []", 1),
        (", relabel_configs: [{action: labeldrop, regex: x}]", 0),
    ] {
        let findings = findings_of(&format!("{{job_name: a, {url}{rest}}}"));
        assert_eq!(findings.len(), expected, "{rest}: {findings:?}");
    }
}

#[test]
fn other_discovery_is_refused_by_name_where_probes_would_miss_their_targets() {
    let sentence = "ec2_sd_configs is not supported: targets come from static_configs, \
                    file_sd_configs, http_sd_configs and dns_sd_configs";
    let (jobs, findings) =
        read("scrape_configs: [{job_name: a, metrics_path: /probe, ec2_sd_configs: [{port: 1}]}]");
    assert!(jobs.is_empty());
    assert_eq!(findings, [format!("p.yml: scrape_configs[0].ec2_sd_configs: {sentence}")]);
    // A node job of the same file costs the probes nothing.
    let (jobs, findings) = read("scrape_configs: [{job_name: a, ec2_sd_configs: [{port: 1}]}]");
    assert_eq!((jobs.len(), findings.len()), (1, 1));
    assert!(findings[0].contains(sentence), "{findings:?}");
    let unknown = findings_of("{job_name: a, phone_book_sd_configs: []}");
    assert!(unknown[0].contains("field phone_book_sd_configs not found in type"), "{unknown:?}");
}

#[test]
fn wrong_jobs_cost_the_others_nothing() {
    let (jobs, findings) = read(
        "scrape_configs: [{job_name: a, x: 1}, {job_name: b}, null, {job_name: b}, {job_name: a}, 5]",
    );
    let names: Vec<_> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["b"]);
    let expected = [
        "scrape_configs[0].x: field x not found in type config.ScrapeConfig",
        "scrape_configs[2]: empty or null scrape config section",
        "scrape_configs[3]: found multiple scrape configs with job name \"b\"",
        "scrape_configs[4]: found multiple scrape configs with job name \"a\"",
        "scrape_configs[5]: expected a mapping, found a number",
    ];
    let expected = expected.map(|finding| format!("p.yml: {finding}"));
    assert_eq!(findings, expected);
}

#[test]
fn mistakes_of_global_that_jobs_inherit_are_said_once() {
    let (_, findings) =
        read("global: {scrape_protocols: [x], sample_limit: a}\nscrape_configs: [{job_name: a}]");
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].ends_with("for global config"), "{findings:?}");
    let (_, findings) =
        read("global: {metric_name_validation_scheme: x}\nscrape_configs: [{job_name: a}]");
    assert_eq!(findings.len(), 1, "{findings:?}");
}

#[test]
fn a_relative_file_needs_a_document_that_lies_in_a_folder() {
    let text = "scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.yml]}]}]";
    let (_, findings) = read_document(text, None);
    assert!(findings[0].contains("its document lies in no folder"), "{findings:?}");
}

#[test]
fn a_job_that_is_shown_keeps_its_secrets() {
    let job = job("scrape_configs: [{job_name: a, basic_auth: {username: u, password: hunter2}, \
                   http_sd_configs: [{url: 'http://u:hunter2@a/b?token=hunter2', bearer_token: hunter2}]}]");
    let shown = format!("{job:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

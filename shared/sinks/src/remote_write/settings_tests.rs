//! Tests of [`settings`](super::settings).

use std::path::Path;
use std::time::Duration;

use cases::corpus;
use config::{Auth, Document, Findings, Sections};

use super::settings::Settings;
use crate::backoff::Backoff;
use crate::testing::{errors_of, sections};

fn read(entry: &str) -> (Settings, Vec<String>) {
    let mut findings = Findings::new();
    let sections = sections(&format!("remote_write: [{entry}]"), &mut findings);
    let settings = Settings::read(&sections.list("remote_write")[0], &mut findings);
    assert!(!findings.has_errors(), "{findings:?}");
    (settings.expect("settings"), findings.warnings().map(ToString::to_string).collect())
}

fn read_all(sections: &Sections, findings: &mut Findings) {
    for node in sections.list("remote_write") {
        drop(Settings::read(&node, findings));
    }
}

fn errors(entry: &str) -> Vec<String> {
    errors_of(&format!("remote_write: [{entry}]"), read_all)
}

#[test]
fn a_url_is_enough_and_the_rest_is_as_in_prometheus() {
    let (settings, warnings) = read("{url: 'http://remote1/push'}");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(settings.timeout, Duration::from_secs(30));
    assert_eq!(settings.queue.max_samples_per_send, 2000);
    assert_eq!(
        settings.queue.backoff,
        Backoff::new(Duration::from_millis(30), Duration::from_secs(5))
    );
    assert_eq!(settings.queue.sample_age_limit, None);
    assert!(!settings.http.enable_http2 && settings.http.auth.is_none());
    assert_eq!((settings.catch_up, settings.reread), (Duration::from_secs(3000), Duration::ZERO));
}

#[test]
fn what_has_an_effect_is_taken() {
    let (settings, warnings) = read(
        "{url: 'https://u:p@remote1/push', name: one, remote_timeout: 10s, headers: {X-Scope-OrgID: 7}, \
         queue_config: {max_samples_per_send: 100, min_backoff: 1s, max_backoff: 2s, sample_age_limit: 1h, \
         retry_on_http_429: true}, \
         write_relabel_configs: [{regex: tag_.*, action: labeldrop}], catch_up: 2h, reread: 1m, \
         send_exemplars: false, protobuf_message: prometheus.WriteRequest, metadata_config: {send: false}}",
    );
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(settings.name.as_deref(), Some("one"));
    assert_eq!(settings.timeout, Duration::from_secs(10));
    assert_eq!(settings.headers[0].0, "x-scope-orgid");
    assert_eq!(settings.headers[0].1, "7");
    assert!(settings.headers[0].1.is_sensitive());
    assert_eq!(settings.queue.max_samples_per_send, 100);
    assert_eq!(
        settings.queue.backoff,
        Backoff::new(Duration::from_secs(1), Duration::from_secs(2))
    );
    assert_eq!(settings.queue.sample_age_limit, Some(Duration::from_secs(3600)));
    assert_eq!(settings.relabeling.len(), 1);
    assert_eq!(
        (settings.catch_up, settings.reread),
        (Duration::from_secs(7200), Duration::from_secs(60))
    );
}

#[test]
fn sigv4_takes_the_region_of_the_workspace() {
    let url = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
    let role = "arn:aws:iam::123456789012:role/writer";
    let (settings, _) =
        read(&format!("{{url: '{url}', sigv4: {{role_arn: '{role}', external_id: x}}}}"));
    let Some(Auth::SigV4(sigv4)) = settings.http.auth else { panic!("sigv4 is the authorization") };
    assert_eq!(sigv4.region.as_deref(), Some("eu-west-1"));
    assert_eq!((sigv4.role_arn.as_deref(), sigv4.external_id.as_deref()), (Some(role), Some("x")));

    let (settings, _) = read("{url: 'http://a', sigv4: {region: us-east-1, service_name: xyz}}");
    let Some(Auth::SigV4(sigv4)) = settings.http.auth else { panic!("sigv4 is the authorization") };
    assert_eq!(
        (sigv4.region.as_deref(), sigv4.service_name.as_deref()),
        (Some("us-east-1"), Some("xyz"))
    );
}

#[test]
fn keys_without_effect_and_keys_with_a_danger_are_warnings() {
    let amp = "https://aps-workspaces.eu-west-1.amazonaws.com/w";
    let table = [
        (
            "send_exemplars: true".to_owned(),
            "remote_write[0].send_exemplars: has no effect: no source has exemplars",
        ),
        (
            "send_native_histograms: true".to_owned(),
            "remote_write[0].send_native_histograms: has no effect: no source has native histograms",
        ),
        (
            "round_robin_dns: true".to_owned(),
            "remote_write[0].round_robin_dns: has no effect: each run opens its connections anew",
        ),
        (
            "failed_request_logging: true".to_owned(),
            "remote_write[0].failed_request_logging: has no effect: what fails is always reported",
        ),
        (
            "metadata_config: {send_interval: 1m, max_samples_per_send: 5}".to_owned(),
            "remote_write[0].metadata_config: has no effect: metadata is not sent",
        ),
        (
            "queue_config: {capacity: 5}".to_owned(),
            "remote_write[0].queue_config.capacity: has no effect: a run sends its requests one after the other",
        ),
        (
            "queue_config: {batch_send_deadline: 5s}".to_owned(),
            "remote_write[0].queue_config: batch_send_deadline has no effect: a run sends what it has at once",
        ),
        (
            "queue_config: {retry_on_http_429: false}".to_owned(),
            "remote_write[0].queue_config.retry_on_http_429: has no effect: a 429 is always tried again while the run \
             lasts, and nothing is dropped",
        ),
        (
            "sigv4: {region: eu-west-1, external_id: x}".to_owned(),
            "remote_write[0].sigv4: external_id has no effect without role_arn",
        ),
        (
            "tls_config: {insecure_skip_verify: true}".to_owned(),
            "remote_write[0]: tls_config.insecure_skip_verify: whoever is in between can read and change everything; \
             name a ca_file instead",
        ),
        (
            "catch_up: 2h".to_owned(),
            "remote_write[0]: catch_up: Amazon Managed Service for Prometheus refuses samples that are older than 1h",
        ),
    ];
    for (key, expected) in table {
        let (_, warnings) = read(&format!("{{url: '{amp}', {key}}}"));
        assert_eq!(warnings, [format!("test.yml: {expected}")], "{key}");
    }
}

#[test]
fn each_mistake_is_found_at_its_place() {
    let one_of = "at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured";
    let table: Vec<(&str, Vec<String>)> = vec![
        ("~", vec!["remote_write[0]: empty or null remote write config section".into()]),
        ("{url: }", vec!["remote_write[0]: url for remote_write is empty".into()]),
        ("{url: 'remote1/push'}", vec!["remote_write[0].url: URL without a scheme; it must begin with one, such as https://".into()]),
        ("{url: 'ftp://remote1/push'}", vec!["remote_write[0].url: URL scheme must be 'http' or 'https'".into()]),
        ("{url: 'http://a', colour: 1}", vec!["remote_write[0].colour: field colour not found in type config.plain".into()]),
        (
            "{url: 'http://a', headers: {Authorization: x}}",
            vec![
                "remote_write[0].headers.Authorization: authorization header must be changed via the basic_auth, \
                 authorization, oauth2, sigv4, azuread or google_iam parameter"
                    .into(),
            ],
        ),
        (
            "{url: 'http://a', headers: {X-Amz-Date: x}}",
            vec!["remote_write[0].headers.X-Amz-Date: X-Amz-Date is a reserved header. It must not be changed".into()],
        ),
        (
            "{url: 'http://a', headers: {'a b': x}}",
            vec!["remote_write[0].headers[\"a b\"]: \"a b\" is not a valid header name".into()],
        ),
        (
            "{url: 'http://a', protobuf_message: io.prometheus.write.v2.Request}",
            vec![
                "remote_write[0].protobuf_message: io.prometheus.write.v2.Request (remote write 2.0) is not supported \
                 yet; prometheus.WriteRequest is"
                    .into(),
            ],
        ),
        ("{url: 'http://a', azuread: {cloud: x}}", vec!["remote_write[0].azuread: azuread is not supported yet".into()]),
        (
            "{url: 'http://a', google_iam: {credentials_file: x}}",
            vec!["remote_write[0].google_iam: google_iam is not supported yet".into()],
        ),
        (
            "{url: 'http://a', basic_auth: {username: x}, sigv4: {region: eu-west-1}}",
            vec![format!("remote_write[0]: {one_of}")],
        ),
        (
            "{url: 'http://a', sigv4: {}, google_iam: {}}",
            vec![
                format!("remote_write[0]: {one_of}"),
                "remote_write[0].google_iam: google_iam is not supported yet".into(),
            ],
        ),
        (
            "{url: 'http://a', sigv4: {access_key: x}}",
            vec![
                "remote_write[0].sigv4: must provide a AWS SigV4 Access key and Secret Key if credentials are \
                 specified in the SigV4 config"
                    .into(),
            ],
        ),
        (
            "{url: 'http://a', sigv4: {colour: x}}",
            vec!["remote_write[0].sigv4.colour: field colour not found in type sigv4.plain".into()],
        ),
        (
            "{url: 'http://a', write_relabel_configs: [~]}",
            vec!["remote_write[0].write_relabel_configs[0]: empty or null relabeling rule in remote write config".into()],
        ),
        (
            "{url: 'http://a', queue_config: {max_samples_per_send: 0}}",
            vec![
                "remote_write[0].queue_config.max_samples_per_send: remote write queue max_samples_per_send must be \
                 positive"
                    .into(),
            ],
        ),
        (
            "{url: 'http://a', queue_config: {min_backoff: 0s}}",
            vec!["remote_write[0].queue_config.min_backoff: remote write queue min_backoff must be positive".into()],
        ),
        (
            "{url: 'http://a', queue_config: {shards: 1}}",
            vec!["remote_write[0].queue_config.shards: field shards not found in type config.QueueConfig".into()],
        ),
        (
            "{url: 'http://a', metadata_config: {sent: true}}",
            vec!["remote_write[0].metadata_config.sent: field sent not found in type config.MetadataConfig".into()],
        ),
        ("{url: 'http://a', remote_timeout: 0s}", vec!["remote_write[0].remote_timeout: must be greater than 0".into()]),
        ("{url: 'http://a', catch_up: soon}", vec!["remote_write[0].catch_up: not a valid duration string: \"soon\"".into()]),
    ];
    for (entry, expected) in table {
        let expected: Vec<_> = expected.iter().map(|error| format!("test.yml: {error}")).collect();
        assert_eq!(errors(entry), expected, "{entry}");
    }
}

/// Files that Prometheus takes and we refuse, and why.
const STRICTER: [(&str, &str, &[&str]); 2] = [
    (
        "good/remote_write_retry_on_rate_limit.good.yml",
        "Prometheus takes a URL without a scheme and fails when it sends",
        &[
            "remote_write[0].url: URL without a scheme; it must begin with one, such as https://",
            "remote_write[1].url: URL without a scheme; it must begin with one, such as https://",
        ],
    ),
    (
        "good/conf.good.remote_write.yml",
        "remote write 2.0 is not supported yet",
        &[
            "remote_write[1].protobuf_message: io.prometheus.write.v2.Request (remote write 2.0) is not supported yet; prometheus.WriteRequest is",
        ],
    ),
];

fn errors_of_file(folder: &Path, file: &str) -> Vec<String> {
    let body = std::fs::read(folder.join(file)).expect("a file of the corpus");
    let document = Document { name: "f".into(), directory: Some(folder.to_owned()), body };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    read_all(&sections, &mut findings);
    findings.errors().map(|error| format!("{}: {}", error.path, error.reason)).collect()
}

/// The texts of all its bad files stand in the tables of this file as well.
#[test]
fn the_files_of_prometheus_are_taken_and_refused_as_there() {
    let Some(folder) = corpus::folder("prometheus/remote_write_config") else { return };
    let expected =
        corpus::json("prometheus/remote_write_config/expected.json").expect("it is there");
    let files = expected["files"].as_object().expect("files");
    assert_eq!(files.len(), 13);
    for (file, verdict) in files {
        let errors = errors_of_file(&folder, file);
        if let Some((.., stricter)) = STRICTER.iter().find(|(name, ..)| name == file) {
            assert_eq!(errors, *stricter, "{file}");
        } else if let Some(text) = verdict["error_contains"].as_str() {
            assert!(errors.iter().any(|error| error.contains(text)), "{file}: {errors:?}");
        } else {
            assert!(errors.is_empty(), "{file}: {errors:?}");
        }
    }
}

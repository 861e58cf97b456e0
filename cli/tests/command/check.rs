//! `hostless check`: all findings at once, and how it exits.

use emulators::aws::{AwsEmulator, Options, Parameter};

use crate::hostless::{Ended, document, hostless, hostless_at};

const GOOD: &str = "
cloudfront: {}
remote_write:
  - name: amp
    url: https://aps-workspaces.ap-northeast-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write
    sigv4: {region: ap-northeast-1}
mackerel:
  - service: production
    api_key_file: ssm:/hostless/secret/mackerel-api-key
";

/// Checks one document; its folder is taken out of what is printed.
fn check(text: &str, variables: &[(&str, &str)]) -> Ended {
    let (folder, path) = document(text);
    let ended = hostless(&["check", "--config", &path.display().to_string()], variables);
    let prefix = format!("{}/", folder.path().display());
    Ended { out: ended.out.replace(&prefix, ""), err: ended.err.replace(&prefix, ""), ..ended }
}

#[test]
fn a_good_document_is_said_to_be_good() {
    let checked = check(GOOD, &[]);
    let good = "hostless.yml: good (cloudfront, mackerel, remote_write)\n";
    assert_eq!((checked.code, &*checked.out, &*checked.err), (Some(0), good, ""));
}

#[test]
fn every_finding_is_said_at_once() {
    let checked = check(
        "
cloudfront: {metrics: [Requests, Latency], dealy: 1m, distributions: [{id: nonsense}]}
remote_write:
  - url: aps-workspaces.amazonaws.com/api/v1/remote_write
  - url: https://example.com/api/v1/write
    protobuf_message: io.prometheus.write.v2.Request
mackerel:
  - service: production
    api_key: planted-secret
    catch_up: soon
colour: blue
",
        &[],
    );
    assert_eq!((checked.code, &*checked.out), (Some(1), ""));
    insta::assert_snapshot!(checked.err);
}

#[test]
fn a_configuration_has_two_ends() {
    let checked = check("cloudfront: {}\n", &[]);
    assert_eq!(checked.code, Some(1));
    insta::assert_snapshot!(checked.err);
    let checked = check(GOOD.replace("cloudfront: {}", "").as_str(), &[]);
    assert_eq!(checked.code, Some(1));
    insta::assert_snapshot!(checked.err);
}

#[test]
fn a_secrets_file_that_is_not_there_is_found_by_opening_it() {
    let text = GOOD.replace("ssm:/hostless/secret/mackerel-api-key", "no-such-key");
    let checked = check(&text, &[]);
    assert_eq!(checked.code, Some(1));
    let finding =
        "error: hostless.yml: mackerel[0]: no-such-key: No such file or directory (os error 2)\n";
    assert_eq!(checked.err, format!("{finding}hostless.yml: 1 error\n"));
}

#[test]
fn samples_too_old_for_an_instant_query_are_warned_of_where_prometheus_reads_them() {
    let checked = check(GOOD, &[("HOSTLESS_INTERVAL", "300")]);
    assert_eq!(checked.code, Some(0));
    let warning = "warning: hostless.yml: cloudfront: the newest sample can be 9m old, and Prometheus shows nothing \
                   older than 5m to an instant query: use last_over_time(…[15m]) in rules and dashboards\n";
    assert_eq!(checked.err, warning);
    assert_eq!(checked.out, "hostless.yml: good (cloudfront, mackerel, remote_write, 1 warning)\n");

    let start = GOOD.find("remote_write").expect("it is there");
    let end = GOOD.find("mackerel:").expect("it is there");
    let without = format!("{}{}", &GOOD[..start], &GOOD[end..]);
    let checked = check(&without, &[("HOSTLESS_INTERVAL", "300")]);
    assert_eq!((checked.code, &*checked.err), (Some(0), ""));
}

#[test]
fn sections_that_nobody_reads_yet_are_warned_of() {
    let checked = check(&format!("{GOOD}discovery: {{}}\nrule_files: []\n"), &[]);
    assert_eq!(checked.code, Some(0));
    insta::assert_snapshot!(checked.err);
}

/// A probe job and its module, beside a sink.
const PROBES: &str = "
modules: {http_2xx: {prober: http, http: {bearer_token_file: 'ssm:/hostless/secret/token'}}}
scrape_configs: [{job_name: blackbox, metrics_path: /probe, static_configs: [{targets: [a]}]}]
remote_write: [{url: 'https://example.com/api/v1/write'}]
";

#[test]
fn modules_and_probe_jobs_are_checked() {
    let checked = check(PROBES, &[]);
    let good = "hostless.yml: good (modules, remote_write, scrape_configs)\n";
    assert_eq!((checked.code, &*checked.out, &*checked.err), (Some(0), good, ""));

    let odd = PROBES
        .replace("ssm:/hostless/secret/token", "no-such-file")
        .replace("job_name", "params: {module: [other]}, scrape_interval: 15s, job_name");
    let checked = check(&odd, &[]);
    assert_eq!(checked.code, Some(0));
    insta::assert_snapshot!(checked.err);

    let scraped = PROBES.replace("metrics_path: /probe, ", "");
    let checked = check(&scraped, &[]);
    assert_eq!(checked.code, Some(0));
    insta::assert_snapshot!(checked.err);
}

#[test]
fn a_module_s_secret_may_not_lie_below_the_configuration() {
    let aws = AwsEmulator::start(Options::default());
    let probes = PROBES.replace("/hostless/secret", "/hostless/config");
    aws.put_parameter(Parameter::string("/hostless/config/a", probes));
    let at = [("HOSTLESS_CONFIG", "ssm:/hostless/config")];
    for arguments in [&["check"][..], &["invoke", "probe", "--dry-run"]] {
        let refused = hostless_at(&aws, arguments, &at);
        let why = "ssm:/hostless/config/a: modules.http_2xx: ssm:/hostless/config/token lies below the configuration";
        assert_eq!(refused.code, Some(1), "{arguments:?}");
        assert!(refused.err.contains(why), "{arguments:?}: {}", refused.err);
    }
}

#[test]
fn the_documents_of_parameter_store_are_checked_where_they_are() {
    let aws = AwsEmulator::start(Options::default());
    let (sources, sinks) = GOOD.split_once("remote_write:").expect("it is there");
    aws.put_parameter(Parameter::string("/hostless/config/a", sources));
    aws.put_parameter(Parameter::secure("/hostless/config/b", format!("remote_write:{sinks}")));
    let at = [("HOSTLESS_CONFIG", "ssm:/hostless/config")];
    let checked = hostless_at(&aws, &["check"], &at);
    let good = "ssm:/hostless/config: good (cloudfront, mackerel, remote_write)\n";
    assert_eq!((checked.code, &*checked.out, &*checked.err), (Some(0), good, ""));

    aws.put_parameter(Parameter::string("/hostless/config/c", "cloudfront: {}"));
    let checked = hostless_at(&aws, &["check"], &at);
    assert_eq!(checked.code, Some(1));
    insta::assert_snapshot!(checked.err);
}

#[test]
fn documents_that_are_not_there_are_an_error_and_no_location_at_all_is_wrong_usage() {
    let checked = hostless(&["check", "--config", "/no/such/hostless.yml"], &[]);
    assert_eq!((checked.code, &*checked.out), (Some(1), ""));
    assert!(checked.err.starts_with("hostless: /no/such/hostless.yml: "), "{}", checked.err);

    let checked = hostless(&["check"], &[]);
    let usage =
        "hostless check: say where the configuration is, with --config or HOSTLESS_CONFIG\n";
    assert_eq!((checked.code, &*checked.out, &*checked.err), (Some(2), "", usage));
}

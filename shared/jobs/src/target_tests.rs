//! Groups and rules against the targets that Prometheus makes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Document, Findings, Global, Sections};

use super::{Target, Targets, targets};
use crate::{Group, Job};

fn job(keys: &str) -> Job {
    let body =
        format!("scrape_configs: [{{job_name: b, metrics_path: /probe{keys}}}]").into_bytes();
    let document = Document { name: "p.yml".to_owned(), directory: None, body };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let mut jobs = Job::read_all(&sections, &Global::default(), &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    jobs.remove(0)
}

fn group(addresses: &[&str], labels: &[(&str, &str)]) -> Group {
    let text = |text: &str| text.to_owned();
    Group {
        source: "0".to_owned(),
        targets: addresses.iter().copied().map(text).collect(),
        labels: labels.iter().map(|(name, value)| (text(name), text(value))).collect(),
    }
}

fn one(job: &Job, group: Group) -> Target {
    let Targets { mut targets, errors, refused } = targets(job, &[group]);
    assert_eq!((targets.len(), errors, refused), (1, Vec::new(), None));
    targets.remove(0)
}

/// The rules that every guide to blackbox_exporter has.
const USUAL: &str = ", params: {module: [http_2xx]}, relabel_configs: [\
    {source_labels: [__address__], target_label: __param_target}, \
    {source_labels: [__param_target], target_label: instance}, \
    {target_label: __address__, replacement: 'exporter:9115'}]";

#[test]
fn the_usual_rules_give_the_usual_target() {
    let target =
        one(&job(USUAL), group(&["https://prometheus.io"], &[("team", "web"), ("__meta_x", "y")]));
    assert_eq!(
        target.labels.to_string(),
        r#"{instance="https://prometheus.io",job="b",team="web"}"#
    );
    assert_eq!(target.address, "exporter:9115");
    let params = [("module", "http_2xx"), ("target", "https://prometheus.io")];
    let params = params.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
    assert_eq!(target.params, BTreeMap::from(params));
    assert_eq!(
        (target.interval, target.timeout),
        (Duration::from_secs(60), Duration::from_secs(10))
    );
}

#[test]
fn without_rules_the_address_is_the_instance() {
    let target = one(&job(""), group(&["example.com"], &[]));
    assert_eq!(target.labels.to_string(), r#"{instance="example.com",job="b"}"#);
    let target = one(&job(""), group(&["example.com"], &[("instance", "shop"), ("job", "own")]));
    assert_eq!(target.labels.to_string(), r#"{instance="shop",job="own"}"#);
}

#[test]
fn labels_of_a_group_come_before_what_the_job_says() {
    let labels = [
        ("__scrape_interval__", "5m"),
        ("__scrape_timeout__", "1m"),
        ("__param_module", "tcp"),
        ("__address__", "ignored"),
    ];
    let target = one(&job(", params: {module: [http, second]}"), group(&["a:1"], &labels));
    assert_eq!(
        (target.interval, target.timeout),
        (Duration::from_secs(300), Duration::from_secs(60))
    );
    assert_eq!(target.address, "a:1");
    // Only the first value of a parameter is a label.
    assert_eq!(target.params["module"], ["tcp", "second"]);
}

#[test]
fn relabeling_sees_what_prometheus_shows_it() {
    let rules = ", params: {module: [m]}, scheme: https, relabel_configs: [{action: labelmap, regex: '__(.+)__|__(.+)', replacement: 'x_$1$2'}]";
    let target = one(&job(rules), group(&["a:1"], &[("__meta_dns_name", "n")]));
    let expected = r#"{instance="a:1",job="b",x_address="a:1",x_meta_dns_name="n",x_metrics_path="/probe",x_param_module="m",x_scheme="https",x_scrape_interval="1m",x_scrape_timeout="10s"}"#;
    assert_eq!(target.labels.to_string(), expected);
}

#[test]
fn a_parameter_that_relabeling_takes_away_stays_what_the_job_says() {
    let rules =
        ", params: {module: [m]}, relabel_configs: [{action: labeldrop, regex: __param_module}]";
    assert_eq!(one(&job(rules), group(&["a:1"], &[])).params["module"], ["m"]);
}

#[test]
fn what_relabeling_drops_is_no_target_and_no_error() {
    let rules =
        ", relabel_configs: [{action: keep, source_labels: [__address__], regex: 'keep.*'}]";
    let all = targets(&job(rules), &[group(&["drop:1", "keep:1"], &[])]);
    assert_eq!((all.targets.len(), all.errors.len()), (1, 0));
    assert_eq!(all.targets[0].address, "keep:1");
}

#[test]
fn targets_that_cannot_be_used_are_told_in_the_words_of_prometheus() {
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let table: [(&str, Pairs<'_>, &str); 9] = [
        ("", &[], "no address"),
        ("http://a", &[], "\"http://a\" is not a valid hostname"),
        ("https://user:hunter2@a/?token=t0k3n", &[], "\"https://a/\" is not a valid hostname"),
        (
            "a",
            &[("__scrape_interval__", "x")],
            "error parsing scrape interval: not a valid duration string: \"x\"",
        ),
        (
            "a",
            &[("__scrape_timeout__", "1")],
            "error parsing scrape timeout: not a valid duration string: \"1\"",
        ),
        ("a", &[("__scrape_interval__", "0")], "scrape interval cannot be 0"),
        ("a", &[("__scrape_timeout__", "0s")], "scrape timeout cannot be 0"),
        (
            "a",
            &[("__scrape_timeout__", "2m")],
            "scrape timeout cannot be greater than scrape interval (\"2m\" > \"1m\")",
        ),
        (
            "a",
            &[("__scrape_interval__", "5s")],
            "scrape timeout cannot be greater than scrape interval (\"10s\" > \"5s\")",
        ),
    ];
    for (address, labels, expected) in table {
        let all = targets(&job(""), &[group(&["good", address], labels), group(&["good"], &[])]);
        let expected = format!("instance 1 in group 0: {expected}");
        assert!(all.errors.contains(&expected), "{:?}", all.errors);
        assert!(all.targets.iter().any(|target| target.address == "good"));
    }
}

#[test]
fn targets_that_are_the_same_are_one() {
    let groups = [
        group(&["a", "b", "a"], &[]),
        group(&["b"], &[("__meta_x", "y")]),
        group(&["b"], &[("team", "web")]),
    ];
    let all = targets(&job(""), &groups);
    let addresses: Vec<_> = all.targets.iter().map(|target| target.address.as_str()).collect();
    assert_eq!(addresses, ["a", "b", "b"]);
    let module = |module| group(&["a"], &[("__param_module", module)]);
    assert_eq!(targets(&job(""), &[module("x"), module("y")]).targets.len(), 2);
}

#[test]
fn too_many_targets_are_refused_together() {
    let limited = job(", target_limit: 2");
    assert_eq!(targets(&limited, &[group(&["a", "b", "a"], &[])]).refused, None);
    let all = targets(&limited, &[group(&["a", "b", "c"], &[])]);
    assert_eq!(all.targets.len(), 3);
    let expected = "target_limit exceeded (number of targets: 3, limit: 2)";
    assert_eq!(all.refused.as_deref(), Some(expected));
}

#[test]
fn no_groups_are_no_targets_and_a_hundred_thousand_are_as_many() {
    assert_eq!(targets(&job(""), &[]), Targets::default());
    let addresses: Vec<_> = (0..100_000).map(|at| format!("host-{at}:80")).collect();
    let group = Group { targets: addresses, ..Group::default() };
    assert_eq!(targets(&job(""), &[group]).targets.len(), 100_000);
}

//! Prometheus's own configuration files: those that it takes are taken, with the same meaning, and those that it refuses are
//! refused with its words.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use config::{Document, Finding, Findings, Global, Sections, duration};
use jobs::Job;
use serde_json::{Map, Value};
use series::relabel::NameScheme;

/// Files whose error has other words here, with ours and the reason.
const OTHER_WORDS: [(&str, &str); 1] = [(
    // Prometheus passes on what its YAML library says of a value of the wrong type; we have words of our own for it.
    "bad/scrape_config_files_fallback_scrape_protocol2.bad.yml",
    "expected text, found a list",
)];

/// What a job does not keep, since nothing here asks for pages: it is checked and makes no difference.
const NOT_KEPT: [&str; 6] = [
    "always_scrape_classic_histograms",
    "convert_classic_histograms_to_nhcb",
    "enable_compression",
    "metric_name_escaping_scheme",
    "scrape_native_histograms",
    "scrape_protocols",
];

struct Read {
    global: Global,
    jobs: Vec<Job>,
    findings: Findings,
}

fn read(path: &Path) -> Read {
    let directory = path.parent().map(Path::to_owned);
    let body = fs::read(path).expect("the corpus has this file");
    let document = Document { name: "prometheus.yml".to_owned(), directory, body };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let global = Global::read(sections.get("global"), &mut findings);
    let jobs = Job::read_all(&sections, &global, &mut findings);
    Read { global, jobs, findings }
}

#[test]
fn files_are_taken_and_refused_as_prometheus_does() {
    let Some(folder) = cases::corpus::folder("prometheus/scrape_config") else {
        return;
    };
    let expected = fs::read_to_string(folder.join("expected.json")).expect("the corpus is whole");
    let mut expected: Value = serde_json::from_str(&expected).expect("JSON");
    let Value::Object(files) = expected["files"].take() else { panic!("files") };
    assert_eq!(files.len(), 56, "none is passed over in silence");
    for (name, expected) in &files {
        let read = read(&folder.join(name));
        if expected["valid"] == true {
            check_good(name, &read, expected);
        } else {
            check_bad(name, &read, expected["error_contains"].as_str().expect("a text"));
        }
    }
}

fn check_bad(name: &str, read: &Read, expected: &str) {
    // Upstream names the file where we name document and path.
    let expected = match expected.strip_prefix("parsing YAML file ") {
        Some(rest) => rest.split_once(": ").expect("a file name").1,
        None => expected,
    };
    let other = OTHER_WORDS.iter().find(|(file, _)| *file == name);
    let expected = other.map_or(expected, |(_, words)| words);
    let errors: Vec<_> = read.findings.errors().map(Finding::to_string).collect();
    assert!(errors.iter().any(|error| error.contains(expected)), "{name}: {errors:?}");
}

fn check_good(name: &str, read: &Read, expected: &Value) {
    let errors: Vec<_> = read.findings.errors().map(Finding::to_string).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    for when in expected["external_labels_when"].as_array().into_iter().flatten() {
        check_external_labels(name, &read.global, when);
    }
    if let Some(first) = expected["first_scrape_config"].as_object() {
        check_job(name, &read.jobs[0], first);
    }
}

fn check_external_labels(name: &str, global: &Global, when: &Value) {
    let environment = |key: &str| when["env"][key].as_str().map(str::to_owned);
    let labels: BTreeMap<_, _> =
        global.clone().expanded(&environment).external_labels.into_iter().collect();
    let expected: BTreeMap<String, String> =
        serde_json::from_value(when["external_labels"].clone()).expect("labels");
    assert_eq!(labels, expected, "{name}");
}

fn check_job(name: &str, job: &Job, expected: &Map<String, Value>) {
    for (key, expected) in expected {
        let holds = match (key.as_str(), expected) {
            ("job_name", Value::String(text)) => job.name == *text,
            ("scrape_interval", Value::String(text)) => Ok(job.interval) == duration::parse(text),
            ("scrape_timeout", Value::String(text)) => Ok(job.timeout) == duration::parse(text),
            ("extra_scrape_metrics", Value::Bool(value)) => job.extra_metrics == *value,
            ("metric_name_validation_scheme", Value::String(text)) => {
                (job.names == NameScheme::Legacy) == (text == "legacy")
            }
            (key, _) => NOT_KEPT.contains(&key),
        };
        assert!(holds, "{name}: {key} is not {expected}: {job:?}");
    }
}

//! The behaviour of blackbox_exporter as cases, and what a test does with one: fill in the places (`{addr}`), read the module
//! as a configuration file would have it, run the probe, compare. The form of a case is described in the corpus's README.
//!
//! A runner brings the servers: it starts what `case.server` says, calls [`Case::fill`] with their addresses, probes with
//! [`run`], and asks [`Case::mismatches`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cases::corpus;
pub(crate) use cases::corpus::take;
use clock::Clock;
use config::{Document, Findings, Sections};
use serde_json::Value;

use crate::frame::{Equipment, Failure, Gauge, Probe, Record};
use crate::module::{self, Module};

/// One case. `server` and what else of `expect` only a server can know stay JSON, for the runner.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) deadline: Duration,
    pub(crate) target: String,
    pub(crate) module: Value,
    pub(crate) server: Value,
    pub(crate) expect: Value,
    /// What the case needs of the machine (`http3`, `localhost resolves to ::1`).
    pub(crate) requires: Vec<String>,
    /// The environment of the probe.
    pub(crate) env: BTreeMap<String, String>,
    /// Files by name, for `{file:NAME}`.
    pub(crate) files: BTreeMap<String, String>,
}

/// What a probe came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) result: Result<(), Failure>,
    pub(crate) gauges: Vec<Gauge>,
    /// The messages of its steps.
    pub(crate) steps: Vec<String>,
}

/// The probes of `blackbox/behaviour/<name>.json`.
pub(crate) fn cases(name: &str, count: usize) -> Vec<Case> {
    table(name, count).into_iter().map(Case::read).collect()
}

/// The cases of `blackbox/behaviour/<name>.json`, as they stand: exactly `count`, none at all where there is no corpus.
pub(crate) fn table(name: &str, count: usize) -> Vec<Value> {
    corpus::cases(&format!("blackbox/behaviour/{name}.json"), count)
}

/// A file of `blackbox`; nothing where there is no corpus.
pub(crate) fn file(name: &str) -> Option<String> {
    corpus::file(&format!("blackbox/{name}"))
}

/// Runs one probe: `probing` is handed what the frame would hand to a prober.
pub(crate) async fn run<'a>(
    target: &'a str,
    hostname: Option<&'a str>,
    deadline: Duration,
    equipment: &'a Equipment,
    probing: impl AsyncFnOnce(Probe<'_>) -> Result<(), Failure>,
) -> Outcome {
    let record = Record::start(true);
    let deadline = record.began().started() + deadline;
    let result = probing(Probe { target, hostname, deadline, equipment, record: &record }).await;
    let (gauges, steps) = record.into_parts();
    Outcome { result, gauges, steps: steps.into_iter().map(|step| step.message).collect() }
}

/// Equipment that knows no AWS and trusts nobody but whom a module names. `environment` is for the proxies.
pub(crate) fn equipment(environment: &BTreeMap<String, String>) -> Equipment {
    let lookup = |name: &str| environment.get(name).cloned();
    let factory = ::http::Factory::new(&lookup).expect("a client");
    let clock = Clock::System;
    let secrets = aws::Secrets::new(None, clock.clone(), Duration::from_secs(300));
    Equipment::with(factory, secrets, clock)
}

/// The module as a configuration file would have it, or what the findings say against it.
pub(crate) fn read_module(module: &Value) -> Result<Module, String> {
    let body = serde_json::json!({ "modules": { "tested": module } }).to_string().into_bytes();
    let document = Document { name: "blackbox.yml".into(), directory: None, body };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let mut modules = module::read_all(&sections, &mut findings);
    let said = || findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    match modules.remove("tested") {
        Some(module) if findings.error_count() == 0 => Ok(module),
        _ => Err(said()),
    }
}

impl Case {
    fn read(mut case: Value) -> Self {
        let seconds: f64 = take(&mut case, "deadline_s");
        Self {
            id: take(&mut case, "id"),
            deadline: Duration::from_secs_f64(seconds),
            target: take(&mut case, "target"),
            module: take(&mut case, "module"),
            server: take(&mut case, "server"),
            expect: take(&mut case, "expect"),
            requires: take(&mut case, "requires"),
            env: take(&mut case, "env"),
            files: take(&mut case, "files"),
        }
    }

    /// Puts a value in the place of `{place}`, wherever it stands.
    pub(crate) fn fill(&mut self, place: &str, value: &str) {
        let place = format!("{{{place}}}");
        self.target = self.target.replace(&place, value);
        for part in [&mut self.module, &mut self.server, &mut self.expect] {
            replace(part, &place, value);
        }
    }

    /// [`Case::fill`] with a server's address, its host and its port.
    pub(crate) fn fill_address(&mut self, address: std::net::SocketAddr) {
        self.fill("addr", &address.to_string());
        self.fill("host", &address.ip().to_string());
        self.fill("port", &address.port().to_string());
    }

    /// What of `expect` does not hold, of success, metrics and steps. What a server saw is the runner's to compare.
    pub(crate) fn mismatches(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(success) = self.expect["success"].as_bool()
            && success != outcome.result.is_ok()
        {
            wrong.push(format!("success: {:?}", outcome.result));
        }
        wrong.extend(self.wrong_values(outcome));
        wrong.extend(self.wrong_labels(outcome));
        for name in self.texts("present") {
            if outcome.first(&name).is_none() {
                wrong.push(format!("{name} is missing"));
            }
        }
        for name in self.texts("absent") {
            if outcome.first(&name).is_some() {
                wrong.push(format!("{name} should not be there"));
            }
        }
        for text in self.texts("log_contains") {
            if !outcome.says(&text) {
                wrong.push(format!("no step says {text:?}: {:#?}", outcome.steps));
            }
        }
        for text in self.texts("log_lacks") {
            if outcome.says(&text) {
                wrong.push(format!("a step says {text:?}"));
            }
        }
        wrong
    }

    fn wrong_values(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, expected) in self.members("metrics") {
            let text = expected.as_str().and_then(|text| text.parse().ok());
            let expected = expected.as_f64().or(text).unwrap_or_else(|| panic!("{name}"));
            match outcome.first(name) {
                Some(gauge) if gauge.value == expected => {}
                found => wrong.push(format!("{name} should be {expected}: {found:?}")),
            }
        }
        wrong
    }

    fn wrong_labels(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, expected) in self.members("metric_labels") {
            let gauge = outcome.first(name);
            let label = |label: &str| gauge.and_then(|gauge| value_of(gauge, label));
            for (name_of_label, expected) in expected.as_object().expect("labels") {
                if label(name_of_label) != expected.as_str() {
                    wrong.push(format!("{name}: {name_of_label} should be {expected}: {gauge:?}"));
                }
            }
        }
        for (name, expected) in self.members("label_values") {
            for (label, expected) in expected.as_object().expect("labels") {
                let expected: BTreeSet<&str> =
                    expected.as_array().expect("values").iter().filter_map(Value::as_str).collect();
                let of_name = outcome.gauges.iter().filter(|gauge| gauge.metric.name == name);
                let found: Vec<&str> = of_name.filter_map(|gauge| value_of(gauge, label)).collect();
                let unique: BTreeSet<&str> = found.iter().copied().collect();
                if unique != expected || unique.len() != found.len() {
                    wrong.push(format!("{name}: {label} should be {expected:?}: {found:?}"));
                }
            }
        }
        wrong
    }

    fn members(&self, member: &str) -> impl Iterator<Item = (&str, &Value)> {
        let object = self.expect[member].as_object();
        object.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    fn texts(&self, member: &str) -> Vec<String> {
        let list = self.expect[member].as_array();
        list.into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    }
}

impl Outcome {
    /// The first sample of a metric.
    pub(crate) fn first(&self, name: &str) -> Option<&Gauge> {
        self.gauges.iter().find(|gauge| gauge.metric.name == name)
    }

    /// The value of the first sample of a metric.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.first(name).map(|gauge| gauge.value)
    }

    /// Whether a step says this, among others.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.steps.iter().any(|step| step.contains(text))
    }
}

fn value_of<'a>(gauge: &'a Gauge, label: &str) -> Option<&'a str> {
    gauge.labels.iter().find(|(name, _)| name == label).map(|(_, value)| value.as_str())
}

fn replace(value: &mut Value, place: &str, with: &str) {
    match value {
        Value::String(text) if text.contains(place) => *text = text.replace(place, with),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, place, with)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| replace(member, place, with));
        }
        _ => {}
    }
}

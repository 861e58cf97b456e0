//! `differences.json`, and what is held against it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Said;

/// What differs, with the reason for it. An entry has `probers`, `metric`, `why` (`version`, `bug`, `extension`, `choice`) and
/// `reason`, and
/// - `only`: `original` or `ours`, if the other one does not have it: the series, or the `label` if one is named;
///   else `original` and `ours`: the two values, or `varies`, if they are by chance;
/// - `labels` that the series has, `cases` that it is about: absent for all.
const LISTED: &str = include_str!("differences.json");

/// Times that a machine takes cannot be the same twice, but what took no time at all is 0 in both.
const TIMES: [&str; 6] = [
    "probe_dns_duration_seconds",
    "probe_dns_lookup_time_seconds",
    "probe_duration_seconds",
    "probe_grpc_duration_seconds",
    "probe_http_duration_seconds",
    "probe_icmp_duration_seconds",
];

/// No probe here may take longer, in seconds.
const LONGEST: f64 = 10.0;

/// The list, as far as it is about one prober, and what was found.
pub(super) struct Differences {
    listed: Vec<Value>,
    /// Entry by its place in the list, and the cases in which it came up.
    met: BTreeMap<usize, BTreeSet<String>>,
    unknown: Vec<String>,
}

/// One that was found.
struct Found<'a> {
    case: &'a str,
    metric: &'a str,
    labels: &'a BTreeMap<String, String>,
    original: Option<f64>,
    ours: Option<f64>,
}

impl Differences {
    pub(super) fn of(prober: &str) -> Self {
        let all: Vec<Value> = serde_json::from_str(LISTED).expect("differences.json is a list");
        for entry in &all {
            check(entry);
        }
        let listed = all.into_iter().filter(|entry| holds(&entry["probers"], prober)).collect();
        Self { listed, met: BTreeMap::new(), unknown: Vec::new() }
    }

    /// Compares what both said in one case.
    pub(super) fn look(&mut self, case: &str, original: &Said, ours: &Said) {
        let ours = self.without_labels(case, original, ours);
        let series: BTreeSet<_> = original.keys().chain(ours.keys()).collect();
        for labels in series {
            let (theirs, own) = (original.get(labels), ours.get(labels));
            let metric = labels["__name__"].as_str();
            if let (Some(theirs), Some(own)) = (theirs, own)
                && is_same(metric, *theirs, *own)
            {
                continue;
            }
            let (original, ours) = (theirs.copied(), own.copied());
            self.note(&Found { case, metric, labels, original, ours });
        }
    }

    /// Ours without the labels that are listed as ours alone.
    fn without_labels(&mut self, case: &str, original: &Said, ours: &Said) -> Said {
        let mut said = Said::new();
        for (labels, value) in ours {
            let mut labels = labels.clone();
            for (place, entry) in self.listed.iter().enumerate() {
                let Some(label) = entry["label"].as_str() else { continue };
                let is_theirs = || {
                    let mut series = original.keys();
                    series.any(|theirs| {
                        theirs["__name__"] == labels["__name__"] && theirs.contains_key(label)
                    })
                };
                if entry["metric"] == *labels["__name__"]
                    && labels.contains_key(label)
                    && !is_theirs()
                {
                    labels.remove(label);
                    self.met.entry(place).or_default().insert(case.to_owned());
                }
            }
            said.insert(labels, *value);
        }
        said
    }

    fn note(&mut self, found: &Found<'_>) {
        let place = self.listed.iter().position(|entry| is_about(entry, found));
        match place {
            Some(place) => {
                self.met.entry(place).or_default().insert(found.case.to_owned());
            }
            None => {
                let Found { case, labels, original, ours, .. } = found;
                let line = format!("{case}: {labels:?} original {original:?} ours {ours:?}");
                self.unknown.push(line);
            }
        }
    }

    /// Nothing was found that is not listed, and everything that is listed was found, in each case that it names.
    pub(super) fn finish(self) {
        let Self { listed, met, unknown } = self;
        assert!(unknown.is_empty(), "not in differences.json:\n{}", unknown.join("\n"));
        for (place, entry) in listed.iter().enumerate() {
            let cases = met.get(&place).cloned().unwrap_or_default();
            assert!(!cases.is_empty(), "it is listed and does not come up: {entry}");
            let named = entry["cases"].as_array().into_iter().flatten();
            for case in named.filter_map(Value::as_str) {
                assert!(cases.contains(case), "in {case:?} it does not come up: {entry}");
            }
        }
    }
}

/// A reason is the point of the list.
fn check(entry: &Value) {
    let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("{key} of {entry}"));
    assert!(["version", "bug", "extension", "choice"].contains(&text("why")), "{entry}");
    assert!(!text("reason").is_empty() && !text("metric").is_empty());
    assert!(entry["probers"].as_array().is_some_and(|probers| !probers.is_empty()), "{entry}");
}

fn holds(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == text))
}

fn is_about(entry: &Value, found: &Found<'_>) -> bool {
    let has_values = match (found.original, found.ours) {
        (None, _) => entry["only"] == "ours",
        (_, None) => entry["only"] == "original",
        (Some(_), Some(_)) if entry["varies"] == true => true,
        (Some(original), Some(ours)) => {
            entry["original"].as_f64() == Some(original) && entry["ours"].as_f64() == Some(ours)
        }
    };
    let mut labels = entry["labels"].as_object().into_iter().flatten();
    has_values
        && entry["label"].is_null()
        && entry["metric"] == found.metric
        && (entry["cases"].is_null() || holds(&entry["cases"], found.case))
        && labels.all(|(name, value)| found.labels.get(name).is_some_and(|found| value == found))
}

fn is_same(metric: &str, original: f64, ours: f64) -> bool {
    if TIMES.contains(&metric) {
        return (original == 0.0) == (ours == 0.0) && (0.0..=LONGEST).contains(&ours);
    }
    original == ours || (original.is_nan() && ours.is_nan())
}

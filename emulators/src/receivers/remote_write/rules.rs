//! What remote write 1.0 asks of a sender, and what this project asks of its own beyond that.
//!
//! Pure: headers and a decoded request in, breaches out, each a sentence that names the series. Whether a
//! receiver would also refuse the request is another matter ([`super::personality`]): real ones are lenient
//! in different places, which is why a test should look at the breaches and not at the status alone.
//! Source: the published specification 1.0 (April 2023).

use std::collections::BTreeSet;

use axum::http::HeaderMap;

use super::proto::{TimeSeries, WriteRequest};

/// The headers that every request must carry, with the value that is due (`None`: any but empty).
const HEADERS: [(&str, Option<&str>); 4] = [
    ("content-encoding", Some("snappy")),
    ("content-type", Some("application/x-protobuf")),
    ("x-prometheus-remote-write-version", Some("0.1.0")),
    ("user-agent", None),
];

/// Breaches in the headers of a request.
#[must_use]
pub fn header_breaches(headers: &HeaderMap) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, due) in HEADERS {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        match (values.as_slice(), due) {
            ([], _) => breaches.push(format!("header {name} is missing")),
            ([one], Some(due)) if one.as_bytes() != due.as_bytes() => {
                breaches.push(format!("header {name} is {one:?}, not {due:?}"));
            }
            ([one], None) if one.is_empty() => breaches.push(format!("header {name} is empty")),
            ([_], _) => {}
            (_, _) => breaches.push(format!("header {name} is there {} times", values.len())),
        }
    }
    breaches
}

/// Breaches in a decoded request, with `now_ms` as the present.
#[must_use]
pub fn request_breaches(request: &WriteRequest, now_ms: i64) -> Vec<String> {
    let mut breaches = Vec::new();
    if request.timeseries.is_empty() {
        breaches.push("the request holds no series".to_owned());
    }
    let mut seen = BTreeSet::new();
    for series in &request.timeseries {
        let name = display(series);
        let mut found = label_breaches(series);
        found.extend(sample_breaches(series, now_ms));
        if !seen.insert(&series.labels) {
            // Two entries of one series are two timestamps, or a repeat, in disguise.
            found.push("stands twice in one request".to_owned());
        }
        breaches.extend(found.into_iter().map(|breach| format!("series {name}: {breach}")));
    }
    breaches
}

fn label_breaches(series: &TimeSeries) -> Vec<String> {
    let mut breaches = Vec::new();
    for pair in series.labels.windows(2) {
        let (before, after) = (&pair[0].name, &pair[1].name);
        if before == after {
            breaches.push(format!("label {before:?} is repeated"));
        } else if before > after {
            breaches.push(format!("label {after:?} stands after {before:?}"));
        }
    }
    for label in &series.labels {
        if label.value.is_empty() {
            breaches.push(format!("label {:?} has an empty value", label.name));
        }
        if label.name == "__name__" {
            if !is_metric_name(&label.value) {
                breaches.push(format!("{:?} is not a metric name", label.value));
            }
        } else if !is_label_name(&label.name) {
            breaches.push(format!("{:?} is not a label name", label.name));
        } else if label.name.starts_with("__") {
            breaches.push(format!("label {:?} has a reserved name", label.name));
        }
    }
    if series.label("__name__").is_none() {
        breaches.push("has no __name__".to_owned());
    }
    breaches
}

fn sample_breaches(series: &TimeSeries, now_ms: i64) -> Vec<String> {
    let mut breaches = Vec::new();
    if series.samples.is_empty() && series.histograms.is_empty() {
        breaches.push("has no sample".to_owned());
    }
    for pair in series.samples.windows(2) {
        if pair[1].timestamp <= pair[0].timestamp {
            let (before, after) = (pair[0].timestamp, pair[1].timestamp);
            breaches.push(format!("sample at {after} follows the one at {before}"));
        }
    }
    if series.samples.len() > 1 {
        // Our own rule: only then is sending a request again harmless on every receiver.
        breaches.push(format!("has {} samples in one request, not one", series.samples.len()));
    }
    for sample in series.samples.iter().filter(|s| s.timestamp > now_ms) {
        let ahead = sample.timestamp.saturating_sub(now_ms);
        breaches.push(format!("sample at {} is {ahead} ms in the future", sample.timestamp));
    }
    breaches
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
#[must_use]
pub fn is_metric_name(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    text.chars().all(ok) && text.starts_with(|c: char| !c.is_ascii_digit())
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`
#[must_use]
pub fn is_label_name(text: &str) -> bool {
    is_metric_name(text) && !text.contains(':')
}

/// A series as PromQL would write it.
fn display(series: &TimeSeries) -> String {
    let labels: Vec<String> = series
        .labels
        .iter()
        .filter(|l| l.name != "__name__")
        .map(|l| format!("{}={:?}", l.name, l.value))
        .collect();
    format!("{}{{{}}}", series.label("__name__").unwrap_or_default(), labels.join(","))
}

//! Raw samples as real receivers give them back, in a form that can be compared with the truth.

use std::collections::BTreeMap;

use serde_json::Value;

/// A series: label names and values.
pub type Labels = BTreeMap<String, String>;

/// Times in seconds and values, in the order in which they were given back; a repeat is there twice.
pub type Samples = Vec<(i64, f64)>;

/// All series that an answer holds.
pub type Held = BTreeMap<Labels, Samples>;

/// Reads the `matrix` of an answer of the query API that both receivers speak
/// (<https://prometheus.io/docs/prometheus/latest/querying/api/#range-vectors>).
pub(crate) fn of_matrix(answer: &Value) -> Held {
    assert_eq!(answer["data"]["resultType"], "matrix", "{answer}");
    let rows = answer["data"]["result"].as_array().expect("a list of series");
    rows.iter().map(|row| (labels(&row["metric"]), points(&row["values"]))).collect()
}

/// The labels of one series.
pub(crate) fn labels(metric: &Value) -> Labels {
    let pairs = metric.as_object().expect("labels").iter();
    pairs.map(|(name, value)| (name.clone(), text(value).to_owned())).collect()
}

fn points(values: &Value) -> Samples {
    let points = values.as_array().expect("a list of points").iter();
    points.map(|point| (seconds(&point[0]), number(text(&point[1])))).collect()
}

/// CloudWatch's timestamps are whole minutes: anything else is not the timestamp that was sent.
fn seconds(time: &Value) -> i64 {
    let time = time.as_f64().expect("seconds");
    assert_eq!(time.fract(), 0.0, "a whole second");
    format!("{time}").parse().expect("whole seconds")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

/// What is different between what a receiver holds and what it should, one line a series. Values may differ by
/// `tolerance`, as a share of themselves; times, order and number of samples may not.
pub fn differences<K: Ord + std::fmt::Debug>(
    held: &BTreeMap<K, Samples>,
    truth: &BTreeMap<K, Samples>,
    tolerance: f64,
) -> Vec<String> {
    let nothing = Samples::new();
    let keys: std::collections::BTreeSet<&K> = held.keys().chain(truth.keys()).collect();
    let rows = keys.into_iter().filter_map(|key| {
        let held = held.get(key).unwrap_or(&nothing);
        let truth = truth.get(key).unwrap_or(&nothing);
        let first = held.iter().zip(truth).find(|(held, truth)| !same(held, truth, tolerance));
        let why = match first {
            Some((held, truth)) => format!("holds {held:?} where {truth:?} belongs"),
            None if held.len() == truth.len() => return None,
            None => format!("holds {} samples instead of {}", held.len(), truth.len()),
        };
        Some(format!("{key:?} {why}"))
    });
    rows.collect()
}

fn same(held: &(i64, f64), truth: &(i64, f64), tolerance: f64) -> bool {
    held.0 == truth.0 && (held.1 - truth.1).abs() <= truth.1.abs() * tolerance
}

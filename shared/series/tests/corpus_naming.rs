//! Names and labels against YACE's own test tables (corpus/yace), and numbers against a real page.

use std::collections::{BTreeMap, BTreeSet};

use cases::corpus::{cases, file, take};
use serde_json::Value;
use series::{Labels, exposition, naming};

fn text(case: &Value, member: &str) -> String {
    case[member].as_str().expect(member).to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Name and labels of a sample as the corpus has it.
fn expected(sample: &Value) -> Labels {
    let labels: BTreeMap<String, String> = take(&mut sample.clone(), "labels");
    labels.into_iter().collect::<Labels>().with("__name__", text(sample, "name"))
}

/// Adds labels under a prefix, as YACE does of tags and dimensions.
fn add(labels: &mut Labels, prefix: &str, pairs: &Value, key: &str, snake: bool) {
    for pair in list(pairs) {
        let name = text(pair, key);
        let name = if snake { naming::snake_label_name(&name) } else { naming::label_name(&name) };
        if let Some(name) = name {
            labels.set(format!("{prefix}{name}"), text(pair, "value"));
        }
    }
}

fn add_context(labels: &mut Labels, context: &Value, snake: bool) {
    for name in ["region", "account_id"] {
        labels.set(name, context[name].as_str().unwrap_or_default());
    }
    add(labels, "custom_tag_", &context["custom_tags"], "key", snake);
}

#[test]
fn metrics_are_named_as_in_yace() {
    for case in cases("yace/metric_names.json", 31) {
        let [namespace, metric, statistic] =
            ["namespace", "metric", "statistic"].map(|member| text(&case, member));
        let name = naming::metric_name(&namespace, &metric, &statistic);
        assert_eq!(name, text(&case, "yace"));
        assert!(naming::is_metric_name(&name));
    }
}

#[test]
fn labels_are_named_as_in_yace() {
    for case in cases("yace/label_names.json", 6) {
        let name = text(&case, "name");
        let in_snake_case = case["snake_case"].as_bool().expect("snake_case");
        let label =
            if in_snake_case { naming::snake_label_name(&name) } else { naming::label_name(&name) };
        assert_eq!(label.is_some(), case["valid"], "{name}");
        assert_eq!(label.as_deref(), case["label"].as_str(), "{name}");
    }
}

#[test]
fn info_series_have_the_name_and_labels_of_yace() {
    for case in cases("yace/info_metrics.json", 3) {
        let snake = case["labels_snake_case"].as_bool().expect("labels_snake_case");
        let mut made = Vec::new();
        for group in list(&case["resources"]) {
            for resource in list(&group["data"]) {
                let name = naming::info_name(&text(resource, "namespace"));
                let mut labels = Labels::named(name).with("name", text(resource, "arn"));
                add_context(&mut labels, &group["context"], snake);
                add(&mut labels, "tag_", &resource["tags"], "key", snake);
                made.push(labels);
            }
        }
        let expected: Vec<_> = list(&case["expected"]).iter().map(expected).collect();
        assert_eq!(made, expected, "{}", case["id"]);
    }
}

#[test]
fn metric_series_have_the_names_and_labels_of_yace() {
    for case in cases("yace/build_metrics.json", 5) {
        let snake = case["labels_snake_case"].as_bool().expect("labels_snake_case");
        let mut made = BTreeSet::new();
        for result in list(&case["results"]) {
            for data in list(&result["data"]) {
                let [namespace, metric, statistic] =
                    ["namespace", "metric", "statistic"].map(|member| text(data, member));
                let name = naming::metric_name(&namespace, &metric, &statistic);
                let mut labels = Labels::named(name).with("name", text(data, "resource_name"));
                add_context(&mut labels, &result["context"], snake);
                add(&mut labels, "dimension_", &data["dimensions"], "name", snake);
                // A result without a value that can be stamped makes no sample.
                let has_sample =
                    list(&data["data_points"]).iter().any(|point| !point["value"].is_null());
                let newest_only = data["export_all_data_points"] == false;
                let newest_is_absent = data["data_points"][0]["value"].is_null();
                if has_sample && !(newest_only && newest_is_absent) {
                    made.insert(labels);
                }
            }
        }
        let expected: BTreeSet<_> = list(&case["expected"]).iter().map(expected).collect();
        assert_eq!(made, expected, "{}", case["id"]);
    }
}

#[test]
fn series_that_differ_in_empty_labels_only_are_one() {
    for case in cases("yace/label_consistency.json", 5) {
        let made: BTreeSet<_> = list(&case["metrics"]).iter().map(expected).collect();
        let wanted = list(&case["expected_any_order"]);
        assert_eq!(made.len(), wanted.len(), "{}", case["id"]);
        assert_eq!(made, wanted.iter().map(expected).collect(), "{}", case["id"]);
    }
}

#[test]
fn numbers_look_as_on_a_page_of_the_go_client() {
    let Some(page) = file("prometheus/exposition/client_sample.prom.txt") else {
        return;
    };
    let samples = page.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut count = 0;
    for sample in samples {
        let (_, value) = sample.rsplit_once(' ').expect("a value");
        let number: f64 = value.parse().expect("a number");
        assert_eq!(exposition::number(number), value, "{sample}");
        count += 1;
    }
    assert!(count > 100, "{count} samples are too few for the page to prove anything");
}

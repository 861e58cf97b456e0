//! The alarms of `template.yaml`: those that look into the log find there what they look for, and docs/OPERATIONS.md says
//! of each one what to do.

use std::collections::BTreeSet;
use std::path::Path;

use emulators::faults::{Fault, Rule};
use serde_json::Value;
use tests::counting::Counting;
use tests::{Setup, World, minute, template};

/// The resources of a type: name and properties.
fn resources<'t>(
    template: &'t Value,
    kind: &'static str,
) -> impl Iterator<Item = (&'t String, &'t Value)> {
    let all = template["Resources"].as_object().expect("resources").iter();
    let chosen = all.filter(move |(_, resource)| resource["Type"] == kind);
    chosen.map(|(name, resource)| (name, &resource["Properties"]))
}

fn filters(template: &Value) -> Vec<(&Value, &Value)> {
    let filters: Vec<_> = resources(template, "AWS::Logs::MetricFilter")
        .map(|(_, filter)| (&filter["FilterPattern"], &filter["MetricTransformations"][0]))
        .collect();
    assert!(!filters.is_empty());
    filters
}

/// The fields that a pattern names as `$.a.b`, with the first element for any element of an array.
fn fields(pattern: &str) -> BTreeSet<String> {
    let words = pattern.split_whitespace().filter_map(|word| word.strip_prefix("$."));
    words
        .map(|field| {
            let parts = field.split('.').map(|part| match part.split_once('[') {
                Some((array, _)) => format!("/{array}/0"),
                None => format!("/{part}"),
            });
            parts.collect()
        })
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[tokio::test]
async fn every_field_that_a_filter_looks_at_is_a_number_in_the_report() {
    let world = World::new(Setup::default());
    let report = world.run(&world.handler().await, minute(5)).await.report.summary();
    let template = template::read();
    let mut seen = BTreeSet::new();
    for (pattern, transformation) in filters(&template) {
        seen.extend(fields(text(pattern)));
        seen.extend(fields(text(&transformation["MetricValue"])));
    }
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        ["/sinks/0/rejected", "/waiting_seconds"]
    );
    for field in seen {
        assert!(report.pointer(&field).is_some_and(Value::is_u64), "{field} of {report}");
    }
}

#[tokio::test]
async fn the_words_that_a_filter_looks_for_are_those_of_the_report() {
    let said = given_up().await + &set_aside().await;
    let template = template::read();
    let patterns = filters(&template).into_iter().map(|(pattern, _)| text(pattern));
    let phrases: BTreeSet<&str> =
        patterns.flat_map(|pattern| pattern.split('"').skip(1).step_by(2)).collect();
    assert_eq!(phrases.len(), 2, "{phrases:?}");
    for phrase in phrases {
        assert!(said.contains(phrase), "{phrase:?} is not in {said}");
    }
}

/// The report of a run after an outage that outlasted `catch_up`.
async fn given_up() -> String {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    let sinks = [world.receiver.faults(), world.mackerel.faults()];
    for faults in sinks {
        faults.push(Rule::on("", Fault::Status(404, String::new())).forever());
    }
    world.run(&handler, minute(5)).await;
    sinks.iter().for_each(|faults| faults.clear());
    world.run(&handler, minute(120)).await.report.to_json().to_string()
}

/// The report of a run that found a body in its spool that nobody can read.
async fn set_aside() -> String {
    let config = "ecs: {}\nremote_write: [{name: amp, url: '{receiver}'}]".to_owned();
    let world = World::new(Setup { config, interval_seconds: 60, ..Setup::default() });
    let key = "spool/ecs/0-of-1/remote_write:amp/2026-11-20T09:00:00Z-00000-3";
    world.aws.put_object("hostless", key, "this is no body");
    let handler = world.function::<Counting>(&[]).await;
    world.run(&handler, minute(1)).await.report.to_json().to_string()
}

#[test]
fn every_alarm_on_a_metric_of_ours_has_a_filter_that_makes_it() {
    let template = template::read();
    let made: BTreeSet<&str> =
        filters(&template).iter().map(|(_, made)| text(&made["MetricName"])).collect();
    let watched: BTreeSet<&str> = resources(&template, "AWS::CloudWatch::Alarm")
        .filter(|(_, alarm)| alarm["Namespace"].is_object())
        .map(|(_, alarm)| text(&alarm["MetricName"]))
        .collect();
    assert_eq!(watched, made);
}

#[test]
fn every_function_has_the_same_alarms_and_the_manual_a_section_for_each() {
    let template = template::read();
    let of = |function: &str| -> BTreeSet<String> {
        let names = resources(&template, "AWS::CloudWatch::Alarm").map(|(name, _)| name);
        names.filter_map(|name| name.strip_prefix(function)).map(str::to_owned).collect()
    };
    let functions = resources(&template, "AWS::Serverless::Function").map(|(name, _)| name);
    let functions: Vec<&str> =
        functions.map(|name| name.strip_suffix("Function").expect("named so")).collect();
    assert!(functions.len() > 1);
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/OPERATIONS.md");
    let manual = std::fs::read_to_string(manual).expect("the manual");
    let sections: BTreeSet<String> = manual
        .split("\n## ")
        .find(|chapter| chapter.starts_with("Alarms\n"))
        .expect("a chapter on alarms")
        .lines()
        .filter_map(|line| line.strip_prefix("### ").map(str::to_owned))
        .collect();
    for function in functions {
        assert_eq!(of(function), sections, "{function}");
    }
}

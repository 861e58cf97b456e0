//! What `template.yaml` promises of every function, whichever there are: AWS's own retries do no harm, and what waits in
//! the store is safe there.

use serde_json::{Value, json};
use tests::template;

/// The shortest interval of a schedule, in seconds.
const SHORTEST_INTERVAL: u64 = 60;

fn resources<'t>(
    template: &'t Value,
    kind: &'static str,
) -> impl Iterator<Item = (&'t String, &'t Value)> {
    let all = template["Resources"].as_object().expect("resources").iter();
    let chosen = all.filter(move |(_, resource)| resource["Type"] == kind);
    chosen.map(|(name, resource)| (name, &resource["Properties"]))
}

fn seconds(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number of seconds"))
}

/// The next run makes up for one that failed: a retry, or an event from before an outage of Lambda, is only noise.
#[test]
fn no_event_is_tried_again_or_kept_longer_than_an_interval() {
    let template = template::read();
    let mut functions = 0;
    for (name, function) in resources(&template, "AWS::Serverless::Function") {
        let schedules = function["Events"].as_object().expect("events").values();
        let of_schedules = schedules.map(|one| &one["Properties"]["RetryPolicy"]);
        for retries in of_schedules.chain([&function["EventInvokeConfig"]]) {
            assert_eq!(retries["MaximumRetryAttempts"], 0, "{name}");
            assert!(seconds(&retries["MaximumEventAgeInSeconds"]) <= SHORTEST_INTERVAL, "{name}");
        }
        functions += 1;
    }
    assert!(functions >= 2);
    let timeout = seconds(&template["Globals"]["Function"]["Timeout"]);
    assert!(timeout < SHORTEST_INTERVAL, "a slow run does not meet the next one");
}

#[test]
fn the_store_is_encrypted_and_nobodys_but_the_functions() {
    let template = template::read();
    let store = &template["Resources"]["Store"];
    let properties = &store["Properties"];
    let rules = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"];
    assert_eq!(rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let blocks = properties["PublicAccessBlockConfiguration"].as_object().expect("blocks");
    assert!(blocks.len() == 4 && blocks.values().all(|block| *block == true), "{blocks:?}");
    assert_eq!(store["DeletionPolicy"], "Retain", "watermarks outlive the stack");
    let (_, policy) = resources(&template, "AWS::S3::BucketPolicy").next().expect("a policy");
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(statement["Condition"], json!({"Bool": {"aws:SecureTransport": "false"}}));
}

/// What waits is not swept away before every receiver would refuse it, a day at most; what was set aside stays longer.
#[test]
fn what_waits_in_the_store_is_kept_longer_than_any_sink_would_take_it() {
    let template = template::read();
    let store = &template["Resources"]["Store"]["Properties"];
    let rules = store["LifecycleConfiguration"]["Rules"].as_array().expect("rules");
    let days = |prefix: &str| {
        let rule = rules.iter().find(|rule| rule["Prefix"] == prefix);
        rule.and_then(|rule| rule["ExpirationInDays"].as_u64()).expect("a number of days")
    };
    assert!(days("spool/") >= 7 && days("aside/") > days("spool/"));
    let swept = rules.iter().filter(|rule| rule.get("ExpirationInDays").is_some());
    assert_eq!(swept.count(), 2, "the state is never swept away");
}

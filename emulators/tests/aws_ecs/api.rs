//! Asking ECS over the wire.

use std::collections::BTreeMap;

use emulators::aws::{AwsEmulator, Options};
use emulators::traffic::ecs::EcsFleet;
use serde_json::Value;

use crate::aws_client::{Answer, Request};

/// 2026-11-20T09:26:00Z.
pub(crate) const NOW: i64 = 1_795_166_760;
pub(crate) const REGION: &str = "ap-northeast-1";
pub(crate) const OTHER_REGION: &str = "eu-west-1";

/// An emulator with this fleet in [`REGION`].
pub(crate) fn start(fleet: EcsFleet) -> AwsEmulator {
    let ecs = BTreeMap::from([(REGION.to_owned(), fleet)]);
    AwsEmulator::start(Options { now: Some(NOW), ecs, ..Options::default() })
}

/// Signs for `region` and sends.
pub(crate) fn send(
    emulator: &AwsEmulator,
    region: &str,
    operation: &str,
    request: &Value,
) -> Answer {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let body = request.to_string();
    let request = Request {
        method: "POST",
        path: "/",
        headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)],
        body: body.as_bytes(),
        service: "ecs",
        region,
    };
    request.send(emulator).expect("an answer")
}

pub(crate) fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// The answer to a request that is right.
pub(crate) fn ask(emulator: &AwsEmulator, operation: &str, request: &Value) -> Value {
    let answer = send(emulator, REGION, operation, request);
    assert_eq!(answer.status, 200, "{operation} {request}: {}", answer.text());
    json_of(&answer)
}

/// Error type and message.
pub(crate) fn refused(
    emulator: &AwsEmulator,
    operation: &str,
    request: &Value,
) -> (String, String) {
    refused_in(emulator, REGION, operation, request)
}

pub(crate) fn refused_in(
    emulator: &AwsEmulator,
    region: &str,
    operation: &str,
    request: &Value,
) -> (String, String) {
    let answer = send(emulator, region, operation, request);
    assert_eq!(answer.status, 400, "{operation} {request}: {}", answer.text());
    let error = json_of(&answer);
    let text = |member: &str| error[member].as_str().expect("a text").to_owned();
    (text("__type"), text("message"))
}

pub(crate) fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

/// The sizes of all pages, and what is on them.
pub(crate) fn pages(
    emulator: &AwsEmulator,
    operation: &str,
    member: &str,
    request: &Value,
) -> (Vec<usize>, Vec<String>) {
    let mut request = request.clone();
    let mut sizes = Vec::new();
    let mut all = Vec::new();
    loop {
        let answer = ask(emulator, operation, &request);
        let page = texts(&answer[member]);
        sizes.push(page.len());
        all.extend(page);
        match answer["nextToken"].as_str() {
            Some(token) => request["nextToken"] = token.into(),
            None => return (sizes, all),
        }
    }
}

pub(crate) fn names(arns: &[String]) -> Vec<&str> {
    arns.iter().map(|arn| arn.rsplit('/').next().expect("a name")).collect()
}

//! A wrong `ecs` section: each mistake with its document, its path and its reason, before anything is asked or sent.

use std::fs;

use ::ecs::Ecs;
use emulators::traffic::ecs::EcsFleet;
use runtime::{Handler, Invocation, RunError, environment};
use serde_json::json;
use tests::World;

use super::world;

/// What is wrong, and the section that is.
const MISTAKES: &[(&str, &str)] = &[
    ("no mapping", "[]"),
    ("unknown key", "{region: eu-west-1}"),
    ("regions that are no list", "{regions: eu-west-1}"),
    ("no region", "{regions: []}"),
    ("region that is none", "{regions: [Ireland]}"),
    ("region that stands twice", "{regions: [eu-west-1, eu-west-1]}"),
    ("role that is none", "{roles: [{role_arn: reader}]}"),
    ("clusters that are no expression", "{clusters: 'a('}"),
    ("clusters that match nothing", "{clusters: ''}"),
    ("services as a list", "{services: [web]}"),
    ("no metric", "{metrics: []}"),
    ("metric that is no expression", "{metrics: ['[']}"),
    ("metric as text", "{metrics: 'ecs_.*'}"),
    ("switch that is none", "{container_insights: enhanced}"),
    ("single tasks without Container Insights", "{per_task: true}"),
    ("single tasks with Container Insights off", "{per_task: true, container_insights: false}"),
    ("period that CloudWatch does not have", "{period: 90s}"),
    ("delay that is none", "{delay: soon}"),
    ("several mistakes", "{regions: [eu], per_task: true, metrcs: [a]}"),
];

async fn config_error(world: &World, section: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let document = format!("ecs: {section}\nmackerel: [{{service: web, api_key: k}}]\n");
    fs::write(folder.path().join("a.yml"), document).expect("a document");
    let location = folder.path().display().to_string();
    let environment = world.environment(&[(environment::CONFIG, &location)]);
    let handler = Handler::<Ecs>::start(environment, world.clock.clone()).await;
    let handler = handler.expect("a handler starts whatever the configuration says");
    match handler.invoke(&json!({}), Invocation::default()).await.failure {
        Some(RunError::Config(message)) => message.replace(&location, "{folder}"),
        other => panic!("expected a ConfigError for {section}, found {other:?}"),
    }
}

#[tokio::test]
async fn each_mistake_is_a_config_error_with_document_path_and_reason() {
    let world = world("{}", EcsFleet::demo());
    let mut all = Vec::new();
    for (what, section) in MISTAKES {
        all.push(format!("# {what}\n{}\n", config_error(&world, section).await));
    }
    insta::assert_snapshot!(all.join("\n"));
    assert_eq!(world.receiver.requests().len(), 0, "nothing is sent");
    assert!(world.aws.calls().iter().all(|call| call.service != "ecs"), "nothing is asked");
}

#[tokio::test]
async fn what_only_costs_money_is_no_mistake() {
    let world = world(
        "{container_insights: true, per_task: true, metric_suffixes: true, regions: [ap-northeast-1]}",
        EcsFleet::default(),
    );
    let handler = super::function(&world).await;
    super::run(&world, &handler, 5).await;
}

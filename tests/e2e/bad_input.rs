//! A wrong configuration: each mistake with its document, its path and its reason, as a `ConfigError`, before anything is
//! collected or sent.

use std::fs;

use runtime::{Environment, Handler, Invocation, RunError, environment};
use serde_json::json;
use tests::{Setup, World, minute};

/// A sink that is good enough.
const SINK: &str = "mackerel: [{service: web, api_key: k}]";

/// What is wrong, and the documents that are.
const MISTAKES: &[(&str, &[&str])] = &[
    ("unknown key", &["cloudfront: {perod: 1m}", SINK]),
    ("unknown section", &["cloudfornt: {}", SINK]),
    ("section that stands in two documents", &["cloudfront: {}", "cloudfront: {}", SINK]),
    ("key that stands twice", &["cloudfront: {delay: 2m, delay: 3m}", SINK]),
    ("bad duration", &["cloudfront: {delay: 2 minutes}", SINK]),
    ("period that CloudFront does not have", &["cloudfront: {period: 90s}", SINK]),
    (
        "bad regular expression",
        &[
            "cloudfront: {}",
            "remote_write: [{url: 'http://h/', write_relabel_configs: [{regex: '('}]}]",
        ],
    ),
    (
        "URL without scheme",
        &["cloudfront: {}", "remote_write: [{url: 'localhost:9090/api/v1/write'}]"],
    ),
    (
        "secret that does not exist",
        &[
            "cloudfront: {}",
            "mackerel: [{service: web, api_key_file: 'ssm:/hostless/secret/nothing'}]",
        ],
    ),
    (
        "secret of Secrets Manager that does not exist",
        &["cloudfront: {}", "mackerel: [{service: web, api_key_file: 'secretsmanager:nothing'}]"],
    ),
    ("malformed distribution id", &["cloudfront: {distributions: [{id: www.example.com}]}", SINK]),
    (
        "distribution that stands twice",
        &["cloudfront: {distributions: [{id: E1ABCDEF}, {id: E1ABCDEF}]}", SINK],
    ),
    ("metric that CloudFront does not have", &["cloudfront: {metrics: [Reqests]}", SINK]),
    ("role that is none", &["cloudfront: {roles: [{role_arn: reader}]}", SINK]),
    (
        "two Mackerel rules with one constant name",
        &[
            "cloudfront: {}",
            "mackerel: [{service: web, api_key: k, names: [{match: a, name: n}, {match: b, name: n}]}]",
        ],
    ),
    (
        "service name that Mackerel does not allow",
        &["cloudfront: {}", "mackerel: [{service: 'a b', api_key: k}]"],
    ),
    (
        "remote write 2.0",
        &[
            "cloudfront: {}",
            "remote_write: [{url: 'http://h/', protobuf_message: io.prometheus.write.v2.Request}]",
        ],
    ),
    ("two sinks of one name", &["cloudfront: {}", SINK, SINK]),
    ("list that is none", &["cloudfront: {}", "remote_write: {url: 'http://h/'}"]),
    ("no YAML", &["cloudfront: {", SINK]),
    ("empty configuration", &[""]),
    ("no source section", &[SINK]),
    ("no sink", &["cloudfront: {}"]),
];

#[tokio::test]
async fn each_mistake_is_a_config_error_with_document_path_and_reason() {
    let world = World::new(Setup::default());
    let mut all = Vec::new();
    for (what, documents) in MISTAKES {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, body) in ["a.yml", "b.yml", "c.yml"].iter().zip(*documents) {
            fs::write(folder.path().join(name), body).expect("a document");
        }
        let path = folder.path().display().to_string();
        let found = config_error(&world, &path).await.replace(&path, "{folder}");
        all.push(format!("# {what}\n{found}\n"));
    }
    insta::assert_snapshot!(all.join("\n"));
    assert_eq!(world.receiver.requests().len(), 0, "nothing is sent");
    assert_eq!(world.aws.call_log().count("cloudwatch:GetMetricData"), 0, "nothing is collected");
}

#[tokio::test]
async fn every_mistake_is_said_at_once() {
    let world = World::new(Setup::default());
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yml"), "cloudfront: {delay: x, tgas: true}\nnonsense: 1\n")
        .expect("a document");
    let found = config_error(&world, &folder.path().display().to_string()).await;
    assert_eq!(found.lines().count(), 3, "{found}");
}

#[tokio::test]
async fn a_document_that_is_no_text_is_named_with_the_byte() {
    let world = World::new(Setup::default());
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yml"), b"cloudfront: {} # \xff").expect("a document");
    let found = config_error(&world, &folder.path().display().to_string()).await;
    assert_eq!(found.lines().next(), Some("a.yml: not UTF-8: byte 17 is not text"), "{found}");
}

#[tokio::test]
async fn a_secret_below_the_configuration_is_an_error() {
    let config =
        "cloudfront: {}\nmackerel: [{service: web, api_key_file: 'ssm:/hostless/config/a/key'}]";
    let world = World::new(Setup { config: config.to_owned(), ..Setup::default() });
    let found = config_error(&world, "ssm:/hostless/config").await;
    assert_eq!(
        found,
        "ssm:/hostless/config/main: mackerel[0]: ssm:/hostless/config/a/key lies below the configuration, where it would be read as a document; \
         keep secrets under another path"
    );
}

#[tokio::test]
async fn a_key_with_a_newline_behind_it_works() {
    let world = World::new(Setup::default());
    let key = emulators::aws::Parameter::secure(
        "/hostless/secret/mackerel-api-key",
        format!("{}\n", tests::API_KEY),
    );
    world.aws.put_parameter(key);
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!(outcome.failure, None);
    assert!(!world.mackerel.metrics("production").is_empty());
}

#[tokio::test]
async fn the_environment_is_checked_too() {
    let world = World::new(Setup::default());
    for (name, value, message) in [
        (
            environment::INTERVAL,
            "1m",
            "HOSTLESS_INTERVAL: \"1m\" is not a number of seconds above 0",
        ),
        (
            environment::CONFIG,
            "",
            "HOSTLESS_CONFIG is not set; it says where the configuration is: a file, a folder, ssm:/path or \
             s3://bucket/prefix",
        ),
        (environment::CONFIG, "nowhere.yml", "nowhere.yml: No such file or directory (os error 2)"),
    ] {
        let handler = world.handler_with(&[(name, value)]).await;
        let outcome = handler.invoke(&json!({}), Invocation::default()).await;
        assert_eq!(outcome.failure, Some(RunError::Config(message.to_owned())));
    }
}

async fn config_error(world: &World, location: &str) -> String {
    let environment: Environment = world.environment(&[(environment::CONFIG, location)]);
    let handler = Handler::<cloudfront::CloudFront>::start(environment, world.clock.clone()).await;
    let handler = handler.expect("a handler starts whatever the configuration says");
    let outcome = handler.invoke(&json!({}), Invocation::default()).await;
    match outcome.failure {
        Some(RunError::Config(message)) => message,
        other => panic!("expected a ConfigError for {location}, found {other:?}"),
    }
}

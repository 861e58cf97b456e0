//! A second opinion: S3, Parameter Store, STS and CloudFront as moto plays them, CloudWatch as our emulator does.

use aws::Aws;
use bytes::Bytes;
use clock::Clock;
use emulators::traffic::{Distribution, Fleet};
use http::Factory;
use store::{Expect, PutError, Store};
use tests::moto::Moto;
use tests::{Setup, World, minute};

/// The account that moto plays.
const ACCOUNT: &str = "123456789012";

/// The variables that send everything but CloudWatch to moto.
const ENDPOINTS: [&str; 4] = [
    "AWS_ENDPOINT_URL_CLOUDFRONT",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_STS",
];

/// A distribution in moto, and its traffic in our emulator.
fn distribution(moto: &Moto, alias: &str) -> Distribution {
    let id = moto.create_distribution(alias, "made by hand");
    Distribution { id, aliases: vec![alias.to_owned()], ..Fleet::sized(1).distributions.remove(0) }
}

/// Twelve parameters: more than one page of `GetParametersByPath`. Each names a distribution's metrics, a sink, or
/// labels, so that each is missed if it is lost.
fn put_configuration(moto: &Moto, world: &World) {
    let receiver = world.receiver.url();
    moto.put_parameter("/hostless/config/00-cloudfront", "cloudfront: {}");
    moto.put_parameter(
        "/hostless/config/01-global",
        "global: {external_labels: {environment: moto}}",
    );
    for sink in 2..12 {
        let team = format!("team-{sink:02}");
        let relabeling = format!("[{{target_label: team, replacement: {team}}}]");
        let document = format!(
            "remote_write: [{{url: '{receiver}', name: {team}, write_relabel_configs: {relabeling}}}]"
        );
        moto.put_parameter(&format!("/hostless/config/{sink:02}-{team}"), &document);
    }
}

#[tokio::test]
async fn the_function_runs_on_an_aws_that_somebody_else_emulates() {
    let moto = Moto::start();
    moto.create_bucket("state");
    let world = World::new(Setup { store: "s3://state/hostless".to_owned(), ..Setup::default() });
    let distributions = ["www.example.org", "api.example.org"].map(|a| distribution(&moto, a));
    world.aws.set_fleet(Fleet { distributions: distributions.into() });
    put_configuration(&moto, &world);
    let url = moto.url();
    let handler = world.handler_with(&ENDPOINTS.map(|name| (name, url.as_str()))).await;
    for run in 1..=3 {
        let outcome = world.run(&handler, minute(run * 5)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        assert_eq!(outcome.report.errors, []);
        assert_eq!(outcome.report.sinks.len(), 10);
    }
    let calls = world.aws.call_log().counts();
    assert!(calls.keys().all(|call| call.starts_with("cloudwatch:")), "{calls:?}");

    for distribution in &world.aws.fleet().distributions {
        let arn = format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{}", distribution.id);
        let window = minute(-2).as_secs()..minute(13).as_secs();
        let truth = world.aws.expected(&distribution.id, "Requests", "Sum", window);
        assert_eq!(truth.len(), 15);
        for sink in 2..12 {
            let labels = [
                ("__name__", "aws_cloudfront_requests_sum"),
                ("name", arn.as_str()),
                ("alias", &distribution.aliases[0]),
                ("environment", "moto"),
                ("team", &format!("team-{sink:02}")),
            ];
            let held: Vec<_> = world.receiver.samples(&labels).into_values().collect();
            assert_eq!(held.len(), 1, "{labels:?}");
            let held: Vec<_> = held[0].iter().map(|(at, value)| (at / 1000, *value)).collect();
            assert_eq!(held, truth, "{labels:?}");
        }
    }
    let state = moto.object("state", "hostless/state/cloudfront/0-of-1.json");
    assert!(state.is_some_and(|state| state.contains("remote_write:team-11")));
}

#[tokio::test]
async fn a_damaged_state_and_a_missing_bucket_stop_the_run_there_too() {
    let moto = Moto::start();
    let url = moto.url();
    let world = World::new(Setup { store: "s3://nowhere".to_owned(), ..Setup::default() });
    let handler = world.handler_with(&[("AWS_ENDPOINT_URL_S3", &url)]).await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!(outcome.failure.map(|failure| failure.error_type()), Some("StateError"));
    moto.create_bucket("nowhere");
    let outcome = world.run(&handler, minute(10)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
}

/// Conditional writes, as another reading of S3's documentation has them.
#[tokio::test]
async fn conditional_writes_conflict_where_they_must() {
    let moto = Moto::start();
    moto.create_bucket("bucket");
    let world = World::new(Setup::default());
    let environment = world.environment(&[("AWS_ENDPOINT_URL_S3", &moto.url())]);
    let lookup = |name: &str| environment.get(name);
    let factory = Factory::new(&lookup).expect("a factory");
    let aws = Aws::load(factory.sdk_client(), Clock::System, &lookup).await;
    let store = Store::open("s3://bucket/some/prefix", &factory, Some(&aws)).expect("a store");

    assert!(store.get("a/key").await.expect("readable").is_none());
    let body = |text: &'static str| Bytes::from_static(text.as_bytes());
    let first = store.put("a/key", body("one"), Expect::Absent).await.expect("written");
    let again = store.put("a/key", body("two"), Expect::Absent).await;
    assert!(matches!(again, Err(PutError::Conflict(_))), "{again:?}");
    let second = store.put("a/key", body("two"), Expect::Version(first.clone())).await;
    let second = second.expect("written over the version that is there");
    let late = store.put("a/key", body("three"), Expect::Version(first)).await;
    assert!(matches!(late, Err(PutError::Conflict(_))), "{late:?}");
    let (held, version) = store.get("a/key").await.expect("readable").expect("there");
    assert_eq!((held, version), (body("two"), second));
    assert_eq!(moto.object("bucket", "some/prefix/a/key").as_deref(), Some("two"));
    assert_eq!(store.list("a").await.expect("listed"), ["a/key"]);
    store.delete("a/key").await.expect("deleted");
    assert!(store.get("a/key").await.expect("readable").is_none());
}

//! Amazon Managed Service for Prometheus: remote write that is signed, checked by a verifier that shares no code with
//! the signer.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudfront::CloudFront;
use emulators::aws::{Options as AwsOptions, Parameter, Role};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Auth, Options, Personality, RemoteWriteReceiver, SigV4};
use emulators::sigv4::Key;
use emulators::traffic::Fleet;
use runtime::{Handler, Outcome, RunError};
use tests::{Setup, World, minute};

const REGION: &str = "ap-northeast-1";
const ROLE: &str = "arn:aws:iam::210987654321:role/remote-write";
const STATIC_SECRET: &str = "planted-static-secret-key";

/// A world, and a workspace of AMP that knows its keys.
struct Amp {
    world: World,
    workspace: RemoteWriteReceiver,
}

impl Amp {
    /// `sigv4` is the block of that name.
    fn new(sigv4: &str) -> Self {
        let role = Role {
            arn: ROLE.to_owned(),
            external_id: Some("hostless".to_owned()),
            fleet: Fleet::default(),
            ecs: BTreeMap::new(),
        };
        let aws = AwsOptions { roles: vec![role], ..Setup::default().aws };
        let world = World::new(Setup { aws, ..Setup::default() });
        let now = Present::fixed_ms(minute(0).as_millis());
        let signatures =
            SigV4 { verifier: world.aws.verifier(), region: REGION.to_owned(), now: now.clone() };
        let workspace = RemoteWriteReceiver::start(Options {
            personality: Personality::Amp { ooo_window: Duration::from_secs(60) },
            now,
            path: "/workspaces/ws-1/api/v1/remote_write".to_owned(),
            auth: Auth::SigV4(signatures),
            ..Options::default()
        });
        let config = format!(
            "cloudfront: {{}}\nremote_write: [{{url: '{}', name: amp, sigv4: {sigv4}}}]",
            workspace.url()
        );
        world.aws.put_parameter(Parameter::secure("/hostless/config/main", config));
        Self { world, workspace }
    }

    async fn run(&self, handler: &Handler<CloudFront>, minutes: i64) -> Outcome {
        self.workspace.now().set_ms(minute(minutes).as_millis());
        self.world.run(handler, minute(minutes)).await
    }

    /// The credential scopes of all requests: key id, date, region, service.
    fn scopes(&self) -> Vec<String> {
        let requests = self.workspace.requests().into_iter();
        let scopes = requests.map(|request| {
            let header = request.headers["authorization"].to_str().expect("text").to_owned();
            let scope = header.split_once("Credential=").and_then(|(_, rest)| rest.split_once(','));
            scope.expect("a credential").0.to_owned()
        });
        let mut scopes: Vec<String> = scopes.collect();
        scopes.dedup();
        scopes
    }

    /// Asserts that the workspace holds these minutes.
    fn holds(&self, minutes: std::ops::Range<i64>) {
        let due = self.world.due_to_remote_write(minutes);
        let due: u64 = due.values().map(|points| points.len() as u64).sum();
        let held = self.workspace.samples(&[("dimension_Region", "Global")]);
        let held: u64 = held.values().map(|samples| samples.len() as u64).sum();
        assert_eq!(held, due);
        assert_eq!(self.workspace.violations(), Vec::<String>::new());
    }
}

fn delivery_error(outcome: &Outcome) -> &str {
    match &outcome.failure {
        Some(RunError::Delivery(message)) => message,
        other => panic!("expected a DeliveryError, found {other:?}"),
    }
}

#[tokio::test]
async fn the_functions_own_credentials_sign_what_it_writes() {
    let amp = Amp::new(&format!("{{region: {REGION}}}"));
    let handler = amp.world.handler().await;
    let outcome = amp.run(&handler, 5).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    amp.holds(-2..3);
    let key = &amp.world.aws.key().access_key;
    assert_eq!(amp.scopes(), [format!("{key}/20261120/{REGION}/aps/aws4_request")]);
    let tokens = amp.workspace.requests().into_iter();
    let tokens = tokens.map(|request| request.headers["x-amz-security-token"].clone());
    assert!(tokens.into_iter().all(|token| token == "emulator-session-token"));
}

#[tokio::test]
async fn without_a_region_the_functions_own_counts() {
    let amp = Amp::new("{}");
    let handler = amp.world.handler().await;
    assert_eq!(amp.run(&handler, 5).await.failure, None);
    amp.holds(-2..3);
}

#[tokio::test]
async fn another_region_is_refused_and_nothing_is_given_up() {
    let amp = Amp::new("{region: eu-west-1}");
    let handler = amp.world.handler().await;
    let outcome = amp.run(&handler, 5).await;
    let expected = "deliver to remote_write:amp: status 403: credential should be scoped to region \
                    'ap-northeast-1'; nothing is lost: it is read again in the next run";
    assert_eq!(delivery_error(&outcome), expected);
    assert_eq!(outcome.report.sinks[0].rejected, 0);
}

#[tokio::test]
async fn static_keys_sign_and_a_wrong_one_fails_until_it_is_known() {
    let sigv4 = format!(
        "{{region: {REGION}, access_key: AKIASTATIC0000000000, secret_key: {STATIC_SECRET}}}"
    );
    let amp = Amp::new(&sigv4);
    let handler = amp.world.handler().await;
    let refused = amp.run(&handler, 5).await;
    assert!(delivery_error(&refused).contains("status 403"), "{refused:?}");
    assert_eq!(refused.report.sinks[0].sent, 0);
    assert_eq!(refused.report.sinks[0].rejected, 0);
    assert!(refused.report.sinks[0].pending > 0);
    assert!(!format!("{refused:?}").contains(STATIC_SECRET));

    amp.world.aws.verifier().add(Key {
        access_key: "AKIASTATIC0000000000".to_owned(),
        secret: STATIC_SECRET.to_owned(),
        session_token: None,
        account: "123456789012".to_owned(),
    });
    let outcome = amp.run(&handler, 10).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    amp.holds(-2..8);
    let scope = format!("AKIASTATIC0000000000/20261120/{REGION}/aps/aws4_request");
    assert_eq!(amp.scopes(), [scope]);
}

#[tokio::test]
async fn a_role_is_assumed_once_and_again_when_its_key_is_refused() {
    let amp = Amp::new(&format!("{{region: {REGION}, role_arn: '{ROLE}', external_id: hostless}}"));
    let handler = amp.world.handler().await;
    let outcome = amp.run(&handler, 5).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.api_calls["sts:AssumeRole"], 1);
    let first = amp.scopes();
    assert_eq!(first.len(), 1);
    assert!(first[0].starts_with("ASIAROLE"), "{first:?}");

    let outcome = amp.run(&handler, 10).await;
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.report.api_calls.get("sts:AssumeRole"), None, "credentials are kept");

    let access_key = first[0].split('/').next().expect("a key id");
    amp.world.aws.verifier().remove(access_key);
    let outcome = amp.run(&handler, 15).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.api_calls["sts:AssumeRole"], 1);
    assert_eq!(amp.scopes().len(), 2, "one key after the other");
    amp.holds(-2..13);
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_a_delivery_error() {
    let amp = Amp::new(&format!("{{region: {REGION}, role_arn: '{ROLE}', external_id: other}}"));
    let handler = amp.world.handler_with(&[("HOSTLESS_BUDGET", "2")]).await;
    let outcome = amp.run(&handler, 5).await;
    let message = delivery_error(&outcome);
    assert!(message.contains("AccessDenied"), "{message}");
    assert_eq!(amp.workspace.requests().len(), 0);
}

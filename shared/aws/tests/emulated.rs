//! The SDK over our client against the AWS emulator: what is asked for, what is counted, what is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use aws::{Aws, ParameterError, Role, SecretError, Secrets};
use clock::Clock;
use config::{Secret, SecretRef};
use emulators::aws::{AwsEmulator, Options, Parameter, Role as OtherAccount};
use emulators::faults::{Fault, Rule};
use emulators::traffic::Fleet;
use http::Factory;
use secrecy::ExposeSecret;

/// Short: where clock and service are minutes apart, the SDK suspects the clock and asks again.
const TTL: Duration = Duration::from_secs(60);
const ROLE: &str = "arn:aws:iam::210987654321:role/hostless";

struct Bench {
    emulator: AwsEmulator,
    aws: Aws,
    clock: Clock,
}

impl Bench {
    async fn new() -> Self {
        let role = OtherAccount {
            arn: ROLE.to_owned(),
            external_id: Some("outside".to_owned()),
            fleet: Fleet::demo(),
            ecs: BTreeMap::new(),
        };
        let emulator = AwsEmulator::start(Options { roles: vec![role], ..Options::default() });
        let environment: BTreeMap<String, String> = emulator.environment().into_iter().collect();
        let lookup = |name: &str| environment.get(name).cloned();
        let factory = Factory::new(&lookup).expect("a factory");
        // Signatures carry the clock's time, and the emulator checks it: it stands still, at the true time.
        let clock = Clock::manual(Clock::System.now());
        let aws = Aws::load(factory.sdk_client(), clock.clone(), &lookup).await;
        Self { emulator, aws, clock }
    }

    fn secrets(&self) -> Secrets {
        Secrets::new(Some(&self.aws), self.clock.clone(), TTL)
    }

    fn later(&self, seconds: u64) {
        self.clock.set(self.clock.now() + Duration::from_secs(seconds));
    }

    fn calls(&self, call: &str) -> u64 {
        self.aws.calls().snapshot().get(call).copied().unwrap_or(0)
    }

    fn refuse(&self, call: &str, times: u32) {
        // Not what the SDK would try again.
        let refusal =
            Fault::Status(400, r#"{"__type":"AccessDeniedException","message":"no"}"#.to_owned());
        self.emulator.faults().push(Rule::on(call, refusal).times(times));
    }
}

fn parameter(name: &str) -> Secret {
    Secret::Reference(SecretRef::Parameter(name.to_owned()))
}

async fn value(secrets: &Secrets, secret: &Secret) -> String {
    secrets.get(secret).await.expect("a secret").expose_secret().to_owned()
}

#[tokio::test]
async fn the_environment_that_was_handed_in_decides() {
    let bench = Bench::new().await;
    assert_eq!(bench.aws.region(), Some("ap-northeast-1"));
    assert_eq!(bench.aws.endpoint("S3"), Some(bench.emulator.url()));
    let elsewhere = bench.aws.in_region("us-east-1");
    assert_eq!(elsewhere.region().map(AsRef::as_ref), Some("us-east-1"));
}

#[tokio::test]
async fn the_account_is_asked_for_once() {
    let bench = Bench::new().await;
    let (first, second) = tokio::join!(bench.aws.account_id(), bench.aws.account_id());
    assert_eq!(first.expect("an account"), "123456789012");
    assert_eq!(second.expect("an account"), "123456789012");
    assert_eq!(bench.calls("sts:GetCallerIdentity"), 1);
}

#[tokio::test]
async fn a_role_reads_its_own_account_with_credentials_that_are_kept() {
    let bench = Bench::new().await;
    let role = Role { role_arn: ROLE.to_owned(), external_id: Some("outside".to_owned()) };
    for _ in 0..2 {
        let other = bench.aws.assume(&role);
        assert_eq!(other.account_id().await.expect("an account"), "210987654321");
        other.parameters().by_path("/nothing").await.expect("readable");
    }
    assert_eq!(bench.calls("sts:AssumeRole"), 1);
    assert_eq!(bench.calls("ssm:GetParametersByPath"), 2, "counted with the others");
}

#[tokio::test]
async fn a_role_that_wants_to_hear_something_else_is_refused() {
    let bench = Bench::new().await;
    let role = Role { role_arn: ROLE.to_owned(), external_id: None };
    let error = bench.aws.assume(&role).account_id().await.expect_err("refused").to_string();
    assert!(error.contains("AccessDenied"), "{error}");
}

#[tokio::test]
async fn each_attempt_is_counted() {
    let bench = Bench::new().await;
    bench.emulator.faults().push(Rule::on("sts:GetCallerIdentity", Fault::CutConnection).times(1));
    bench.aws.account_id().await.expect("the second attempt");
    assert_eq!(bench.calls("sts:GetCallerIdentity"), 2);
}

#[tokio::test]
async fn all_pages_of_a_path_are_read_in_the_order_of_the_names() {
    let bench = Bench::new().await;
    // Twenty: the second page is full, and an empty third one follows.
    let names: Vec<String> =
        (0..20).map(|number| format!("/hostless/config/{number:02}")).collect();
    bench.emulator.set_parameters(names.iter().rev().map(|name| Parameter::secure(name, "v")));
    let found = bench.aws.parameters().by_path("/hostless/config").await.expect("readable");
    assert_eq!(found.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
    assert!(found.iter().all(|(_, value)| value == "v"), "decrypted");
    assert!(bench.calls("ssm:GetParametersByPath") >= 2);
    assert!(bench.aws.parameters().by_path("/other").await.expect("readable").is_empty());
}

#[tokio::test]
async fn a_missing_parameter_is_told_from_a_store_that_refuses() {
    let bench = Bench::new().await;
    let missing = bench.aws.parameters().get("/missing").await.map(|_| ());
    assert_eq!(missing, Err(ParameterError::NotFound("/missing".to_owned())));
    bench.refuse("ssm:GetParameter", 1);
    let refused = bench.aws.parameters().get("/missing").await.expect_err("refused").to_string();
    assert_eq!(refused, "read parameter /missing: AccessDeniedException: no");
}

#[tokio::test]
async fn secrets_come_from_parameters_secrets_manager_and_files_without_their_newline() {
    let bench = Bench::new().await;
    bench.emulator.set_parameters([
        Parameter::secure("/hostless/secret/key", "from ssm\n"),
        Parameter::secret("prod/key", "from secrets manager"),
    ]);
    let secrets = bench.secrets();
    assert_eq!(value(&secrets, &parameter("/hostless/secret/key")).await, "from ssm");
    let managed = Secret::Reference(SecretRef::SecretsManager("prod/key".to_owned()));
    assert_eq!(value(&secrets, &managed).await, "from secrets manager");
    let missing = SecretRef::SecretsManager("prod/other".to_owned());
    let error = secrets.get(&Secret::Reference(missing.clone())).await.expect_err("missing");
    assert_eq!(error, SecretError::NotFound(missing));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    std::fs::write(&path, "from a file\r\n").expect("written");
    let in_file = Secret::Reference(SecretRef::File(path.clone()));
    assert_eq!(value(&secrets, &in_file).await, "from a file");
    std::fs::write(&path, [0xff]).expect("written");
    let error = secrets.refresh(&in_file).await.expect_err("no text");
    assert_eq!(error, SecretError::NotText(SecretRef::File(path)));
}

#[tokio::test]
async fn a_secret_is_kept_for_its_time_and_fetched_once_for_all_who_ask() {
    let bench = Bench::new().await;
    bench.emulator.put_parameter(Parameter::secure("/key", "old"));
    let (secrets, key) = (bench.secrets(), parameter("/key"));
    let (a, b) = tokio::join!(value(&secrets, &key), value(&secrets, &key));
    assert_eq!((a.as_str(), b.as_str()), ("old", "old"));
    bench.emulator.put_parameter(Parameter::secure("/key", "new"));
    bench.later(59);
    assert_eq!(value(&secrets, &key).await, "old");
    assert_eq!(bench.calls("ssm:GetParameter"), 1);
    bench.later(1);
    assert_eq!(value(&secrets, &key).await, "new");
    assert_eq!(bench.calls("ssm:GetParameter"), 2);
}

#[tokio::test]
async fn a_refresh_asks_at_once_and_once_for_all_who_do() {
    let bench = Bench::new().await;
    bench.emulator.put_parameter(Parameter::secure("/key", "old"));
    let (secrets, key) = (bench.secrets(), parameter("/key"));
    value(&secrets, &key).await;
    bench.emulator.put_parameter(Parameter::secure("/key", "new"));
    let (a, b) = tokio::join!(secrets.refresh(&key), secrets.refresh(&key));
    assert_eq!(a.expect("a secret").expose_secret(), "new");
    assert_eq!(b.expect("a secret").expose_secret(), "new");
    assert_eq!(bench.calls("ssm:GetParameter"), 2);
    assert_eq!(value(&secrets, &key).await, "new");
}

#[tokio::test]
async fn the_last_value_is_served_while_the_store_is_down() {
    let bench = Bench::new().await;
    bench.emulator.put_parameter(Parameter::secure("/key", "old"));
    let (secrets, key) = (bench.secrets(), parameter("/key"));
    value(&secrets, &key).await;
    bench.emulator.put_parameter(Parameter::secure("/key", "new"));
    bench.refuse("ssm:GetParameter", 2);
    bench.later(60);
    assert_eq!(value(&secrets, &key).await, "old", "the store is down");
    assert_eq!(value(&secrets, &key).await, "old", "and not asked again at once");
    assert_eq!(bench.calls("ssm:GetParameter"), 2);
    let error = secrets.refresh(&key).await.expect_err("down");
    assert!(matches!(error, SecretError::Unavailable { .. }), "{error:?}");
    bench.later(30);
    assert_eq!(value(&secrets, &key).await, "new");
}

#[tokio::test]
async fn a_store_that_is_down_from_the_start_is_not_a_missing_secret() {
    let bench = Bench::new().await;
    bench.refuse("ssm:GetParameter", 1);
    let error = bench.secrets().get(&parameter("/key")).await.expect_err("down");
    assert_eq!(error.to_string(), "read secret ssm:/key: AccessDeniedException: no");
    let error = bench.secrets().get(&parameter("/key")).await.expect_err("missing");
    assert_eq!(error.to_string(), "read secret ssm:/key: it does not exist");
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let bench = Bench::new().await;
    bench.emulator.put_parameter(Parameter::secure("/key", "hunter2"));
    let secrets = bench.secrets();
    value(&secrets, &parameter("/key")).await;
    bench.aws.credentials().get().await.expect("credentials");
    let shown = format!("{secrets:?} {:?}", bench.aws);
    assert!(!shown.contains("hunter2"), "the parameter's value");
    assert!(!shown.contains(&bench.emulator.key().secret), "the secret key");
}

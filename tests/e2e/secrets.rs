//! No secret in any report, error, Debug output or log line, whatever goes wrong.

use std::io::Write;
use std::sync::{Arc, Mutex};

use emulators::aws::{Options as AwsOptions, Parameter};
use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::{Auth, Options};
use tests::{Setup, World, minute};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

/// Everything that nobody may read. Each begins with a word that stands nowhere else.
const PLANTED: [&str; 6] = [
    "planted-mackerel-api-key",
    "planted-basic-password",
    "planted-inline-bearer",
    "planted-header-value",
    "planted-url-password",
    "planted/aws/secret+key/of/forty/characters",
];

const CONFIG: &str = "
cloudfront: {}
remote_write:
  - url: {receiver}
    name: basic
    basic_auth: {username: user, password_file: ssm:/hostless/secret/password}
  - url: {receiver}
    name: bearer
    authorization: {credentials: planted-inline-bearer}
    http_headers: {X-Tenant: {secrets: [planted-header-value]}}
  - url: http://user:planted-url-password@{address}/api/v1/write?token=planted-url-password
mackerel:
  - service: production
    api_key_file: ssm:/hostless/secret/mackerel-api-key
    base_url: {mackerel}
";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics here").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics here")).into_owned()
    }
}

fn world() -> World {
    let aws = AwsOptions { secret: PLANTED[5].to_owned(), ..AwsOptions::default() };
    let auth = Auth::Basic { username: "user".to_owned(), password: PLANTED[1].to_owned() };
    let receiver = Options { auth, ..Options::default() };
    let world = World::new(Setup { config: CONFIG.to_owned(), aws, receiver, ..Setup::default() });
    let config = CONFIG
        .replace("{receiver}", &world.receiver.url())
        .replace("{address}", &world.receiver.addr().to_string())
        .replace("{mackerel}", &world.mackerel.url());
    world.aws.put_parameter(Parameter::secure("/hostless/config/main", config));
    world.aws.put_parameter(Parameter::secure("/hostless/secret/password", PLANTED[1]));
    world
}

#[tokio::test]
async fn no_secret_is_said_whatever_goes_wrong() {
    let captured = Captured::default();
    let writer = captured.clone();
    // The loudest that Lambda can be told: everything of ours, warnings of libraries.
    let ours = ["cloudfront", "runtime", "sinks", "metric_data", "store", "aws", "http"];
    let levels = ours.map(|name| (name, Level::TRACE));
    let filter = Targets::new().with_default(Level::WARN).with_targets(levels);
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    let _logging = tracing::subscriber::set_default(subscriber);

    // Receivers that quote what they were sent.
    let quoting = Fault::Answer(401, Vec::new(), "go away".to_owned());
    let broken = Fault::Status(400, "no such thing".to_owned());
    let troubles: [(&str, Fault); 8] = [
        ("nothing", Fault::Status(200, String::new())),
        ("remote_write:", quoting.clone()),
        ("mackerel:", quoting),
        ("remote_write:", Fault::Answer(307, vec![("location".into(), "/".into())], String::new())),
        ("cloudwatch:", broken.clone()),
        ("ssm:", broken.clone()),
        ("s3:", broken.clone()),
        ("cloudfront:", broken),
    ];
    let mut said = String::new();
    let (mut failures, mut cold) = (0, 0);
    for (operation, fault) in troubles {
        let world = world();
        let rule = Rule::on(operation, fault).forever();
        for faults in
            [world.aws.faults(), world.receiver.faults().clone(), world.mackerel.faults().clone()]
        {
            faults.push(rule.clone());
        }
        let handler = world.handler().await;
        for run in [0, 5] {
            let outcome = world.run(&handler, minute(run)).await;
            failures += usize::from(outcome.failure.is_some());
            cold += usize::from(outcome.report.cold_start);
            said += &format!("{outcome:?}\n{}\n{:#?}\n", outcome.report.to_json(), outcome.failure);
            said += &outcome.failure.map(|failure| failure.to_string()).unwrap_or_default();
        }
        said += &world.state().map(|state| state.to_string()).unwrap_or_default();
    }
    assert!(failures > 8 && cold == 8, "{failures} failures");
    assert!(said.contains("deliver to"), "there is something to look through");
    for secret in PLANTED {
        assert!(!said.contains(secret), "{secret} is in a report or an error");
        assert!(!captured.text().contains(secret), "{secret} is in a log line");
    }
    assert!(!said.contains("planted"), "{said}");
    assert!(!captured.text().contains("planted"));
}

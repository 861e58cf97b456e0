//! What the demo runs against: emulators on loopback, the configuration that a user would write, and the warm functions
//! under a clock that the demo turns.

use std::collections::BTreeMap;

use clock::Clock;
use cloudfront::CloudFront;
use ecs::Ecs;
use emulators::aws::{AwsEmulator, Options as AwsOptions, Parameter};
use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::{
    MackerelApi, Options as MackerelOptions, POST_SERVICE_METRICS,
};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{
    Auth, Options as ReceiverOptions, RemoteWriteReceiver, SigV4,
};
use emulators::traffic::ecs::EcsFleet;
use runtime::{Environment, Handler, Invocation, Outcome, environment};
use serde_json::json;
use series::Timestamp;
use url::Url;

use super::schedule::{EVERY, Schedule};

/// Where the configuration is, in the emulated Parameter Store.
pub(super) const CONFIG: &str = "ssm:/hostless/config";
/// The Mackerel service that is posted to.
pub(super) const SERVICE: &str = "production";
/// The sink of the embedded receiver.
pub(super) const AMP: &str = "remote_write:amp";
/// The sink of that service.
pub(super) const MACKEREL: &str = "mackerel:production";

const DOCUMENT: &str = "/hostless/config/hostless.yml";
const API_KEY: &str = "/hostless/secret/mackerel-api-key";

/// The region of functions, clusters and workspace.
pub(super) const REGION: &str = "ap-northeast-1";
/// The account that everything is in.
pub(super) const ACCOUNT: &str = "123456789012";

/// The path of a workspace of Amazon Managed Service for Prometheus.
const WORKSPACE: &str = "/workspaces/ws-demo/api/v1/remote_write";

/// Everything that a run touches.
pub(super) struct Bench {
    pub(super) aws: AwsEmulator,
    pub(super) mackerel: MackerelApi,
    /// Absent where a real receiver is delivered to.
    pub(super) receiver: Option<RemoteWriteReceiver>,
    /// The configuration as it may be shown.
    pub(super) document: String,
    clock: Clock,
    present: Present,
    cloudfront: Handler<CloudFront>,
    ecs: Handler<Ecs>,
}

impl Bench {
    /// Starts the emulators and the functions. `remote` is a real receiver of remote write.
    pub(super) async fn set_up(
        schedule: &Schedule,
        remote: Option<&Url>,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let start = schedule.first;
        let present = Present::fixed_ms(start.as_millis());
        let aws = AwsEmulator::start(AwsOptions {
            now: Some(start.as_secs()),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            ecs: BTreeMap::from([(REGION.to_owned(), EcsFleet::demo())]),
            ..AwsOptions::default()
        });
        let key = "the-key-of-the-demo";
        let mackerel = MackerelApi::start(MackerelOptions {
            now: present.clone(),
            // The hour passes in a second.
            posts_per_minute: None,
            ..MackerelOptions::new(&[SERVICE], key)
        });
        let receiver = remote.is_none().then(|| receiver(&aws, &present));
        let (entry, shown) = match (remote, &receiver) {
            (Some(url), _) => (remote_entry(url.as_str()), remote_entry(&config::redacted(url))),
            (None, receiver) => {
                let url = receiver.as_ref().map(RemoteWriteReceiver::url).unwrap_or_default();
                let entry = amp_entry(&url);
                (entry.clone(), entry)
            }
        };
        let document = |entry: &str| document(entry, &mackerel.url());
        aws.put_parameter(Parameter::string(DOCUMENT, document(&entry)));
        aws.put_parameter(Parameter::secure(API_KEY, key));
        let clock = Clock::manual(start);
        let environment = function_environment(&aws, environment);
        let cloudfront = Handler::start(environment.clone(), clock.clone()).await?;
        let ecs = Handler::start(environment, clock.clone()).await?;
        let document = document(&shown);
        Ok(Self { aws, mackerel, receiver, document, clock, present, cloudfront, ecs })
    }

    /// The scheduled run of each function at a time, with all clocks turned to it.
    pub(super) async fn run(&self, at: Timestamp) -> [Outcome; 2] {
        self.clock.set(at);
        self.present.set_ms(at.as_millis());
        self.aws.set_now(Some(at.as_secs()));
        let event = json!({ "time": at.to_string() });
        let cloudfront = self.cloudfront.invoke(&event, Invocation::default()).await;
        [cloudfront, self.ecs.invoke(&event, Invocation::default()).await]
    }

    /// Takes Mackerel down, as its maintenance does, or brings it back.
    pub(super) fn set_mackerel_down(&self, down: bool) {
        let faults = self.mackerel.faults();
        if down {
            let later = vec![("retry-after".to_owned(), "120".to_owned())];
            let answer = Fault::Answer(503, later, "maintenance\n".to_owned());
            faults.push(Rule::on(POST_SERVICE_METRICS, answer).forever());
        } else {
            faults.clear();
        }
    }
}

/// A receiver that takes only what is signed with the function's own keys, as AMP does.
fn receiver(aws: &AwsEmulator, present: &Present) -> RemoteWriteReceiver {
    let sigv4 = SigV4 {
        verifier: aws.verifier(),
        region: REGION.to_owned(),
        // A sink signs at the time of the function's clock.
        now: present.clone(),
    };
    RemoteWriteReceiver::start(ReceiverOptions {
        now: present.clone(),
        path: WORKSPACE.to_owned(),
        auth: Auth::SigV4(sigv4),
        ..ReceiverOptions::default()
    })
}

fn amp_entry(url: &str) -> String {
    format!("name: amp\n    url: {url}\n    sigv4: {{region: {REGION}}}")
}

/// JSON's quotes are YAML's too.
fn remote_entry(url: &str) -> String {
    format!("url: {}", serde_json::Value::from(url))
}

fn document(remote_write: &str, mackerel: &str) -> String {
    format!(
        "cloudfront: {{}}\necs: {{}}\nremote_write:\n  - {remote_write}\nmackerel:\n  - service: {SERVICE}\n    \
         api_key_file: ssm:{API_KEY}\n    base_url: {mackerel}\n"
    )
}

/// What Lambda would set, and nothing of the caller's but where its trust roots are.
fn function_environment(aws: &AwsEmulator, callers: &Environment) -> Environment {
    let mut variables = aws.environment();
    let own = [
        (environment::CONFIG, CONFIG.to_owned()),
        (environment::STORE, "memory".to_owned()),
        (environment::INTERVAL, EVERY.as_secs().to_string()),
        (environment::BUDGET, "10".to_owned()),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        variables.extend(callers.get(name).map(|value| (name.to_owned(), value)));
    }
    Environment::new(|_| None).with(variables)
}

//! One function's world.

use std::time::Duration;

use clock::Clock;
use cloudfront::CloudFront;
use emulators::aws::{AwsEmulator, Options as AwsOptions, Parameter};
use emulators::receivers::mackerel::{MackerelApi, Options as MackerelOptions};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Options as ReceiverOptions, RemoteWriteReceiver};
use emulators::traffic::Fleet;
use runtime::{Environment, Function, Handler, Invocation, Outcome, environment};
use serde_json::{Value, json};
use series::Timestamp;

/// The configuration that most tests use: every distribution, both sinks, the key in Parameter Store.
pub const CONFIG: &str = "
cloudfront: {}
remote_write:
  - url: {receiver}
    name: amp
mackerel:
  - service: production
    api_key_file: ssm:/hostless/secret/mackerel-api-key
    base_url: {mackerel}
";

/// The key that the Mackerel API knows.
pub const API_KEY: &str = "planted-mackerel-api-key";

/// 2026-11-20T09:00:00Z, where the tests' time begins.
const START_SECONDS: i64 = 1_795_165_200;

/// The time `n` minutes after the tests' time begins.
pub fn minute(n: i64) -> Timestamp {
    Timestamp::from_secs(START_SECONDS + n * 60)
}

/// How a world is set up; take the default and change what matters.
pub struct Setup {
    /// The configuration; `{receiver}` and `{mackerel}` stand for the URLs.
    pub config: String,
    /// The distributions.
    pub aws: AwsOptions,
    /// The remote-write receiver.
    pub receiver: ReceiverOptions,
    /// The time between runs.
    pub interval_seconds: u64,
    /// Where state is kept.
    pub store: String,
}

impl Default for Setup {
    fn default() -> Self {
        let aws = AwsOptions { fleet: Fleet::demo(), ..AwsOptions::default() };
        Self {
            config: CONFIG.to_owned(),
            aws,
            receiver: ReceiverOptions::default(),
            interval_seconds: 300,
            store: "s3://hostless".to_owned(),
        }
    }
}

/// Everything that one function touches.
pub struct World {
    /// AWS.
    pub aws: AwsEmulator,
    /// The remote-write receiver.
    pub receiver: RemoteWriteReceiver,
    /// Mackerel.
    pub mackerel: MackerelApi,
    /// The time, for the handler; [`World::at`] turns it.
    pub clock: Clock,
    environment: Environment,
    present: Present,
}

impl World {
    /// A world at [`minute`] 0.
    pub fn new(setup: Setup) -> Self {
        let present = Present::fixed_ms(minute(0).as_millis());
        let aws = AwsEmulator::start(AwsOptions { now: Some(minute(0).as_secs()), ..setup.aws });
        let receiver =
            RemoteWriteReceiver::start(ReceiverOptions { now: present.clone(), ..setup.receiver });
        let mut mackerel = MackerelOptions::new(&["production"], API_KEY);
        (mackerel.now, mackerel.posts_per_minute) = (present.clone(), None);
        let mackerel = MackerelApi::start(mackerel);
        let config = setup.config.replace("{receiver}", &receiver.url());
        let config = config.replace("{mackerel}", &mackerel.url());
        aws.put_parameter(Parameter::secure("/hostless/config/main", &config));
        aws.put_parameter(Parameter::secure("/hostless/secret/mackerel-api-key", API_KEY));
        let mut variables = aws.environment();
        let own = [
            (environment::CONFIG, "ssm:/hostless/config".to_owned()),
            (environment::STORE, setup.store),
            (environment::INTERVAL, setup.interval_seconds.to_string()),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let environment = Environment::new(|_| None).with(variables);
        let clock = Clock::manual(minute(0));
        Self { aws, receiver, mackerel, clock, environment, present }
    }

    /// Variables of the world, with some set anew: for a second handler that differs.
    pub fn environment(&self, own: &[(&str, &str)]) -> Environment {
        let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.environment.with(own.collect())
    }

    /// A cold function.
    pub async fn handler(&self) -> Handler<CloudFront> {
        self.handler_with(&[]).await
    }

    /// A cold function with some variables set anew.
    pub async fn handler_with(&self, own: &[(&str, &str)]) -> Handler<CloudFront> {
        self.function(own).await
    }

    /// Any function, cold, with some variables set anew.
    pub async fn function<F: Function>(&self, own: &[(&str, &str)]) -> Handler<F> {
        let started = Handler::start(self.environment(own), self.clock.clone()).await;
        started.expect("a handler starts whatever the configuration says")
    }

    /// Turns all clocks.
    pub fn at(&self, time: Timestamp) {
        self.clock.set(time);
        self.present.set_ms(time.as_millis());
        self.aws.set_now(Some(time.as_secs()));
    }

    /// A scheduled run at a time, with all clocks turned to it.
    pub async fn run<F: Function>(&self, handler: &Handler<F>, time: Timestamp) -> Outcome {
        self.at(time);
        handler.invoke(&json!({ "time": time.to_string() }), Invocation::default()).await
    }

    /// A scheduled run that has only so long, for tests in which somebody is waited for.
    pub async fn run_within<F: Function>(
        &self,
        handler: &Handler<F>,
        time: Timestamp,
        time_left: Duration,
    ) -> Outcome {
        self.at(time);
        let invocation = Invocation { time_left: Some(time_left), ..Invocation::default() };
        handler.invoke(&json!({ "time": time.to_string() }), invocation).await
    }

    /// The state as it is stored.
    pub fn state(&self) -> Option<Value> {
        let body = self.aws.object("hostless", "state/cloudfront/0-of-1.json")?;
        Some(serde_json::from_slice(&body).expect("the state is JSON"))
    }

    /// An event, whatever it says, at the time that the clocks show.
    pub async fn send<F: Function>(&self, handler: &Handler<F>, event: &Value) -> Outcome {
        handler.invoke(event, Invocation::default()).await
    }
}

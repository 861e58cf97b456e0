//! One function's world in real time, for programs that read the clock themselves: the binary that Lambda runs, and the
//! tools that run it.

use std::ops::Range;
use std::time::Duration;

use clock::Clock;
use emulators::aws::{AwsEmulator, Options as AwsOptions, Parameter};
use emulators::receivers::mackerel::{MackerelApi, Options as MackerelOptions};
use emulators::receivers::remote_write::{
    Auth, Options as ReceiverOptions, Personality, RemoteWriteReceiver,
};
use runtime::environment;
use serde_json::Value;
use series::Timestamp;

use crate::world::API_KEY;

const AWS_SECRET: &str = "planted/aws/secret+access/key";
const SESSION_TOKEN: &str = "planted-aws-session-token";
const PASSWORD: &str = "planted-basic-auth-password";
const BEARER_TOKEN: &str = "planted-bearer-token";

/// Every secret that [`Live`] plants. None of them may ever be seen in what a function says.
pub const SECRETS: [&str; 5] = [API_KEY, AWS_SECRET, SESSION_TOKEN, PASSWORD, BEARER_TOKEN];

/// Everything that one function touches, each with a secret of its own.
pub struct Live {
    /// AWS.
    pub aws: AwsEmulator,
    /// A remote-write receiver that asks for a bearer token, the sink `remote_write:bearer`.
    pub receiver: RemoteWriteReceiver,
    /// Mackerel.
    pub mackerel: MackerelApi,
}

impl Live {
    /// Starts all of it for `cloudfront`. `write_url` is a further receiver, the sink `remote_write:basic`, which is sent a
    /// password.
    pub fn start(write_url: &str) -> Self {
        let live = Self::of(AwsOptions::default());
        live.configure(&live.configuration(write_url));
        live
    }

    /// Starts all of it for a function with this section, which has no further receiver.
    pub fn with(aws: AwsOptions, section: &str) -> Self {
        let live = Self::of(aws);
        live.configure(&live.configuration_with(section));
        live
    }

    fn of(aws: AwsOptions) -> Self {
        let aws = AwsEmulator::start(AwsOptions {
            secret: AWS_SECRET.to_owned(),
            session_token: Some(SESSION_TOKEN.to_owned()),
            ..aws
        });
        let receiver = RemoteWriteReceiver::start(ReceiverOptions {
            // It has no clock of its own to call a sample too old by.
            personality: Personality::Prometheus { ooo_window: Duration::ZERO },
            auth: Auth::Bearer(BEARER_TOKEN.to_owned()),
            ..ReceiverOptions::default()
        });
        let mut mackerel = MackerelOptions::new(&["production"], API_KEY);
        mackerel.posts_per_minute = None;
        let live = Self { aws, receiver, mackerel: MackerelApi::start(mackerel) };
        live.aws.put_parameter(Parameter::secure("/hostless/secret/mackerel-api-key", API_KEY));
        live
    }

    /// Replaces the configuration.
    pub fn configure(&self, configuration: &str) {
        self.aws.put_parameter(Parameter::secure("/hostless/config/main", configuration));
    }

    /// The configuration with all three sinks.
    pub fn configuration(&self, write_url: &str) -> String {
        first_sink(write_url) + &self.own_sinks()
    }

    /// A configuration with this section and the two sinks that are emulated here.
    pub fn configuration_with(&self, section: &str) -> String {
        format!("{section}\nremote_write:{}", self.own_sinks())
    }

    /// The sinks that are emulated here: the end of a list of remote-write receivers, and Mackerel.
    fn own_sinks(&self) -> String {
        let (bearer, mackerel) = (self.receiver.url(), self.mackerel.url());
        format!(
            "
  - url: {bearer}
    name: bearer
    authorization: {{credentials: {BEARER_TOKEN}}}
mackerel:
  - service: production
    api_key_file: ssm:/hostless/secret/mackerel-api-key
    base_url: {mackerel}
"
        )
    }

    /// The variables of a function that runs every five minutes.
    pub fn environment(&self) -> Vec<(String, String)> {
        let own = [
            (environment::CONFIG, "ssm:/hostless/config"),
            (environment::STORE, "s3://hostless"),
            (environment::INTERVAL, "300"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.aws.environment().into_iter().chain(own).collect()
    }
}

/// A configuration with the sink `remote_write:basic` alone.
pub fn first_sink(write_url: &str) -> String {
    format!(
        "cloudfront: {{}}
remote_write:
  - url: {write_url}
    name: basic
    basic_auth: {{username: hostless, password: {PASSWORD}}}"
    )
}

/// The time now.
pub fn now() -> Timestamp {
    Clock::System.now()
}

/// The ends of a report's window, in seconds since the epoch.
///
/// # Panics
/// When it has none.
pub fn window(report: &Value) -> Range<i64> {
    let end = |name: &str| {
        let end = report["window"][name].as_str().unwrap_or_else(|| panic!("no window: {report}"));
        Timestamp::parse_rfc3339(end).expect("a time").as_secs()
    };
    end("from")..end("to")
}

/// Asserts that a text holds none of the planted secrets.
#[track_caller]
pub fn assert_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

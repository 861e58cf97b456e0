//! One HTTP server that plays all of AWS that hostless calls: CloudWatch, CloudFront, ECS, Systems
//! Manager, STS and S3.
//!
//! A request passes through `front`: which service and operation, whether the signature is right,
//! what the script of faults says. Then the service answers from the `world`, and the caller's
//! protocol writes it down. Services know trees of values (`protocol::node`), not bytes; protocols
//! know bytes, not operations.
//!
//! One `AWS_ENDPOINT_URL` serves everything ([`AwsEmulator::environment`]).

mod cloudfront;
mod cloudwatch;
mod ecs;
mod error;
mod front;
mod named;
mod options;
mod protocol;
mod s3;
mod ssm;
mod sts;
mod world;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use crate::faults::{Call, Calls, Faults};
use crate::server::Server;
use crate::sigv4::{Key, Verifier};
use crate::traffic::ecs::EcsFleet;
use crate::traffic::{Fleet, MINUTE, Statistic};

pub use ecs::{EcsRates, Rate};
pub use options::{Options, Role};
pub use ssm::{Parameter, ParameterKind};
use world::World;

/// The services that the emulator plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    CloudWatch,
    CloudFront,
    Ecs,
    Ssm,
    Sts,
    S3,
}

impl Service {
    /// As the report and the rules of faults name it.
    fn name(self) -> &'static str {
        match self {
            Self::CloudWatch => "cloudwatch",
            Self::CloudFront => "cloudfront",
            Self::Ecs => "ecs",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
            Self::S3 => "s3",
        }
    }

    /// As the credential scope names it.
    fn signing_name(self) -> &'static str {
        match self {
            Self::CloudWatch => "monitoring",
            other => other.name(),
        }
    }
}

/// A running emulator; dropping it stops it.
#[derive(Debug)]
pub struct AwsEmulator {
    world: Arc<World>,
    server: Server,
    key: Key,
    region: String,
}

impl AwsEmulator {
    /// Starts an emulator on a free loopback port.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let key = options.key();
        let region = options.region.clone();
        let world = Arc::new(World::new(options));
        let router = Router::new().fallback(front::handle).with_state(Arc::clone(&world));
        Self { world, server: Server::start(router), key, region }
    }

    /// The endpoint of all services.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The variables that make an AWS SDK or the AWS CLI talk to this emulator, with the keys it
    /// knows.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", self.key.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.key.secret.clone()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            // Without it a missing key would send the SDK to an address outside of loopback.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        variables.extend(self.key.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The key that [`AwsEmulator::environment`] hands out.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The keys that are known, roles' temporary ones included: share it with a receiver that
    /// checks SigV4.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.world.verifier.clone()
    }

    /// The script of faults.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.world.faults.clone()
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world.calls.all()
    }

    /// The log of calls itself, for counts and for clearing.
    #[must_use]
    pub fn call_log(&self) -> Calls {
        self.world.calls.clone()
    }

    /// Sets CloudWatch's and ECS's idea of now (epoch seconds); `None`: real time. Signatures are always
    /// checked against real time.
    pub fn set_now(&self, now: Option<i64>) {
        self.world.set_now(now);
    }

    /// How long after the end of its minute a point appears, and until when its value still grows.
    pub fn set_settling(&self, appears: Duration, settles: Duration) {
        self.world.set_settling(appears, settles);
    }

    /// How long a new metric of ECS has points before ListMetrics has it; 15 minutes at the start.
    pub fn set_listing_lag(&self, lag: Duration) {
        self.world.set_listing_lag(lag);
    }

    /// Replaces the parameters of Parameter Store, and the secrets that
    /// `/aws/reference/secretsmanager/` refers to, by these.
    pub fn set_parameters(&self, parameters: impl IntoIterator<Item = Parameter>) {
        self.world.parameters.replace(parameters);
    }

    /// Adds a parameter or gives it a new value (and version).
    pub fn put_parameter(&self, parameter: Parameter) {
        self.world.parameters.put(parameter);
    }

    /// Replaces the distributions of the caller's own account.
    pub fn set_fleet(&self, fleet: Fleet) {
        self.world.set_fleet(&self.key.account, fleet);
    }

    /// The distributions of the caller's own account.
    #[must_use]
    pub fn fleet(&self) -> Arc<Fleet> {
        self.world.fleet(&self.key.account)
    }

    /// Replaces what the caller's own account has of ECS in a region.
    pub fn set_ecs_fleet(&self, region: &str, fleet: EcsFleet) {
        self.world.set_ecs_fleet(&self.key.account, region, fleet);
    }

    /// What the caller's own account has of ECS in a region; nothing, where it was not set up.
    #[must_use]
    pub fn ecs_fleet(&self, region: &str) -> Arc<EcsFleet> {
        self.world.ecs_fleet(&self.key.account, region)
    }

    /// How often ECS may be called before it throttles, in real time and with full buckets to begin
    /// with; `None`, as at the start: as often as anybody likes.
    pub fn set_ecs_rates(&self, rates: Option<EcsRates>) {
        self.world.ecs_throttle.set(rates);
    }

    /// How many calls of ECS were throttled since the rates were set; those of the script of faults
    /// do not count.
    #[must_use]
    pub fn ecs_throttled(&self) -> u64 {
        self.world.ecs_throttle.refused()
    }

    /// The truth about one series of the caller's own account: settled 1-minute points in `window`
    /// (epoch seconds, start inclusive, end exclusive), oldest first.
    ///
    /// # Panics
    /// When `statistic` is no statistic.
    #[must_use]
    pub fn expected(
        &self,
        distribution: &str,
        metric: &str,
        statistic: &str,
        window: Range<i64>,
    ) -> Vec<(i64, f64)> {
        let statistic: Statistic = statistic.parse().expect("a statistic that CloudWatch knows");
        let fleet = self.fleet();
        let Some(distribution) = fleet.get(distribution) else {
            return Vec::new();
        };
        let first = window.start + (-window.start).rem_euclid(MINUTE);
        (first..window.end)
            .step_by(60)
            .filter_map(|minute| Some((minute, distribution.value(metric, statistic, minute)?)))
            .collect()
    }

    /// The truth about one series of ECS in the caller's own account, as [`AwsEmulator::expected`]
    /// tells it of CloudFront. `dimensions` must be exactly those of the metric.
    ///
    /// # Panics
    /// When `statistic` is no statistic.
    #[must_use]
    pub fn expected_ecs(
        &self,
        region: &str,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        statistic: &str,
        window: Range<i64>,
    ) -> Vec<(i64, f64)> {
        let statistic: Statistic = statistic.parse().expect("a statistic that CloudWatch knows");
        self.ecs_fleet(region).values(namespace, metric, dimensions, statistic, window)
    }

    /// An object's bytes, past signatures and faults.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        self.world.buckets.body(bucket, key)
    }

    /// The keys in a bucket, in order.
    #[must_use]
    pub fn objects(&self, bucket: &str) -> Vec<String> {
        self.world.buckets.keys(bucket)
    }

    /// Writes an object, past signatures and faults; the bucket is created when it is not there.
    pub fn put_object(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) {
        self.world.buckets.put(bucket, key, body.into());
    }
}

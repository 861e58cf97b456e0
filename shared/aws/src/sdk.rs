//! The one SDK configuration of a process, and its likes for other accounts and regions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use clock::Clock;
use tokio::sync::OnceCell;

use crate::calls::{Calls, Counter};
use crate::credentials::{CachedCredentials, Source};
use crate::environment::{ENDPOINT, Given};
use crate::reason::reason;
use crate::role::Role;
use crate::{Environment, ParameterStore};

/// The SDK has a timeout for connecting only; a service that accepts and then says nothing would hold a whole run.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(40);

/// One SDK configuration with its credentials, shared by all its clones. Retries are the SDK's standard ones
/// (three attempts, or what `AWS_MAX_ATTEMPTS` says); callers with a budget put their own end around.
#[derive(Debug, Clone)]
pub struct Aws(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SdkConfig,
    credentials: CachedCredentials,
    clock: Clock,
    calls: Calls,
    account: OnceCell<String>,
    roles: Mutex<BTreeMap<Role, Aws>>,
}

/// Why the account's id could not be had.
#[derive(Debug, thiserror::Error)]
#[error("ask whose account this is: {0}")]
pub struct AccountError(String);

impl Aws {
    /// Reads the environment and, for what it leaves open, the profile files. Opens no connection: where no region
    /// is named, there is none, and credentials are fetched when the first call needs them.
    pub fn load(
        http: SharedHttpClient,
        clock: Clock,
        environment: Environment<'_>,
    ) -> impl Future<Output = Self> + Send + use<> {
        Self::load_given(http, clock, Given::read(environment))
    }

    async fn load_given(http: SharedHttpClient, clock: Clock, given: Given) -> Self {
        let region = match given.region.clone() {
            Some(region) => Some(region),
            // The SDK's own chain would go on to ask the instance metadata service.
            None => ProfileFileRegionProvider::new().region().await,
        };
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .time_source(ClockTime(clock.clone()))
            .region(region)
            .timeout_config(timeouts());
        if let Ok(name) = AppName::new("hostless") {
            loader = loader.app_name(name);
        }
        if let Some(credentials) = given.credentials.clone() {
            loader = loader.credentials_provider(credentials);
        }
        let loaded = loader.load().await;
        let source = Source::Provider(loaded.credentials_provider());
        let credentials = CachedCredentials::new(source, clock.clone());
        let endpoints = given.endpoints_before(loaded.clone());
        let config = loaded.into_builder().service_config(endpoints).build();
        Self::new(&config, credentials, clock, Calls::default())
    }

    fn new(config: &SdkConfig, credentials: CachedCredentials, clock: Clock, calls: Calls) -> Self {
        let provider = SharedCredentialsProvider::new(credentials.clone());
        let config = config.to_builder().credentials_provider(provider).build();
        let (account, roles) = (OnceCell::new(), Mutex::default());
        Self(Arc::new(Inner { config, credentials, clock, calls, account, roles }))
    }

    /// What SDK clients are built from, together with [`Aws::counter`].
    pub fn config(&self) -> &SdkConfig {
        &self.0.config
    }

    /// The same for another region.
    pub fn in_region(&self, region: impl Into<String>) -> SdkConfig {
        self.0.config.to_builder().region(Region::new(region.into())).build()
    }

    /// The region that environment or profile name.
    pub fn region(&self) -> Option<&str> {
        self.0.config.region().map(Region::as_ref)
    }

    /// What was called, by this configuration and those of its roles.
    pub fn calls(&self) -> &Calls {
        &self.0.calls
    }

    /// Counts the calls of an SDK client: an interceptor for its configuration.
    pub fn counter(&self) -> Counter {
        Counter(self.0.calls.clone())
    }

    /// The credentials, for requests that are signed outside of the SDK.
    pub fn credentials(&self) -> &CachedCredentials {
        &self.0.credentials
    }

    /// The endpoint that environment or profile name for a service (`S3`), if they do.
    pub fn endpoint(&self, service: &str) -> Option<String> {
        let key = aws_types::service_config::ServiceConfigKey::builder()
            .service_id(service)
            .env(ENDPOINT)
            .profile("endpoint_url")
            .build()
            .ok()?;
        let own = self.0.config.service_config()?.load_config(key);
        own.or_else(|| self.0.config.endpoint_url().map(str::to_owned))
    }

    /// The configuration of another account. Made once a role, so that its credentials outlive the invocation.
    pub fn assume(&self, role: &Role) -> Self {
        let mut roles = self.0.roles.lock().unwrap_or_else(PoisonError::into_inner);
        roles.entry(role.clone()).or_insert_with(|| self.with_role(role)).clone()
    }

    fn with_role(&self, role: &Role) -> Self {
        let source = Source::Role { client: self.sts(), role: role.clone() };
        let credentials = CachedCredentials::new(source, self.0.clock.clone());
        Self::new(&self.0.config, credentials, self.0.clock.clone(), self.0.calls.clone())
    }

    /// The same with other credentials.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        self.with_provider(SharedCredentialsProvider::new(credentials))
    }

    /// The same with the credentials of a profile.
    #[must_use]
    pub fn with_profile(&self, name: &str) -> Self {
        let mut config = ProviderConfig::without_region()
            .with_region(self.0.config.region().cloned())
            .with_time_source(ClockTime(self.0.clock.clone()));
        if let Some(http) = self.0.config.http_client() {
            config = config.with_http_client(http);
        }
        let provider = ProfileFileCredentialsProvider::builder().configure(&config);
        self.with_provider(SharedCredentialsProvider::new(provider.profile_name(name).build()))
    }

    /// The same at FIPS endpoints.
    #[must_use]
    pub fn with_fips(&self) -> Self {
        let config = self.0.config.to_builder().use_fips(true).build();
        let (clock, calls) = (self.0.clock.clone(), self.0.calls.clone());
        Self::new(&config, self.0.credentials.clone(), clock, calls)
    }

    fn with_provider(&self, provider: SharedCredentialsProvider) -> Self {
        let source = Source::Provider(Some(provider));
        let credentials = CachedCredentials::new(source, self.0.clock.clone());
        Self::new(&self.0.config, credentials, self.0.clock.clone(), self.0.calls.clone())
    }

    /// The id of the account that the credentials belong to. Asked for once.
    pub async fn account_id(&self) -> Result<String, AccountError> {
        self.0.account.get_or_try_init(|| self.ask_account_id()).await.cloned()
    }

    async fn ask_account_id(&self) -> Result<String, AccountError> {
        let answer = self.sts().get_caller_identity().send().await;
        let answer = answer.map_err(|error| AccountError(reason(&error)))?;
        answer.account.ok_or_else(|| AccountError("the answer names none".to_owned()))
    }

    /// Parameter Store in the configuration's region.
    pub fn parameters(&self) -> ParameterStore {
        ParameterStore::new(self)
    }

    fn sts(&self) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::config::Builder::from(&self.0.config).interceptor(self.counter());
        aws_sdk_sts::Client::from_conf(config.build())
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// Our clock as the SDK wants it: signatures carry its time.
#[derive(Debug)]
struct ClockTime(Clock);

impl TimeSource for ClockTime {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.0.now().as_millis()).unwrap_or(0);
        UNIX_EPOCH + Duration::from_millis(millis)
    }
}

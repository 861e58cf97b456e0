//! Credentials that are fetched once and kept until shortly before they expire: the process's own, or those of a
//! role in another account.
//!
//! The SDK has a cache of its own inside its clients. Request signing outside of the SDK (remote write, S3 through
//! object_store) has not, and the SDK's own role provider cannot be counted; hence this one.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as CredentialsResult, SharedCredentialsProvider, future,
};
use clock::Clock;
use series::Timestamp;
use tokio::sync::Mutex;

use crate::reason::reason;
use crate::role::Role;

/// How long before their end credentials are replaced.
const MARGIN: Duration = Duration::from_secs(300);

/// The name under which the calls of an assumed role stand in the other account's audit log.
const SESSION_NAME: &str = "hostless";

/// Credentials with a cache in front. Clones share it; of concurrent callers one fetches and the others wait.
#[derive(Debug, Clone)]
pub struct CachedCredentials(Arc<Inner>);

struct Inner {
    source: Source,
    clock: Clock,
    cached: Mutex<Option<Credentials>>,
}

#[derive(Debug)]
pub(crate) enum Source {
    /// The SDK's own chain, where there is one.
    Provider(Option<SharedCredentialsProvider>),
    Role {
        client: aws_sdk_sts::Client,
        role: Role,
    },
}

impl CachedCredentials {
    pub(crate) fn new(source: Source, clock: Clock) -> Self {
        Self(Arc::new(Inner { source, clock, cached: Mutex::new(None) }))
    }

    /// Credentials that hold for some minutes more.
    pub async fn get(&self) -> CredentialsResult {
        let mut cached = self.0.cached.lock().await;
        let now = self.0.clock.now();
        if let Some(credentials) = cached.as_ref().filter(|known| !ends_soon(known, now, MARGIN)) {
            return Ok(credentials.clone());
        }
        match self.0.source.fetch().await {
            Ok(fresh) => Ok(cached.insert(fresh).clone()),
            // Not yet over: better used up than given up.
            Err(error) => {
                match cached.as_ref().filter(|known| !ends_soon(known, now, Duration::ZERO)) {
                    Some(credentials) => Ok(credentials.clone()),
                    None => Err(error),
                }
            }
        }
    }
}

impl CachedCredentials {
    /// Drops what is cached, for after a 401 or 403.
    pub async fn forget(&self) {
        *self.0.cached.lock().await = None;
    }
}

impl ProvideCredentials for CachedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.get())
    }
}

impl Source {
    async fn fetch(&self) -> CredentialsResult {
        match self {
            Self::Provider(Some(provider)) => provider.provide_credentials().await,
            Self::Provider(None) => Err(CredentialsError::not_loaded("no place to look for them")),
            Self::Role { client, role } => assume(client, role).await,
        }
    }
}

async fn assume(client: &aws_sdk_sts::Client, role: &Role) -> CredentialsResult {
    let answer = client
        .assume_role()
        .role_arn(&role.role_arn)
        .role_session_name(SESSION_NAME)
        .set_external_id(role.external_id.clone())
        .send()
        .await
        .map_err(|error| CredentialsError::provider_error(reason(&error)))?;
    let given = answer
        .credentials
        .ok_or_else(|| CredentialsError::unhandled("the answer holds no credentials"))?;
    let expiration = SystemTime::try_from(given.expiration).map_err(CredentialsError::unhandled)?;
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        Some(expiration),
        "AssumeRole",
    ))
}

fn ends_soon(credentials: &Credentials, now: Timestamp, margin: Duration) -> bool {
    credentials.expiry().is_some_and(|end| timestamp(end) <= now + margin)
}

fn timestamp(at: SystemTime) -> Timestamp {
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Without what is cached.
impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedCredentials").field("source", &self.source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Gives credentials that hold an hour, and fails on every call after the `fails_after`th.
    #[derive(Debug)]
    struct Issuer {
        clock: Clock,
        calls: Arc<AtomicU64>,
        fails_after: u64,
    }

    impl ProvideCredentials for Issuer {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
            if call > self.fails_after {
                return future::ProvideCredentials::ready(Err(CredentialsError::provider_error(
                    "down",
                )));
            }
            let millis = u64::try_from(self.clock.now().as_millis()).expect("after the epoch");
            let end = UNIX_EPOCH + Duration::from_millis(millis) + Duration::from_secs(3600);
            let key = format!("key{call}");
            future::ProvideCredentials::ready(Ok(Credentials::new(
                key,
                "s",
                None,
                Some(end),
                "test",
            )))
        }
    }

    fn cached(fails_after: u64) -> (CachedCredentials, Clock, Arc<AtomicU64>) {
        let clock = Clock::manual(Timestamp::from_secs(1_000_000));
        let calls = Arc::new(AtomicU64::new(0));
        let issuer = Issuer { clock: clock.clone(), calls: Arc::clone(&calls), fails_after };
        let source = Source::Provider(Some(SharedCredentialsProvider::new(issuer)));
        (CachedCredentials::new(source, clock.clone()), clock, calls)
    }

    async fn key(credentials: &CachedCredentials) -> String {
        credentials.get().await.expect("credentials").access_key_id().to_owned()
    }

    #[tokio::test]
    async fn credentials_are_kept_until_shortly_before_their_end() {
        let (credentials, clock, calls) = cached(u64::MAX);
        assert_eq!(key(&credentials).await, "key1");
        clock.set(Timestamp::from_secs(1_000_000 + 3299));
        assert_eq!(key(&credentials).await, "key1");
        clock.set(Timestamp::from_secs(1_000_000 + 3300));
        assert_eq!(key(&credentials).await, "key2");
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn credentials_that_cannot_be_replaced_are_used_up() {
        let (credentials, clock, _) = cached(1);
        assert_eq!(key(&credentials).await, "key1");
        clock.set(Timestamp::from_secs(1_000_000 + 3500));
        assert_eq!(key(&credentials).await, "key1");
        clock.set(Timestamp::from_secs(1_000_000 + 3600));
        credentials.get().await.expect_err("they are over");
    }

    #[tokio::test]
    async fn concurrent_callers_fetch_once() {
        let (credentials, _, calls) = cached(u64::MAX);
        let (a, b) = tokio::join!(key(&credentials), key(&credentials));
        assert_eq!((a.as_str(), b.as_str()), ("key1", "key1"));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}

//! What authorizes a request: each way that the HTTP client block knows, ready to use.

use aws::{Aws, CachedCredentials, Role, SecretError, Secrets};
use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use config::{Auth, Secret, SigV4};
use http1::header::AUTHORIZATION;
use http1::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use series::Timestamp;
use url::Url;

use crate::SendError;
use crate::factory::Factory;
use crate::oauth2::Tokens;
use crate::signing::{Scope, sign_request};

/// The service that Amazon Managed Service for Prometheus signs as.
const DEFAULT_SERVICE: &str = "aps";

/// How requests of one client are authorized.
#[derive(Debug)]
pub(crate) enum Authorizer {
    Nothing,
    Basic { username: Secret, password: Secret },
    Header { scheme: String, credentials: Secret },
    OAuth2(Box<Tokens>),
    SigV4 { credentials: CachedCredentials, region: String, service: String },
}

/// The request that is to be authorized.
pub(crate) struct Unauthorized<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a mut HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Authorizer {
    pub(crate) fn new(
        factory: &Factory,
        auth: Option<&Auth>,
        http2: bool,
        secrets: &Secrets,
        aws: Option<&Aws>,
    ) -> Result<Self, SendError> {
        Ok(match auth {
            None => Self::Nothing,
            Some(Auth::Basic { username, password }) => {
                Self::Basic { username: username.clone(), password: password.clone() }
            }
            Some(Auth::Authorization { scheme, credentials }) => {
                Self::Header { scheme: scheme.clone(), credentials: credentials.clone() }
            }
            Some(Auth::OAuth2(oauth2)) => {
                let transport = factory.transport(&oauth2.tls, &oauth2.proxy, http2, secrets);
                let tokens = Tokens::new((**oauth2).clone(), secrets.clone(), transport);
                Self::OAuth2(Box::new(tokens))
            }
            Some(Auth::SigV4(sigv4)) => sigv4_of(sigv4, aws)?,
        })
    }

    /// Adds the header, or the signature, to a request.
    pub(crate) async fn authorize(
        &self,
        request: Unauthorized<'_>,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let Unauthorized { method, url, headers, body } = request;
        if let Self::SigV4 { credentials, region, service } = self {
            let credentials = credentials.get().await;
            let credentials =
                credentials.map_err(|error| SendError::Signature(aws::describe(&error)))?;
            let scope = Scope { region, service, now };
            return sign_request(method, url, headers, body, &credentials, &scope);
        }
        if let Some(value) = self.header(secrets, now).await? {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(())
    }

    /// The header, where it does not depend on the request: a signature does.
    async fn header(
        &self,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<Option<HeaderValue>, SendError> {
        match self {
            Self::Nothing | Self::SigV4 { .. } => Ok(None),
            Self::Basic { username, password } => {
                basic(&secrets.get(username).await?, &secrets.get(password).await?).map(Some)
            }
            Self::Header { scheme, credentials } => {
                let credentials = secrets.get(credentials).await?;
                sensitive(&format!("{scheme} {}", credentials.expose_secret())).map(Some)
            }
            Self::OAuth2(tokens) => tokens.header(now).await.map(Some),
        }
    }

    /// Sees whether every secret can be had. Tokens and roles are asked for when the first request needs them: that
    /// they cannot be had is an outage, not a wrong configuration.
    pub(crate) async fn prepare(&self, secrets: &Secrets) -> Result<(), SendError> {
        match self {
            Self::Nothing | Self::SigV4 { .. } => {}
            Self::Basic { username, password } => {
                secrets.get(username).await?;
                secrets.get(password).await?;
            }
            Self::Header { scheme: _, credentials } => {
                secrets.get(credentials).await?;
            }
            Self::OAuth2(tokens) => tokens.prepare().await?,
        }
        Ok(())
    }

    /// Has everything fetched again.
    pub(crate) async fn refresh(&self, secrets: &Secrets) -> Result<(), SecretError> {
        match self {
            Self::Nothing => {}
            Self::Basic { username, password } => {
                secrets.refresh(username).await?;
                secrets.refresh(password).await?;
            }
            Self::Header { scheme: _, credentials } => {
                secrets.refresh(credentials).await?;
            }
            Self::OAuth2(tokens) => {
                tokens.forget().await;
                for secret in tokens.secrets() {
                    secrets.refresh(secret).await?;
                }
            }
            Self::SigV4 { credentials, .. } => credentials.forget().await,
        }
        Ok(())
    }
}

/// What authorizes requests that somebody else sends: the header of `basic_auth`, `authorization` or `oauth2`. A token is asked
/// for once.
#[derive(Debug)]
pub struct Authorization {
    authorizer: Authorizer,
    secrets: Secrets,
}

impl Authorization {
    pub(crate) fn new(authorizer: Authorizer, secrets: &Secrets) -> Self {
        Self { authorizer, secrets: secrets.clone() }
    }

    /// The `Authorization` header; none where nothing is configured.
    pub async fn header(&self, now: Timestamp) -> Result<Option<HeaderValue>, SendError> {
        self.authorizer.header(&self.secrets, now).await
    }
}

/// Whose credentials sign: the given key's, the profile's or the process's; with those, the role's.
fn sigv4_of(sigv4: &SigV4, aws: Option<&Aws>) -> Result<Authorizer, SendError> {
    let SigV4 {
        region,
        access_key,
        secret_key,
        profile,
        role_arn,
        external_id,
        use_fips_sts_endpoint,
        service_name,
    } = sigv4;
    let aws =
        aws.ok_or_else(|| SendError::Invalid("sigv4 without an AWS configuration".to_owned()))?;
    let region = region.as_deref().or_else(|| aws.region());
    let region = region.ok_or_else(|| SendError::Invalid("sigv4 without a region".to_owned()))?;
    let own = match (access_key, secret_key, profile) {
        (Some(key), Some(secret), _) => aws.with_credentials(Credentials::new(
            key.clone(),
            secret.expose_secret(),
            None,
            None,
            "Configuration",
        )),
        (_, _, Some(profile)) => aws.with_profile(profile),
        _ => aws.clone(),
    };
    let signer = match role_arn {
        None => own,
        Some(role_arn) => {
            let role = Role { role_arn: role_arn.clone(), external_id: external_id.clone() };
            if *use_fips_sts_endpoint { own.with_fips().assume(&role) } else { own.assume(&role) }
        }
    };
    Ok(Authorizer::SigV4 {
        credentials: signer.credentials().clone(),
        region: region.to_owned(),
        service: service_name.clone().unwrap_or_else(|| DEFAULT_SERVICE.to_owned()),
    })
}

/// The `Authorization` (or `Proxy-Authorization`) of a user with a password.
pub fn basic(username: &SecretString, password: &SecretString) -> Result<HeaderValue, SendError> {
    let pair = format!("{}:{}", username.expose_secret(), password.expose_secret());
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

fn sensitive(text: &str) -> Result<HeaderValue, SendError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        SendError::Credentials(SecretError::Unusable(
            "use the credentials: they cannot stand in a header".to_owned(),
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

//! Connections to one endpoint: TLS and proxy as configured, made anew when a certificate, key or header of them
//! has been replaced in its secret place.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws::{SecretError, Secrets};
use config::{Proxy, Secret, Tls};
use http1::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use url::Url;

use crate::SendError;
use crate::factory::Inner;
use crate::material::TlsMaterial;
use crate::proxy::ProxyRules;
use crate::roots::Roots;
use crate::tls::{TlsOptions, Versions, client_config};

/// AWS's own SDKs wait this long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an idle connection is kept: for the requests of one run. A container that is frozen between runs wakes
/// up with connections that the other side has closed long ago.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

const USER_AGENT: &str = concat!("hostless/", env!("CARGO_PKG_VERSION"));

pub(crate) struct Transport {
    shared: Arc<Inner>,
    tls: Tls,
    proxy: Proxy,
    http2: bool,
    secrets: Secrets,
    built: Mutex<Option<(Material, reqwest::Client)>>,
}

/// What connections are made of that may change: all secrets, resolved.
struct Material {
    tls: TlsMaterial,
    connect_headers: Vec<(String, SecretString)>,
}

impl Transport {
    pub(crate) fn new(
        shared: Arc<Inner>,
        tls: Tls,
        proxy: Proxy,
        http2: bool,
        secrets: Secrets,
    ) -> Self {
        Self { shared, tls, proxy, http2, secrets, built: Mutex::new(None) }
    }

    /// The client for the secrets as they are now.
    pub(crate) async fn client(&self) -> Result<reqwest::Client, SendError> {
        let material = self.material().await?;
        let mut built = self.built.lock().await;
        if let Some((known, client)) = built.as_ref()
            && *known == material
        {
            return Ok(client.clone());
        }
        let client = self.build(&material)?;
        *built = Some((material, client.clone()));
        Ok(client)
    }

    /// Every secret that connections are made of.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let Tls { ca, cert, key, .. } = &self.tls;
        let headers = connect_headers(&self.proxy).iter().flat_map(|header| &header.values);
        [ca, cert, key].into_iter().flatten().chain(headers)
    }

    async fn material(&self) -> Result<Material, SecretError> {
        let mut headers = Vec::new();
        for header in connect_headers(&self.proxy) {
            for value in &header.values {
                headers.push((header.name.clone(), self.secrets.get(value).await?));
            }
        }
        let tls = TlsMaterial::read(&self.tls, &self.secrets).await?;
        Ok(Material { tls, connect_headers: headers })
    }

    fn build(&self, material: &Material) -> Result<reqwest::Client, SendError> {
        let Material { tls, connect_headers } = material;
        let Tls { ca: _, cert: _, key: _, server_name, insecure_skip_verify, .. } = &self.tls;
        let options = TlsOptions {
            server_name: server_name.as_deref(),
            skip_verification: *insecure_skip_verify,
            versions: Versions::of(&self.tls),
            http2: self.http2,
        };
        let headers = header_values(connect_headers)?;
        build(&self.shared.roots, tls, &options, &self.rules(), headers)
    }

    fn rules(&self) -> ProxyRules {
        self.shared.proxy_rules(&self.proxy)
    }

    /// The proxy that requests to `url` go through.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<Url> {
        self.rules().proxy_for(url).cloned()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Material {
    fn eq(&self, other: &Self) -> bool {
        let Self { tls, connect_headers } = self;
        *tls == other.tls
            && connect_headers.len() == other.connect_headers.len()
            && connect_headers.iter().zip(&other.connect_headers).all(|((name, value), other)| {
                *name == other.0 && value.expose_secret() == other.1.expose_secret()
            })
    }
}

fn connect_headers(proxy: &Proxy) -> &[config::Header] {
    match proxy {
        Proxy::Direct => &[],
        Proxy::Environment { connect_headers }
        | Proxy::Url { url: _, no_proxy: _, connect_headers } => connect_headers,
    }
}

fn header_values(
    headers: &[(String, SecretString)],
) -> Result<Vec<(HeaderName, HeaderValue)>, SendError> {
    headers.iter().map(|(name, value)| header(name, value)).collect()
}

/// A header whose value must not be printed.
pub(crate) fn header(
    name: &str,
    value: &SecretString,
) -> Result<(HeaderName, HeaderValue), SendError> {
    let invalid =
        || SendError::Invalid(format!("the header {name} has a value that cannot be sent"));
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok((header, value))
}

/// A client over rustls as configured. `connect_headers` go to the proxy alone.
pub(crate) fn build(
    roots: &Roots,
    material: &TlsMaterial,
    tls: &TlsOptions<'_>,
    rules: &ProxyRules,
    connect_headers: Vec<(HeaderName, HeaderValue)>,
) -> Result<reqwest::Client, SendError> {
    if let Some(proxy) = rules.unsupported() {
        let reason = format!("a {} proxy is not supported", proxy.scheme());
        return Err(SendError::Invalid(reason));
    }
    let config = client_config(roots, material, tls).map_err(|error| unusable(&error))?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(USER_AGENT)
        .no_proxy();
    if !rules.is_empty() {
        // Two, because headers for CONNECT must not go along with requests that the proxy only forwards.
        builder = builder
            .proxy(
                proxy(rules, "https").headers(connect_headers.into_iter().collect::<HeaderMap>()),
            )
            .proxy(proxy(rules, "http"));
    }
    builder.build().map_err(SendError::classify)
}

fn proxy(rules: &ProxyRules, scheme: &'static str) -> reqwest::Proxy {
    let rules = rules.clone();
    reqwest::Proxy::custom(move |url| {
        rules.proxy_for(url).filter(|_| url.scheme() == scheme).cloned()
    })
}

/// TLS material that is there and of no use is a wrong configuration, like a secret that does not exist.
fn unusable(error: &crate::TlsError) -> SendError {
    SendError::Credentials(SecretError::Unusable(error.to_string()))
}

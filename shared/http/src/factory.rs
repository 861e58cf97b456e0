//! Makes clients: what they share is here, once a process.

use std::sync::Arc;

use aws::{Aws, Environment, Secrets};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::auth::{Authorization, Authorizer};
use crate::client::Client;
use crate::material::TlsMaterial;
use crate::proxy::ProxyRules;
use crate::roots::Roots;
use crate::tls::TlsOptions;
use crate::transport::{self, Transport};
use crate::{SendError, sdk_client};

/// The shared part of all clients: trust roots, the environment's proxies, and the client for AWS.
#[derive(Debug, Clone)]
pub struct Factory(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) roots: Roots,
    pub(crate) environment: ProxyRules,
    default_client: reqwest::Client,
}

impl Factory {
    /// Takes note of what the environment says about proxies and trust roots. Opens no file and no connection.
    pub fn new(environment: Environment<'_>) -> Result<Self, SendError> {
        let roots = Roots::of(environment);
        let environment = ProxyRules::from_environment(environment);
        let tls = TlsOptions { http2: true, ..TlsOptions::default() };
        let material = TlsMaterial::default();
        let default_client = transport::build(&roots, &material, &tls, &environment, Vec::new())?;
        Ok(Self(Arc::new(Inner { roots, environment, default_client })))
    }

    /// Has a thread read the trust roots while the process goes on starting; see [`Roots`].
    pub fn read_ahead(&self) {
        self.0.roots.read_ahead();
    }

    /// The trust roots, for whoever makes TLS connections of another kind.
    pub fn roots(&self) -> &Roots {
        &self.0.roots
    }

    /// The client for AWS: the machine's roots, the environment's proxies, no authorization.
    pub fn default_client(&self) -> reqwest::Client {
        self.0.default_client.clone()
    }

    /// [`Factory::default_client`] as the AWS SDK wants it.
    pub fn sdk_client(&self) -> SharedHttpClient {
        sdk_client(&self.0.default_client)
    }

    /// The client for one endpoint. `aws` is needed for SigV4 alone.
    pub fn client(
        &self,
        config: &config::HttpClient,
        secrets: &Secrets,
        aws: Option<&Aws>,
    ) -> Result<Client, SendError> {
        Client::new(self, config, secrets, aws)
    }

    /// What authorizes requests that are sent by hand. `http2` is for the connection to a token endpoint.
    pub fn authorization(
        &self,
        auth: Option<&config::Auth>,
        http2: bool,
        secrets: &Secrets,
    ) -> Result<Authorization, SendError> {
        let authorizer = Authorizer::new(self, auth, http2, secrets, None)?;
        Ok(Authorization::new(authorizer, secrets))
    }

    /// Which proxies requests go through, as a section says.
    pub fn proxy_rules(&self, proxy: &config::Proxy) -> ProxyRules {
        self.0.proxy_rules(proxy)
    }

    pub(crate) fn transport(
        &self,
        tls: &config::Tls,
        proxy: &config::Proxy,
        http2: bool,
        secrets: &Secrets,
    ) -> Transport {
        Transport::new(Arc::clone(&self.0), tls.clone(), proxy.clone(), http2, secrets.clone())
    }
}

impl Inner {
    pub(crate) fn proxy_rules(&self, proxy: &config::Proxy) -> ProxyRules {
        match proxy {
            config::Proxy::Direct => ProxyRules::default(),
            config::Proxy::Environment { connect_headers: _ } => self.environment.clone(),
            config::Proxy::Url { url, no_proxy, connect_headers: _ } => {
                ProxyRules::all(url, no_proxy.as_deref())
            }
        }
    }
}

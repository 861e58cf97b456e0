//! How hostless reaches the network: the machine's trust roots, one TLS library with one provider, proxies, and the
//! authorizations that Prometheus's HTTP client block knows. Everything that leaves the process goes through here:
//! [`sdk_client`] carries the AWS SDK, [`Factory::default_client`] object storage, a [`Client`] a sink. Who sends by hand takes
//! [`Roots`], [`ProxyRules`] and an [`Authorization`] from the [`Factory`].
//!
//! A request goes out once and its answer comes back as it is. This crate knows no retry policy, no format and no
//! status code; it follows no redirect and holds no answer longer than [`MAX_BODY`] unless it is fetched whole, of AWS's services [`LONGEST_ANSWER`].
//! What an answer repeats of the request's secrets, [`Response::mask`] takes out of a text.

mod auth;
mod client;
mod confidential;
mod error;
mod factory;
mod material;
mod oauth2;
mod proxy;
mod roots;
mod sdk;
mod signing;
mod tls;
mod transport;

pub use auth::{Authorization, basic as basic_authorization};
pub use client::{Client, MAX_BODY, Request, Response};
pub use error::SendError;
pub use factory::Factory;
pub use material::TlsMaterial;
pub use proxy::ProxyRules;
pub use roots::{Roots, RootsError};
pub use sdk::{LONGEST_ANSWER, sdk_client};
pub use tls::{TlsError, Versions, given_authorities, provider, unbelieving_config};

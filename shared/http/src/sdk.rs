//! The AWS SDK over our client: one connection pool and one TLS configuration for everything.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// No answer of a service of AWS is read further than this. What we ask for is a tenth of it at most; the memory of a
/// function is a multiple of it.
pub const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// The SDK's HTTP client, made of ours. Connecting is limited by our client's own timeout; the SDK sets the others.
pub fn sdk_client(client: &reqwest::Client) -> SharedHttpClient {
    SharedHttpClient::new(Adapter { client: client.clone(), read_timeout: None })
}

#[derive(Debug, Clone)]
struct Adapter {
    client: reqwest::Client,
    read_timeout: Option<Duration>,
}

impl HttpClient for Adapter {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let read_timeout = settings.read_timeout();
        SharedHttpConnector::new(Self { client: self.client.clone(), read_timeout })
    }
}

impl HttpConnector for Adapter {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let adapter = self.clone();
        HttpConnectorFuture::new(async move {
            let request = reqwest_request(request)?;
            let sent = adapter.client.execute(request);
            let response = match adapter.read_timeout {
                None => sent.await.map_err(connector_error)?,
                Some(limit) => tokio::time::timeout(limit, sent)
                    .await
                    .map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?
                    .map_err(connector_error)?,
            };
            let response = http1::Response::from(response).map(limited);
            HttpResponse::try_from(response).map_err(user)
        })
    }
}

/// The SDK holds a body as a whole before it looks at it.
fn limited(body: reqwest::Body) -> SdkBody {
    let body = Limited::new(body, LONGEST_ANSWER).map_err(|error| match error.downcast() {
        Ok(too_long) => too_long_error(*too_long),
        Err(other) => other,
    });
    SdkBody::from_body_1_x(body)
}

fn too_long_error(_: LengthLimitError) -> Box<dyn Error + Send + Sync> {
    format!("the answer is longer than {} MiB", LONGEST_ANSWER >> 20).into()
}

fn reqwest_request(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let (parts, body) = request.try_into_http1x().map_err(user)?.into_parts();
    let url = url::Url::parse(&parts.uri.to_string()).map_err(user)?;
    // Every request of ours is held in memory; the SDK streams uploads to S3 only, which we do not use it for.
    let body = body.bytes().map(Bytes::copy_from_slice);
    let body = body.ok_or_else(|| user("a request body that is a stream"))?;
    let mut made = reqwest::Request::new(parts.method, url);
    *made.headers_mut() = parts.headers;
    *made.body_mut() = (!body.is_empty()).then(|| body.into());
    Ok(made)
}

/// What the SDK may try again: timeouts, and connections that could not be made or broke.
fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        user(error)
    } else {
        ConnectorError::io(error.into())
    }
}

fn user(error: impl Into<Box<dyn Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::user(error.into())
}

//! object_store over our HTTP client: one connection pool, one TLS configuration, and each attempt counted.

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use aws::Calls;
use bytes::{Bytes, BytesMut};
use http::LONGEST_ANSWER;
use http1::Method;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use url::Url;

/// State, a piece of spool, a document: none is large.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// Hands object_store our client, whatever it would like to have configured.
#[derive(Debug)]
pub(crate) struct Connector(Service);

#[derive(Debug, Clone)]
struct Service {
    client: reqwest::Client,
    calls: Calls,
}

impl Connector {
    pub(crate) fn new(client: &reqwest::Client, calls: &Calls) -> Self {
        Self(Service { client: client.clone(), calls: calls.clone() })
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

impl HttpService for Service {
    fn call<'a, 'async_trait>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let request = reqwest_request(request).await?;
            self.calls.record(call(request.method(), request.url()));
            let answer = tokio::time::timeout(ATTEMPT_TIMEOUT, self.exchange(request)).await;
            answer.map_err(|elapsed| HttpError::new(HttpErrorKind::Timeout, elapsed))?
        })
    }
}

impl Service {
    async fn exchange(&self, request: reqwest::Request) -> Result<HttpResponse, HttpError> {
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let mut answer = http1::Response::new(());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.map(|()| HttpResponseBody::from(body.freeze())))
    }
}

/// Nothing that object_store tries again: the next answer would be no shorter.
fn too_long() -> HttpError {
    let text = format!("the answer is longer than {} MiB", LONGEST_ANSWER >> 20);
    HttpError::new_boxed(HttpErrorKind::Decode, text.into())
}

async fn reqwest_request(request: HttpRequest) -> Result<reqwest::Request, HttpError> {
    let (parts, body) = request.into_parts();
    let url = Url::parse(&parts.uri.to_string())
        .map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
    let body = whole(body);
    let mut made = reqwest::Request::new(parts.method, url);
    *made.headers_mut() = parts.headers;
    *made.body_mut() = Some(body.await?.into());
    Ok(made)
}

/// The body in one piece, which it is in all but name.
async fn whole(body: HttpRequestBody) -> Result<Bytes, HttpError> {
    if let Some(bytes) = body.as_bytes() {
        return Ok(bytes.clone());
    }
    let mut whole = BytesMut::with_capacity(body.content_length());
    let mut stream = HttpResponseBody::new(body).bytes_stream();
    while let Some(chunk) = futures::TryStreamExt::try_next(&mut stream).await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// What object_store may try again. A write whose answer got lost is among it: all our writes are conditional, so
/// that the second one is refused rather than doubled.
fn failed(error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_builder() {
        HttpErrorKind::Unknown
    } else {
        HttpErrorKind::Request
    };
    let text = innermost(&error);
    HttpError::new_boxed(kind, text.into())
}

/// reqwest's own words only say that sending failed.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The operation that a request is, as AWS names it.
fn call(method: &Method, url: &Url) -> &'static str {
    let has = |name: &str| url.query_pairs().any(|(key, _)| key == name);
    match method.as_str() {
        "GET" if has("list-type") => "s3:ListObjectsV2",
        "GET" => "s3:GetObject",
        "HEAD" => "s3:HeadObject",
        "PUT" => "s3:PutObject",
        "DELETE" => "s3:DeleteObject",
        "POST" if has("delete") => "s3:DeleteObjects",
        _ => "s3:Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_under_the_name_of_its_operation() {
        let table = [
            (Method::GET, "http://h/b/key", "s3:GetObject"),
            (Method::GET, "http://h/b?list-type=2&prefix=a", "s3:ListObjectsV2"),
            (Method::PUT, "http://h/b/key", "s3:PutObject"),
            (Method::DELETE, "http://h/b/key", "s3:DeleteObject"),
            (Method::POST, "http://h/b?delete", "s3:DeleteObjects"),
        ];
        for (method, url, expected) in table {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(call(&method, &url), expected, "{method} {url}");
        }
    }
}

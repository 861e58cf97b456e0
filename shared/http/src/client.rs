//! One endpoint's client: a request goes out authorized, and its answer comes back as it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws::{Aws, SecretError, Secrets};
use bytes::{Bytes, BytesMut};
use config::Endpoint;
use http1::header::AUTHORIZATION;
use http1::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use series::Timestamp;
use tokio::time::{sleep, timeout_at};
use url::Url;

use crate::SendError;
use crate::auth::{Authorizer, Unauthorized, basic};
use crate::confidential::Confidential;
use crate::factory::Factory;
use crate::transport::{Transport, header};

/// How much of an answer is read. What a receiver has to say about a request fits; the rest is not worth holding.
pub const MAX_BODY: usize = 64 * 1024;

/// How long it is waited for the body of an answer. The status says what matters; the body is for people.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The client of one endpoint, with its TLS, proxy, headers and authorization. Clones share it.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    transport: Transport,
    authorizer: Authorizer,
    headers: Vec<config::Header>,
    secrets: Secrets,
    /// Whether a connection may be left from an earlier answer.
    answered: AtomicBool,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST`, for all our sinks.
    pub method: Method,
    /// Where to; credentials in it are used where nothing else authorizes the request.
    pub url: Endpoint,
    /// Headers beside those of the client.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The whole body.
    pub body: Bytes,
}

/// What came back. `Debug` shows neither headers nor body: they may repeat what was sent.
#[derive(Clone)]
pub struct Response {
    /// The status, 3xx included: redirects are not followed.
    pub status: u16,
    /// The headers, `retry-after` among them.
    pub headers: HeaderMap,
    /// The body: its first [`MAX_BODY`] bytes as far as they came, unless it was [fetched](Client::fetch) whole.
    pub body: Bytes,
    sent: Confidential,
}

impl Response {
    /// A text of this answer, with `<secret>` in place of every secret that the request carried: receivers repeat
    /// what they were sent (`cannot POST /write?token=…`), and what they say is shown.
    pub fn mask(&self, text: &str) -> String {
        self.sent.mask(text)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(
        factory: &Factory,
        config: &config::HttpClient,
        secrets: &Secrets,
        aws: Option<&Aws>,
    ) -> Result<Self, SendError> {
        // Redirects would carry credentials, or a signature that does not fit, to somebody else.
        let config::HttpClient {
            auth,
            tls,
            proxy,
            follow_redirects: _,
            enable_http2,
            http_headers,
        } = config;
        let authorizer = Authorizer::new(factory, auth.as_ref(), *enable_http2, secrets, aws)?;
        Ok(Self(Arc::new(Inner {
            transport: factory.transport(tls, proxy, *enable_http2, secrets),
            authorizer,
            headers: http_headers.clone(),
            secrets: secrets.clone(),
            answered: AtomicBool::new(false),
        })))
    }

    /// Fetches every secret that requests will need, before anything is collected for them.
    pub async fn prepare(&self) -> Result<(), SecretError> {
        let result = self.prepare_all().await;
        result.map_err(|error| match error {
            SendError::Credentials(error) => error,
            other => SecretError::Unusable(other.to_string()),
        })
    }

    async fn prepare_all(&self) -> Result<(), SendError> {
        self.0.transport.client().await?;
        self.configured_headers().await?;
        self.0.authorizer.prepare(&self.0.secrets).await
    }

    /// Fetches every secret anew and drops tokens and role credentials, for after a 401 or 403.
    pub async fn refresh_credentials(&self) -> Result<(), SecretError> {
        let headers = self.0.headers.iter().flat_map(|header| &header.values);
        for secret in self.0.transport.secrets().chain(headers) {
            self.0.secrets.refresh(secret).await?;
        }
        self.0.authorizer.refresh(&self.0.secrets).await
    }

    /// Sends a request and reads the answer, all within `timeout`. `now` is the date of signatures and decides
    /// whether a token is over.
    ///
    /// A connection that breaks although it was good for an earlier answer is tried once more: the other side has
    /// closed it while nobody looked. Whatever is sent here must bear to arrive twice.
    ///
    /// Once the status is there, the request is answered: a body that does not come to its end, or too slowly, is as
    /// long as it came.
    pub async fn send(
        &self,
        request: Request,
        now: Timestamp,
        timeout: Duration,
    ) -> Result<Response, SendError> {
        let end = sleep(timeout).deadline();
        let (mut answer, sent) =
            timeout_at(end, self.head(&request, now)).await.unwrap_or(Err(SendError::Timeout))?;
        let mut body = BytesMut::new();
        let read = tokio::time::timeout(BODY_TIMEOUT, read_into(&mut body, &mut answer));
        // However it ends, what was read is all that there is.
        let _ended = timeout_at(end, read).await;
        Ok(Response {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: body.freeze(),
            sent,
        })
    }

    /// The same for an answer that is wanted whole: one that does not come to its end, or is longer than `longest` bytes,
    /// is an error.
    pub async fn fetch(
        &self,
        request: Request,
        now: Timestamp,
        timeout: Duration,
        longest: usize,
    ) -> Result<Response, SendError> {
        let end = sleep(timeout).deadline();
        let whole = async {
            let (mut answer, sent) = self.head(&request, now).await?;
            let mut body = BytesMut::new();
            while let Some(chunk) = answer.chunk().await.map_err(SendError::classify)? {
                if chunk.len() > longest - body.len() {
                    return Err(SendError::Broken(format!("it is longer than {longest} bytes")));
                }
                body.extend_from_slice(&chunk);
            }
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Ok(Response { status, headers, body: body.freeze(), sent })
        };
        timeout_at(end, whole).await.unwrap_or(Err(SendError::Timeout))
    }

    async fn head(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<(reqwest::Response, Confidential), SendError> {
        let may_be_stale = self.0.answered.swap(false, Ordering::Relaxed);
        let result = match self.attempt(request, now).await {
            Err(SendError::Broken(_)) if may_be_stale => self.attempt(request, now).await,
            result => result,
        };
        self.0.answered.fetch_or(result.is_ok(), Ordering::Relaxed);
        result
    }

    async fn attempt(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<(reqwest::Response, Confidential), SendError> {
        let client = self.0.transport.client().await?;
        let (url, from_url) = without_credentials(&request.url)?;
        let mut headers: HeaderMap = request.headers.iter().cloned().collect();
        for (name, value) in self.configured_headers().await? {
            headers.append(name, value);
        }
        if let Some(value) = from_url {
            headers.entry(AUTHORIZATION).or_insert(value);
        }
        let unauthorized = Unauthorized {
            method: &request.method,
            url: &url,
            headers: &mut headers,
            body: &request.body,
        };
        self.0.authorizer.authorize(unauthorized, &self.0.secrets, now).await?;
        let sent = self.confidential(&request.url, &headers);
        let mut whole = reqwest::Request::new(request.method.clone(), url);
        *whole.headers_mut() = headers;
        *whole.body_mut() = Some(request.body.clone().into());
        let answer = client.execute(whole).await.map_err(SendError::classify)?;
        Ok((answer, sent))
    }

    /// What of a request the other side, or a proxy before it, should not have repeated.
    fn confidential(&self, url: &Url, headers: &HeaderMap) -> Confidential {
        let mut sent = Confidential::default();
        sent.add_url(url);
        sent.add_headers(headers);
        if let Some(proxy) = self.0.transport.proxy_for(url) {
            sent.add_url(&proxy);
        }
        sent
    }

    async fn configured_headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, SendError> {
        let mut headers = Vec::new();
        for config::Header { name, values } in &self.0.headers {
            for value in values {
                headers.push(header(name, &self.0.secrets.get(value).await?)?);
            }
        }
        Ok(headers)
    }
}

/// The URL as it is sent, and the header of the credentials that it held.
fn without_credentials(url: &Url) -> Result<(Url, Option<HeaderValue>), SendError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok((url.clone(), None));
    }
    let decoded = |text: &str| SecretString::from(&*percent_decode_str(text).decode_utf8_lossy());
    let header = basic(&decoded(url.username()), &decoded(url.password().unwrap_or_default()))?;
    let mut bare = url.clone();
    // Refused only by URLs without a host, which have no credentials either.
    let _no_host = bare.set_username("").and_then(|()| bare.set_password(None));
    Ok((bare, Some(header)))
}

/// The first [`MAX_BODY`] bytes of an answer; the rest stays unread.
pub(crate) async fn read_body(mut answer: reqwest::Response) -> Result<Bytes, SendError> {
    let mut body = BytesMut::new();
    read_into(&mut body, &mut answer).await?;
    Ok(body.freeze())
}

async fn read_into(body: &mut BytesMut, answer: &mut reqwest::Response) -> Result<(), SendError> {
    while let Some(chunk) = answer.chunk().await.map_err(SendError::classify)? {
        let room = MAX_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_BODY {
            break;
        }
    }
    Ok(())
}

//! OAuth2 tokens by the grant `client_credentials`, kept until shortly before they expire.
//!
//! Follows `golang.org/x/oauth2`, which is what Prometheus uses: the client's name and secret go into the
//! `Authorization` header first, and into the form if the server does not take them there.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws::Secrets;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http1::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http1::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use series::Timestamp;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use crate::SendError;
use crate::client::read_body;
use crate::transport::Transport;

/// A token that ends within this time is replaced.
const MARGIN: Duration = Duration::from_secs(10);

const FORM: &str = "application/x-www-form-urlencoded";

/// The tokens of one client.
#[derive(Debug)]
pub(crate) struct Tokens {
    config: config::OAuth2,
    secrets: Secrets,
    transport: Transport,
    /// Whether this server wants name and secret in the form.
    in_form: AtomicBool,
    token: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    /// `None` does not expire.
    ends: Option<Timestamp>,
}

/// The header's value is a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// What a token endpoint answers (RFC 6749, 5.1 and 5.2).
#[derive(Default, serde::Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    token_type: String,
    /// Seconds; some servers send a text.
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    error: String,
}

impl Tokens {
    pub(crate) fn new(config: config::OAuth2, secrets: Secrets, transport: Transport) -> Self {
        let (in_form, token) = (AtomicBool::new(false), Mutex::new(None));
        Self { config, secrets, transport, in_form, token }
    }

    /// The `Authorization` header. Of concurrent callers one asks for a token.
    pub(crate) async fn header(&self, now: Timestamp) -> Result<HeaderValue, SendError> {
        let mut kept = self.token.lock().await;
        let fresh = |token: &&Token| token.ends.is_none_or(|ends| now + MARGIN < ends);
        if let Some(token) = kept.as_ref().filter(fresh) {
            return Ok(token.header.clone());
        }
        let token = self.ask(now).await?;
        Ok(kept.insert(token).header.clone())
    }

    /// Drops the token, which was refused.
    pub(crate) async fn forget(&self) {
        *self.token.lock().await = None;
    }

    /// The secret, and what connections to the token endpoint are made of.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &config::Secret> {
        std::iter::once(&self.config.client_secret).chain(self.transport.secrets())
    }

    /// Sees whether everything that a token needs can be had.
    pub(crate) async fn prepare(&self) -> Result<(), SendError> {
        self.transport.client().await?;
        self.secrets.get(&self.config.client_secret).await?;
        Ok(())
    }

    async fn ask(&self, now: Timestamp) -> Result<Token, SendError> {
        let secret = self.secrets.get(&self.config.client_secret).await?;
        if self.in_form.load(Ordering::Relaxed) {
            return self.ask_with(&secret, true, now).await;
        }
        match self.ask_with(&secret, false, now).await {
            Err(SendError::Token(_)) => {
                let token = self.ask_with(&secret, true, now).await?;
                self.in_form.store(true, Ordering::Relaxed);
                Ok(token)
            }
            other => other,
        }
    }

    async fn ask_with(
        &self,
        secret: &SecretString,
        in_form: bool,
        now: Timestamp,
    ) -> Result<Token, SendError> {
        let mut request = reqwest::Request::new(Method::POST, Url::clone(&self.config.token_url));
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !in_form {
            headers.insert(AUTHORIZATION, client_header(&self.config.client_id, secret)?);
        }
        *request.body_mut() = Some(self.form(in_form.then_some(secret)).into());
        let client = self.transport.client().await?;
        let response = client.execute(request).await.map_err(SendError::classify)?;
        let (status, is_form) = (response.status(), is_form(response.headers()));
        let body = read_body(response).await?;
        let answer = if is_form { read_form(&body) } else { read_json(&body) };
        match answer {
            Some(answer) if status.is_success() && !answer.access_token.is_empty() => {
                token(&answer, now)
            }
            // The error code is one of a few words; what else the answer says may repeat what was sent.
            Some(answer) if !answer.error.is_empty() => {
                Err(SendError::Token(format!("status {status}, {}", printable(&answer.error))))
            }
            _ => Err(SendError::Token(format!("status {status} without a token"))),
        }
    }

    fn form(&self, secret: Option<&SecretString>) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !self.config.scopes.is_empty() {
            form.append_pair("scope", &self.config.scopes.join(" "));
        }
        if let Some(secret) = secret {
            form.append_pair("client_id", &self.config.client_id);
            form.append_pair("client_secret", secret.expose_secret());
        }
        for (name, value) in &self.config.endpoint_params {
            form.append_pair(name, value.expose_secret());
        }
        form.finish()
    }
}

/// Name and secret, each form-encoded, as RFC 6749, 2.3.1 has it.
fn client_header(id: &str, secret: &SecretString) -> Result<HeaderValue, SendError> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(id), encode(secret.expose_secret()));
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

fn token(answer: &Answer, now: Timestamp) -> Result<Token, SendError> {
    let seconds = match &answer.expires_in {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let lifetime = seconds.filter(|seconds| *seconds > 0.0);
    let lifetime = lifetime.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let scheme = match answer.token_type.to_ascii_lowercase().as_str() {
        "" | "bearer" => "Bearer",
        "mac" => "MAC",
        "basic" => "Basic",
        _ => &answer.token_type,
    };
    let header = sensitive(&format!("{scheme} {}", answer.access_token))?;
    Ok(Token { header, ends: lifetime.map(|lifetime| now + lifetime) })
}

fn sensitive(text: &str) -> Result<HeaderValue, SendError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| SendError::Token("it cannot stand in a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.starts_with(FORM) || text.starts_with("text/plain"))
}

fn read_json(body: &[u8]) -> Option<Answer> {
    serde_json::from_slice(body).ok()
}

fn read_form(body: &[u8]) -> Option<Answer> {
    let mut answer = Answer::default();
    for (name, value) in form_urlencoded::parse(body) {
        match name.as_ref() {
            "access_token" => answer.access_token = value.into_owned(),
            "token_type" => answer.token_type = value.into_owned(),
            "expires_in" => answer.expires_in = value.into_owned().into(),
            "error" => answer.error = value.into_owned(),
            _ => {}
        }
    }
    Some(answer)
}

/// The error code, if it looks like one (`invalid_client`).
fn printable(error: &str) -> &str {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if error.len() <= 64 && error.chars().all(is_word) { error } else { "and an error" }
}

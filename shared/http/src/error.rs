//! Why a request got no answer.

use std::error::Error;
use std::io;

use aws::SecretError;

/// Why a request got no answer. No URL, no query and no secret stands in any of these.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No answer in time.
    #[error("get an answer in time")]
    Timeout,
    /// No connection: refused, unreachable, unknown host, or the proxy said no.
    #[error("connect: {0}")]
    Connect(String),
    /// The connection broke before the answer was whole. The receiver may have taken the request or not.
    #[error("get an answer: {0}")]
    Broken(String),
    /// The peers could not agree, or the certificate is not trusted.
    #[error("agree on TLS: {0}")]
    Tls(String),
    /// The credentials for the request could not be had.
    #[error("get the credentials for the request")]
    Credentials(#[from] SecretError),
    /// The OAuth2 token could not be had.
    #[error("get an OAuth2 token: {0}")]
    Token(String),
    /// AWS credentials could not be had, or the request could not be signed with them.
    #[error("sign the request: {0}")]
    Signature(String),
    /// The request itself, or the client for it, cannot be made of the configuration.
    #[error("make the request: {0}")]
    Invalid(String),
}

impl SendError {
    /// The kind of a failure on the wire.
    pub(crate) fn classify(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            return Self::Timeout;
        }
        if error.is_builder() {
            return Self::Invalid(sources(&error));
        }
        if let Some(tls) = find_tls(&error) {
            return Self::Tls(tls);
        }
        if error.is_connect() {
            Self::Connect(sources(&error))
        } else {
            Self::Broken(sources(&error))
        }
    }
}

/// What rustls had to say, if it had: it hides inside of I/O errors.
fn find_tls(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.to_string());
        }
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// The sources of an error, joined: reqwest's own words only say that sending failed.
fn sources(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        let text = source.to_string();
        if parts.last().is_none_or(|last| !last.ends_with(&text)) {
            parts.push(text);
        }
        next = source.source();
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

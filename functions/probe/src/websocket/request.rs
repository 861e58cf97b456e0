//! The request that asks for a websocket: where it goes, and with which headers.

use aws::Secrets;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use config::{Auth, Secret};
use http1::header::{AUTHORIZATION, CONNECTION, HOST, UPGRADE, USER_AGENT};
use http1::{HeaderMap, HeaderName, HeaderValue, Request};
use secrecy::{ExposeSecret, SecretString};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use url::Url;

use crate::frame::{self, Failure, Reason};
use crate::module::Websocket;

/// Headers that make the handshake; whoever sets one of them in a module breaks it, so the original refuses to dial.
const OWN: [&str; 5] = [
    "upgrade",
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
];

/// A target, taken apart.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    /// The host to look up and to verify; an IPv6 address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl Target {
    /// Reads `ws://…` or `wss://…`.
    pub(super) fn read(target: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::new(Reason::Target, why);
        let malformed =
            || wrong("malformed ws or wss URL: it should be ws://host/path or wss://host/path");
        let url = Url::parse(target).map_err(|_| malformed())?;
        let is_tls = match url.scheme() {
            "ws" => false,
            "wss" => true,
            _ => return Err(malformed()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("malformed ws or wss URL: it may hold no credentials"));
        }
        let host = url.host_str().ok_or_else(malformed)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().ok_or_else(malformed)?;
        Ok(Self { url, host, port, is_tls })
    }

    /// The whole request, with the module's headers.
    pub(super) fn request(&self, mut headers: HeaderMap) -> Result<Request<()>, Failure> {
        if let Some(name) = OWN.iter().find(|name| headers.contains_key(**name)) {
            let why = format!("websocket: duplicate header not allowed: {name}");
            return Err(Failure::new(Reason::Module, why));
        }
        let authority = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let wrong = || Failure::new(Reason::Target, "the URL cannot stand in a request");
        let host = HeaderValue::try_from(authority).map_err(|_| wrong())?;
        let key = HeaderValue::try_from(generate_key()).map_err(|_| wrong())?;
        let agent = HeaderValue::from_static(frame::USER_AGENT);
        headers.entry(HOST).or_insert(host);
        headers.entry(USER_AGENT).or_insert(agent);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
        headers.insert("sec-websocket-key", key);
        let mut request = Request::get(self.url.as_str()).body(()).map_err(|_| wrong())?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// The headers that a module asks for.
pub(super) async fn headers(module: &Websocket, secrets: &Secrets) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    match &module.auth {
        Some(Auth::Basic { username, password }) => {
            let (username, password) =
                (get(secrets, username).await?, get(secrets, password).await?);
            let pair = format!("{}:{}", username.expose_secret(), password.expose_secret());
            append(&mut headers, AUTHORIZATION, &format!("Basic {}", STANDARD.encode(pair)))?;
        }
        Some(Auth::Authorization { scheme, credentials }) => {
            let credentials = get(secrets, credentials).await?;
            if !credentials.expose_secret().is_empty() {
                let value = format!("{scheme} {}", credentials.expose_secret());
                append(&mut headers, AUTHORIZATION, &value)?;
            }
        }
        // The original reads these here, and uses them nowhere.
        Some(Auth::OAuth2(_) | Auth::SigV4(_)) | None => {}
    }
    for config::Header { name, values } in &module.headers {
        let name = HeaderName::try_from(name)
            .map_err(|_| Failure::new(Reason::Module, format!("{name:?} is no header name")))?;
        for value in values {
            let value = get(secrets, value).await?;
            append(&mut headers, name.clone(), value.expose_secret())?;
        }
    }
    Ok(headers)
}

async fn get(secrets: &Secrets, secret: &Secret) -> Result<SecretString, Failure> {
    let found = secrets.get(secret).await;
    found.map_err(|error| Failure::new(Reason::Credentials, error.to_string()))
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), Failure> {
    let value = HeaderValue::try_from(value);
    let mut value = value.map_err(|_| {
        let why = format!("the value of the header {name} cannot stand in a header");
        Failure::new(Reason::Module, why)
    })?;
    value.set_sensitive(true);
    headers.append(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_websocket_url_without_credentials() {
        for (target, host, port, is_tls) in [
            ("ws://example.com/x?y=z", "example.com", 80, false),
            ("wss://example.com", "example.com", 443, true),
            ("WSS://[::1]:8443/x", "::1", 8443, true),
        ] {
            let read = Target::read(target).expect(target);
            assert_eq!((&*read.host, read.port, read.is_tls), (host, port, is_tls), "{target}");
        }
        for target in ["http://example.com", "example.com", "ws://", "ws://u:p@example.com", ""] {
            let failure = Target::read(target).expect_err(target);
            assert_eq!(failure.reason, Reason::Target);
            assert!(!failure.message.contains("u:p"));
        }
    }

    #[test]
    fn a_request_has_the_headers_of_the_handshake_and_those_of_the_module() {
        let target = Target::read("ws://example.com:81/x?y=z").expect("a target");
        let mut own = HeaderMap::new();
        own.insert("user-agent", HeaderValue::from_static("mine"));
        let request = target.request(own).expect("a request");
        let header = |name: &str| request.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("host"), "example.com:81");
        assert_eq!(header("user-agent"), "mine");
        assert_eq!(
            (header("upgrade"), header("connection")),
            ("websocket".into(), "Upgrade".into())
        );
        assert_eq!(request.uri().path_and_query().expect("a path").as_str(), "/x?y=z");

        let mut wrong = HeaderMap::new();
        wrong.insert("sec-websocket-key", HeaderValue::from_static("x"));
        let failure = target.request(wrong).expect_err("a header of the handshake");
        assert_eq!(failure.message, "websocket: duplicate header not allowed: sec-websocket-key");
    }
}

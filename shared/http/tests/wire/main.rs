//! The client at the wire: real sockets on loopback, certificates of an authority of the tests' own.

mod auth;
mod certificates;
mod client;
mod limits;
mod oauth2;
mod proxy;
mod server;
mod tls;

use std::time::Duration;

use aws::{Aws, Secrets};
use bytes::Bytes;
use clock::Clock;
use config::{HttpClient, Secret, SecretRef};
use http::{Client, Factory, Request, Response, SendError};
use http1::{HeaderName, HeaderValue, Method};
use secrecy::SecretString;
use series::Timestamp;
use url::Url;

const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);

/// What the tests send.
const BODY: &[u8] = b"a body";

fn inline(text: &str) -> Secret {
    Secret::Inline(SecretString::from(text))
}

fn file(path: &std::path::Path) -> Secret {
    Secret::Reference(SecretRef::File(path.to_owned()))
}

fn secrets() -> Secrets {
    Secrets::new(None, Clock::manual(NOW), Duration::from_secs(300))
}

fn factory() -> Factory {
    Factory::new(&|_| None).expect("a factory")
}

fn client(config: &HttpClient) -> Client {
    client_with_aws(config, None)
}

fn client_with_aws(config: &HttpClient, aws: Option<&Aws>) -> Client {
    factory().client(config, &secrets(), aws).expect("a client")
}

fn request(url: Url) -> Request {
    let headers = vec![
        (HeaderName::from_static("content-type"), HeaderValue::from_static("text/plain")),
        (HeaderName::from_static("x-own"), HeaderValue::from_static("own")),
    ];
    Request { method: Method::POST, url: url.into(), headers, body: Bytes::from_static(BODY) }
}

async fn send(client: &Client, url: Url) -> Result<Response, SendError> {
    client.send(request(url), NOW, Duration::from_secs(10)).await
}

/// The status that a client with this configuration gets.
async fn status(config: &HttpClient, url: Url) -> u16 {
    send(&client(config), url).await.expect("an answer").status
}

/// The error that a client with this configuration gets.
async fn error(config: &HttpClient, url: Url) -> SendError {
    send(&client(config), url).await.expect_err("no answer")
}

//! HTTP/2, where the server wants it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http1::{HeaderMap, Request, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use super::server::{Identity, Reply, Server};
use super::{phases, probe, reason};
use crate::frame::{Reason, USER_AGENT};

/// A server that answers every request over HTTP/2 with a body of four bytes.
struct Http2 {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request<()>>>>,
    accepting: AbortHandle,
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Http2 {
    async fn start(headers: HeaderMap) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Identity::of(&["localhost"]).config(&[b"h2"]));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let Ok(mut connection) = h2::server::handshake(stream).await else { continue };
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    noted.lock().unwrap().push(request.map(drop));
                    let mut response = Response::new(());
                    *response.headers_mut() = headers.clone();
                    if let Ok(mut body) = respond.send_response(response, false) {
                        drop(body.send_data(Bytes::from_static(b"fine"), true));
                    }
                }
            }
        });
        Self { address, seen, accepting: accepting.abort_handle() }
    }
}

#[tokio::test]
async fn a_server_that_offers_http2_gets_it() {
    let server = Http2::start(HeaderMap::new()).await;
    let section = json!({
        "method": "POST",
        "body": "abc",
        "headers": {"Host": "v.example", "Connection": "keep-alive", "X-A": "1"},
        "valid_http_versions": ["HTTP/2.0"],
        "fail_if_body_not_matches_regexp": ["^fine$"],
        "tls_config": {"insecure_skip_verify": true},
    });
    let outcome = probe(section, &format!("https://{}/x?y", server.address)).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    assert_eq!(outcome.value("probe_http_version"), Some(2.0));
    assert_eq!(outcome.value("probe_http_content_length"), Some(-1.0));
    assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(4.0));
    assert_eq!(phases(&outcome), ["resolve", "connect", "tls", "processing", "transfer"]);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].uri().to_string(), "https://v.example/x?y");
    let headers: Vec<(&str, &str)> = seen[0]
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    assert_eq!(headers, [("content-length", "3"), ("user-agent", USER_AGENT), ("x-a", "1")]);
}

#[tokio::test]
async fn too_long_a_head_is_refused() {
    let mut headers = HeaderMap::new();
    for index in 0..300 {
        headers.append("x-long", format!("{index}{}", "x".repeat(4096)).parse().unwrap());
    }
    let server = Http2::start(headers).await;
    let section = json!({"tls_config": {"insecure_skip_verify": true}});
    let outcome = probe(section, &format!("https://{}/", server.address)).await;
    assert_eq!(reason(&outcome), Some(Reason::Protocol), "{:?}", outcome.result);
}

#[tokio::test]
async fn http2_can_be_switched_off_and_is_never_guessed() {
    let offered: &[&[u8]] = &[b"h2", b"http/1.1"];
    let identity = Identity::of(&["localhost"]);
    let server =
        Server::over(Some(identity.config(offered)), |_| Reply::whole(200, &[], b"")).await;
    let section = json!({"enable_http2": false, "tls_config": {"insecure_skip_verify": true}});
    let outcome = probe(section, &format!("https://{}/", server.address)).await;
    assert_eq!(outcome.value("probe_http_version"), Some(1.1), "{:?}", outcome.result);
    let outcome = probe(json!({}), &Server::start(|_| Reply::raw("")).await.url("/")).await;
    assert_eq!(reason(&outcome), Some(Reason::Protocol));
}

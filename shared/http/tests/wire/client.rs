//! One request, one answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use config::{Header, HttpClient};
use http::{MAX_BODY, SendError};
use tokio::net::TcpListener;
use url::Url;

use crate::server::{Reply, Server};
use crate::{BODY, NOW, client, error, inline, request, send, status};

fn plain() -> HttpClient {
    HttpClient::default()
}

#[tokio::test]
async fn a_request_arrives_as_it_is_with_the_headers_of_the_client() {
    let server = Server::plain(|_| Reply::status(200)).await;
    let tenant =
        Header { name: "X-Scope-Orgid".to_owned(), values: vec![inline("a"), inline("b")] };
    let config = HttpClient { http_headers: vec![tenant], ..plain() };
    assert_eq!(status(&config, server.url("http", "/api/v1/write?x=1")).await, 200);
    let arrived = server.only();
    assert_eq!(arrived.line, "POST /api/v1/write?x=1 HTTP/1.1");
    assert_eq!(arrived.body, BODY);
    assert_eq!(arrived.header("content-length").as_deref(), Some("6"));
    assert_eq!(arrived.header("content-type").as_deref(), Some("text/plain"));
    assert_eq!(arrived.header("x-own").as_deref(), Some("own"));
    assert_eq!(arrived.header("x-scope-orgid").as_deref(), Some("a, b"));
    assert!(arrived.header("user-agent").is_some_and(|agent| agent.starts_with("hostless/")));
    assert_eq!(arrived.header("authorization"), None);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server = Server::plain(|_| {
        Reply::Answer(307, vec![("location", "http://127.0.0.1:1/".to_owned())], Vec::new())
    })
    .await;
    assert_eq!(status(&plain(), server.url("http", "/")).await, 307);
}

#[tokio::test]
async fn headers_and_the_beginning_of_the_body_come_back() {
    let server = Server::plain(|_| {
        let body = vec![b'x'; 3 * MAX_BODY];
        Reply::Answer(429, vec![("retry-after", "7".to_owned())], body)
    })
    .await;
    let response = send(&client(&plain()), server.url("http", "/")).await.expect("an answer");
    assert_eq!(response.status, 429);
    assert_eq!(response.headers["retry-after"], "7");
    assert_eq!(response.body.len(), MAX_BODY);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = Server::plain(|_| Reply::Silence).await;
    let request = request(server.url("http", "/"));
    let sent = client(&plain()).send(request, NOW, Duration::from_millis(50)).await;
    assert!(matches!(sent, Err(SendError::Timeout)), "{sent:?}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let url = Url::parse(&format!("http://{address}/?token=hunter2")).expect("a URL");
    let refused = error(&plain(), url).await;
    assert!(matches!(refused, SendError::Connect(_)), "{refused:?}");
    assert!(refused.to_string().contains("refused"), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_at_the_first_request_is_not_tried_again() {
    let server = Server::plain(|_| Reply::Cut).await;
    let broken = error(&plain(), server.url("http", "/?token=hunter2")).await;
    assert!(matches!(broken, SendError::Broken(_)), "{broken:?}");
    assert!(!format!("{broken} {broken:?}").contains("hunter2"), "{broken:?}");
    assert_eq!(server.received().len(), 1);
}

/// What a container finds when it wakes up: its connection takes the request and is gone.
#[tokio::test]
async fn a_kept_connection_that_turns_out_dead_is_replaced_once() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let server = Server::plain(move |received| {
        match (counted.fetch_add(1, Ordering::Relaxed), received.connection) {
            (1, 0) => Reply::Cut,
            _ => Reply::status(200),
        }
    })
    .await;
    let client = client(&plain());
    for _ in 0..2 {
        let response = send(&client, server.url("http", "/")).await.expect("an answer");
        assert_eq!(response.status, 200);
    }
    let connections: Vec<usize> = server.received().iter().map(|it| it.connection).collect();
    assert_eq!(connections, [0, 0, 1], "answered, cut, sent again on a new connection");
}

#[tokio::test]
async fn a_peer_that_cuts_every_connection_is_tried_no_more_than_twice() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let server = Server::plain(move |_| match counted.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::status(200),
        _ => Reply::Cut,
    })
    .await;
    let client = client(&plain());
    send(&client, server.url("http", "/")).await.expect("an answer");
    for expected in [3, 4] {
        let broken = send(&client, server.url("http", "/")).await.expect_err("cut");
        assert!(matches!(broken, SendError::Broken(_)), "{broken:?}");
        assert_eq!(requests.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test]
async fn what_the_other_side_repeats_is_masked_and_nothing_prints_a_secret() {
    let server = Server::plain(|received| {
        let location = vec![("location", received.line.clone())];
        let body = format!("{} {}", received.line, received.header("x-key").unwrap_or_default());
        Reply::Answer(404, location, body.into_bytes())
    })
    .await;
    let key = Header { name: "X-Key".to_owned(), values: vec![inline("planted/key")] };
    let client = client(&HttpClient { http_headers: vec![key], ..plain() });
    let mut url = server.url("http", "/write?token=planted");
    url.set_username("user").and_then(|()| url.set_password(Some("planted"))).expect("a host");
    let shown = format!("{:?} {client:?}", request(url.clone()));
    assert!(shown.contains("/write") && !shown.contains("planted"), "{shown}");

    let response = send(&client, url).await.expect("an answer");
    let said = std::str::from_utf8(&response.body).expect("a text");
    assert_eq!(said, "POST /write?token=planted HTTP/1.1 planted/key");
    assert_eq!(response.mask(said), "POST /write?token=<secret> HTTP/1.1 <secret>");
    assert!(!format!("{response:?}").contains("planted"), "{response:?}");
}

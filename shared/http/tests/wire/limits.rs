//! Peers that never come to an end: neither memory nor time goes to them.

use std::time::Duration;

use config::HttpClient;
use http::{MAX_BODY, Response, SendError};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::oauth2::oauth2;
use crate::server::{Endless, Reply, Server};
use crate::{NOW, client, request};

/// 100 MB are announced; the peer would send them, and more.
const LARGE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 503 X\r\ntransfer-encoding: chunked\r\n\r\n";

/// What leaves the peer at most: what is read, and what the buffers of two sockets hold.
const FEW: usize = 32 << 20;

/// A peer that answers so, and what it sent by the time that nobody listened any more.
async fn endless(
    head: &'static str,
    piece: &[u8],
    pause: Duration,
) -> (Server, UnboundedReceiver<usize>) {
    let (ended, sent) = unbounded_channel();
    let piece = piece.to_vec();
    let server = Server::plain(move |_| {
        let (piece, ended) = (piece.clone(), ended.clone());
        Reply::Endless(Endless { head, piece, pause, ended })
    });
    (server.await, sent)
}

async fn send_within(timeout: Duration, server: &Server) -> Result<Response, SendError> {
    let client = client(&HttpClient::default());
    client.send(request(server.url("http", "/")), NOW, timeout).await
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn of_a_large_answer_the_beginning_is_read_and_the_connection_closed() {
    let chunk = [b"10000\r\n", &[b'x'; 0x10000][..], b"\r\n"].concat();
    for (head, piece, status) in [(LARGE, &[b'x'; 0x10000][..], 200), (CHUNKED, &chunk, 503)] {
        let (server, mut sent) = endless(head, piece, Duration::ZERO).await;
        let response = send_within(LONG, &server).await.expect("an answer");
        assert_eq!((response.status, response.body.len()), (status, MAX_BODY));
        let sent = sent.recv().await.expect("the peer stops");
        assert!((MAX_BODY..FEW).contains(&sent), "{sent} bytes of {head:?}");
    }
}

#[tokio::test]
async fn headers_without_end_are_no_answer() {
    let header = format!("x-header: {}\r\n", "x".repeat(1000));
    for piece in [header.as_bytes(), &[b'x'; 1000]] {
        let (server, mut sent) = endless("HTTP/1.1 200 OK\r\nx: ", piece, Duration::ZERO).await;
        let broken = send_within(LONG, &server).await;
        assert!(matches!(broken, Err(SendError::Broken(_))), "{broken:?}");
        let sent = sent.recv().await.expect("the peer stops");
        assert!(sent < FEW, "{sent} bytes");
    }
}

/// A byte now and then keeps every pause short; the whole has a limit all the same.
#[tokio::test]
async fn a_status_that_drips_ends_with_the_timeout() {
    for head in ["HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nx: "] {
        let (server, mut sent) = endless(head, b"x", Duration::from_millis(5)).await;
        let slow = send_within(Duration::from_millis(300), &server).await;
        assert!(matches!(slow, Err(SendError::Timeout)), "{head:?}: {slow:?}");
        let sent = sent.recv().await.expect("the peer stops");
        assert!(sent < FEW, "{sent} bytes");
    }
}

/// A request that was taken must not count as failed for what comes behind its status.
#[tokio::test]
async fn a_body_that_drips_does_not_cost_the_answer() {
    let (server, mut sent) = endless(LARGE, b"x", Duration::from_millis(5)).await;
    let response = send_within(LONG, &server).await.expect("an answer");
    assert_eq!(response.status, 200);
    assert!(response.body.len() < MAX_BODY, "{} bytes", response.body.len());
    assert!(sent.recv().await.expect("the peer stops") < FEW);
}

#[tokio::test]
async fn a_body_that_breaks_off_does_not_cost_the_answer() {
    let begun = "HTTP/1.1 400 Bad\r\ncontent-length: 1000\r\n\r\nout of order";
    let server = Server::plain(move |_| Reply::CutAfter(begun)).await;
    let response = send_within(LONG, &server).await.expect("an answer");
    assert_eq!((response.status, &response.body[..]), (400, &b"out of order"[..]));
}

#[tokio::test]
async fn a_token_without_end_is_no_token() {
    let (server, mut sent) = endless(LARGE, &[b' '; 0x10000], Duration::ZERO).await;
    let client = client(&oauth2(&server));
    let no_token = client.send(request(server.url("http", "/")), NOW, LONG).await;
    assert!(matches!(no_token, Err(SendError::Token(_))), "{no_token:?}");
    let sent = sent.recv().await.expect("the peer stops");
    assert!((MAX_BODY..FEW).contains(&sent), "{sent} bytes");
}

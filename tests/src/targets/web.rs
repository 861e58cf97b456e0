//! HTTP/1.1 by hand: an answer is what a test writes down, byte by byte, however wrong.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::Targets;

/// A piece of an answer. Behind the last one the connection ends.
#[derive(Debug, Clone)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing for that long.
    Pause(Duration),
    /// These bytes again and again, until the client has enough of it.
    Endless(Vec<u8>),
    /// Nothing more, and the connection stays open.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// `/path?query`.
    pub path: String,
    /// The lines behind the first one, each without its end.
    pub headers: Vec<String>,
    /// The body, as long as Content-Length said.
    pub body: Vec<u8>,
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.headers.iter().filter_map(|line| line.split_once(':'));
        pairs.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A server and what it was asked.
#[derive(Debug, Clone)]
pub struct Web {
    /// Where it is.
    pub addr: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Web {
    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("nobody panics here").clone()
    }

    /// The paths of all requests so far, and forgets them.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().expect("nobody panics here"))
    }
}

impl Targets {
    /// A web server, over TLS where there is something to speak it with.
    pub fn web(
        &self,
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&Request) -> Vec<Piece> + Send + Sync + 'static,
    ) -> Web {
        let (requests, answer) = (Arc::<Mutex<Vec<Request>>>::default(), Arc::new(answer));
        let seen = Arc::clone(&requests);
        let addr = self.tcp(move |stream| {
            let (tls, seen, answer) = (tls.clone(), Arc::clone(&seen), Arc::clone(&answer));
            async move {
                match tls {
                    None => converse(stream, &seen, &*answer).await,
                    Some(tls) => converse(tls.accept(stream).await?, &seen, &*answer).await,
                }
            }
        });
        Web { addr, requests }
    }
}

/// An answer with a head and a body of known length.
pub fn plain(status: &str, headers: &str, body: &[u8]) -> Vec<Piece> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    vec![Piece::Bytes([head.as_bytes(), body].concat())]
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    seen: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> Vec<Piece> + Sync),
) -> io::Result<()> {
    let request = read(&mut stream).await?;
    seen.lock().expect("nobody panics here").push(request.clone());
    for piece in answer(&request) {
        match piece {
            Piece::Bytes(bytes) => stream.write_all(&bytes).await?,
            Piece::Pause(time) => {
                stream.flush().await?;
                tokio::time::sleep(time).await;
            }
            Piece::Endless(bytes) => loop {
                stream.write_all(&bytes).await?;
            },
            Piece::Silence => {
                stream.flush().await?;
                std::future::pending::<()>().await;
            }
        }
    }
    stream.shutdown().await
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.trim_end().split("\r\n").map(str::to_owned);
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { method, path, headers: lines.collect(), body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    request.body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut request.body).await?;
    Ok(request)
}

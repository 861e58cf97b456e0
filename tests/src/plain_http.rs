//! HTTP as plain as it gets, to ask real programs on loopback what they hold. HTTP/1.0, so that an answer ends where
//! its connection does; no client of the product takes part in judging the product.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none, or the status is no success.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Asks for `path` with query parameters, which are encoded here.
///
/// # Errors
/// When nobody listens there, or what comes back is no HTTP.
pub fn get(addr: SocketAddr, path: &str, query: &[(&str, &str)]) -> io::Result<Answer> {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let separator = if query.is_empty() { "" } else { "?" };
    send(addr, "GET", &format!("{path}{separator}{query}"), &[], "")
}

/// One request as it is written here, on a connection of its own.
///
/// # Errors
/// When nobody listens there, or what comes back is no HTTP.
pub fn send(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let length = body.len();
    let mut head =
        format!("{method} {target} HTTP/1.0\r\nhost: {addr}\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut stream = TcpStream::connect_timeout(&addr, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

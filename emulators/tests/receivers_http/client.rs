//! A client that adds nothing of its own: no header that a test did not write, no retry, no pool.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use emulators::receivers::remote_write::proto::{Label, Sample, TimeSeries, WriteRequest};
use prost::Message;

/// 2026-11-20T09:26:00Z, in milliseconds.
pub(crate) const NOW: i64 = 1_795_166_760_000;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body of text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// One exchange on a connection of its own.
pub(crate) fn exchange(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let length = body.len();
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\ncontent-length: {length}\r\n"
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer)
}

fn parse(answer: &[u8]) -> io::Result<Answer> {
    let end =
        answer.windows(4).position(|w| w == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = answer[end + 4..].to_vec();
    let announced = headers.iter().find(|(name, _)| name == "content-length");
    if announced.is_some_and(|(_, length)| *length != body.len().to_string()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Answer { status: status.parse().expect("a status"), headers, body })
}

/// The headers of a correct write.
pub(crate) const WRITE_HEADERS: [(&str, &str); 4] = [
    ("content-encoding", "snappy"),
    ("content-type", "application/x-protobuf"),
    ("user-agent", "test/1.0"),
    ("x-prometheus-remote-write-version", "0.1.0"),
];

/// A series with labels as written, in that order, and samples of (seconds from [`NOW`], value).
pub(crate) fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    let label = |(name, value): &(&str, &str)| Label {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let sample =
        |(seconds, value): &(i64, f64)| Sample { value: *value, timestamp: NOW + seconds * 1000 };
    TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples.iter().map(sample).collect(),
        ..TimeSeries::default()
    }
}

/// One series that is called `name`.
pub(crate) fn named(name: &str, samples: &[(i64, f64)]) -> TimeSeries {
    series(&[("__name__", name)], samples)
}

/// A body: the message in a snappy block.
pub(crate) fn body(series: &[TimeSeries]) -> Vec<u8> {
    let request = WriteRequest { timeseries: series.to_vec(), metadata: Vec::new() };
    compressed(&request.encode_to_vec())
}

pub(crate) fn compressed(message: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(message).expect("a message that snappy takes")
}

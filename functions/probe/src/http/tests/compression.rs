//! Compressed bodies: whole, broken, and much larger than they look.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder};
use serde_json::json;

use super::server::{Reply, Server};
use super::{probe, reason};
use crate::frame::Reason;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// With every optional part of a header.
fn gzip_with_a_long_header(data: &[u8]) -> Vec<u8> {
    let plain = gzip(data);
    let mut long = plain[..10].to_vec();
    long[3] = 0b1_1110;
    long.extend_from_slice(b"\x03\x00abcname\0comment\0\x12\x34");
    long.extend_from_slice(&plain[10..]);
    long
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// What the reference encoder makes of `hello world`.
const BROTLI_OF_HELLO: [u8; 15] = *b"\x0b\x05\x80hello world\x03";

async fn length_and_reason(compression: &str, body: Vec<u8>) -> (Option<f64>, Option<Reason>) {
    let server = Server::start(move |_| Reply::whole(200, &[], &body)).await;
    let outcome = probe(json!({ "compression": compression }), &server.url("/")).await;
    (outcome.value("probe_http_uncompressed_body_length"), reason(&outcome))
}

#[tokio::test]
async fn bodies_are_counted_as_they_are_inside() {
    let text = b"hello ".repeat(50_000);
    let two = [gzip(b"hello "), gzip_with_a_long_header(b"world")].concat();
    let table = [
        ("gzip", gzip(&text), 300_000.0),
        ("GZIP", two, 11.0),
        ("gzip", gzip(b""), 0.0),
        ("deflate", deflate(&text), 300_000.0),
        ("deflate", [deflate(b"abc"), b"whatever follows".to_vec()].concat(), 3.0),
        ("br", BROTLI_OF_HELLO.to_vec(), 11.0),
        ("identity", b"abc".to_vec(), 3.0),
    ];
    for (compression, body, expected) in table {
        let length = length_and_reason(compression, body).await;
        assert_eq!(length, (Some(expected), None), "{compression}");
    }
}

#[tokio::test]
async fn broken_bodies_fail_the_probe() {
    let whole = gzip(b"hello");
    let mut wrong_sum = whole.clone();
    let sum_at = wrong_sum.len() - 8;
    wrong_sum[sum_at] ^= 1;
    let table = [
        ("gzip", b"hello".to_vec(), 0.0),
        ("gzip", Vec::new(), 0.0),
        ("gzip", whole[..6].to_vec(), 0.0),
        ("gzip", whole[..whole.len() - 1].to_vec(), 5.0),
        ("gzip", [whole.clone(), b"x".to_vec()].concat(), 5.0),
        ("gzip", wrong_sum, 5.0),
        ("deflate", whole.clone(), 0.0),
        ("deflate", Vec::new(), 0.0),
        ("deflate", deflate(&b"hello ".repeat(9))[..4].to_vec(), 0.0),
        ("br", b"\xff\xff\xff\xff".to_vec(), 0.0),
        ("br", Vec::new(), 0.0),
        ("br", BROTLI_OF_HELLO[..8].to_vec(), 5.0),
        ("lzma", b"hello".to_vec(), 5.0),
    ];
    for (compression, body, length) in table {
        let what = format!("{compression} {body:?}");
        let (found, reason) = length_and_reason(compression, body).await;
        assert_eq!(reason, Some(Reason::Compression), "{what}");
        // How much came out before it broke is the library's business; nothing comes out that was not in.
        assert!(found.is_some_and(|found| found <= length), "{what}: {found:?}");
    }
}

#[tokio::test]
async fn a_body_without_a_header_is_looked_at_by_nobody() {
    let server = Server::start(|_| Reply::whole(200, &[], b"plain")).await;
    let section = json!({"compression": "gzip", "fail_if_body_not_matches_regexp": ["x"]});
    let outcome = probe(section, &server.url("/")).await;
    assert_eq!(reason(&outcome), Some(Reason::Compression));
    assert_eq!(outcome.value("probe_failed_due_to_regex"), Some(0.0));
}

#[tokio::test]
async fn a_bomb_meets_its_limit() {
    let bomb = gzip(&vec![0; 64 << 20]);
    let server = Server::start(move |_| Reply::whole(200, &[], &bomb)).await;
    let section = json!({"compression": "gzip", "body_size_limit": "1MB"});
    let outcome = probe(section, &server.url("/")).await;
    assert_eq!(reason(&outcome), Some(Reason::BodySize));
    assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(f64::from(1 << 20)));
    let outcome = probe(json!({"compression": "gzip"}), &server.url("/")).await;
    assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(f64::from(64 << 20)));
}

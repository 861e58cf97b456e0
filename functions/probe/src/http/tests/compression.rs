//! Compressed bodies: whole, broken, and much larger than they look.

use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder};
use serde_json::json;

use super::server::{Reply, Server};
use super::{probe, reason};
use crate::frame::Reason;
use crate::http::decode::{DecodeError, Decoder};
use crate::module::Compression;

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

/// What a decoder makes of a body that comes in frames of this size, read as `body` does.
fn decoded(compression: &Compression, body: &[u8], size: usize) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::of(compression).unwrap();
    let (mut all, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
    for mut frame in body.chunks(size) {
        loop {
            let written = if frame.is_empty() {
                decoder.flush(&mut piece)?
            } else {
                let decoded = decoder.step(frame, &mut piece)?;
                frame = &frame[decoded.read..];
                decoded.written
            };
            all.extend_from_slice(&piece[..written]);
            if written == 0 && frame.is_empty() {
                break;
            }
        }
    }
    decoder.finish().map(|()| all)
}

/// What the reference encoder makes of 1 MiB of the letter `a`.
const BROTLI_OF_A_MEBIBYTE: [u8; 14] = *b"\x5b\xff\xff\x8f\x5f\x22\x2c\x1e\x0b\x04\x72\xef\x1f\x00";

#[test]
fn bodies_end_wherever_their_frames_do() {
    let numbers: String = (0..150_000).map(|number| format!("{number} ")).collect();
    let text = numbers.into_bytes();
    let cases = [
        (Compression::Deflate, deflate(&text), text.clone()),
        (Compression::Deflate, deflate(&vec![b'a'; 1 << 20]), vec![b'a'; 1 << 20]),
        (Compression::Brotli, BROTLI_OF_A_MEBIBYTE.to_vec(), vec![b'a'; 1 << 20]),
    ];
    for (compression, body, whole) in cases {
        for size in [1, 7, 1000, body.len()] {
            let found = decoded(&compression, &body, size);
            assert!(
                found.as_ref() == Ok(&whole),
                "{compression:?} {size}: {:?}",
                found.map(|all| all.len())
            );
            let cut = decoded(&compression, &body[..body.len() - 1], size);
            assert!(cut.is_err(), "{compression:?} {size}, without its last byte");
        }
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

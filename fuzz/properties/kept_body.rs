//! What holds for any bytes that come out of a store as a kept body: they are refused, or they are samples that go out
//! again in the form in which we write them.
//!
//! Input: a body for Mackerel, a body of remote write, and, since few inputs get through its compression, the message
//! inside of one.

use sinks::mackerel::json;
use sinks::remote_write::decode::{Decoded, LARGEST, decode};
use sinks::remote_write::encode::Encoder;

pub(crate) fn check(input: &[u8]) {
    posts(input);
    requests(input);
    if input.len() <= LARGEST {
        let packed = snap::raw::Encoder::new().compress_vec(input);
        requests(&packed.expect("an input below 4 GiB"));
    }
}

fn requests(body: &[u8]) {
    let Ok(read) = decode(body) else { return };
    assert!(!read.samples.is_empty());
    let written = encode(&read);
    let again = decode(&written).expect("what we write can be read");
    assert_eq!(bits(&again), bits(&read));
    assert_eq!(encode(&again), written);
}

fn encode(decoded: &Decoded) -> bytes::Bytes {
    let Decoded { labels, samples } = decoded;
    assert_eq!(labels.len(), samples.len());
    Encoder::default()
        .encode(samples.iter().enumerate().map(|(at, sample)| (labels.get(at), *sample)))
}

/// Not a number equals nothing, and must be the same all the same.
fn bits(decoded: &Decoded) -> Vec<(&[u8], i64, u64)> {
    let samples = decoded.samples.iter().enumerate();
    samples
        .map(|(at, sample)| {
            // Protobuf has no negative zero.
            let value = if sample.value == 0.0 { 0.0 } else { sample.value };
            (decoded.labels.get(at), sample.at.as_millis(), value.to_bits())
        })
        .collect()
}

fn posts(body: &[u8]) {
    let Ok(points) = json::decode(body) else { return };
    assert!(points.iter().all(|point| point.value.is_finite() && !point.name.is_empty()));
    let written = json::encode(&points);
    assert_eq!(json::decode(&written).as_ref(), Ok(&points));
}

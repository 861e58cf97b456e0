//! Remote write 1.0 on the wire: a snappy block around a protobuf `WriteRequest`
//! ([specification](https://prometheus.io/docs/specs/prw/remote_write_spec/)), written by hand over borrowed texts.
//!
//! ```text
//! WriteRequest { repeated TimeSeries timeseries = 1; }
//! TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
//! Label        { string name = 1; string value = 2; }
//! Sample       { double value = 1; int64 timestamp = 2; }   // milliseconds
//! ```
//!
//! Samples go time-major, so the labels of a series stand in many requests: they are encoded once, in [`EncodedLabels`],
//! and copied into each. The bytes are those that a protobuf library makes: zeroes and empty texts are left out. This
//! module knows no series, no limit and no request.

use bytes::Bytes;
use series::Sample;

/// Field 1 and field 2, length-delimited; field 1 as eight bytes; field 2 as varint.
pub(super) const FIRST_BYTES: u8 = 0x0a;
pub(super) const SECOND_BYTES: u8 = 0x12;
pub(super) const FIRST_DOUBLE: u8 = 0x09;
pub(super) const SECOND_VARINT: u8 = 0x10;

/// Label sets in their wire form, one behind the other.
#[derive(Debug, Default)]
pub struct EncodedLabels {
    bytes: Vec<u8>,
    /// Where each label set ends.
    ends: Vec<usize>,
}

impl EncodedLabels {
    /// Appends a label set. Names must be sorted and unique, as the specification asks.
    pub fn push<'a>(&mut self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (name, value) in labels {
            self.bytes.push(FIRST_BYTES);
            put_varint(&mut self.bytes, (text_len(name) + text_len(value)) as u64);
            put_text(&mut self.bytes, FIRST_BYTES, name);
            put_text(&mut self.bytes, SECOND_BYTES, value);
        }
        self.ends.push(self.bytes.len());
    }

    /// Appends a label set that is in its wire form already.
    pub(super) fn push_encoded(&mut self, labels: &[u8]) {
        self.bytes.extend_from_slice(labels);
        self.ends.push(self.bytes.len());
    }

    /// The label set that was pushed as number `index`, counted from 0.
    pub fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// How many label sets there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// How many bytes a series of one sample takes inside a `WriteRequest`, before compression.
pub fn series_len(labels: &[u8], sample: &Sample) -> usize {
    let content = content_len(labels, sample);
    1 + varint_len(content as u64) + content
}

/// Makes request bodies; its buffers live as long as it does.
#[derive(Debug)]
pub struct Encoder {
    message: Vec<u8>,
    compressed: Vec<u8>,
    snappy: snap::raw::Encoder,
}

impl Default for Encoder {
    fn default() -> Self {
        let snappy = snap::raw::Encoder::new();
        Self { message: Vec::new(), compressed: Vec::new(), snappy }
    }
}

impl Encoder {
    /// The body of one request: each series with one sample, in the given order.
    pub fn encode<'a>(&mut self, series: impl IntoIterator<Item = (&'a [u8], Sample)>) -> Bytes {
        self.message.clear();
        for (labels, sample) in series {
            put_series(&mut self.message, labels, &sample);
        }
        self.compressed.resize(snap::raw::max_compress_len(self.message.len()), 0);
        let length = self
            .snappy
            .compress(&self.message, &mut self.compressed)
            .expect("a message below 4 GiB fits into the buffer that snappy itself asked for");
        Bytes::copy_from_slice(&self.compressed[..length])
    }

    /// The last message as it was before compression.
    pub fn message(&self) -> &[u8] {
        &self.message
    }
}

fn put_series(out: &mut Vec<u8>, labels: &[u8], sample: &Sample) {
    out.push(FIRST_BYTES);
    put_varint(out, content_len(labels, sample) as u64);
    out.extend_from_slice(labels);
    out.push(SECOND_BYTES);
    put_varint(out, sample_len(sample) as u64);
    if is_written(sample.value) {
        out.push(FIRST_DOUBLE);
        out.extend_from_slice(&sample.value.to_le_bytes());
    }
    let timestamp = wire_timestamp(sample);
    if timestamp != 0 {
        out.push(SECOND_VARINT);
        put_varint(out, timestamp);
    }
}

fn content_len(labels: &[u8], sample: &Sample) -> usize {
    let sample = sample_len(sample);
    labels.len() + 1 + varint_len(sample as u64) + sample
}

fn sample_len(sample: &Sample) -> usize {
    let value = if is_written(sample.value) { 9 } else { 0 };
    let timestamp = wire_timestamp(sample);
    value + if timestamp == 0 { 0 } else { 1 + varint_len(timestamp) }
}

/// Protobuf leaves out what equals the default; a negative zero does, for prost and for Go alike.
fn is_written(value: f64) -> bool {
    value != 0.0
}

/// An `int64` goes over the wire as the `u64` with the same bits.
fn wire_timestamp(sample: &Sample) -> u64 {
    sample.at.as_millis().cast_unsigned()
}

fn text_len(text: &str) -> usize {
    if text.is_empty() { 0 } else { 1 + varint_len(text.len() as u64) + text.len() }
}

fn put_text(out: &mut Vec<u8>, tag: u8, text: &str) {
    if !text.is_empty() {
        out.push(tag);
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Seven bits a byte, at least one byte.
fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_varint_is_as_long_as_promised(value in any::<u64>()) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(out.len(), varint_len(value));
        }
    }
}

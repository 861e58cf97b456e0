//! The way back from a body that [`encode`](super::encode) made, for bodies that waited in a store.
//!
//! It takes what our encoder writes and nothing else: series with one sample each, labels sorted and not empty, no series
//! twice. Bytes from anywhere else are refused, whatever they are, before they cost more than [`LARGEST`] of memory. Field
//! numbers and types stand in [`encode`](super::encode).

use std::collections::HashSet;

use series::{Sample, Timestamp};

use super::MOST_BYTES;
use super::encode::{EncodedLabels, FIRST_BYTES, FIRST_DOUBLE, SECOND_BYTES, SECOND_VARINT};
use crate::DamagedBody;

/// Bytes before compression. A single sample with very long labels may exceed what a request is cut at; Prometheus
/// reads no more than this (`storage/remote/codec.go`).
pub const LARGEST: usize = 32 * 1024 * 1024;

/// What stands in a body.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The label sets, in their order.
    pub labels: EncodedLabels,
    /// The sample of each.
    pub samples: Vec<Sample>,
}

/// Takes a body apart.
///
/// # Errors
/// When it is none that we wrote.
pub fn decode(body: &[u8]) -> Result<Decoded, DamagedBody> {
    let message = decompress(body)?;
    let mut decoded = Decoded::default();
    let mut known = HashSet::new();
    let mut rest = Reader(&message);
    while !rest.is_empty() {
        let number = decoded.samples.len() + 1;
        let damaged = |what| DamagedBody(format!("series {number} {what}"));
        let series = rest.field(FIRST_BYTES).ok_or_else(|| damaged("is cut or is none"))?;
        let (labels, sample) =
            read_series(series).ok_or_else(|| damaged("is not labels and a sample"))?;
        if !known.insert(labels) {
            return Err(damaged("stands in it twice"));
        }
        decoded.labels.push_encoded(labels);
        decoded.samples.push(sample);
    }
    match decoded.samples.len() {
        0 => Err(DamagedBody("it holds nothing".to_owned())),
        2.. if message.len() > MOST_BYTES => {
            let length = message.len();
            Err(DamagedBody(format!("its {length} bytes are more than a request holds")))
        }
        _ => Ok(decoded),
    }
}

/// The message inside of the snappy block, whose first bytes say how long it is.
fn decompress(body: &[u8]) -> Result<Vec<u8>, DamagedBody> {
    let length = snap::raw::decompress_len(body);
    let length = length.map_err(|error| DamagedBody(error.to_string()))?;
    if length > LARGEST {
        return Err(DamagedBody(format!("it says that it holds {length} bytes")));
    }
    let message = snap::raw::Decoder::new().decompress_vec(body);
    message.map_err(|error| DamagedBody(error.to_string()))
}

/// The labels, still encoded, and the one sample behind them.
fn read_series(series: &[u8]) -> Option<(&[u8], Sample)> {
    let mut rest = Reader(series);
    let mut before = "";
    while rest.next_is(FIRST_BYTES) {
        let name = read_label(rest.field(FIRST_BYTES)?)?;
        if name <= before {
            return None;
        }
        before = name;
    }
    let labels = &series[..series.len() - rest.0.len()];
    let sample = read_sample(rest.field(SECOND_BYTES)?)?;
    (rest.is_empty() && !labels.is_empty()).then_some((labels, sample))
}

/// The name of a label that has a value.
fn read_label(label: &[u8]) -> Option<&str> {
    let mut rest = Reader(label);
    let name = std::str::from_utf8(rest.field(FIRST_BYTES)?).ok()?;
    let value = std::str::from_utf8(rest.field(SECOND_BYTES)?).ok()?;
    (rest.is_empty() && !value.is_empty()).then_some(name)
}

/// Zeroes are not written.
fn read_sample(sample: &[u8]) -> Option<Sample> {
    let mut rest = Reader(sample);
    let value = if rest.next_is(FIRST_DOUBLE) { rest.double()? } else { 0.0 };
    let at = if rest.next_is(SECOND_VARINT) { rest.integer()? } else { 0 };
    rest.is_empty().then_some(Sample { at: Timestamp::from_millis(at), value })
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// What stands in a field of this tag: a length, and so many bytes.
    fn field(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.take(1).filter(|first| *first == [tag])?;
        let length = self.varint()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// The eight bytes of a field, its tag being known.
    fn double(&mut self) -> Option<f64> {
        let bytes = self.take(9)?;
        Some(f64::from_le_bytes(bytes[1..].try_into().ok()?))
    }

    /// The varint of a field, its tag being known.
    fn integer(&mut self) -> Option<i64> {
        self.take(1)?;
        self.varint().map(u64::cast_signed)
    }

    /// Seven bits a byte, the lowest first; at most 64 of them.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(*self.take(1)?.first()?);
            value |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                return (shift < 63 || byte < 2).then_some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote_write::encode::Encoder;

    const SAMPLE: Sample = Sample { at: Timestamp::from_secs(60), value: 1.0 };

    /// The body of a message.
    fn body(message: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(message).expect("a short message")
    }

    /// The body of series with these labels, and one sample each.
    fn encoded(series: &[&[(&str, &str)]]) -> bytes::Bytes {
        let mut labels = EncodedLabels::default();
        series.iter().for_each(|pairs| labels.push(pairs.iter().copied()));
        Encoder::default().encode((0..series.len()).map(|at| (labels.get(at), SAMPLE)))
    }

    fn refusal(body: &[u8]) -> String {
        decode(body).expect_err("no body of ours").to_string()
    }

    #[test]
    fn what_is_no_body_of_ours_is_refused_with_a_reason() {
        let up: &[(&str, &str)] = &[("__name__", "up")];
        let long = body(&vec![0; LARGEST + 1]);
        let cases: [(&[u8], &str); 14] = [
            (b"", "snappy: corrupt input (empty)"),
            (b"not snappy at all", "snappy: "),
            (&long, "it says that it holds 33554433 bytes"),
            (b"\xff\xff\xff\xff\x0f", "it says that it holds 4294967295 bytes"),
            (&body(b""), "it holds nothing"),
            (&body(b"[]"), "series 1 is cut or is none"),
            (&body(b"\x0a\x05\x0a"), "series 1 is cut or is none"),
            (&body(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "series 1 is cut or is none"),
            (&body(b"\x0a\x00"), "series 1 is not labels and a sample"),
            (&body(b"\x0a\x02\x12\x00"), "series 1 is not labels and a sample"),
            (
                &encoded(&[up, &[("a", "1"), ("__name__", "b")]]),
                "series 2 is not labels and a sample",
            ),
            (&encoded(&[&[("__name__", "")]]), "series 1 is not labels and a sample"),
            (
                &encoded(&[&[("__name__", "up"), ("__name__", "up")]]),
                "series 1 is not labels and a sample",
            ),
            (&encoded(&[up, up]), "series 2 stands in it twice"),
        ];
        for (bytes, reason) in cases {
            let text = refusal(bytes);
            let said = text.strip_prefix("read a kept body: ").expect("what failed");
            assert!(said.starts_with(reason), "{text}");
        }
    }

    #[test]
    fn many_series_are_as_long_as_a_request_and_one_may_be_longer() {
        let (short, long) = ("v".repeat(MOST_BYTES / 2), "v".repeat(2 * MOST_BYTES));
        let name = |name, value| [("__name__", name), ("a", value)];
        let body = encoded(&[&name("a", &short), &name("b", &short)]);
        let text = refusal(&body);
        assert!(text.ends_with("bytes are more than a request holds"), "{text}");
        let body = encoded(&[&name("a", &long)]);
        assert_eq!(decode(&body).expect("a body").samples, [SAMPLE]);
    }

    #[test]
    fn a_body_that_was_cut_anywhere_is_refused() {
        let message = b"\x0a\x15\x0a\x0e\x0a\x08__name__\x12\x02up\x12\x03\x10\xe0\x5d";
        assert_eq!(decode(&body(message)).expect("a body").samples.len(), 1);
        for end in 1..message.len() {
            refusal(&body(&message[..end]));
            refusal(&body(message)[..end]);
        }
    }
}

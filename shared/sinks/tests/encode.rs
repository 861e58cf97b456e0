//! The encoder and the decoder written by hand against prost: byte for byte the same message, inside a snappy block, and
//! the way back.

#[path = "support/prompb.rs"]
mod prompb;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;
use series::{Sample, Timestamp};
use sinks::remote_write::decode::{Decoded, decode};
use sinks::remote_write::encode::{EncodedLabels, Encoder, series_len};

type Input = (Vec<(String, String)>, f64, i64);

fn by_hand(input: &[Input]) -> (Vec<u8>, Bytes, usize) {
    let mut labels = EncodedLabels::default();
    for (pairs, ..) in input {
        labels.push(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }
    let samples: Vec<_> = input
        .iter()
        .map(|&(_, value, at)| Sample { at: Timestamp::from_millis(at), value })
        .collect();
    let promised = samples.iter().enumerate().map(|(i, s)| series_len(labels.get(i), s)).sum();
    let mut encoder = Encoder::default();
    let body =
        encoder.encode(samples.iter().enumerate().map(|(i, sample)| (labels.get(i), *sample)));
    (encoder.message().to_vec(), body, promised)
}

fn by_prost(input: &[Input]) -> Vec<u8> {
    let timeseries = input.iter().map(|(labels, value, timestamp)| prompb::TimeSeries {
        labels: labels
            .iter()
            .map(|(name, value)| prompb::Label { name: name.clone(), value: value.clone() })
            .collect(),
        samples: vec![prompb::Sample { value: *value, timestamp: *timestamp }],
    });
    prompb::WriteRequest { timeseries: timeseries.collect() }.encode_to_vec()
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let labels = proptest::collection::vec((".{0,200}", ".{0,200}"), 0..6);
    let values = prop_oneof![any::<f64>(), Just(0.0), Just(-0.0), Just(f64::NAN)];
    let times = prop_oneof![any::<i64>(), Just(0), 1_700_000_000_000..1_900_000_000_000i64];
    proptest::collection::vec((labels, values, times), 0..8)
}

proptest! {
    #[test]
    fn the_bytes_are_those_of_prost(input in inputs()) {
        let (message, body, promised) = by_hand(&input);
        prop_assert_eq!(&message, &by_prost(&input));
        prop_assert_eq!(promised, message.len());
        let unpacked = snap::raw::Decoder::new().decompress_vec(&body).expect("a snappy block");
        prop_assert_eq!(unpacked, message);
    }
}

/// Label sets as series have them, all different, with any sample.
fn bodies() -> impl Strategy<Value = Vec<Input>> {
    let labels = proptest::collection::btree_map("[a-z_]{1,20}", ".{1,50}", 1..6);
    let values = prop_oneof![any::<u64>().prop_map(f64::from_bits), Just(0.0)];
    let times = prop_oneof![any::<i64>(), Just(0), 1_700_000_000_000..1_900_000_000_000i64];
    proptest::collection::btree_map(labels, (values, times), 1..20).prop_map(|all| {
        let one = |(labels, (value, at)): (std::collections::BTreeMap<_, _>, _)| {
            (labels.into_iter().collect(), value, at)
        };
        all.into_iter().map(one).collect()
    })
}

proptest! {
    #[test]
    fn what_was_decoded_is_encoded_to_the_same_bytes(input in bodies()) {
        let (_, body, _) = by_hand(&input);
        let Decoded { labels, samples } = decode(&body).expect("a body of ours");
        let bits = |sample: &Sample| (sample.value.to_bits(), sample.at.as_millis());
        // Protobuf has no negative zero.
        let positive = |value: f64| if value == 0.0 { 0.0 } else { value };
        let given = input.iter().map(|&(_, value, at)| (positive(value).to_bits(), at));
        prop_assert!(samples.iter().map(bits).eq(given));
        let again = samples.iter().enumerate().map(|(at, sample)| (labels.get(at), *sample));
        prop_assert_eq!(Encoder::default().encode(again), body);
    }

    #[test]
    fn what_is_taken_from_any_message_is_what_prost_takes_from_it(
        input in inputs(), at in any::<proptest::sample::Index>(), byte in any::<u8>(), len in any::<proptest::sample::Index>(),
    ) {
        let mut message = by_prost(&input);
        if !message.is_empty() {
            let position = at.index(message.len());
            message[position] = byte;
            message.truncate(message.len() - len.index(message.len()) / 8);
        }
        let body = snap::raw::Encoder::new().compress_vec(&message).expect("a short message");
        if let Ok(Decoded { labels: _, samples }) = decode(&body) {
            let whole = prompb::WriteRequest::decode(message.as_slice()).expect("what we take is protobuf");
            let theirs = whole.timeseries.iter().map(|series| &series.samples[0]);
            let theirs = theirs.map(|sample| (sample.value.to_bits(), sample.timestamp));
            prop_assert!(samples.iter().map(|s| (s.value.to_bits(), s.at.as_millis())).eq(theirs));
        }
    }
}

#[test]
fn an_encoder_that_is_used_again_forgets_the_last_request() {
    let mut labels = EncodedLabels::default();
    labels.push([("__name__", "up")]);
    let sample = Sample { at: Timestamp::from_secs(60), value: 1.0 };
    let mut encoder = Encoder::default();
    let long = encoder.encode(vec![(labels.get(0), sample); 1000]);
    let short = encoder.encode([(labels.get(0), sample)]);
    assert!(short.len() < long.len());
    assert_eq!(short, Encoder::default().encode([(labels.get(0), sample)]));
}

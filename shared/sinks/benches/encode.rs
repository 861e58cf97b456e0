//! 2,000 series with 8 labels to a snappy-compressed write request: by hand, and as a plain prost build of the same
//! bytes.

#[path = "../tests/support/prompb.rs"]
mod prompb;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prost::Message;
use series::{Labels, Sample, Timestamp};
use sinks::remote_write::encode::{EncodedLabels, Encoder};

const SERIES: usize = 2000;

/// Labels as CloudFront's series carry them.
fn series(number: usize) -> (Labels, Sample) {
    let id = format!("E{number:013X}");
    let labels = Labels::named("aws_cloudfront_requests_sum")
        .with("account_id", "123456789012")
        .with("alias", format!("www{number}.example.com"))
        .with("dimension_DistributionId", id.as_str())
        .with("dimension_Region", "Global")
        .with("name", format!("arn:aws:cloudfront::123456789012:distribution/{id}"))
        .with("region", "us-east-1")
        .with("tag_Environment", "production");
    assert_eq!(labels.len(), 8);
    let at = Timestamp::from_secs(1_795_166_760);
    (labels, Sample { at, value: number as f64 * 1.5 })
}

/// From labels to body, with buffers that live on.
fn by_hand(encoder: &mut Encoder, series: &[(Labels, Sample)]) -> bytes::Bytes {
    let mut labels = EncodedLabels::default();
    series.iter().for_each(|(one, _)| labels.push(one.iter()));
    encoder.encode(series.iter().enumerate().map(|(at, (_, sample))| (labels.get(at), *sample)))
}

/// The same with the structs that prost derives.
fn by_prost(series: &[(Labels, Sample)]) -> Vec<u8> {
    let label =
        |(name, value): (&str, &str)| prompb::Label { name: name.into(), value: value.into() };
    let timeseries = series.iter().map(|(labels, sample)| prompb::TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: vec![prompb::Sample { value: sample.value, timestamp: sample.at.as_millis() }],
    });
    let message = prompb::WriteRequest { timeseries: timeseries.collect() }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&message).expect("a message below 4 GiB")
}

fn encode(criterion: &mut Criterion) {
    let series: Vec<_> = (0..SERIES).map(series).collect();
    let mut encoder = Encoder::default();
    assert_eq!(by_hand(&mut encoder, &series), by_prost(&series), "the same bytes");

    let mut group = criterion.benchmark_group("write request of 2,000 series with 8 labels");
    group.throughput(Throughput::Elements(SERIES as u64));
    group.bench_function("by hand", |bench| {
        bench.iter(|| by_hand(&mut encoder, black_box(&series)));
    });
    group.bench_function("by prost", |bench| bench.iter(|| by_prost(black_box(&series))));
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);

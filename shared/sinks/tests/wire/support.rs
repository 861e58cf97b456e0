//! What the wire tests share: sinks made as a function makes them, series, and a run.

use std::time::Duration;

use clock::{Budget, Clock};
use config::{Document, Findings, Global, Sections};
use series::{Kind, Labels, Origin, Resource, Sample, Series, Timestamp};
use sinks::{Delivery, Equipment, Run, Sink, SplitAllowance};

/// The present of sender and receiver.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);

/// A runtime as the functions have it.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// The one sink of a configuration.
pub(crate) fn sink(yaml: &str) -> Sink {
    let environment = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("example-secret".to_owned()),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        _ => None,
    };
    sink_in(&environment, Clock::manual(NOW), yaml)
}

/// The same in another environment, with the secrets of its Parameter Store.
pub(crate) fn sink_in(
    environment: &dyn Fn(&str) -> Option<String>,
    clock: Clock,
    yaml: &str,
) -> Sink {
    let document = Document { name: "test.yml".into(), directory: None, body: yaml.into() };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let global = Global::read(sections.get("global"), &mut findings);
    let mut sinks = sinks::read(&sections, &mut findings);
    assert!(!findings.has_errors(), "{findings:?}");
    assert_eq!(sinks.len(), 1, "one sink");
    let factory = http::Factory::new(environment).expect("a factory");
    let aws = block_on(aws::Aws::load(factory.sdk_client(), clock.clone(), environment));
    let secrets = aws::Secrets::new(Some(&aws), clock, Duration::from_secs(300));
    let external_labels = &global.external_labels;
    let equipment =
        Equipment { factory: &factory, secrets: &secrets, aws: Some(&aws), external_labels };
    sinks.remove(0).build(&equipment).expect("a client")
}

/// Works in a scheduled run that begins at `now` and may take so many seconds.
pub(crate) fn in_run<T>(now: Timestamp, seconds: u64, work: impl AsyncFnOnce(&Run<'_>) -> T) -> T {
    let splits = SplitAllowance::default();
    block_on(async {
        let budget = Budget::starting_now(Duration::from_secs(seconds));
        work(&Run { now, budget, splits: &splits, by_hand: false }).await
    })
}

/// Delivers in a run of `seconds`.
pub(crate) fn deliver_within(seconds: u64, sink: &Sink, series: &[Series]) -> Delivery {
    in_run(NOW, seconds, async |run| sink.deliver(series, run).await)
}

/// Delivers with time enough for everything that goes well.
pub(crate) fn deliver(sink: &Sink, series: &[Series]) -> Delivery {
    deliver_within(60, sink, series)
}

/// Samples taken, samples given up, requests.
pub(crate) fn counts(delivery: &Delivery) -> (u64, u64, u64) {
    (delivery.sent, delivery.rejected, delivery.requests)
}

/// The report's entries of a delivery.
pub(crate) fn entries(delivery: &Delivery) -> Vec<String> {
    let refused = delivery.refused.entries("remote_write:test");
    delivery.notes.iter().cloned().chain(refused).map(|entry| entry.message).collect()
}

/// So many CloudFront series (`E0`, `E1`, …) with one sample in each of the last `minutes` minutes.
pub(crate) fn traffic(series: usize, minutes: u64) -> Vec<Series> {
    let one = |number: usize| {
        let (id, name) = (format!("E{number}"), format!("www{number}.example.com"));
        let sample =
            |ago: u64| Sample { at: ago_minutes(ago), value: (number as u64 * 100 + ago) as f64 };
        Series {
            labels: Labels::named("aws_cloudfront_requests_sum")
                .with("alias", name.as_str())
                .with("dimension_DistributionId", id.as_str()),
            origin: Origin {
                kind: Kind::CloudFront,
                metric: "requests".to_owned(),
                resource: Resource { id, name }.into(),
            },
            samples: (1..=minutes).rev().map(sample).collect(),
        }
    };
    (0..series).map(one).collect()
}

/// So many minutes before the present.
pub(crate) fn ago_minutes(minutes: u64) -> Timestamp {
    NOW - Duration::from_secs(60 * minutes)
}

/// What a failed delivery says.
pub(crate) fn failure(delivery: &Delivery) -> String {
    delivery.outcome.as_ref().expect_err("a failure").to_string()
}

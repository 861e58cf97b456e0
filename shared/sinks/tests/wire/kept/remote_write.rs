//! Bodies of remote write.

use std::time::Duration;

use bytes::Bytes;
use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::{Auth, Options, RemoteWriteReceiver, WRITE};
use series::Sample;
use sinks::{Body, Delivery};

use super::{deliver_or_keep, keep, redeliver, redeliver_at, redeliver_in_part, sizes};
use crate::remote_write::outages::an_hour_later;
use crate::remote_write::{AMP, PROMETHEUS, assert_stored, receiver, sink_to, sink_with, with};
use crate::support::{
    self, NOW, ago_minutes, block_on, counts, deliver, entries, failure, in_run, sink, traffic,
};

const MINUTE: Duration = Duration::from_secs(60);

/// The bodies that arrived, in their order.
fn arrived(receiver: &RemoteWriteReceiver) -> Vec<Bytes> {
    receiver.requests().into_iter().map(|request| request.body).collect()
}

/// After so many requests the receiver is down for longer than any run takes.
fn down_after(receiver: &RemoteWriteReceiver, requests: u32) {
    receiver.faults().push(Rule::on(WRITE, an_hour_later(503, "down")).skip(requests).forever());
}

#[test]
fn what_is_kept_is_what_would_have_been_sent_oldest_first() {
    let receiver = receiver(AMP);
    let relabeling =
        "write_relabel_configs: [{source_labels: [alias], regex: www3.*, action: drop}]";
    let sink = sink_with(&receiver, relabeling);
    let (kept, bodies) = keep(&sink, &traffic(20, 5));
    assert_eq!((kept.outcome.clone(), counts(&kept), kept.bytes), (Ok(()), (0, 0, 0), 0));
    assert_eq!(sizes(&bodies), [19; 5]);
    assert!(receiver.requests().is_empty(), "nothing is sent");

    let delivered = deliver(&sink, &traffic(20, 5));
    assert_eq!(counts(&delivered), (95, 0, 5));
    let bodies: Vec<_> = bodies.into_iter().map(|body| body.bytes).collect();
    assert_eq!(arrived(&receiver), bodies);
}

#[test]
fn a_body_arrives_as_it_was_kept_whatever_the_configuration_says_by_then() {
    let receiver = receiver(AMP);
    let (_, bodies) = keep(&sink_to(&receiver), &traffic(3, 1));
    let sink = sink(&format!(
        "global: {{external_labels: {{late: 'yes'}}}}
remote_write:
  - url: '{}'
    queue_config: {{max_samples_per_send: 1000}}
    write_relabel_configs: [{{action: drop, source_labels: [__name__], regex: '.*'}}]",
        receiver.url()
    ));
    let delivery = redeliver(&sink, &bodies[0]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (3, 0, 1)));
    assert_eq!(arrived(&receiver), [bodies[0].bytes.clone()]);
    assert_stored(&receiver, &traffic(3, 1), &[]);
}

#[test]
fn a_success_leaves_nothing_over() {
    let receiver = receiver(PROMETHEUS);
    let (delivery, bodies) = deliver_or_keep(&sink_to(&receiver), &traffic(10, 3));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (30, 0, 3)));
    assert!(bodies.is_empty());
}

#[test]
fn an_outage_leaves_over_what_was_not_taken_and_it_arrives_later() {
    let receiver = receiver(PROMETHEUS);
    down_after(&receiver, 2);
    let (series, sink) = (traffic(10, 5), sink_to(&receiver));
    let (delivery, bodies) = deliver_or_keep(&sink, &series);
    assert!(failure(&delivery).contains("status 503: down"), "{delivery:?}");
    assert_eq!((counts(&delivery), delivery.delivered_before), ((20, 0, 3), None));
    assert_eq!(sizes(&bodies), [10; 3]);

    receiver.faults().clear();
    for body in bodies {
        let delivery = redeliver(&sink, &body);
        assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (10, 0, 1)));
    }
    assert_stored(&receiver, &series, &[]);
    assert!(receiver.duplicates().is_empty());
}

/// The outage comes after each number of requests that the search takes.
#[test]
fn an_outage_while_a_bad_sample_is_looked_for_leaves_over_what_was_not_told_apart() {
    let bad_one = || {
        let receiver = receiver(PROMETHEUS);
        receiver.refuse_series("dimension_DistributionId", "E37");
        receiver
    };
    let series = traffic(72, 1);
    for requests in 1.. {
        let receiver = bad_one();
        down_after(&receiver, requests);
        let sink = sink_to(&receiver);
        let (delivery, bodies) = deliver_or_keep(&sink, &series);
        let [body] = &bodies[..] else {
            assert!(bodies.is_empty() && requests > 6, "one body: {bodies:?}");
            break;
        };
        assert_eq!(delivery.sent + delivery.rejected + body.samples, 72, "{delivery:?}");
        receiver.faults().clear();
        let later = redeliver(&sink, body);
        assert_eq!(later.sent + later.rejected, body.samples, "{requests}: {later:?}");
        assert_eq!(delivery.rejected + later.rejected, 1, "{requests}: {later:?}");
        assert_stored(&receiver, &series, &["E37"]);
    }
}

#[test]
fn a_bad_sample_that_was_found_before_an_outage_is_given_up_at_once() {
    let receiver = receiver(PROMETHEUS);
    receiver.refuse_series("dimension_DistributionId", "E1");
    // The first minute: whole, halves, quarters, the two of the first one. The second: without the suspect, the suspect.
    down_after(&receiver, 1 + 2 + 2 + 2 + 1);
    let (delivery, bodies) = deliver_or_keep(&sink_to(&receiver), &traffic(8, 3));
    assert_eq!((counts(&delivery), sizes(&bodies)), ((7 + 7, 1, 9), vec![1, 8]));
    assert!(entries(&delivery)[0].starts_with("1 sample refused: "), "{delivery:?}");
}

#[test]
fn a_receiver_that_refuses_everything_leaves_over_everything() {
    let receiver = receiver(PROMETHEUS);
    receiver.refuse_series("__name__", "aws_cloudfront_requests_sum");
    let mut series = traffic(40, 3);
    series[0].samples.push(Sample { at: NOW + MINUTE, value: 1.0 });
    let (delivery, bodies) = deliver_or_keep(&sink_to(&receiver), &series);
    assert!(failure(&delivery).contains("all 120 samples were refused, none is given up"));
    assert_eq!(sizes(&bodies), [40; 3]);
    assert_eq!(entries(&delivery), ["1 sample refused: timestamp in the future"]);
    assert_eq!((delivery.sent, delivery.rejected), (0, 1));

    let delivery = redeliver(&sink_to(&receiver), &bodies[0]);
    assert!(failure(&delivery).contains("all 40 samples were refused"), "{delivery:?}");
    assert_eq!((delivery.sent, delivery.rejected, entries(&delivery).len()), (0, 0, 0));
}

#[test]
fn what_no_receiver_takes_is_counted_and_not_kept() {
    let receiver = receiver(AMP);
    let mut series = traffic(2, 1);
    series[0].samples.push(Sample { at: NOW + MINUTE, value: 1.0 });
    series[0].samples.insert(0, Sample { at: ago_minutes(56), value: 1.0 });
    let (delivery, bodies) = keep(&sink_to(&receiver), &series);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (0, 2, 0)));
    assert_eq!(
        entries(&delivery),
        [
            "1 sample refused: older than this sink takes",
            "1 sample refused: timestamp in the future"
        ]
    );
    assert_eq!(sizes(&bodies), [2]);
}

#[test]
fn what_has_become_too_old_is_given_up_and_the_rest_of_the_body_arrives() {
    let receiver = receiver(AMP);
    let mut series = traffic(2, 1);
    series[0].samples[0].at = ago_minutes(50);
    let (_, bodies) = keep(&sink_to(&receiver), &series);
    assert_eq!(sizes(&bodies), [2]);
    let later = NOW + 10 * MINUTE;
    receiver.now().set_ms(later.as_millis());
    let delivery = redeliver_at(later, &sink_to(&receiver), &bodies[0]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (1, 1, 1)));
    assert_eq!(entries(&delivery), ["1 sample refused: older than this sink takes"]);
    assert_stored(&receiver, &series, &["E0"]);

    let much_later = NOW + 60 * MINUTE;
    let delivery = redeliver_at(much_later, &sink_to(&receiver), &bodies[0]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (0, 2, 0)));
}

#[test]
fn a_clock_that_went_back_makes_a_body_wait_and_costs_nothing() {
    let receiver = receiver(AMP);
    let (_, bodies) = keep(&sink_to(&receiver), &traffic(2, 1));
    let delivery = redeliver_at(ago_minutes(2), &sink_to(&receiver), &bodies[0]);
    assert_eq!(
        failure(&delivery),
        "deliver to remote_write:test: kept samples are of 2026-11-20T09:25:00Z, but it is 2026-11-20T09:24:00Z"
    );
    assert_eq!((counts(&delivery), receiver.requests().len()), ((0, 0, 0), 0));
}

#[test]
fn a_failure_in_the_middle_of_a_body_leaves_what_was_not_told_apart() {
    let receiver = receiver(PROMETHEUS);
    receiver.refuse_series("dimension_DistributionId", "E1");
    let (series, sink) = (traffic(8, 1), sink_to(&receiver));
    let (_, bodies) = keep(&sink, &series);
    // Whole, its first half, the first half of that, both of its samples, the other half of the half.
    down_after(&receiver, 1 + 1 + 1 + 2 + 1);
    let (delivery, rest) = redeliver_in_part(NOW, &sink, &bodies[0]);
    assert!(failure(&delivery).contains("status 503: down"), "{delivery:?}");
    assert_eq!((counts(&delivery), entries(&delivery).len()), ((3, 1, 7), 1));
    let rest = rest.expect("it is smaller");
    assert_eq!((rest.samples, rest.is_rest), (4, true));

    receiver.faults().clear();
    let delivery = redeliver(&sink, &rest);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (4, 0, 1)));
    assert_stored(&receiver, &series, &["E1"]);
    assert!(receiver.duplicates().is_empty(), "what was taken does not come again");
}

#[test]
fn an_outage_before_anything_of_a_body_is_taken_leaves_all_of_it() {
    let receiver = receiver(PROMETHEUS);
    receiver.refuse_series("dimension_DistributionId", "E1");
    let sink = sink_to(&receiver);
    let (_, bodies) = keep(&sink, &traffic(8, 1));
    down_after(&receiver, 1);
    let delivery = redeliver(&sink, &bodies[0]);
    assert!(failure(&delivery).contains("status 503: down"), "{delivery:?}");
    assert_eq!((delivery.sent, delivery.rejected), (0, 0));
}

/// How many of 400 series a receiver refuses, spread: each costs so many requests that a run does not find them all.
fn many_bad_ones(receiver: &RemoteWriteReceiver) -> Vec<String> {
    let bad: Vec<_> = (0..400).step_by(20).map(|n| format!("E{n}")).collect();
    bad.iter().for_each(|id| receiver.refuse_series("dimension_DistributionId", id));
    bad
}

#[test]
fn a_body_with_more_bad_samples_than_a_run_can_find_becomes_smaller_in_each_run() {
    let receiver = receiver(PROMETHEUS);
    let bad = many_bad_ones(&receiver);
    let (series, sink) = (traffic(400, 1), sink_to(&receiver));
    let (_, mut bodies) = keep(&sink, &series);
    let (mut taken, mut refused, mut runs) = (0, 0, 0);
    while let Some(body) = bodies.pop() {
        let (delivery, rest) = redeliver_in_part(NOW, &sink, &body);
        (taken, refused, runs) = (taken + delivery.sent, refused + delivery.rejected, runs + 1);
        assert!(delivery.requests <= 65, "{delivery:?}");
        if let Some(rest) = &rest {
            assert!(rest.samples < body.samples && failure_is_unfinished(&delivery));
        }
        bodies.extend(rest);
    }
    assert_eq!((taken, refused), (380, 20), "no good one is given up");
    assert!((2..=5).contains(&runs), "{runs} runs");
    let bad: Vec<_> = bad.iter().map(String::as_str).collect();
    assert_stored(&receiver, &series, &bad);
    assert!(receiver.duplicates().is_empty());
}

fn failure_is_unfinished(delivery: &Delivery) -> bool {
    delivery.outcome.as_ref().is_err_and(|failure| failure.unfinished)
}

#[test]
fn what_a_delivery_does_not_find_in_time_is_kept_and_found_from_there() {
    let receiver = receiver(PROMETHEUS);
    let bad = many_bad_ones(&receiver);
    let (series, sink) = (traffic(400, 1), sink_to(&receiver));
    let (delivery, bodies) = deliver_or_keep(&sink, &series);
    assert!(failure_is_unfinished(&delivery), "{delivery:?}");
    let [body] = &bodies[..] else { panic!("one body: {bodies:?}") };
    assert!(body.is_rest && delivery.sent + delivery.rejected + body.samples == 400);
    let (mut rest, mut refused) = (Some(body.clone()), delivery.rejected);
    while let Some(body) = rest {
        let (delivery, left) = redeliver_in_part(NOW, &sink, &body);
        (rest, refused) = (left, refused + delivery.rejected);
    }
    let bad: Vec<_> = bad.iter().map(String::as_str).collect();
    assert_eq!(refused, bad.len() as u64);
    assert_stored(&receiver, &series, &bad);
}

#[test]
fn whom_a_body_has_taught_the_bad_ones_needs_six_requests_for_those_of_the_next() {
    let receiver = receiver(PROMETHEUS);
    many_bad_ones(&receiver);
    let sink = sink_to(&receiver);
    let (_, bodies) = keep(&sink, &traffic(400, 3));
    let mut first = Some(bodies[0].clone());
    while let Some(body) = first {
        first = redeliver_in_part(NOW, &sink, &body).1;
    }
    let delivery = redeliver(&sink, &bodies[1]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (380, 20, 1 + 6)));

    // Whoever is well again goes with the others from then on.
    receiver.forgive_series();
    let delivery = redeliver(&sink, &bodies[2]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (400, 0, 2)));
    let delivery = redeliver(&sink, &bodies[2]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (400, 0, 1)));
}

#[test]
fn a_body_that_is_too_old_for_its_receiver_is_given_up_and_counted() {
    let receiver = receiver(PROMETHEUS);
    let (mut series, sink) = (traffic(30, 2), sink_to(&receiver));
    let (_, bodies) = keep(&sink, &series);
    series.iter_mut().for_each(|one| one.samples.rotate_left(1));
    series.iter_mut().for_each(|one| one.samples.truncate(1));
    assert_eq!(deliver(&sink, &series).outcome, Ok(()));
    let delivery = redeliver(&sink, &bodies[0]);
    assert_eq!((delivery.outcome.clone(), delivery.sent, delivery.rejected), (Ok(()), 0, 30));
    assert!(entries(&delivery)[0].starts_with("30 samples refused: out of order sample"));
}

#[test]
fn a_body_that_is_too_large_by_now_goes_in_parts() {
    let receiver = receiver(AMP);
    let (series, sink) = (traffic(200, 1), sink_to(&receiver));
    let (_, bodies) = keep(&sink, &series);
    receiver.answer_413_over(Some(bodies[0].bytes.len() / 3));
    let delivery = redeliver(&sink, &bodies[0]);
    assert_eq!((delivery.outcome.clone(), delivery.sent, delivery.rejected), (Ok(()), 200, 0));
    assert_stored(&receiver, &series, &[]);

    receiver.answer_413_over(None);
    let queue = "queue_config: {max_samples_per_send: 80}";
    let smaller = format!("remote_write: [{{url: '{}', {queue}}}]", receiver.url());
    let delivery = redeliver(&support::sink(&smaller), &bodies[0]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (200, 0, 3)));
}

#[test]
fn a_body_goes_out_with_the_credentials_of_its_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "old-token").expect("a file");
    let receiver = with(Options { auth: Auth::Bearer("new-token".into()), ..Options::default() });
    let sink = sink_with(&receiver, &format!("bearer_token_file: '{}'", file.display()));
    block_on(sink.prepare()).expect("the secret is there");
    let (delivery, bodies) = deliver_or_keep(&sink, &traffic(3, 1));
    assert!(failure(&delivery).contains("status 401"), "{delivery:?}");

    std::fs::write(&file, "new-token").expect("a file");
    let delivery = redeliver(&sink, &bodies[0]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (3, 0, 2)));
    assert_stored(&receiver, &traffic(3, 1), &[]);
}

#[test]
fn a_repeat_of_a_body_that_was_stored_unheard_does_no_harm() {
    for personality in [PROMETHEUS, AMP] {
        let receiver = receiver(personality);
        receiver.faults().push(Rule::on(WRITE, Fault::CutAfter));
        receiver.faults().push(Rule::on(WRITE, an_hour_later(503, "down")));
        let (series, sink) = (traffic(5, 2), sink_to(&receiver));
        let (delivery, bodies) = deliver_or_keep(&sink, &series);
        assert_eq!((counts(&delivery), sizes(&bodies)), ((0, 0, 2), vec![5, 5]));
        for body in bodies {
            let delivery = redeliver(&sink, &body);
            assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (5, 0, 1)));
        }
        assert_stored(&receiver, &series, &[]);
    }
}

#[test]
fn bytes_that_are_no_body_are_said_and_nothing_is_sent() {
    let receiver = receiver(AMP);
    let sink = sink_to(&receiver);
    let json = br#"[{"name":"planted","time":60,"value":1}]"#;
    for bytes in [&b""[..], b"planted", json] {
        let bytes = Bytes::copy_from_slice(bytes);
        let body = Body { bytes, samples: 1, is_rest: false };
        let damaged = in_run(NOW, 60, async |run| sink.redeliver(&body, run).await);
        let text = damaged.expect_err("no such body").to_string();
        assert!(
            text.starts_with("read a kept body: snappy: ") && !text.contains("planted"),
            "{text}"
        );
    }
    assert!(receiver.requests().is_empty());
}

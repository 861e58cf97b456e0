//! Requests that a receiver refuses: what is good in them arrives, and what is bad is found.

use super::{AMP, PROMETHEUS, assert_stored, receiver, sink_to};
use crate::support::{NOW, deliver, entries, failure, in_run, traffic};

#[test]
fn one_bad_series_among_many_is_found_and_the_others_arrive() {
    for personality in [PROMETHEUS, AMP] {
        let receiver = receiver(personality);
        receiver.refuse_series("dimension_DistributionId", "E37");
        let series = traffic(72, 30);
        let delivery = deliver(&sink_to(&receiver), &series);
        assert_eq!(delivery.outcome, Ok(()));
        assert_eq!((delivery.sent, delivery.rejected), (71 * 30, 30), "{personality:?}");
        // It is searched for in the first minute, and goes alone in the others.
        assert!(delivery.requests <= 25 + 2 * 29, "{} requests", delivery.requests);
        let entries = entries(&delivery);
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert!(entries[0].starts_with("30 samples refused: "), "{entries:?}");
        assert_stored(&receiver, &series, &["E37"]);
    }
}

#[test]
fn a_receiver_that_refuses_everything_is_a_failure_and_nothing_is_given_up() {
    let receiver = receiver(PROMETHEUS);
    receiver.refuse_series("__name__", "aws_cloudfront_requests_sum");
    let delivery = deliver(&sink_to(&receiver), &traffic(40, 3));
    assert_eq!((delivery.sent, delivery.rejected), (0, 0));
    assert!(entries(&delivery).is_empty());
    let text = failure(&delivery);
    assert!(
        text.starts_with("deliver to remote_write:test: all 120 samples were refused, none is given up: status 400: "),
        "{text}"
    );
    assert!(delivery.requests <= 3 + 64, "{} requests", delivery.requests);
}

#[test]
fn splitting_ends_at_64_requests_and_what_is_left_is_counted() {
    let receiver = receiver(PROMETHEUS);
    let bad: Vec<_> = (0..400).step_by(20).map(|n| format!("E{n}")).collect();
    bad.iter().for_each(|id| receiver.refuse_series("dimension_DistributionId", id));
    let delivery = deliver(&sink_to(&receiver), &traffic(400, 1));
    assert_eq!(delivery.outcome, Ok(()));
    assert_eq!(delivery.requests, 65);
    assert_eq!(delivery.sent + delivery.rejected, 400);
    let stored: usize = receiver.series().values().map(|samples| samples.len()).sum();
    assert_eq!(delivery.sent, stored as u64);
    assert!(delivery.rejected >= 20);
}

#[test]
fn a_later_slice_that_finds_no_splits_left_waits_for_the_next_run() {
    let receiver = receiver(PROMETHEUS);
    (0..200)
        .step_by(10)
        .for_each(|n| receiver.refuse_series("dimension_DistributionId", &format!("E{n}")));
    let sink = sink_to(&receiver);
    let slices = traffic(200, 2);
    let slice = |keep: usize| {
        let mut slice = slices.clone();
        slice.iter_mut().for_each(|series| series.samples = vec![series.samples[keep]]);
        slice
    };
    let (first, second) = in_run(NOW, 60, async |run| {
        (sink.deliver(&slice(0), run).await, sink.deliver(&slice(1), run).await)
    });
    assert_eq!(first.outcome, Ok(()));
    assert_eq!((second.sent, second.rejected, second.requests), (0, 0, 1));
    assert!(failure(&second).ends_with("(no more requests to be split in this run)"), "{second:?}");
}

#[test]
fn a_body_that_is_too_large_is_halved_and_the_next_ones_are_smaller_from_the_start() {
    let receiver = receiver(PROMETHEUS);
    receiver.answer_413_over(Some(3_000));
    let series = traffic(600, 3);
    let delivery = deliver(&sink_to(&receiver), &series);
    assert_eq!(delivery.outcome, Ok(()));
    assert_eq!((delivery.sent, delivery.rejected), (1800, 0));
    assert_stored(&receiver, &series, &[]);
    let refused = receiver.requests().len() - receiver.accepted().len();
    assert!(refused <= 8, "only the first request teaches: {refused} were too large");
}

#[test]
fn a_receiver_for_which_everything_is_too_large_is_a_failure() {
    let receiver = receiver(PROMETHEUS);
    receiver.answer_413_over(Some(1));
    let delivery = deliver(&sink_to(&receiver), &traffic(500, 1));
    assert_eq!((delivery.sent, delivery.rejected), (0, 0));
    assert!(failure(&delivery).contains("status 413"), "{delivery:?}");
    assert!(delivery.requests <= 65);
}

//! Receivers that do not answer, or not now.
//!
//! Where a delivery has to end early, it is because the receiver asks for more patience than there is, and not because a
//! short budget is over at the right moment: how fast the machine is decides nothing.

use std::time::Duration;

use clock::Budget;
use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::WRITE;

use super::{AMP, PROMETHEUS, assert_stored, receiver, sink_to, sink_with};
use crate::support::{ago_minutes, counts, deliver, deliver_within, failure, sink, traffic};

/// An answer that asks for an hour.
pub(crate) fn an_hour_later(status: u16, said: &str) -> Fault {
    Fault::Answer(status, vec![("retry-after".to_owned(), "3600".to_owned())], said.to_owned())
}

#[test]
fn errors_that_pass_are_outlasted() {
    let answers = [
        Fault::Status(500, "boom".into()),
        Fault::Status(502, "<html>".into()),
        Fault::Status(503, String::new()),
        Fault::Status(504, String::new()),
        Fault::Throttle,
        Fault::CutConnection,
        Fault::CutAfter,
        Fault::CutInBody,
    ];
    for personality in [PROMETHEUS, AMP] {
        let receiver = receiver(personality);
        for fault in &answers {
            receiver.faults().push(Rule::on(WRITE, fault.clone()));
        }
        let series = traffic(10, 3);
        let delivery = deliver(&sink_to(&receiver), &series);
        assert_eq!(delivery.outcome, Ok(()), "{personality:?}");
        assert_eq!((delivery.sent, delivery.rejected), (30, 0));
        assert!(receiver.faults().pending().is_empty());
        assert_stored(&receiver, &series, &[]);
    }
}

#[test]
fn retry_after_is_honoured_in_seconds_and_as_a_date() {
    for value in ["1", "Fri, 20 Nov 2026 09:26:01 GMT"] {
        let receiver = receiver(AMP);
        let header = vec![("retry-after".to_owned(), value.to_owned())];
        receiver.faults().push(Rule::on(WRITE, Fault::Answer(429, header, "slow down".into())));
        let begun = Budget::starting_now(Duration::ZERO);
        let delivery = deliver(&sink_to(&receiver), &traffic(1, 1));
        assert_eq!((delivery.outcome.clone(), delivery.requests), (Ok(()), 2));
        // Its own waits are 20 ms at most. A clock may tick in milliseconds.
        let took = begun.elapsed();
        assert!(took.as_millis() >= 990, "{took:?} with {value:?}");
    }
}

#[test]
fn a_retry_after_behind_the_budget_ends_the_delivery_at_once() {
    let receiver = receiver(AMP);
    receiver.faults().push(Rule::on(WRITE, an_hour_later(503, "maintenance")));
    let delivery = deliver(&sink_to(&receiver), &traffic(1, 1));
    assert_eq!(
        failure(&delivery),
        "deliver to remote_write:test: status 503: maintenance (after 1 attempt, no time for another)"
    );
    assert_eq!(delivery.requests, 1);
}

#[test]
fn a_run_without_time_sends_nothing() {
    let receiver = receiver(AMP);
    let delivery = deliver_within(0, &sink_to(&receiver), &traffic(1, 1));
    assert_eq!(failure(&delivery), "deliver to remote_write:test: no time is left in this run");
    assert_eq!((counts(&delivery), receiver.requests().len()), ((0, 0, 0), 0));
}

#[test]
fn an_outage_ends_with_the_budget_and_what_was_taken_before_stays_counted() {
    let receiver = receiver(PROMETHEUS);
    let down = Fault::Status(503, "down".into());
    receiver.faults().push(Rule::on(WRITE, down).skip(2));
    receiver.faults().push(Rule::on(WRITE, an_hour_later(503, "still down")));
    let delivery = deliver(&sink_to(&receiver), &traffic(10, 5));
    assert_eq!(counts(&delivery), (20, 0, 4));
    assert_eq!(
        failure(&delivery),
        "deliver to remote_write:test: status 503: still down (after 2 attempts, no time for another)"
    );
    assert_eq!(receiver.requests().len(), 4);
    assert_eq!(delivery.delivered_before, Some(ago_minutes(3)));
}

#[test]
fn an_attempt_that_gets_no_answer_costs_its_timeout_and_is_made_again() {
    let receiver = receiver(AMP);
    receiver.faults().push(Rule::on(WRITE, Fault::Hang));
    let delivery = deliver(&sink_with(&receiver, "remote_timeout: 1s"), &traffic(1, 1));
    assert_eq!((delivery.outcome.clone(), delivery.sent), (Ok(()), 1));
    assert!(delivery.requests >= 2, "the first got no answer");
}

#[test]
fn a_receiver_that_never_answers_costs_no_more_than_the_budget() {
    let receiver = receiver(AMP);
    receiver.faults().push(Rule::on(WRITE, Fault::Hang).forever());
    // Without the budget this would take a day.
    let sink = sink_with(&receiver, "remote_timeout: 1d");
    let delivery = deliver_within(2, &sink, &traffic(1, 1));
    assert!(failure(&delivery).contains("failed to get an answer in time"), "{delivery:?}");
    assert_eq!(counts(&delivery), (0, 0, 1));
}

#[test]
fn nobody_listening_is_an_outage() {
    let receiver = receiver(AMP);
    let patient = "queue_config: {min_backoff: 1h, max_backoff: 1h}";
    let sink = sink(&format!("remote_write: [{{url: '{}', {patient}}}]", receiver.url()));
    drop(receiver);
    let delivery = deliver(&sink, &traffic(1, 1));
    let text = failure(&delivery);
    assert!(text.contains("failed to connect"), "{text}");
    assert!(text.ends_with("(after 1 attempt, no time for another)"), "{text}");
}

#[test]
fn answers_that_are_nobodys_fault_stop_the_delivery_at_once() {
    let elsewhere = vec![("location".to_owned(), "http://127.0.0.1:1/".to_owned())];
    let table = [
        (Fault::Status(404, "no such path".into()), "status 404: no such path"),
        (Fault::Status(409, "conflict".into()), "status 409: conflict"),
        (Fault::Status(415, String::new()), "status 415"),
        (Fault::Status(422, r#"{"message":"no"}"#.into()), "status 422: no"),
        (Fault::Answer(307, elsewhere, "moved".into()), "status 307: moved"),
    ];
    for (fault, expected) in table {
        let receiver = receiver(AMP);
        receiver.faults().push(Rule::on(WRITE, fault).forever());
        let delivery = deliver(&sink_to(&receiver), &traffic(3, 2));
        assert_eq!(failure(&delivery), format!("deliver to remote_write:test: {expected}"));
        assert_eq!(counts(&delivery), (0, 0, 1));
    }
}

//! Remote write over the wire, against receivers that behave as the real ones do.

mod support;

use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Auth, Options, Personality, RemoteWriteReceiver, WRITE};
use series::Series;
use sinks::{Delivery, Run, Sink, SplitAllowance};
use support::{NOW, block_on, deliver, deliver_within, failure, sink, traffic};

/// Like a plain Prometheus: one bad sample costs the whole request.
const PROMETHEUS: Personality = Personality::Prometheus { ooo_window: Duration::ZERO };
const AMP: Personality = Personality::Amp { ooo_window: Duration::from_secs(60) };

fn receiver(personality: Personality) -> RemoteWriteReceiver {
    with(Options { personality, ..Options::default() })
}

fn with(options: Options) -> RemoteWriteReceiver {
    RemoteWriteReceiver::start(Options { now: Present::fixed_ms(NOW.as_millis()), ..options })
}

/// A sink named `test` with short waits, and more keys of the entry.
fn sink_with(receiver: &RemoteWriteReceiver, more: &str) -> Sink {
    let queue = "queue_config: {min_backoff: 1ms, max_backoff: 20ms}";
    sink(&format!("remote_write: [{{name: test, url: '{}', {queue}, {more}}}]", receiver.url()))
}

fn sink_to(receiver: &RemoteWriteReceiver) -> Sink {
    sink_with(receiver, "")
}

/// Every sample of `series`, except those of the distributions `without`, is there once and with its value.
fn assert_stored(receiver: &RemoteWriteReceiver, series: &[Series], without: &[&str]) {
    let mut stored = 0;
    for one in series {
        let id = one.labels.get("dimension_DistributionId").expect("an id");
        let found = receiver.samples(&[("dimension_DistributionId", id)]);
        if without.contains(&id) {
            assert!(found.is_empty(), "{id} is refused");
            continue;
        }
        let found = found.values().next().unwrap_or_else(|| panic!("{id} is there"));
        let expected: Vec<_> = one.samples.iter().map(|s| (s.at.as_millis(), s.value)).collect();
        assert_eq!(found.clone().into_iter().collect::<Vec<_>>(), expected, "{id}");
        stored += 1;
    }
    assert_eq!(stored, series.len() - without.len());
    assert!(
        receiver.duplicates().iter().all(|repeat| repeat.sent == repeat.stored),
        "identical repeats only"
    );
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

fn counts(delivery: &Delivery) -> (u64, u64, u64) {
    (delivery.sent, delivery.rejected, delivery.requests)
}

#[test]
fn five_minutes_of_a_hundred_series_arrive_in_five_requests() {
    for personality in [PROMETHEUS, AMP, Personality::VictoriaMetrics] {
        let receiver = receiver(personality);
        let series = traffic(100, 5);
        let delivery = deliver(&sink_to(&receiver), &series);
        assert_eq!(delivery.outcome, Ok(()));
        assert_eq!(counts(&delivery), (500, 0, 5));
        assert_eq!(delivery.bytes, receiver.bytes() as u64);
        assert!(delivery.errors.is_empty() && receiver.duplicates().is_empty());
        assert_stored(&receiver, &series, &[]);
    }
}

#[test]
fn nothing_to_send_is_a_success_without_a_request() {
    let receiver = receiver(AMP);
    let delivery = deliver(&sink_to(&receiver), &traffic(3, 0));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (0, 0, 0)));
    assert!(receiver.requests().is_empty());
}

#[test]
fn external_labels_headers_and_relabeling_reach_the_receiver() {
    let required_headers = vec![("x-scope-orgid".to_owned(), "7".to_owned())];
    let receiver = with(Options { required_headers, ..Options::default() });
    let sink = sink(&format!(
        "global: {{external_labels: {{cluster: prod}}}}
remote_write:
  - url: '{}'
    headers: {{X-Scope-OrgID: '7'}}
    write_relabel_configs:
      - {{source_labels: [cluster, alias], regex: 'prod;www1.*', action: drop}}",
        receiver.url()
    ));
    let delivery = deliver(&sink, &traffic(2, 1));
    assert_eq!(counts(&delivery), (1, 0, 1));
    assert_eq!(receiver.samples(&[("cluster", "prod"), ("alias", "www0.example.com")]).len(), 1);
    assert_eq!(receiver.series().len(), 1);
}

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
        assert_eq!(delivery.errors.len(), 1);
        assert_eq!(delivery.errors[0].source, "remote_write:test");
        assert!(entries(&delivery)[0].starts_with("30 samples refused: "), "{:?}", delivery.errors);
        assert_stored(&receiver, &series, &["E37"]);
    }
}

#[test]
fn a_receiver_that_refuses_everything_is_a_failure_and_nothing_is_given_up() {
    let receiver = receiver(PROMETHEUS);
    receiver.refuse_series("__name__", "aws_cloudfront_requests_sum");
    let delivery = deliver(&sink_to(&receiver), &traffic(40, 3));
    assert_eq!((delivery.sent, delivery.rejected), (0, 0));
    assert!(delivery.errors.is_empty());
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
    let splits = SplitAllowance::default();
    let (first, second) = block_on(async {
        let budget = clock::Budget::starting_now(Duration::from_secs(60));
        let run = Run { now: NOW, budget, splits: &splits, by_hand: false };
        let slices = traffic(200, 2);
        let slice = |keep: usize| {
            let mut slice = slices.clone();
            slice.iter_mut().for_each(|series| series.samples = vec![series.samples[keep]]);
            slice
        };
        (sink.deliver(&slice(0), &run).await, sink.deliver(&slice(1), &run).await)
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
        let delivery = deliver(&sink_to(&receiver), &traffic(1, 1));
        assert_eq!(delivery.outcome, Ok(()));
        let [first, second] = receiver.requests().try_into().expect("two requests");
        let pause = second.arrived_ms - first.arrived_ms;
        assert!((900..5_000).contains(&pause), "{pause} ms after {value:?}");
    }
}

#[test]
fn a_retry_after_behind_the_budget_ends_the_delivery_at_once() {
    let receiver = receiver(AMP);
    let header = vec![("retry-after".to_owned(), "3600".to_owned())];
    receiver.faults().push(Rule::on(WRITE, Fault::Answer(503, header, "maintenance".into())));
    let delivery = deliver_within(30, &sink_to(&receiver), &traffic(1, 1));
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
    receiver.faults().push(Rule::on(WRITE, Fault::Status(503, "down".into())).skip(2).forever());
    let delivery = deliver_within(1, &sink_to(&receiver), &traffic(10, 5));
    assert_eq!((delivery.sent, delivery.rejected), (20, 0));
    // The budget may end between two attempts or in one.
    let text = failure(&delivery);
    let ends = ["status 503: down (after ", "failed to get an answer in time", "no time is left"];
    let said = text.strip_prefix("deliver to remote_write:test: ").expect("the sink's name");
    assert!(ends.iter().any(|end| said.starts_with(end)), "{text}");
    assert_eq!(delivery.requests, receiver.requests().len() as u64);
}

#[test]
fn a_receiver_that_never_answers_costs_the_timeout_and_not_more_than_the_budget() {
    let receiver = receiver(AMP);
    receiver.faults().push(Rule::on(WRITE, Fault::Hang).forever());
    let delivery =
        deliver_within(1, &sink_with(&receiver, "remote_timeout: 300ms"), &traffic(1, 1));
    assert!(failure(&delivery).contains("get an answer in time"), "{delivery:?}");
    assert!((2..=4).contains(&delivery.requests), "{} requests", delivery.requests);
}

#[test]
fn nobody_listening_is_an_outage() {
    let receiver = receiver(AMP);
    let sink = sink_to(&receiver);
    drop(receiver);
    let delivery = deliver_within(1, &sink, &traffic(1, 1));
    assert!(failure(&delivery).contains("failed to connect"), "{delivery:?}");
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

#[test]
fn credentials_that_were_rotated_are_fetched_again_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "old-token\n").expect("a file");
    let receiver = with(Options { auth: Auth::Bearer("new-token".into()), ..Options::default() });
    let sink =
        sink_with(&receiver, &format!("authorization: {{credentials_file: '{}'}}", file.display()));
    block_on(sink.prepare()).expect("the secret is there");

    let delivery = deliver(&sink, &traffic(3, 2));
    assert_eq!(counts(&delivery), (0, 0, 2), "once, then an outage");
    assert!(
        failure(&delivery).starts_with("deliver to remote_write:test: status 401"),
        "{delivery:?}"
    );
    assert!(!format!("{delivery:?}{sink:?}").contains("old-token"));

    std::fs::write(&file, "new-token\n").expect("a file");
    let delivery = deliver(&sink, &traffic(3, 2));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (6, 0, 3)));
}

#[test]
fn a_secret_that_is_missing_is_said_before_anything_is_sent() {
    let receiver = receiver(AMP);
    let sink = sink_with(&receiver, "authorization: {credentials_file: /nowhere/at/all}");
    let error = block_on(sink.prepare()).expect_err("no such file");
    assert_eq!(error.to_string(), "read secret /nowhere/at/all: it does not exist");
    assert!(receiver.requests().is_empty());
}

#[test]
fn no_secret_stands_in_a_failure() {
    let sink = sink(
        "remote_write: [{url: 'http://user:hunter2@127.0.0.1:9/push?token=hunter3', headers: {X-Key: hunter4}, \
         http_headers: {X-Other: {secrets: [hunter5]}}}]",
    );
    let delivery = deliver_within(1, &sink, &traffic(1, 1));
    let all = format!("{} {delivery:?} {}", failure(&delivery), sink.name());
    assert!(all.contains("http://127.0.0.1:9/push"), "{all}");
    assert!(!all.contains("hunter"), "{all}");
}

#[test]
fn the_same_slice_again_does_no_harm() {
    for personality in [PROMETHEUS, AMP] {
        let receiver = receiver(personality);
        let sink = sink_to(&receiver);
        let mut series = traffic(20, 5);
        // The first run was cut off before the newest minute, and before it could write its watermark.
        let newest: Vec<_> = series.iter_mut().filter_map(|series| series.samples.pop()).collect();
        assert_eq!(counts(&deliver(&sink, &series)), (80, 0, 4));
        series.iter_mut().zip(newest).for_each(|(series, sample)| series.samples.push(sample));
        let again = deliver(&sink, &series);
        assert_eq!(again.outcome, Ok(()), "{personality:?}");
        assert_eq!(again.sent + again.rejected, 100);
        assert_stored(&receiver, &series, &[]);
    }
}

#[test]
fn requests_are_signed_for_a_workspace() {
    let key = emulators::sigv4::Key {
        access_key: "AKIDEXAMPLE".into(),
        secret: "example-secret".into(),
        session_token: None,
        account: "123456789012".into(),
    };
    let verifier = emulators::sigv4::Verifier::new([key]);
    let signed = emulators::receivers::remote_write::SigV4 {
        verifier,
        region: "eu-west-1".into(),
        now: Present::fixed_ms(NOW.as_millis()),
    };
    let receiver = with(Options { auth: Auth::SigV4(signed), ..Options::default() });
    let series = traffic(5, 2);
    let sink = sink_with(&receiver, "sigv4: {region: eu-west-1}");
    let delivery = deliver(&sink, &series);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (10, 0, 2)));
    assert_stored(&receiver, &series, &[]);

    let wrong = sink_with(&receiver, "sigv4: {region: us-east-1}");
    let delivery = deliver(&wrong, &series);
    assert!(failure(&delivery).contains("status 403"), "{delivery:?}");
}

#[test]
fn samples_that_nobody_takes_are_counted_and_the_others_arrive() {
    let receiver = receiver(AMP);
    let mut series = traffic(2, 1);
    series[0].samples.push(series::Sample { at: NOW + Duration::from_secs(60), value: 1.0 });
    series[1].labels = series[0].labels.clone();
    let delivery = deliver(&sink_to(&receiver), &series);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (1, 2, 1)));
    assert_eq!(
        entries(&delivery),
        [
            "1 sample refused: duplicate sample for timestamp",
            "1 sample refused: timestamp in the future"
        ]
    );
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

/// The report's entries of a delivery.
fn entries(delivery: &Delivery) -> Vec<&str> {
    delivery.errors.iter().map(|error| error.message.as_str()).collect()
}

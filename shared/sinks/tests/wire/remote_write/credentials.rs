//! Who is let in, and what is never said.

use std::collections::BTreeMap;
use std::time::Duration;

use clock::{Budget, Clock};
use emulators::aws::{AwsEmulator, Parameter};
use emulators::faults::{Fault, Rule};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Auth, Options};

use super::{AMP, assert_stored, receiver, sink_with, with};
use crate::support::{
    NOW, block_on, counts, deliver, deliver_within, failure, sink, sink_in, traffic,
};

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
fn credentials_that_are_not_given_out_in_time_cost_no_more_than_the_budget() {
    let emulator = AwsEmulator::start(Default::default());
    emulator.put_parameter(Parameter::secure("/token", "old-token"));
    let environment: BTreeMap<String, String> = emulator.environment().into_iter().collect();
    let receiver = with(Options { auth: Auth::Bearer("new-token".into()), ..Options::default() });
    let entry = format!("{{url: '{}', bearer_token_file: 'ssm:/token'}}", receiver.url());
    // Parameter Store is asked with the true time, which the emulator checks.
    let lookup = |name: &str| environment.get(name).cloned();
    let sink = sink_in(&lookup, Clock::System, &format!("remote_write: [{entry}]"));
    block_on(sink.prepare()).expect("the secret is there");

    let hour = Fault::Delay(Duration::from_secs(3600));
    emulator.faults().push(Rule::on("ssm:", hour).forever());
    let begun = Budget::starting_now(Duration::ZERO);
    let delivery = deliver_within(2, &sink, &traffic(1, 1));
    assert!(delivery.outcome.is_err());
    // The SDK alone would go on for 40 s.
    assert!(begun.elapsed() < Duration::from_secs(30), "{delivery:?}");
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
         http_headers: {X-Other: {secrets: [hunter5]}}, queue_config: {min_backoff: 1h, max_backoff: 1h}}]",
    );
    let delivery = deliver(&sink, &traffic(1, 1));
    let all = format!("{} {delivery:?} {}", failure(&delivery), sink.name());
    assert!(all.contains("http://127.0.0.1:9/push"), "{all}");
    assert!(!all.contains("hunter"), "{all}");
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

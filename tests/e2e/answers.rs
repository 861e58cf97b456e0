//! What receivers say no with, and what becomes of it: what is bad is given up and counted, everything else arrives.

use emulators::aws::Parameter;
use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::Access;
use emulators::receivers::remote_write::{Options, Personality};
use runtime::{Outcome, RunError};
use tests::{API_KEY, Setup, World, minute};

fn delivery_error(outcome: &Outcome) -> &str {
    match &outcome.failure {
        Some(RunError::Delivery(message)) => message,
        other => panic!("a DeliveryError, not {other:?}: {}", outcome.report.to_json()),
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Fault {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Fault::Answer(status, headers, "because\n".to_owned())
}

#[tokio::test]
async fn one_series_that_is_refused_is_given_up_and_all_others_arrive() {
    let ooo_window = std::time::Duration::ZERO;
    for personality in [Personality::default(), Personality::Prometheus { ooo_window }] {
        let receiver = Options { personality, ..Options::default() };
        let world = World::new(Setup { receiver, ..Setup::default() });
        let bad = world.aws.fleet().distributions[1].id.clone();
        let bad = format!("aws_cloudfront_requests_sum{{{bad}}}");
        world.receiver.refuse_series("__name__", "aws_cloudfront_requests_sum");
        let handler = world.handler().await;
        for run in [5, 10] {
            let outcome = world.run(&handler, minute(run)).await;
            assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
            let report = &outcome.report.sinks[0];
            let mut due = world.due_to_remote_write(run - 7..run - 2);
            due.retain(|name, _| name.starts_with("aws_cloudfront_requests_sum"));
            let refused: usize = due.values().map(|points| points.len()).sum();
            assert_eq!(report.rejected, refused as u64);
            assert_eq!(report.sent + report.rejected, outcome.report.samples);
            assert_eq!(report.pending, 0);
            let errors = &outcome.report.errors;
            assert_eq!(errors.len(), 1, "one reason, one entry: {errors:?}");
            assert_eq!(errors[0].source, "remote_write:amp");
            assert!(errors[0].message.starts_with(&format!("{refused} samples refused")));
        }
        let mut due = world.due_to_remote_write(-2..8);
        assert!(due.contains_key(&bad));
        due.retain(|name, _| !name.starts_with("aws_cloudfront_requests_sum"));
        assert_eq!(world.held_by_remote_write(), due, "{personality:?}");
        world.assert_mackerel_is_whole(-2..8);
    }
}

#[tokio::test]
async fn a_metric_that_mackerel_refuses_is_given_up_and_all_others_arrive() {
    let world = World::new(Setup::default());
    let bad = "cloudfront.requests.www_example_com";
    world.mackerel.refuse_metric(bad);
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!(outcome.failure, None);
    assert_eq!((outcome.report.sinks[1].rejected, outcome.report.sinks[1].pending), (5, 0));
    let mut due = world.due_to_mackerel(-2..3);
    assert_eq!(due.remove(bad).map(|points| points.len()), Some(5));
    assert_eq!(world.held_by_mackerel(), due);
    world.assert_remote_write_is_whole(-2..3);
}

#[tokio::test]
async fn answers_that_say_nothing_about_samples_give_nothing_up() {
    let table: [(Fault, &str); 6] = [
        (answer(400, &[]), "none is given up"),
        (answer(404, &[]), "status 404: because"),
        (answer(401, &[]), "status 401: because"),
        (answer(403, &[]), "status 403: because"),
        (answer(307, &[("location", "http://127.0.0.1:9/elsewhere")]), "status 307"),
        (answer(422, &[]), "status 422"),
    ];
    for (fault, said) in table {
        let world = World::new(Setup::default());
        let handler = world.handler().await;
        world.receiver.faults().push(Rule::on("", fault.clone()).forever());
        world.mackerel.faults().push(Rule::on("", fault.clone()).forever());
        let outcome = world.run(&handler, minute(5)).await;
        let message = delivery_error(&outcome);
        assert!(message.contains("deliver to remote_write:amp: "), "{message}");
        assert!(message.contains("deliver to mackerel:production: "), "{message}");
        assert_eq!(message.matches(said).count(), 2, "{message}");
        for sink in &outcome.report.sinks {
            assert_eq!((sink.sent, sink.rejected), (0, 0), "{fault:?}");
            assert!(sink.pending > 0);
        }
        world.receiver.faults().clear();
        world.mackerel.faults().clear();
        let outcome = world.run(&handler, minute(10)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]), "{fault:?}");
        world.assert_whole(-2..8);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_goes_in_parts() {
    let world = World::new(Setup::default());
    world.receiver.answer_413_over(Some(1_500));
    world.mackerel.answer_413_over(Some(8_000));
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    let refused = world.receiver.requests().iter().filter(|request| !request.is_accepted()).count();
    assert!(refused > 0, "the limit was met");
    world.assert_whole(-2..3);
}

#[tokio::test]
async fn a_receiver_that_asks_for_patience_gets_it() {
    let world = World::new(Setup::default());
    for faults in [world.receiver.faults(), world.mackerel.faults()] {
        faults.push(Rule::on("", answer(429, &[("retry-after", "1")])));
    }
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    let arrivals: Vec<_> =
        world.receiver.requests().iter().map(|request| request.arrived_ms).take(2).collect();
    assert!(arrivals[1] - arrivals[0] >= 1_000, "{arrivals:?}");
    let arrivals: Vec<_> =
        world.mackerel.requests().iter().map(|request| request.arrived_ms).take(2).collect();
    assert!(arrivals[1] - arrivals[0] >= 1_000, "{arrivals:?}");
    world.assert_whole(-2..3);
}

#[tokio::test]
async fn a_key_that_was_rotated_is_fetched_again_in_the_same_run() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    world.run(&handler, minute(4)).await;
    world.mackerel.set_key(API_KEY, None);
    world.mackerel.set_key("planted-second-key", Some(Access::ReadWrite));
    let outcome = world.run(&handler, minute(5)).await;
    let message = delivery_error(&outcome);
    assert!(
        message.contains("status 401") && message.contains("is the API key right?"),
        "{message}"
    );
    world.aws.put_parameter(Parameter::secure(
        "/hostless/secret/mackerel-api-key",
        "planted-second-key",
    ));
    let outcome = world.run(&handler, minute(6)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    world.assert_whole(-3..4);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_takes_only_its_sink_out_of_the_run() {
    let world = World::new(Setup::default());
    let handler = world.handler().await;
    let denied = Fault::Status(400, r#"{"__type":"InternalServerError"}"#.to_owned());
    world.aws.faults().push(Rule::on("ssm:GetParameter", denied).forever());
    // The documents are younger than five minutes: nobody else asks Parameter Store.
    let outcome = world.run(&handler, minute(4)).await;
    let message = delivery_error(&outcome);
    assert!(message.contains("mackerel:production: read secret ssm:/hostless/secret"), "{message}");
    assert_eq!(outcome.report.sinks[0].sent, outcome.report.samples);
    assert!(outcome.report.sinks[1].pending > 0);
    world.aws.faults().clear();
    assert_eq!(world.run(&handler, minute(9)).await.failure, None);
    world.assert_whole(-3..7);
}

//! Answers of 100 MB, from whomever a function asks.

use emulators::aws::{Options as AwsOptions, Role};
use emulators::faults::{Fault, Rule};
use emulators::lambda::Outcome;
use emulators::traffic::Fleet;
use serde_json::json;
use tests::bootstrap::Bootstrap;
use tests::live::{Live, assert_no_secret};

use super::{TIMEOUT, assert_peak, fleets, report};

const LENGTH: usize = 100_000_000;

/// Of receivers the beginning is read, in MiB.
const PEAK_OF_RECEIVERS: f64 = 24.0;

/// Of services of AWS 16 MiB are read, in MiB.
const PEAK: f64 = 56.0;

/// What receivers answer is looked at only where they refuse, and never further than its beginning.
#[test]
fn a_receiver_that_answers_with_100_mb_is_not_listened_to() {
    for (function, aws) in [("cloudfront", AwsOptions::default()), ("ecs", fleets())] {
        let live = Live::with(aws, &format!("{function}: {{}}"));
        let sinks = [live.receiver.faults(), live.mackerel.faults()];
        sinks
            .iter()
            .for_each(|faults| faults.push(Rule::on("", Fault::LongBody(LENGTH)).forever()));
        let process = Bootstrap::start(function, &live.environment());
        for _ in 0..2 {
            let report = report(&process, &json!({}));
            assert_eq!(report["errors"], json!([]), "it was carried out: {report}");
        }
        assert!(!live.receiver.series().is_empty());
        let what = format!("{function}, receivers that answer with 100 MB");
        assert_peak(&process, what, PEAK_OF_RECEIVERS);
    }
}

/// Of each of these services in turn every answer is that long; then it is well again, and so is the process.
fn of_services(function: &str, section: &str, aws: &AwsOptions, services: &[&str]) {
    for service in services {
        let live = Live::with(aws.clone(), section);
        live.aws.faults().push(Rule::on(*service, Fault::LongBody(LENGTH)).forever());
        let process = Bootstrap::start(function, &live.environment());
        assert_ends(&process.invoke(&json!({}), TIMEOUT), service);
        let asked = live.aws.calls().iter().any(|call| service.starts_with(&call.service));
        assert!(asked, "{service} was asked nothing");
        assert_no_secret(&process.process.output());
        assert_peak(&process, format_args!("{function}, {service} answers with 100 MB"), PEAK);
        live.aws.faults().clear();
        let report = report(&process, &json!({}));
        assert_eq!(report["errors"], json!([]), "{service}: {report}");
        assert!(!live.receiver.series().is_empty(), "{service}");
    }
}

/// It is told as what it is, and does not end with the time of the invocation.
#[track_caller]
fn assert_ends(outcome: &Outcome, service: &str) {
    let said = match outcome {
        Outcome::Response(report) => report["errors"].to_string(),
        Outcome::Failed(error) => error.message.clone(),
        other => panic!("{service}: {other:?}"),
    };
    assert!(said.contains("the answer is longer than 16 MiB"), "{service}: {said}");
}

#[test]
fn an_aws_service_that_answers_with_100_mb_does_not_fill_the_memory_of_cloudfront() {
    let role = Role {
        arn: "arn:aws:iam::222222222222:role/reader".to_owned(),
        external_id: None,
        fleet: Fleet::demo(),
        ecs: fleets().ecs,
    };
    let section = format!("cloudfront: {{roles: [{{role_arn: '{}'}}]}}", role.arn);
    let aws = AwsOptions { roles: vec![role], ..AwsOptions::default() };
    let services = ["ssm:", "sts:", "s3:", "cloudwatch:", "cloudfront:"];
    of_services("cloudfront", &section, &aws, &services);
}

#[test]
fn an_aws_service_that_answers_with_100_mb_does_not_fill_the_memory_of_ecs() {
    of_services("ecs", "ecs: {}", &fleets(), &["s3:", "cloudwatch:", "ecs:"]);
}

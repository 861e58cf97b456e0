//! Receivers that take a connection and never say anything.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use emulators::aws::Options as AwsOptions;
use emulators::faults::{Fault, Rule};
use serde_json::json;
use tests::bootstrap::Bootstrap;
use tests::live::Live;

use super::{assert_peak, error, fleets, report};

/// Shorter than the template's, so that the test is.
const TIMEOUT: Duration = Duration::from_secs(12);

/// In MiB.
const PEAK: f64 = 24.0;

/// All sinks are silent: one that reads, one that does not even accept; the run ends in time, and the next one has it all.
fn silent(function: &str, aws: AwsOptions) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    let deaf = listener.local_addr().expect("a bound socket has an address");
    let section = format!("{function}: {{}}");
    let live = Live::with(aws, &section);
    let sinks = [live.receiver.faults(), live.mackerel.faults()];
    sinks.iter().for_each(|faults| faults.push(Rule::on("", Fault::Hang).forever()));
    let whole = live.configuration(&format!("http://{deaf}/api/v1/write"));
    live.configure(&whole.replace("cloudfront: {}", &section));
    let process = Bootstrap::start(function, &live.environment());
    for _ in 0..2 {
        let (kind, message) = error(&process, &json!({}), TIMEOUT);
        assert_eq!(kind, "DeliveryError", "{message}");
        assert!(message.contains("nothing is lost"), "{message}");
        for sink in ["remote_write:basic", "remote_write:bearer", "mackerel:production"] {
            assert!(message.contains(sink), "{sink} is not in {message}");
        }
    }
    sinks.iter().for_each(|faults| faults.clear());
    live.configure(&live.configuration_with(&section));
    let later = Bootstrap::start(function, &live.environment());
    let report = report(&later, &json!({}));
    assert_eq!(report["errors"], json!([]), "{report}");
    assert!(!live.receiver.series().is_empty() && !live.mackerel.metrics("production").is_empty());
    assert_peak(&process, format_args!("{function}, three sinks that never answer"), PEAK);
}

#[test]
fn a_receiver_that_never_answers_costs_cloudfront_no_more_than_its_time() {
    silent("cloudfront", AwsOptions::default());
}

#[test]
fn a_receiver_that_never_answers_costs_ecs_no_more_than_its_time() {
    silent("ecs", fleets());
}

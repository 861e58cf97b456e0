//! A dry run whose answer would be longer than Lambda takes.

use emulators::aws::Options as AwsOptions;
use emulators::lambda::RESPONSE_LIMIT;
use emulators::traffic::Fleet;
use serde_json::json;
use series::Timestamp;
use tests::bootstrap::Bootstrap;
use tests::live::{Live, now};

use super::{assert_peak, number, report};

const DISTRIBUTIONS: usize = 500;
const MINUTES: i64 = 30;

/// In MiB.
const PEAK: f64 = 56.0;

/// 90,000 samples, of which a line of text has 250 bytes and more.
#[test]
fn a_dry_run_of_more_than_an_answer_holds_shows_what_fits_and_says_what_it_left_out() {
    let aws = AwsOptions { fleet: Fleet::sized(DISTRIBUTIONS), ..AwsOptions::default() };
    let live = Live::with(aws, "cloudfront: {tags: false}");
    let function = Bootstrap::start("cloudfront", &live.environment());
    let to = now().as_secs() - 600;
    let [from, to] = [to - 60 * MINUTES, to].map(|at| Timestamp::from_secs(at).to_string());
    let report = report(&function, &json!({"dry_run": true, "from": from, "to": to}));
    let shown = report["exposition"].as_str().expect("the series").to_owned();
    let lines = shown.lines().count() as u64;
    let samples = number(&report, "/samples");
    let length = report.to_string().len();
    eprintln!("limits: {samples} samples, {lines} shown, {length} bytes");
    assert!(samples > 80_000, "{samples}");
    assert!(length <= RESPONSE_LIMIT && length > RESPONSE_LIMIT / 2, "{length}");
    assert!(shown.ends_with('\n') && shown.lines().all(|line| line.contains("} ")), "whole lines");
    let [said] = &report["errors"].as_array().expect("entries")[..] else { panic!("one entry") };
    assert_eq!(said["source"], "exposition");
    let left_out = format!("{} of {samples} samples are not shown", samples - lines);
    assert!(said["message"].as_str().is_some_and(|text| text.starts_with(&left_out)), "{said}");
    assert!(live.receiver.requests().is_empty(), "nothing is sent");
    assert_peak(&function, "cloudfront, a dry run of 90,000 samples", PEAK);
}

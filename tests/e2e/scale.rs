//! Thousands of series in one run: as few calls as CloudWatch allows.

use emulators::aws::Options as AwsOptions;
use emulators::traffic::Fleet;
use tests::{CONFIG, Setup, World, minute};

fn sized(distributions: usize) -> World {
    let config = CONFIG.replace("cloudfront: {}", "cloudfront: {tags: false}");
    let aws = AwsOptions { fleet: Fleet::sized(distributions), ..AwsOptions::default() };
    World::new(Setup { config, aws, ..Setup::default() })
}

#[tokio::test]
async fn three_thousand_series_take_six_calls_a_window() {
    let world = sized(500);
    let handler = world.handler().await;
    for run in [5, 10] {
        world.aws.call_log().clear();
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
        assert_eq!(world.aws.call_log().count("cloudwatch:GetMetricData"), 6);
        assert_eq!(outcome.report.metrics_requested, 3_000);
        assert_eq!(outcome.report.samples, 3_000 * 5 + 500);
        assert_eq!(outcome.report.sinks[1].sent, 3_000 * 5);
        assert_eq!(outcome.report.sinks[1].requests, 30);
    }
    world.assert_whole(-2..8);
}

#[tokio::test]
async fn a_number_of_series_that_is_no_multiple_takes_one_call_more() {
    for (distributions, calls) in [(83, 1), (84, 2), (200, 3)] {
        let world = sized(distributions);
        let handler = world.handler().await;
        let outcome = world.run(&handler, minute(5)).await;
        assert_eq!(outcome.failure, None);
        assert_eq!(outcome.report.api_calls.get("cloudwatch:GetMetricData"), Some(&calls));
        // A page of ListDistributions holds a hundred.
        let pages = distributions.div_ceil(100) as u64;
        assert_eq!(outcome.report.api_calls.get("cloudfront:ListDistributions"), Some(&pages));
        world.assert_whole(-2..3);
    }
}

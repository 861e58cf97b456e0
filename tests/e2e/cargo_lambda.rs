//! `cargo lambda watch` runs the function, `cargo lambda invoke --data-file` sends it the sample events.

use serde_json::Value;
use tests::cargo_lambda::Watch;
use tests::live::{Live, assert_no_secret, first_sink};
use tests::prometheus::Prometheus;

const FUNCTION: &str = "cloudfront";

#[test]
fn the_sample_events_are_answered_with_reports() {
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    // The sample events get older by the day, and no other receiver would go back that far.
    live.configure(&first_sink(&prometheus.write_url()));
    let watch = Watch::start(FUNCTION, &live.environment());
    // Oldest first, as time goes: a Prometheus takes nothing that is an hour older than what it has.
    for event in ["cloudfront.json", "cloudfront-rule.json", "cloudfront-now.json"] {
        let output = watch.invoke(FUNCTION, event);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{event}: {stdout}{stderr}\n{}", watch.output());
        let report: Value = serde_json::from_str(&stdout).expect("the report");
        assert_eq!(report["function"], FUNCTION, "{event}: {report}");
        assert_no_secret(&(stdout + &stderr));
    }
    let wrong = watch.invoke(FUNCTION, "invalid-unknown-key.json");
    assert_eq!(wrong.status.code(), Some(1));
    let said = text(&wrong.stdout) + &text(&wrong.stderr);
    assert!(said.contains("ConfigError") && said.contains("dryrun"), "{said}");
    assert!(!prometheus.raw("aws_cloudfront_requests_sum", "1h", tests::live::now()).is_empty());
    assert_no_secret(&watch.output());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

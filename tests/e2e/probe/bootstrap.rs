//! The release binary that Lambda runs, in real time.

use std::time::Duration;

use emulators::aws::Options as AwsOptions;
use emulators::lambda::Outcome;
use serde_json::json;
use tests::bootstrap::Bootstrap;
use tests::live::{Live, assert_no_secret};
use tests::targets::Targets;
use tests::targets::script::Line;

/// Longer than anything here takes.
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_scheduled_run_probes_delivers_and_says_so_in_one_line() {
    let targets = Targets::new();
    let (mute, nobody) = (targets.script(vec![Line::Stay]), targets.nobody());
    let section = format!(
        "modules: {{tcp_connect: {{prober: tcp}}}}
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    scrape_interval: 5m
    params: {{module: [tcp_connect]}}
    static_configs: [{{targets: ['{mute}', '{nobody}']}}]
    relabel_configs: [{{source_labels: [__address__], target_label: __param_target}}]"
    );
    let live = Live::with(AwsOptions::default(), &section);
    let function = Bootstrap::start("probe", &live.environment());
    let Outcome::Response(report) = function.invoke(&json!({}), MINUTE) else {
        panic!("{}", function.process.output())
    };
    assert_eq!((&report["function"], &report["errors"]), (&json!("probe"), &json!([])), "{report}");
    let success = live.receiver.samples(&[("__name__", "probe_success"), ("job", "blackbox")]);
    let values: Vec<f64> = success.into_values().flat_map(|one| one.into_values()).collect();
    assert_eq!(values.iter().sum::<f64>(), 1.0, "one of {values:?}");
    assert_eq!(values.len(), 2);
    assert!(!live.mackerel.metrics("production").is_empty());

    let Outcome::Response(again) = function.invoke(&json!({ "time": report["time"] }), MINUTE)
    else {
        panic!("{}", function.process.output())
    };
    assert_eq!((&again["skipped"], &again["cold_start"]), (&json!(true), &json!(false)), "{again}");
    assert_eq!(function.reports().len(), 2, "one line for each run");
    assert_no_secret(&function.process.output());
    assert_no_secret(&format!("{report} {again}"));
}

//! No targets, and a hundred thousand.

use std::fmt::Write;

use runtime::environment;
use serde_json::json;
use tests::targets::script::Line;
use tests::{World, minute};

use super::site::Site;
use super::world;

/// More than anybody has.
const MANY: usize = 100_000;

fn site(interval: &str, targets: usize) -> Site {
    let mut site = Site::new();
    site.place("mute", site.targets.script(vec![Line::Stay]));
    site.write("blackbox.yml", "modules: {tcp_connect: {prober: tcp, timeout: 1s}}");
    let mut file = "[{\"targets\": [".to_owned();
    for target in 0..targets {
        let comma = if target == 0 { "" } else { "," };
        write!(file, "{comma}\"target-{target}\"").expect("text grows");
    }
    site.file("targets.json", &(file + "]}]"));
    site.write(
        "prometheus.yml",
        &format!(
            "scrape_configs:
  - job_name: many
    metrics_path: /probe
    scrape_interval: {interval}
    scrape_timeout: 5s
    params: {{module: [tcp_connect]}}
    file_sd_configs: [{{files: ['{{targets.json}}']}}]
    relabel_configs: [{{target_label: __param_target, replacement: '{{mute}}'}}]
"
        ),
    );
    site
}

async fn cold(world: &World, site: &Site, budget: &str) -> runtime::Handler<probe::Probe> {
    let config = site.configuration();
    world.function(&[(environment::CONFIG, &config), (environment::BUDGET, budget)]).await
}

#[tokio::test]
async fn a_job_without_targets_is_said_and_costs_nothing() {
    let site = site("1m", 0);
    let world = world(&site);
    let outcome = world.run(&cold(&world, &site, "30").await, minute(1)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    let [error] = &outcome.report.errors[..] else { panic!("{:#?}", outcome.report.errors) };
    assert_eq!(error.source, "probe:many");
    assert!(error.message.contains("no target"), "{}", error.message);
    assert_eq!(outcome.report.samples, 0);
}

#[tokio::test]
async fn a_hundred_thousand_targets_that_are_not_due_take_no_probe() {
    let site = site("1h", MANY);
    let world = world(&site);
    let outcome = world.run(&cold(&world, &site, "60").await, minute(1)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!((outcome.report.errors, outcome.report.samples), (vec![], 0));
}

/// What does not fit is left out and said; what was probed is delivered, and the run is over in its time.
#[tokio::test]
async fn a_hundred_thousand_targets_that_are_due_are_probed_as_far_as_the_time_goes() {
    const BUDGET: u64 = 60;
    let site = site("1m", MANY);
    let world = world(&site);
    let handler = cold(&world, &site, &BUDGET.to_string()).await;
    let outcome = world.run(&handler, minute(1)).await;
    let report = outcome.report.to_json();
    assert_eq!(outcome.failure, None, "{report}");
    assert!(outcome.report.duration_ms < BUDGET * 1000, "{report}");
    let probed = world.receiver.samples(&[("__name__", "probe_success")]).len();
    assert!(probed > 0 && probed < MANY, "{probed}");
    let errors = &outcome.report.errors;
    assert!(errors.len() <= 3, "a few words for all of them: {errors:#?}");
    let left_out = errors.iter().find(|error| error.message.contains("not probed"));
    let left_out = left_out.unwrap_or_else(|| panic!("{errors:#?}"));
    let count = left_out.message.split(' ').next().and_then(|count| count.parse::<usize>().ok());
    assert_eq!(count.map(|count| count + probed), Some(MANY), "{}", left_out.message);
    // A thousandth of them, as one of many schedules.
    world.at(minute(2));
    let event = json!({ "time": minute(2).to_string(), "shard": {"index": 0, "count": 1000} });
    let outcome = world.send(&handler, &event).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    let series = world.receiver.samples(&[("__name__", "probe_success")]).into_values();
    let now = minute(2).as_millis();
    let share = series.filter(|samples| samples.contains_key(&now)).count();
    assert!((50..200).contains(&share), "{share}");
}

//! What an event means to probes: once only, not late, a share of the targets, and when each job is due.

use std::collections::BTreeSet;

use runtime::Invocation;
use serde_json::json;
use tests::targets::script::Line;
use tests::{World, minute};

use super::site::Site;
use super::{function, newest, run, world};

/// A job that connects to these targets; each has a name of its own, and all are the same server.
fn job(name: &str, interval: &str, targets: usize) -> String {
    let named: Vec<String> = (0..targets).map(|target| format!("'{name}-{target}'")).collect();
    format!(
        "  - job_name: {name}
    metrics_path: /probe
    scrape_interval: {interval}
    scrape_timeout: 5s
    params: {{module: [tcp_connect]}}
    static_configs: [{{targets: [{}]}}]
    relabel_configs: [{{target_label: __param_target, replacement: '{{mute}}'}}]
",
        named.join(", ")
    )
}

fn site(jobs: &[String]) -> Site {
    let mut site = Site::new();
    site.place("mute", site.targets.script(vec![Line::Stay]));
    site.write("blackbox.yml", "modules: {tcp_connect: {prober: tcp}}");
    site.write("prometheus.yml", &format!("scrape_configs:\n{}", jobs.concat()));
    site
}

/// When each instance was probed, in minutes.
fn probed(world: &World, job: &str) -> BTreeSet<(String, i64)> {
    let series = world.receiver.samples(&[("__name__", "probe_success"), ("job", job)]);
    let minutes = |(labels, samples): (_, std::collections::BTreeMap<i64, f64>)| {
        let labels: emulators::receivers::remote_write::Labels = labels;
        samples
            .into_keys()
            .map(move |at| (labels["instance"].clone(), (at - minute(0).as_millis()) / 60_000))
    };
    series.into_iter().flat_map(minutes).collect()
}

#[tokio::test]
async fn a_window_is_refused_since_nothing_can_be_probed_in_the_past() {
    let site = site(&[job("a", "1m", 2)]);
    let world = world(&site);
    let handler = function(&world, &site).await;
    let window = json!({"from": minute(-60).to_string(), "to": minute(0).to_string()});
    let outcome = world.send(&handler, &window).await;
    let failure = outcome.failure.expect("an error");
    assert_eq!(
        (failure.error_type(), failure.to_string().as_str()),
        (
            "ConfigError",
            "the event asks for a window (\"from\", \"to\"), and probe reads nothing that can be read again"
        )
    );
    assert!(world.receiver.requests().is_empty(), "nobody was probed");
}

#[tokio::test]
async fn an_event_that_comes_again_probes_nobody() {
    let site = site(&[job("a", "1m", 2)]);
    let world = world(&site);
    let handler = function(&world, &site).await;
    run(&world, &handler, 1).await;
    let requests = world.receiver.requests().len();
    for handler in [handler, function(&world, &site).await] {
        let outcome = run(&world, &handler, 1).await;
        let report = outcome.report.to_json();
        assert_eq!((&report["skipped"], &report["series"]), (&json!(true), &json!(0)), "{report}");
    }
    assert_eq!(world.receiver.requests().len(), requests, "nothing is sent");
    assert_eq!(world.receiver.duplicates(), []);
}

#[tokio::test]
async fn an_event_that_comes_late_probes_nobody() {
    let site = site(&[job("a", "1m", 2)]);
    let world = world(&site);
    let handler = function(&world, &site).await;
    world.at(minute(5));
    let outcome = world.send(&handler, &json!({ "time": minute(2).to_string() })).await;
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.report.to_json()["skipped"], true);
    assert_eq!(newest(&world.receiver).len(), 0, "what a probe saw now is not how it was then");
}

#[tokio::test]
async fn a_dry_run_shows_and_sends_nothing() {
    let site = site(&[job("a", "1m", 2)]);
    let world = world(&site);
    let handler = function(&world, &site).await;
    world.at(minute(1));
    let event = json!({ "time": minute(1).to_string(), "dry_run": true });
    for _ in 0..2 {
        let outcome = handler.invoke(&event, Invocation::default()).await;
        assert_eq!(outcome.failure, None);
        let shown = outcome.report.exposition.expect("what was collected");
        let at = minute(1).as_millis();
        let line = format!("probe_success{{instance=\"a-0\",job=\"a\"}} 1 {at}");
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
        assert!(shown.lines().any(|shown| shown.starts_with("up{")), "{shown}");
    }
    assert_eq!(world.receiver.requests().len(), 0);
    // And the run itself is still to come.
    run(&world, &handler, 1).await;
    assert_eq!(probed(&world, "a").len(), 2);
}

#[tokio::test]
async fn shards_are_the_whole_and_share_nothing() {
    let site = site(&[job("a", "1m", 40), job("b", "1m", 1)]);
    let whole = {
        let world = world(&site);
        run(&world, &function(&world, &site).await, 1).await;
        let (a, b) = (probed(&world, "a"), probed(&world, "b"));
        assert_eq!((a.len(), b.len()), (40, 1));
        a.into_iter().chain(b).collect::<BTreeSet<_>>()
    };
    let mut together = BTreeSet::new();
    for index in 0..4 {
        let world = world(&site);
        let handler = function(&world, &site).await;
        world.at(minute(1));
        let shard = json!({ "index": index, "count": 4 });
        let event = json!({ "time": minute(1).to_string(), "shard": shard });
        let outcome = world.send(&handler, &event).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        assert_eq!(outcome.report.errors, []);
        let mut share = probed(&world, "a");
        assert!((3..=20).contains(&share.len()), "{} of 40 in shard {index}", share.len());
        share.extend(probed(&world, "b"));
        assert!(together.is_disjoint(&share), "{share:?}");
        together.extend(share);
        // Each has a state of its own, so that they do not skip one another.
        let state = format!("state/probe/{index}-of-4.json");
        assert!(
            world.aws.object("hostless", &state).is_some(),
            "{:?}",
            world.aws.objects("hostless")
        );
    }
    assert_eq!(together, whole);
}

#[tokio::test]
async fn a_job_runs_when_it_is_due() {
    let site = site(&[job("often", "1m", 1), job("seldom", "5m", 1), job("hasty", "15s", 1)]);
    let world = world(&site);
    let handler = function(&world, &site).await;
    for at in 1..=11 {
        run(&world, &handler, at).await;
    }
    let minutes = |job: &str| -> Vec<i64> {
        probed(&world, job).into_iter().map(|(_, minute)| minute).collect()
    };
    assert_eq!(minutes("often"), (1..=11).collect::<Vec<_>>());
    assert_eq!(minutes("hasty"), (1..=11).collect::<Vec<_>>(), "once a run");
    assert_eq!(minutes("seldom"), [5, 10]);
}

#[tokio::test]
async fn a_series_is_new_once() {
    let site = site(&[job("a", "1m", 1)]);
    let world = world(&site);
    let handler = function(&world, &site).await;
    let added = async |at: i64| {
        run(&world, &handler, at).await;
        let newest = newest(&world.receiver);
        let of = |metric: &str| {
            newest.iter().find(|(labels, _)| labels["__name__"] == metric).map(|(_, value)| *value)
        };
        (of("scrape_series_added"), of("scrape_samples_scraped"))
    };
    let (first, scraped) = added(1).await;
    assert_eq!(first, scraped, "all of them are new");
    assert_eq!(added(2).await, (Some(0.0), scraped));
}

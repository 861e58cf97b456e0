//! Whole observations against targets on loopback, and without any network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clock::Budget;
use config::{Document, Findings, Sections};
use jobs::Discovery;
use jobs::discovery::Provider;
use runtime::{Observation, Observed, Shard, Source};
use series::{Part, Series, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use super::{Bounds, ProbeSource, Seen};
use crate::corpus::equipment;
use crate::settings::Settings;

/// 2026-11-20T09:26:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);
const MINUTE: Duration = Duration::from_secs(60);
/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(300);

/// A job as people have it beside a blackbox_exporter.
const JOB: &str = "
modules: {http_2xx: {prober: http}, icmp: {prober: icmp}}
scrape_configs:
- job_name: blackbox
  metrics_path: /probe
  params: {module: [MODULE]}
  static_configs: [{targets: [TARGETS], labels: {team: shop}}]
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__param_target], target_label: instance}
  - {target_label: __address__, replacement: 'exporter:9115'}
";

fn job(module: &str, targets: &[String]) -> String {
    JOB.replace("MODULE", module).replace("TARGETS", &targets.join(", "))
}

const BOUNDS: Bounds = Bounds { at_once: 128, series: super::MOST_SERIES };

fn source(yaml: &str, bounds: Bounds) -> ProbeSource {
    let document =
        Document { name: "test.yml".into(), directory: None, body: yaml.as_bytes().to_vec() };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let settings = Settings::read(&sections, &mut findings);
    let settings = settings.unwrap_or_else(|| panic!("{findings:?}"));
    let equipment = equipment(&BTreeMap::new());
    let discovery = Discovery::new(equipment.factory.clone(), equipment.secrets.clone());
    ProbeSource { settings, equipment, discovery, seen: Seen::default(), bounds }
}

fn at(time: Timestamp, shard: Shard) -> Observation {
    Observation { time, since: time - MINUTE, interval: MINUTE, shard }
}

async fn observe(source: &ProbeSource) -> Observed {
    source.observe(&at(NOW, Shard::default()), &Budget::starting_now(PATIENCE)).await
}

fn series(observed: &Observed) -> &[Series] {
    &observed.collected.batches[0].series
}

fn values(observed: &Observed, metric: &str) -> BTreeMap<String, f64> {
    let of_metric = series(observed).iter().filter(|one| one.labels.name() == metric);
    let instance = |one: &Series| one.labels.get("instance").unwrap_or_default().to_owned();
    of_metric.map(|one| (instance(one), one.samples[0].value)).collect()
}

fn messages(observed: &Observed) -> Vec<String> {
    let errors = observed.collected.errors.iter();
    errors.map(|error| format!("{}: {}", error.source, error.message)).collect()
}

fn failed(observed: &Observed) -> bool {
    observed.parts[&Part::new("blackbox")].is_err()
}

/// An HTTP server that answers only when `together` requests are there, and knows how many there were at most.
struct Gate {
    address: std::net::SocketAddr,
    most: Arc<AtomicUsize>,
    running: JoinHandle<()>,
}

impl Gate {
    async fn open(together: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let barrier = Arc::new(Barrier::new(together));
        let seen = Arc::clone(&most);
        let running = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (barrier, now, most) =
                    (Arc::clone(&barrier), Arc::clone(&now), Arc::clone(&most));
                tokio::spawn(async move {
                    let mut head = [0; 1024];
                    let _length = stream.read(&mut head).await.expect("a request");
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    barrier.wait().await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                    stream.write_all(answer).await.expect("it is read");
                });
            }
        });
        Self { address, most: seen, running }
    }

    fn targets(&self, count: usize) -> Vec<String> {
        (0..count).map(|n| format!("'http://{}/{n}'", self.address)).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.running.abort();
    }
}

#[tokio::test]
async fn a_job_leaves_what_prometheus_would_have_stored() {
    let gate = Gate::open(1).await;
    let source = source(&job("http_2xx", &gate.targets(1)), BOUNDS);
    let observed = observe(&source).await;
    assert_eq!(messages(&observed), Vec::<String>::new());
    let instance = format!("http://{}/0", gate.address);
    let one = |value: f64| BTreeMap::from([(instance.clone(), value)]);
    assert_eq!(values(&observed, "up"), one(1.0));
    assert_eq!(values(&observed, "probe_success"), one(1.0));
    assert_eq!(values(&observed, "probe_http_status_code"), one(200.0));
    assert_eq!(values(&observed, "probe_timeout_seconds"), one(9.5));
    let scraped = values(&observed, "scrape_samples_scraped")[&instance];
    assert_eq!(values(&observed, "scrape_series_added"), one(scraped));
    for one in series(&observed) {
        assert_eq!(one.samples.len(), 1);
        assert_eq!(one.samples[0].at, NOW, "the event's time");
        let own = ["job", "team", "instance"].map(|name| one.labels.get(name).unwrap_or("none"));
        assert_eq!(own, ["blackbox", "shop", instance.as_str()], "{}", one.labels);
        assert_eq!(one.origin.resource.name, instance, "{}", one.labels);
    }
    let again = observe(&source).await;
    assert_eq!(values(&again, "scrape_series_added"), one(0.0), "the process is warm");
}

#[tokio::test]
async fn only_so_many_probes_go_on_at_once() {
    let gate = Gate::open(3).await;
    let bounds = Bounds { at_once: 3, ..BOUNDS };
    let source = source(&job("http_2xx", &gate.targets(9)), bounds);
    let observed = observe(&source).await;
    let successes = values(&observed, "probe_success");
    assert_eq!(successes.len(), 9);
    assert!(successes.values().all(|value| *value == 1.0), "{:?}", messages(&observed));
    assert_eq!(gate.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_neighbour_that_fails_costs_nothing() {
    let gate = Gate::open(1).await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = free.local_addr().expect("it is bound");
    drop(free);
    let mut targets = gate.targets(2);
    targets.extend([format!("'http://{closed}/'"), "'http://'".to_owned(), "'%'".to_owned()]);
    let observed = observe(&source(&job("http_2xx", &targets), BOUNDS)).await;
    let successes = values(&observed, "probe_success");
    assert_eq!(successes.values().sum::<f64>(), 2.0, "{successes:?}");
    assert_eq!(successes.len(), 5);
    assert_eq!(
        values(&observed, "up").values().sum::<f64>(),
        5.0,
        "a failed probe is a good scrape"
    );
    assert_eq!(messages(&observed), Vec::<String>::new(), "and no error of the run");
}

#[tokio::test]
async fn what_a_request_is_refused_for_is_a_failed_scrape_and_one_entry() {
    let targets: Vec<String> =
        (0..5).map(|n| format!("'http://u:planted@a{n}/?k=planted'")).collect();
    let observed = observe(&source(&job("http_3xx", &targets), BOUNDS)).await;
    assert_eq!(values(&observed, "up").values().sum::<f64>(), 0.0);
    assert_eq!(values(&observed, "up").len(), 5);
    assert!(values(&observed, "probe_success").is_empty());
    assert_eq!(
        messages(&observed),
        [
            "probe:blackbox: 5 targets (http://a0/, http://a1/, http://a2/, …): no module is named \"http_3xx\"; \"modules\" has \
             http_2xx, icmp"
        ]
    );
    assert!(failed(&observed), "no target of the job could be probed");
}

#[tokio::test]
async fn what_a_function_cannot_do_is_a_failed_probe() {
    let observed = observe(&source(&job("icmp", &["a".to_owned()]), BOUNDS)).await;
    assert_eq!(values(&observed, "probe_success"), BTreeMap::from([("a".to_owned(), 0.0)]));
    let reasons = series(&observed).iter().filter_map(|one| one.labels.get("reason"));
    assert_eq!(reasons.collect::<Vec<_>>(), ["unsupported"]);
}

#[tokio::test]
async fn a_probe_that_does_not_fit_into_the_time_is_left_out_and_said() {
    let source = source(&job("http_2xx", &["a".to_owned(), "b".to_owned()]), BOUNDS);
    let budget = Budget::starting_now(Duration::from_secs(5));
    let observed = source.observe(&at(NOW, Shard::default()), &budget).await;
    assert!(series(&observed).is_empty(), "no series, rather than a false alarm");
    let messages = messages(&observed);
    assert_eq!(messages.len(), 1, "{messages:?}");
    let begins =
        "probe:blackbox: 2 targets (a, b): not probed: one probe may take 9.5 s, and this run had ";
    assert!(messages[0].starts_with(begins), "{messages:?}");
    assert!(failed(&observed), "nothing of the job was probed");
}

#[tokio::test]
async fn a_run_that_is_full_leaves_out_the_rest_and_says_so() {
    let gate = Gate::open(1).await;
    let bounds = Bounds { at_once: 1, series: 1 };
    let observed = observe(&source(&job("http_2xx", &gate.targets(3)), bounds)).await;
    assert_eq!(values(&observed, "up").len(), 1);
    let messages = messages(&observed);
    assert_eq!(messages.len(), 1, "{messages:?}");
    let ends = "not probed: a run holds 1 series; divide the targets between several schedules with \"shard\"";
    assert!(messages[0].starts_with("probe:blackbox: 2 targets") && messages[0].ends_with(ends));
    assert!(!failed(&observed), "something of the job was probed");
}

#[tokio::test]
async fn shards_divide_the_targets_and_lose_none() {
    let targets: Vec<String> = (0..100).map(|n| format!("a{n}")).collect();
    // A module that is not there needs no network.
    let source = source(&job("none", &targets), BOUNDS);
    let mut all = BTreeSet::new();
    for index in 0..4 {
        let observation = at(NOW, Shard { index, count: 4 });
        let observed = source.observe(&observation, &Budget::starting_now(PATIENCE)).await;
        let own: Vec<String> = values(&observed, "up").into_keys().collect();
        assert!(own.len() > 5, "shard {index}: {}", own.len());
        let count = all.len() + own.len();
        all.extend(own);
        assert_eq!(all.len(), count, "no target in two shards");
    }
    assert_eq!(all, targets.into_iter().collect());
}

#[tokio::test]
async fn a_job_is_probed_when_it_is_due() {
    let yaml = job("none", &["a".to_owned()])
        .replace("metrics_path", "scrape_interval: 5m\n  metrics_path");
    let source = source(&yaml, BOUNDS);
    let mut times = Vec::new();
    for minute in 0..10 {
        let time = NOW + MINUTE * minute;
        let observed =
            source.observe(&at(time, Shard::default()), &Budget::starting_now(PATIENCE)).await;
        times.extend(series(&observed).first().map(|one| one.samples[0].at));
    }
    assert_eq!(times.len(), 2, "{times:?}");
    assert_eq!(times[1].since(times[0]), 5 * MINUTE);
}

#[tokio::test]
async fn no_target_at_all_is_said() {
    let observed = observe(&source(&job("http_2xx", &[]), BOUNDS)).await;
    assert!(series(&observed).is_empty() && !failed(&observed));
    assert_eq!(
        messages(&observed),
        [
            "probe:blackbox: the job has no target: its discovery found none, or relabel_configs drops them all"
        ]
    );
}

#[tokio::test]
async fn a_hundred_thousand_targets_are_bounded_in_what_they_keep_and_say() {
    let mut source = source(&job("none", &[]), BOUNDS);
    let Provider::Static(groups) = &mut source.settings.jobs[0].providers[0] else {
        unreachable!("it says so")
    };
    groups[0].targets = (0..100_000).map(|n| format!("target-{n}.example:443")).collect();
    let observed = observe(&source).await;
    let bounds = BOUNDS;
    let kept = series(&observed).len();
    assert!((bounds.series..bounds.series + 5 * bounds.at_once).contains(&kept), "{kept}");
    let messages = messages(&observed);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().all(|message| message.len() < 400), "{messages:?}");
}

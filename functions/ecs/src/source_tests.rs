//! The source against an emulated AWS: what is observed, what is read, and what an API that fails leaves of either.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::{Aws, Calls};
use clock::{Budget, Clock};
use emulators::aws::{AwsEmulator, Options, Role};
use emulators::faults::{Fault, Rule};
use emulators::traffic::Fleet;
use emulators::traffic::ecs::{Cluster, EcsFleet, Insights, Service};
use runtime::{Discovered, Observation, Observed, Pull, Pulled, Shard, Source};
use series::{Again, Part, Series, SourceError, Timestamp, Window};

use crate::settings::Settings;
use crate::source::EcsSource;

const OWN: &str = "ap-northeast-1";
const OTHER: &str = "eu-west-1";
const ROLE: &str = "arn:aws:iam::210987654321:role/hostless";

/// 2026-11-20T09:26:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);
const MINUTE: Duration = Duration::from_secs(60);

struct Bench {
    emulator: AwsEmulator,
    source: EcsSource,
    calls: Calls,
    now: Timestamp,
}

impl Bench {
    async fn of(section: &str, fleet: EcsFleet) -> Self {
        let ecs = BTreeMap::from([(OWN.to_owned(), fleet.clone()), (OTHER.to_owned(), fleet)]);
        let role = Role {
            arn: ROLE.to_owned(),
            external_id: None,
            fleet: Fleet::demo(),
            ecs: ecs.clone(),
        };
        let options =
            Options { ecs, roles: vec![role], now: Some(NOW.as_secs()), ..Options::default() };
        let emulator = AwsEmulator::start(options);
        let variables: BTreeMap<String, String> = emulator.environment().into_iter().collect();
        let lookup = |name: &str| variables.get(name).cloned();
        let http = http::Factory::new(&lookup).expect("a client without trust roots");
        // Signatures are checked against real time.
        let aws = Aws::load(http.sdk_client(), Clock::System, &lookup).await;
        let source = EcsSource::new(Settings::of(section), &aws);
        Self { emulator, source, calls: aws.calls().clone(), now: NOW }
    }

    /// A minute later, for the source and for AWS.
    fn tick(&mut self) {
        self.now = self.now + MINUTE;
        self.emulator.set_now(Some(self.now.as_secs()));
    }

    fn script(&self, rule: Rule) {
        self.emulator.faults().push(rule);
    }

    async fn observe_shard(&self, shard: Shard) -> Observed {
        let observation =
            Observation { time: self.now, since: self.now - MINUTE, interval: MINUTE, shard };
        self.source.observe(&observation, &budget()).await
    }

    async fn observe(&self) -> Observed {
        self.observe_shard(Shard::default()).await
    }

    async fn try_discover(&self) -> Result<Discovered, SourceError> {
        self.source.discover(&Part::new(OWN), self.now, &budget()).await
    }

    async fn discover(&self) -> Discovered {
        self.try_discover().await.expect("something is known")
    }

    async fn pull(&self, queries: &BTreeSet<String>, window: Window) -> Pulled {
        let part = Part::new(OWN);
        self.source.pull(&Pull { part: &part, window, queries }, &budget()).await
    }

    fn count(&self, call: &str) -> u64 {
        self.calls.take().get(call).copied().unwrap_or_default()
    }
}

/// As long as the machine needs.
fn budget() -> Budget {
    Budget::starting_now(Duration::from_secs(60))
}

fn two_clusters() -> EcsFleet {
    let cluster =
        |name: &str| Cluster::new(name, vec![Service::new("web", 2), Service::new("idle", 0)]);
    EcsFleet { clusters: vec![cluster("blue"), cluster("green")] }
}

fn lines(observed: &Observed) -> BTreeSet<String> {
    let batches = observed.collected.batches.iter().flat_map(|batch| &batch.series);
    batches.map(|one| format!("{} {}", one.labels, one.samples[0].value)).collect()
}

fn values<'a>(observed: &'a Observed, name: &str) -> Vec<&'a Series> {
    let batches = observed.collected.batches.iter().flat_map(|batch| &batch.series);
    batches.filter(|one| one.labels.name() == name).collect()
}

/// The key of the query for the average CPU of a service.
fn cpu(cluster: &str, service: &str) -> String {
    format!("AWS/ECS|CPUUtilization|ClusterName={cluster},ServiceName={service}|Average")
}

#[tokio::test]
async fn one_look_at_the_api_serves_counts_and_queries() {
    let mut bench = Bench::of("{}", two_clusters()).await;
    let observed = bench.observe().await;
    assert_eq!(observed.collected.errors, []);
    assert_eq!(observed.parts, BTreeMap::from([(Part::new(OWN), Ok(()))]));
    assert!(observed.collected.batches.iter().all(|batch| batch.again == Again::Spool));
    let idle: Vec<_> = values(&observed, "ecs_service_running_tasks")
        .into_iter()
        .filter(|one| one.labels.get("service") == Some("idle"))
        .map(|one| (one.samples[0].at, one.samples[0].value))
        .collect();
    assert_eq!(idle, [(NOW, 0.0), (NOW, 0.0)], "nothing runs, and that is said");

    let discovered = bench.discover().await;
    assert_eq!(discovered.errors, []);
    assert!(discovered.queries.contains(&cpu("blue", "web")), "{:?}", discovered.queries);
    assert_eq!(bench.count("ecs:ListClusters"), 1);

    bench.tick();
    bench.discover().await;
    assert_eq!(bench.count("ecs:ListClusters"), 1, "a run that observes nothing looks by itself");
}

#[tokio::test]
async fn what_is_read_is_what_cloudwatch_has() {
    let bench = Bench::of("{}", two_clusters()).await;
    let queries = bench.discover().await.queries;
    let window = Window::new(NOW - 7 * MINUTE, NOW - 2 * MINUTE);
    let pulled = bench.pull(&queries, window).await;
    assert_eq!(pulled.collected.errors, []);
    assert_eq!(pulled.unanswered, BTreeSet::new());
    let series: Vec<_> = pulled.collected.batches.iter().flat_map(|batch| &batch.series).collect();
    let web = series.iter().find(|one| {
        one.labels.name() == "aws_ecs_cpuutilization_average"
            && one.labels.get("dimension_ClusterName") == Some("blue")
            && one.labels.get("dimension_ServiceName") == Some("web")
    });
    let samples = &web.expect("this series").samples;
    let found: Vec<_> = samples.iter().map(|one| (one.at.as_secs(), one.value)).collect();
    let expected = bench.emulator.expected_ecs(
        OWN,
        "AWS/ECS",
        "CPUUtilization",
        &[("ClusterName", "blue"), ("ServiceName", "web")],
        "Average",
        window.from.as_secs()..window.to.as_secs(),
    );
    assert_eq!(found, expected);
    assert_eq!(found.len(), 5);
}

#[tokio::test]
async fn a_list_that_fails_once_takes_no_query_away() {
    let mut bench = Bench::of("{}", two_clusters()).await;
    let before = bench.discover().await.queries;
    bench.tick();
    bench.script(Rule::on("ecs:DescribeServices", Fault::Throttle).about("blue").forever());
    let observed = bench.observe().await;
    assert_eq!(observed.collected.errors.len(), 1);
    let services = values(&observed, "ecs_service_running_tasks");
    let clusters: BTreeSet<_> =
        services.iter().filter_map(|one| one.labels.get("cluster")).collect();
    assert_eq!(clusters, BTreeSet::from(["green"]), "no false zero");
    let discovered = bench.discover().await;
    assert_eq!(discovered.queries, before);
    assert_eq!(discovered.errors, [], "it was said");
}

#[tokio::test]
async fn where_a_list_was_never_had_nothing_is_read_until_it_is() {
    let mut bench = Bench::of("{}", two_clusters()).await;
    bench.script(Rule::on("ecs:ListServices", Fault::Throttle).about("blue").forever());
    let observed = bench.observe().await;
    assert_eq!(observed.parts[&Part::new(OWN)], Ok(()), "green is there");
    let error = bench.try_discover().await.expect_err("a minute of blue's would be passed over");
    assert!(
        error.message.starts_with("the services of cluster blue are not known yet"),
        "{error:?}"
    );
    bench.emulator.faults().clear();
    bench.tick();
    assert!(bench.discover().await.queries.contains(&cpu("blue", "web")));
}

#[tokio::test]
async fn a_cluster_that_nobody_may_see_holds_up_nobody() {
    let bench = Bench::of("{}", two_clusters()).await;
    bench.script(Rule::on("ecs:List", Fault::AccessDenied).about("blue").forever());
    let observed = bench.observe().await;
    assert_eq!(observed.collected.errors.len(), 1, "{:?}", observed.collected.errors);
    let queries = bench.discover().await.queries;
    assert!(queries.contains(&cpu("green", "web")));
    assert!(!queries.contains(&cpu("blue", "web")));
}

#[tokio::test]
async fn an_api_that_is_down_leaves_cloudwatch_to_be_read() {
    let mut bench = Bench::of("{}", two_clusters()).await;
    let before = bench.discover().await.queries;
    bench.tick();
    bench.script(Rule::on("ecs:", Fault::AccessDenied).forever());
    let observed = bench.observe().await;
    let said = lines(&observed);
    let down = format!("ecs_up{{account_id=\"123456789012\",region=\"{OWN}\"}} 0");
    assert_eq!(said, BTreeSet::from([down]));
    let [error] = &observed.collected.errors[..] else { panic!("one entry: {observed:?}") };
    assert_eq!(error.source, format!("ecs:ListClusters:{OWN}"));
    assert_eq!(observed.parts[&Part::new(OWN)], Err(error.clone()));
    let discovered = bench.discover().await;
    assert_eq!(discovered.queries, before);
    assert_eq!(discovered.errors, [], "it was said");
}

#[tokio::test]
async fn one_region_that_is_denied_costs_only_itself() {
    let bench = Bench::of(&format!("{{regions: [{OWN}, {OTHER}]}}"), two_clusters()).await;
    bench.script(Rule::on("ecs:", Fault::AccessDenied).in_region(OTHER).forever());
    let observed = bench.observe().await;
    let answered: Vec<_> =
        observed.parts.iter().map(|(part, one)| (part.as_str(), one.is_ok())).collect();
    assert_eq!(answered, [(OWN, true), (OTHER, false)]);
    assert_eq!(observed.collected.errors.len(), 1);
    let up: BTreeMap<_, _> = values(&observed, "ecs_up")
        .into_iter()
        .map(|one| (one.labels.get("region").unwrap_or_default(), one.samples[0].value))
        .collect();
    assert_eq!(up, BTreeMap::from([(OWN, 1.0), (OTHER, 0.0)]));
    let error = bench.source.discover(&Part::new(OTHER), NOW, &budget()).await.expect_err("denied");
    assert_eq!(error, observed.collected.errors[0], "said once");
}

#[tokio::test]
async fn roles_read_their_own_accounts() {
    let section = format!("{{regions: [{OTHER}], roles: [{{role_arn: '{ROLE}'}}]}}");
    let bench = Bench::of(&section, two_clusters()).await;
    let parts: Vec<_> = bench.source.parts().into_iter().map(|plan| plan.part).collect();
    assert_eq!(parts, [Part::new(format!("{OTHER}:{ROLE}"))]);
    let observed = bench.observe().await;
    let [up] = &values(&observed, "ecs_up")[..] else { panic!("one region: {observed:?}") };
    assert_eq!(
        (up.labels.get("account_id"), up.labels.get("region")),
        (Some("210987654321"), Some(OTHER))
    );
}

#[tokio::test]
async fn what_is_filtered_away_is_neither_said_nor_asked_for() {
    let bench =
        Bench::of("{metrics: [ecs_up, aws_ecs_cpuutilization_average]}", two_clusters()).await;
    let observed = bench.observe().await;
    assert_eq!(lines(&observed).len(), 1);
    let discovered = bench.discover().await;
    assert!(discovered.queries.contains(&cpu("blue", "web")));
    assert!(
        discovered
            .queries
            .iter()
            .all(|key| key.starts_with("AWS/ECS|CPUUtilization|") && key.ends_with("|Average"))
    );
    assert_eq!(discovered.info, []);
}

#[tokio::test]
async fn shards_share_the_series_among_them() {
    let bench = Bench::of("{}", two_clusters()).await;
    let whole = lines(&bench.observe().await);
    let mut shared = BTreeSet::new();
    for index in 0..3 {
        let part = lines(&bench.observe_shard(Shard { index, count: 3 }).await);
        assert!(!part.is_empty());
        assert!(shared.is_disjoint(&part));
        shared.extend(part);
    }
    assert_eq!(shared, whole);
}

#[tokio::test]
async fn the_last_minutes_of_a_service_that_is_gone_are_read() {
    let mut bench = Bench::of("{}", two_clusters()).await;
    bench.discover().await;
    bench.emulator.set_ecs_fleet(OWN, EcsFleet::default());
    bench.tick();
    assert_eq!(values(&bench.observe().await, "ecs_clusters")[0].samples[0].value, 0.0);
    assert!(bench.discover().await.queries.contains(&cpu("blue", "web")));
    for _ in 0..15 {
        bench.tick();
    }
    assert_eq!(bench.discover().await.queries, BTreeSet::new());
}

#[tokio::test]
async fn metrics_are_listed_once_in_a_while_and_an_old_list_will_do() {
    let fleet = two_clusters().with_insights(Insights::Enhanced);
    let mut bench = Bench::of("{container_insights: true, per_task: true}", fleet).await;
    bench.emulator.set_listing_lag(Duration::ZERO);
    let discovered = bench.discover().await;
    let of_containers = |queries: &BTreeSet<String>| {
        queries.iter().filter(|key| key.contains("ContainerName=")).count()
    };
    let before = of_containers(&discovered.queries);
    assert!(before > 0, "{:?}", discovered.queries);
    assert!(bench.count("cloudwatch:ListMetrics") > 0);
    bench.tick();
    assert_eq!(of_containers(&bench.discover().await.queries), before);
    assert_eq!(bench.count("cloudwatch:ListMetrics"), 0, "it is fresh");

    bench.script(Rule::on("cloudwatch:ListMetrics", Fault::AccessDenied).forever());
    (0..5).for_each(|_| bench.tick());
    let discovered = bench.discover().await;
    assert_eq!(of_containers(&discovered.queries), before);
    assert_eq!(discovered.errors.len(), 1);
    assert_eq!(discovered.errors[0].source, format!("cloudwatch:ListMetrics:{OWN}"));

    let cold = Bench::of("{container_insights: true}", EcsFleet::demo()).await;
    cold.script(Rule::on("cloudwatch:ListMetrics", Fault::AccessDenied).forever());
    cold.try_discover().await.expect_err("queries would vanish, and nobody would go back for them");
}

#[tokio::test]
async fn without_a_region_the_part_says_so() {
    let none = |_: &str| None;
    let http = http::Factory::new(&none).expect("a client without trust roots");
    let aws = Aws::load(http.sdk_client(), Clock::System, &none).await;
    if aws.region().is_some() {
        // The profile of whoever runs this names one.
        return;
    }
    let source = EcsSource::new(Settings::of("{}"), &aws);
    let observation =
        Observation { time: NOW, since: NOW - MINUTE, interval: MINUTE, shard: Shard::default() };
    let observed = source.observe(&observation, &budget()).await;
    assert_eq!(observed.collected.errors.len(), 1);
    let error =
        source.discover(&source.parts()[0].part, NOW, &budget()).await.expect_err("no region");
    assert_eq!(error.message, "no region is known: ecs.regions names one, or AWS_REGION does");
    assert_eq!(observed.collected.errors, [error]);
}

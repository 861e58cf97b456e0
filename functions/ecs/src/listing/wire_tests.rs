//! Looks at an emulated ECS, with its real limits: what is found, what it takes, and what becomes of what fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::{Aws, Calls};
use clock::{Budget, Clock};
use emulators::aws::{AwsEmulator, EcsRates, Options};
use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::{
    Cluster as Cluster_, EcsFleet, Instance, Presence, Service as Service_,
};
use series::{SourceError, Timestamp};

use super::{List, Lister, Looked};
use crate::inventory::{Cluster, Task};
use crate::settings::Settings;

const REGION: &str = "eu-west-1";

/// 2026-11-20T09:26:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);

/// One look may take as long as the machine needs.
const LONG: Duration = Duration::from_secs(60);

pub(super) struct Bench {
    emulator: AwsEmulator,
    lister: Lister,
    calls: Calls,
}

impl Bench {
    pub(super) async fn of(fleet: EcsFleet) -> Self {
        let ecs = BTreeMap::from([(REGION.to_owned(), fleet)]);
        let emulator =
            AwsEmulator::start(Options { ecs, now: Some(NOW.as_secs()), ..Options::default() });
        let variables: BTreeMap<String, String> = emulator.environment().into_iter().collect();
        let lookup = |name: &str| variables.get(name).cloned();
        let http = http::Factory::new(&lookup).expect("a client without trust roots");
        // Signatures are checked against real time.
        let aws = Aws::load(http.sdk_client(), Clock::System, &lookup).await;
        let calls = aws.calls().clone();
        Self { emulator, lister: Lister::new(aws, None, REGION.to_owned()), calls }
    }

    async fn try_look(&mut self, section: &str) -> Result<Looked, SourceError> {
        let budget = Budget::starting_now(LONG);
        self.lister.look(&Settings::of(section), NOW, &budget).await
    }

    pub(super) async fn look(&mut self, section: &str) -> Looked {
        self.try_look(section).await.expect("the clusters are listed")
    }

    pub(super) fn script(&self, rule: Rule) {
        self.emulator.faults().push(rule);
    }

    /// All calls since the last time.
    fn taken(&self) -> BTreeMap<String, u64> {
        self.calls.take()
    }
}

fn names(looked: &Looked) -> Vec<&str> {
    looked.inventory.clusters.iter().map(|cluster| cluster.name.as_str()).collect()
}

fn cluster<'a>(looked: &'a Looked, name: &str) -> &'a Cluster {
    let mut clusters = looked.inventory.clusters.iter();
    clusters.find(|cluster| cluster.name == name).expect("this cluster")
}

fn texts(errors: &[SourceError]) -> Vec<String> {
    errors.iter().map(|error| format!("{}: {}", error.source, error.message)).collect()
}

fn two_clusters() -> EcsFleet {
    let cluster = |name: &str| Cluster_ {
        instances: vec![Instance::new("i-0a1b2c3d4e5f60718")],
        ..Cluster_::new(name, vec![Service_::new("web", 2), Service_::new("idle", 0)])
    };
    EcsFleet { clusters: vec![cluster("blue"), cluster("green")] }
}

#[tokio::test]
async fn everything_there_is_is_found() {
    let mut bench = Bench::of(EcsFleet::demo()).await;
    let looked = bench.look("{}").await;
    assert_eq!(looked.errors, []);
    assert_eq!(looked.owing, BTreeSet::new());
    assert_eq!(looked.inventory.account, "123456789012");
    assert_eq!(looked.inventory.region, REGION);

    let fleet = bench.emulator.ecs_fleet(REGION);
    let truth = fleet.at(NOW.as_secs());
    assert_eq!(names(&looked), ["batch", "factory", "production"], "in the order of their names");
    for expected in &truth.clusters {
        let found = cluster(&looked, &expected.cluster.name);
        let services: BTreeSet<_> = expected
            .services
            .iter()
            .map(|one| (one.service.name.as_str(), one.desired, one.running, one.pending))
            .collect();
        let of = found.services.as_deref().expect("services");
        let of: BTreeSet<_> = of
            .iter()
            .map(|one| (one.name.as_str(), one.desired, one.running, one.pending))
            .collect();
        assert_eq!(of, services);

        let is_over = |status: &str| status == "STOPPED";
        let tasks = |over: bool| -> BTreeSet<(&str, &str)> {
            let tasks = expected.tasks.iter().filter(|task| is_over(task.last_status) == over);
            tasks.map(|task| (task.id.as_str(), task.last_status)).collect()
        };
        let of = |tasks: &'_ Option<Vec<Task>>| -> BTreeSet<(String, String)> {
            let tasks = tasks.iter().flatten();
            tasks.map(|task| (task.id.clone(), task.last_status.clone())).collect()
        };
        let owned = |tasks: BTreeSet<(&str, &str)>| -> BTreeSet<(String, String)> {
            tasks.into_iter().map(|(id, status)| (id.to_owned(), status.to_owned())).collect()
        };
        assert_eq!(of(&found.tasks), owned(tasks(false)));
        assert_eq!(of(&found.stopped), owned(tasks(true)));
        assert!(found.stopped.iter().flatten().all(|task| task.stop.is_some()));

        let instances: BTreeSet<_> =
            expected.instances.iter().map(|one| (one.instance.id.as_str(), one.running)).collect();
        let of = found.instances.as_deref().expect("instances");
        let of: BTreeSet<_> =
            of.iter().map(|one| (one.instance_id.as_str(), one.running)).collect();
        assert_eq!(of, instances);
    }
    assert_eq!(cluster(&looked, "production").container_insights.as_deref(), Some("enhanced"));
}

#[tokio::test]
async fn a_thousand_tasks_in_two_hundred_services_take_sixty_calls_and_no_throttling() {
    let mut bench = Bench::of(EcsFleet::sized(200, 5)).await;
    bench.emulator.set_ecs_rates(Some(EcsRates::published()));
    for run in 0..3 {
        let looked = bench.look("{}").await;
        assert_eq!(looked.errors, []);
        let contents = looked.inventory.clusters.iter();
        let (services, tasks) = contents.fold((0, 0), |(services, tasks), cluster| {
            let count = |list: Option<usize>| list.unwrap_or_default();
            (
                services + count(cluster.services.as_ref().map(Vec::len)),
                tasks + count(cluster.tasks.as_ref().map(Vec::len)),
            )
        });
        assert_eq!((services, tasks), (200, 1000));
        let taken = bench.taken();
        let ecs: u64 =
            taken.iter().filter(|(call, _)| call.starts_with("ecs:")).map(|(_, n)| n).sum();
        assert!(ecs <= 60, "run {run}: {taken:?}");
    }
    assert_eq!(bench.emulator.ecs_throttled(), 0);
}

#[tokio::test]
async fn every_page_is_read() {
    let services = (0..205).map(|index| Service_::new(&format!("s{index}"), 1)).collect();
    let clusters = (0..120).map(|index| Cluster_::new(&format!("c{index}"), Vec::new()));
    let clusters = clusters.chain([Cluster_::new("large", services)]).collect();
    let mut bench = Bench::of(EcsFleet { clusters }).await;
    let looked = bench.look("{clusters: 'large|c7'}").await;
    assert_eq!(names(&looked), ["c7", "large"]);
    let large = cluster(&looked, "large");
    assert_eq!(large.services.as_ref().map(Vec::len), Some(205));
    assert_eq!(large.tasks.as_ref().map(Vec::len), Some(205));
    let taken = bench.taken();
    let count = |call: &str| taken.get(&format!("ecs:{call}")).copied().unwrap_or_default();
    assert_eq!((count("ListClusters"), count("DescribeClusters")), (2, 1));
    assert_eq!((count("ListServices"), count("DescribeServices")), (4, 21));
    assert_eq!((count("ListTasks"), count("DescribeTasks")), (6, 3));
    assert_eq!(count("ListContainerInstances"), 0, "there are none, as DescribeClusters says");
}

#[tokio::test]
async fn what_is_not_selected_is_not_described() {
    let mut bench = Bench::of(EcsFleet::demo()).await;
    let looked = bench.look("{clusters: prod.*, services: 'web|api'}").await;
    assert_eq!(names(&looked), ["production"]);
    let production = cluster(&looked, "production");
    let services: Vec<_> =
        production.services.iter().flatten().map(|service| service.name.as_str()).collect();
    assert_eq!(services, ["api", "web"]);
    let of: BTreeSet<_> = production
        .tasks
        .iter()
        .chain(&production.stopped)
        .flatten()
        .map(|task| task.service.as_deref())
        .collect();
    assert_eq!(of, BTreeSet::from([Some("api"), Some("web")]));

    let looked = bench.look("{clusters: batch, services: nothing}").await;
    let batch = cluster(&looked, "batch");
    assert_eq!(batch.services.as_ref().map(Vec::len), Some(0));
    let alone: BTreeSet<_> = batch
        .stopped
        .iter()
        .flatten()
        .map(|task| (task.service.as_ref(), task.family.as_str()))
        .collect();
    assert_eq!(alone, BTreeSet::from([(None, "nightly-report"), (None, "import")]));
}

#[tokio::test]
async fn a_task_that_stopped_is_described_once() {
    let mut bench = Bench::of(EcsFleet::demo()).await;
    let first = bench.look("{clusters: batch}").await;
    let described = |taken: &BTreeMap<String, u64>| taken["ecs:DescribeTasks"];
    assert_eq!(described(&bench.taken()), 2, "those that run and those that stopped");
    let second = bench.look("{clusters: batch}").await;
    assert_eq!(described(&bench.taken()), 1);
    let ids = |looked: &Looked| -> Vec<String> {
        cluster(looked, "batch").stopped.iter().flatten().map(|task| task.id.clone()).collect()
    };
    assert!(!ids(&first).is_empty());
    assert_eq!(ids(&first), ids(&second));
}

#[tokio::test]
async fn a_cluster_that_nobody_may_see_costs_one_entry() {
    let mut bench = Bench::of(two_clusters()).await;
    for call in ["ListServices", "ListTasks", "ListContainerInstances"] {
        let rule = Rule::on(format!("ecs:{call}"), Fault::AccessDenied);
        bench.script(rule.about("blue").forever());
    }
    let looked = bench.look("{}").await;
    assert_eq!(names(&looked), ["blue", "green"]);
    let blue = cluster(&looked, "blue");
    assert!(blue.services.is_none() && blue.tasks.is_none());
    assert!(blue.stopped.is_none() && blue.instances.is_none());
    assert_eq!(cluster(&looked, "green").services.as_ref().map(Vec::len), Some(2));
    assert_eq!(cluster(&looked, "green").tasks.as_ref().map(Vec::len), Some(2));
    let [error] = &texts(&looked.errors)[..] else { panic!("one entry: {:?}", looked.errors) };
    assert!(error.starts_with("ecs:ListServices:eu-west-1:blue: AccessDenied"), "{error}");
    assert!(error.ends_with("(and so ListContainerInstances, ListTasks)"), "{error}");
    assert_eq!(looked.owing, BTreeSet::new(), "asking again makes no difference");
}

#[tokio::test]
async fn one_list_that_fails_costs_nothing_else() {
    let mut bench = Bench::of(two_clusters()).await;
    bench.script(Rule::on("ecs:DescribeServices", Fault::AccessDenied).about("blue"));
    let looked = bench.look("{}").await;
    let blue = cluster(&looked, "blue");
    assert!(blue.services.is_none());
    assert_eq!(blue.tasks.as_ref().map(Vec::len), Some(2));
    assert_eq!(blue.instances.as_ref().map(Vec::len), Some(1));
    assert_eq!(looked.errors.len(), 1);
    assert!(looked.errors[0].source.starts_with("ecs:DescribeServices:eu-west-1:blue"));
}

#[tokio::test]
async fn throttling_is_got_over_and_a_list_that_stays_out_is_owed() {
    let mut bench = Bench::of(two_clusters()).await;
    bench.script(Rule::on("ecs:ListServices", Fault::Throttle).about("blue").times(2));
    let looked = bench.look("{}").await;
    assert_eq!(looked.errors, []);
    assert_eq!(bench.taken()["ecs:ListServices"], 4);

    bench.script(Rule::on("ecs:DescribeTasks", Fault::Throttle).about("blue").forever());
    let looked = bench.look("{}").await;
    assert!(cluster(&looked, "blue").tasks.is_none());
    assert_eq!(cluster(&looked, "green").tasks.as_ref().map(Vec::len), Some(2));
    assert_eq!(looked.owing, BTreeSet::from([("blue".to_owned(), List::Tasks)]));
    let [error] = &texts(&looked.errors)[..] else { panic!("one entry: {:?}", looked.errors) };
    assert!(error.starts_with("ecs:DescribeTasks:eu-west-1:blue: ThrottlingException"), "{error}");
}

#[tokio::test]
async fn what_is_deleted_between_two_calls_is_one_entry_and_gone() {
    for (presence, expected) in [
        (
            Presence::Missing,
            "ecs:DescribeClusters:eu-west-1: MISSING: arn:aws:ecs:eu-west-1:123456789012:cluster/blue",
        ),
        (
            Presence::Inactive,
            "ecs:DescribeClusters:eu-west-1: INACTIVE: arn:aws:ecs:eu-west-1:123456789012:cluster/blue",
        ),
        (
            Presence::DeletedAfter,
            "ecs:ListServices:eu-west-1:blue: ClusterNotFoundException: Cluster not found.",
        ),
    ] {
        let mut fleet = two_clusters();
        fleet.clusters[0].presence = presence;
        let mut bench = Bench::of(fleet).await;
        let looked = bench.look("{}").await;
        assert_eq!(names(&looked), ["green"], "{presence:?}");
        let [error] = &texts(&looked.errors)[..] else { panic!("one entry: {:?}", looked.errors) };
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(looked.owing, BTreeSet::new());
    }
    let mut fleet = two_clusters();
    fleet.clusters[0].services[0].presence = Presence::Missing;
    let mut bench = Bench::of(fleet).await;
    let looked = bench.look("{}").await;
    let services: Vec<_> = cluster(&looked, "blue").services.iter().flatten().collect();
    assert_eq!(services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["idle"]);
    assert_eq!(
        texts(&looked.errors),
        [
            "ecs:DescribeServices:eu-west-1:blue: MISSING: arn:aws:ecs:eu-west-1:123456789012:service/blue/web"
        ]
    );
}

#[tokio::test]
async fn without_their_descriptions_clusters_are_known_by_name() {
    let mut bench = Bench::of(two_clusters()).await;
    bench.script(Rule::on("ecs:DescribeClusters", Fault::AccessDenied).forever());
    let looked = bench.look("{}").await;
    assert_eq!(names(&looked), ["blue", "green"]);
    let blue = cluster(&looked, "blue");
    assert_eq!(blue.container_insights, None);
    assert_eq!(
        blue.instances.as_ref().map(Vec::len),
        Some(1),
        "they may be there, so they are asked for"
    );
    assert_eq!(looked.errors.len(), 1);
    assert!(looked.errors[0].source.starts_with("ecs:DescribeClusters:eu-west-1"));
}

#[tokio::test]
async fn without_the_list_of_clusters_there_is_nothing() {
    let mut bench = Bench::of(two_clusters()).await;
    bench.script(Rule::on("ecs:ListClusters", Fault::AccessDenied).forever());
    let error = bench.try_look("{}").await.expect_err("nothing is known");
    assert_eq!(error.source, "ecs:ListClusters:eu-west-1");
    assert!(error.message.starts_with("AccessDenied"), "{}", error.message);
    assert_eq!(bench.taken()["ecs:ListClusters"], 1, "asking again makes no difference");
}

#[tokio::test]
async fn an_empty_region_says_whose_it_is() {
    let mut bench = Bench::of(EcsFleet::default()).await;
    let looked = bench.look("{}").await;
    assert_eq!(names(&looked), Vec::<&str>::new());
    assert_eq!(looked.inventory.account, "123456789012");
    assert_eq!(bench.taken()["sts:GetCallerIdentity"], 1);
}

#[tokio::test]
async fn a_silent_api_costs_no_more_than_the_budget() {
    let mut bench = Bench::of(two_clusters()).await;
    bench.script(Rule::on("ecs:", Fault::Delay(Duration::from_secs(600))).forever());
    let budget = Budget::starting_now(Duration::from_millis(300));
    let looked = bench.lister.look(&Settings::of("{}"), NOW, &budget).await;
    let error = looked.expect_err("nothing is known");
    assert_eq!(error.source, "ecs:ListClusters:eu-west-1");
    assert!(budget.elapsed() < LONG, "{:?}", budget.elapsed());
}

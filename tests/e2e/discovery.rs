//! Which distributions and metrics are read, under which names, and what happens when that cannot be found out.

use std::collections::{BTreeMap, BTreeSet};

use emulators::aws::{Options as AwsOptions, Role};
use emulators::faults::{Fault, Rule};
use emulators::traffic::Fleet;
use runtime::RunError;
use serde_json::json;
use tests::{CONFIG, Setup, World, minute};

const LIST: &str = "cloudfront:ListDistributions";
const TAGS: &str = "cloudfront:ListTagsForResource";
const OTHER: &str = "arn:aws:iam::222222222222:role/reader";
const THIRD: &str = "arn:aws:iam::333333333333:role/reader";

fn with(section: &str) -> World {
    let config = CONFIG.replace("cloudfront: {}", &format!("cloudfront: {section}"));
    World::new(Setup { config, interval_seconds: 60, ..Setup::default() })
}

fn denied() -> Fault {
    let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>denied</Message></Error></ErrorResponse>";
    Fault::Status(403, body.to_owned())
}

/// The values of a label over everything that remote write holds of CloudFront.
fn values(world: &World, label: &str) -> BTreeSet<String> {
    let series = world.receiver.series().into_keys();
    series.filter_map(|labels| labels.get(label).cloned()).collect()
}

#[tokio::test]
async fn a_list_by_hand_needs_no_permission_of_cloudfronts() {
    let fleet = Fleet::demo().distributions;
    let world = with(&format!(
        "{{distributions: [{{id: {}, name: shop}}, {{id: {}}}]}}",
        fleet[0].id, fleet[1].id
    ));
    world.aws.faults().push(Rule::on("cloudfront:", denied()).forever());
    let handler = world.handler().await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    assert!(world.aws.calls().iter().all(|call| call.service != "cloudfront"));
    let ids = BTreeSet::from([fleet[0].id.clone(), fleet[1].id.clone()]);
    assert_eq!(values(&world, "dimension_DistributionId"), ids);
    assert_eq!(values(&world, "alias"), BTreeSet::from(["shop".to_owned(), fleet[1].id.clone()]));
    assert_eq!(values(&world, "account_id"), BTreeSet::from(["123456789012".to_owned()]));
    let names = world.held_by_mackerel();
    assert!(names.contains_key("cloudfront.requests.shop"));
    assert!(names.contains_key(&format!("cloudfront.requests.{}", fleet[1].id)));
}

#[tokio::test]
async fn two_distributions_of_one_name_are_never_mixed_whoever_has_traffic() {
    // The second one has a request now and then, the first one none in some minutes.
    let fleet = Fleet::demo().distributions;
    let (quiet, busy) = (&fleet[4].id, &fleet[0].id);
    let world = with(&format!(
        "{{metrics: [Requests], distributions: [{{id: {quiet}, name: a.b}}, {{id: {busy}, name: a_b}}]}}"
    ));
    let handler = world.handler().await;
    for run in 0..12 {
        let outcome = world.run(&handler, minute(run)).await;
        let [note] = &outcome.report.errors[..] else { panic!("{:?}", outcome.report.errors) };
        assert!(note.message.contains(quiet) && note.message.contains(busy), "{}", note.message);
    }
    let held = world.held_by_mackerel();
    let window = minute(-3).as_secs()..minute(9).as_secs();
    let first = quiet.min(busy);
    for id in [quiet, busy] {
        let truth = world.aws.expected(id, "Requests", "Sum", window.clone());
        let own =
            held.iter().find(|(name, _)| (*name == "cloudfront.requests.a_b") == (id == first));
        let (name, points) = own.expect("a metric of its own");
        assert_eq!(points.clone().into_iter().collect::<Vec<_>>(), truth, "{name}");
    }
}

#[tokio::test]
async fn tags_become_labels_where_they_are_wanted() {
    for (section, wanted) in [("{}", true), ("{tags: true}", true), ("{tags: false}", false)] {
        let world = with(section);
        let handler = world.handler().await;
        assert_eq!(world.run(&handler, minute(5)).await.failure, None);
        assert_eq!(world.aws.call_log().count(TAGS) > 0, wanted, "{section}");
        assert_eq!(values(&world, "tag_Name").contains("Website"), wanted, "{section}");
    }
}

#[tokio::test]
async fn additional_metrics_are_read_where_they_are_enabled_and_nowhere_else() {
    let world = with("{}");
    let handler = world.handler().await;
    let report = world.run(&handler, minute(5)).await.report;
    assert_eq!(report.metrics_requested, 6 * 6 + 10);
    assert_eq!(world.aws.call_log().count("cloudwatch:ListMetrics"), 1);
    world.assert_whole(2..3);

    let world = with("{metrics: [CacheHitRate, Requests]}");
    let handler = world.handler().await;
    let report = world.run(&handler, minute(5)).await.report;
    assert_eq!(report.metrics_requested, 6 * 2, "exactly these");
    assert_eq!(world.aws.call_log().count("cloudwatch:ListMetrics"), 0);
    let names = values(&world, "__name__").into_iter().filter(|name| !name.starts_with("hostless"));
    let expected = ["cache_hit_rate_average", "info", "requests_sum"];
    assert_eq!(names.collect::<Vec<_>>(), expected.map(|name| format!("aws_cloudfront_{name}")));
}

#[tokio::test]
async fn zero_fill_writes_zeros_for_counts_only_and_only_where_nothing_is() {
    let world = with("{zero_fill: true}");
    let handler = world.handler().await;
    for run in [0, 7, 14] {
        assert_eq!(world.run(&handler, minute(run)).await.failure, None);
    }
    let held = world.held_by_remote_write();
    let due = world.due_to_remote_write(-3..12);
    let mut zeros = 0;
    for distribution in &world.aws.fleet().distributions {
        let series = |name: &str| format!("aws_cloudfront_{name}{{{}}}", distribution.id);
        for count in ["requests_sum", "bytes_downloaded_sum", "bytes_uploaded_sum"] {
            let points = &held[&series(count)];
            assert_eq!(points.len(), 15, "{} has every minute", series(count));
            for (at, value) in points {
                let truth = due.get(&series(count)).and_then(|points| points.get(at));
                assert_eq!(*value, truth.copied().unwrap_or(0.0));
                zeros += usize::from(truth.is_none());
            }
        }
        let rate = series("4xx_error_rate_average");
        assert_eq!(held.get(&rate), due.get(&rate), "a rate without requests is no zero");
    }
    assert!(zeros > 15, "one distribution without traffic, one with gaps");
}

#[tokio::test]
async fn a_new_distribution_is_found_after_a_quarter_of_an_hour() {
    let world = with("{}");
    let whole = (*world.aws.fleet()).clone();
    let mut fleet = whole.clone();
    fleet.distributions.remove(0);
    world.aws.set_fleet(fleet);
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    world.aws.set_fleet(whole);
    for run in [1, 7, 14, 15, 16] {
        assert_eq!(world.run(&handler, minute(run)).await.failure, None);
        let found = values(&world, "alias").contains("www.example.com");
        assert_eq!(found, run >= 15, "run {run}");
    }
    assert_eq!(world.aws.call_log().count(LIST), 2, "cached in between");
}

#[tokio::test]
async fn a_list_that_fails_costs_a_warm_function_nothing_and_a_cold_one_only_time() {
    let world = with("{}");
    let cold = world.handler().await;
    world.aws.faults().push(Rule::on(LIST, denied()).forever());
    for run in 0..2 {
        let outcome = world.run(&cold, minute(run)).await;
        let Some(RunError::Source(message)) = &outcome.failure else {
            panic!("{:?}", outcome.failure)
        };
        assert!(message.contains(LIST), "{message}");
    }
    world.aws.faults().clear();
    assert_eq!(world.run(&cold, minute(2)).await.failure, None);
    world.assert_whole(-3..0);

    world.aws.faults().push(Rule::on(LIST, denied()).forever());
    for run in [18, 19] {
        let outcome = world.run(&cold, minute(run)).await;
        assert_eq!(outcome.failure, None);
        let [error] = &outcome.report.errors[..] else { panic!("{:?}", outcome.report.errors) };
        assert!(error.source.starts_with(LIST), "{error:?}");
    }
    world.assert_whole(-3..17);
}

#[tokio::test]
async fn a_distribution_whose_tags_cannot_be_read_waits_for_them_alone() {
    let world = with("{}");
    let handler = world.handler().await;
    world.aws.faults().push(Rule::on(TAGS, denied()));
    let outcome = world.run(&handler, minute(0)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    let [error, ..] = &outcome.report.errors[..] else { panic!("the report says it") };
    let missing = error.source.strip_prefix(&format!("{TAGS}:")).expect("names the distribution");
    let mut due = world.due_to_remote_write(-3..-2);
    due.retain(|series, _| !series.contains(missing));
    assert_eq!(world.held_by_remote_write(), due, "the others are on time");
    let outcome = world.run(&handler, minute(1)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    world.assert_whole(-3..-1);
    let without_tags: Vec<_> = world
        .receiver
        .samples(&[("dimension_Region", "Global")])
        .into_keys()
        .filter(|labels| !labels.contains_key("tag_Name"))
        .collect();
    assert_eq!(without_tags, Vec::<BTreeMap<String, String>>::new());
}

#[tokio::test]
async fn two_accounts_are_read_in_one_run_and_one_that_is_denied_costs_the_other_nothing() {
    let role = |arn: &str, seed: usize| Role {
        arn: arn.to_owned(),
        external_id: Some("planted-external-id".to_owned()),
        fleet: Fleet { distributions: Fleet::sized(4).distributions[seed..seed + 2].to_vec() },
        ecs: BTreeMap::new(),
    };
    let config = CONFIG.replace(
        "cloudfront: {}",
        &json!({"roles": [
            {"role_arn": OTHER, "external_id": "planted-external-id"},
            {"role_arn": THIRD, "external_id": "planted-external-id"},
        ]})
        .to_string()
        .replacen('{', "cloudfront: {", 1),
    );
    let aws = AwsOptions { roles: vec![role(OTHER, 0), role(THIRD, 2)], ..AwsOptions::default() };
    let world = World::new(Setup { config, aws, interval_seconds: 60, ..Setup::default() });
    let handler = world.handler().await;
    assert_eq!(world.run(&handler, minute(0)).await.failure, None);
    let accounts = ["222222222222", "333333333333"].map(str::to_owned);
    assert_eq!(values(&world, "account_id"), BTreeSet::from(accounts));

    let get = "cloudwatch:GetMetricData";
    world.aws.faults().push(Rule::on(get, denied()).in_account("333333333333").forever());
    for run in 1..=2 {
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        assert!(!outcome.report.errors.is_empty());
        assert_eq!(outcome.report.sinks[1].sent, 2 * 6, "the other account, on time");
    }
    world.aws.faults().push(Rule::on(get, denied()).in_account("222222222222").forever());
    let both = world.run(&handler, minute(3)).await;
    assert!(matches!(both.failure, Some(RunError::Source(_))), "{:?}", both.failure);
    world.aws.faults().clear();
    assert_eq!(world.run(&handler, minute(4)).await.failure, None);
    let series = world.receiver.samples(&[("__name__", "aws_cloudfront_requests_sum")]);
    assert_eq!(series.len(), 4);
    assert!(series.values().all(|samples| samples.len() == 5), "nothing is missing");
    assert_eq!(world.mackerel_disorder(), BTreeSet::new());
}

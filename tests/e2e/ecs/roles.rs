//! Several accounts in one run, and several regions of each.

use std::collections::BTreeMap;

use emulators::aws::{Options as AwsOptions, Role};
use emulators::faults::{Fault, Rule};
use emulators::traffic::Fleet;
use emulators::traffic::ecs::EcsFleet;
use tests::{EcsTruth, Setup, World, minute};

use super::{OTHER, REGION, config, function, run, small};

const FIRST: &str = "222222222222";
const SECOND: &str = "333333333333";

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/reader")
}

/// A world of two accounts, each with a fleet in one region.
fn world(section: &str, places: [&str; 2]) -> World {
    let fleets = [small(), EcsFleet::demo()];
    let roles = [FIRST, SECOND].into_iter().zip(places).zip(fleets);
    let roles = roles.map(|((account, region), fleet)| Role {
        arn: role(account),
        external_id: Some("planted-external-id".to_owned()),
        fleet: Fleet::default(),
        ecs: BTreeMap::from([(region.to_owned(), fleet)]),
    });
    let aws = AwsOptions { roles: roles.collect(), ..AwsOptions::default() };
    let entry =
        |account| format!("{{role_arn: '{}', external_id: planted-external-id}}", role(account));
    let roles = format!("roles: [{}, {}]", entry(FIRST), entry(SECOND));
    let config = config(&format!("{{{roles}{section}}}"));
    World::new(Setup { config, aws, ..Setup::default() })
}

fn truths(region: &str) -> [EcsTruth; 2] {
    [EcsTruth::of(FIRST, region, small()), EcsTruth::of(SECOND, region, EcsFleet::demo())]
}

#[tokio::test]
async fn two_accounts_arrive_whole_in_one_run() {
    let world = world("", [REGION, REGION]);
    let handler = function(&world).await;
    for at in [5, 10] {
        let outcome = world.run(&handler, minute(at)).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        // What a region as a whole is about has one name in Mackerel, whichever account.
        let said = outcome.report.errors.iter().map(|error| error.source.as_str());
        assert_eq!(said.collect::<Vec<_>>(), ["mackerel:production"; 2]);
    }
    let [first, second] =
        truths(REGION).map(|truth| truth.counts(0, [5, 10]).and(truth.metrics(-2..8)));
    world.assert_ecs_in_remote_write(&first.clone().and(second.clone()));
    // The second account's two series have a suffix there.
    let held = world.held_by_mackerel();
    let names = first.mackerel().len() + second.mackerel().len();
    assert_eq!(held.len(), names, "nothing is mixed");
    let of_region = |name: &&String| name.contains(&format!(".{REGION}_"));
    assert_eq!(held.keys().filter(of_region).count(), 2);
    assert_eq!(world.mackerel.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn two_accounts_in_two_regions_arrive_whole_with_each_place_said() {
    let world = world(&format!(", regions: [{REGION}, {OTHER}]"), [REGION, OTHER]);
    let handler = function(&world).await;
    let outcome = world.run(&handler, minute(5)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    let empty = EcsFleet::default;
    let due = [
        EcsTruth::of(FIRST, REGION, small()),
        EcsTruth::of(FIRST, OTHER, empty()),
        EcsTruth::of(SECOND, REGION, empty()),
        EcsTruth::of(SECOND, OTHER, EcsFleet::demo()),
    ];
    let due = due.iter().map(|truth| truth.counts(0, [5]).and(truth.metrics(-2..3)));
    let due = due.reduce(|all, one| all.and(one)).expect("four places");
    world.assert_ecs_in_remote_write(&due);
}

#[tokio::test]
async fn an_account_that_is_denied_costs_the_other_nothing() {
    let section = ", metrics: ['ecs_service_.*', 'aws_ecs_.*']";
    let world = world(section, [REGION, REGION]);
    let handler = function(&world).await;
    world.aws.faults().push(Rule::on("ecs:", Fault::AccessDenied).in_account(FIRST).forever());
    for at in [5, 10] {
        let (source, message) = super::run_with_one_error(&world, &handler, at).await;
        assert_eq!(source, format!("ecs:ListClusters:{REGION}"));
        assert!(message.contains(FIRST), "which account: {message}");
    }
    world.aws.faults().clear();
    run(&world, &handler, 15).await;
    let kept = |series: &str| series.starts_with("ecs_service_") || series.starts_with("aws_ecs_");
    let [first, second] = truths(REGION);
    // The API's counts of that time are gone; CloudWatch keeps its data.
    let first = first.counts(0, [15]).and(first.metrics(-2..13));
    let second = second.counts(0, [5, 10, 15]).and(second.metrics(-2..13));
    world.assert_ecs(&first.and(second).only(kept));
}

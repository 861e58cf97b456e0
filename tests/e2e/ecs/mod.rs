//! ECS: the API's counts and CloudWatch's metrics of an emulated fleet, from both APIs to both kinds of sink.

mod arrival;
mod bad_input;
mod catalogue;
mod churn;
mod cli;
mod failures;
mod filter;
mod prometheus;
mod roles;
mod scale;
mod spooled;

use std::collections::BTreeMap;

use ::ecs::Ecs;
use emulators::aws::Options as AwsOptions;
use emulators::traffic::ecs::{Cluster, EcsFleet, Service};
use runtime::{Handler, Outcome};
use tests::{EcsDue, Setup, World, minute};

/// The function's own region.
const REGION: &str = "ap-northeast-1";

/// Another one.
const OTHER: &str = "eu-west-1";

/// A section, and both sinks.
fn config(section: &str) -> String {
    format!(
        "ecs: {section}
remote_write:
  - {{name: amp, url: '{{receiver}}', queue_config: {{min_backoff: 1ms, max_backoff: 5ms}}}}
mackerel:
  - {{service: production, api_key: planted-mackerel-api-key, base_url: '{{mackerel}}'}}
"
    )
}

/// A world with fleets in some regions, and a run every so many minutes.
fn world_of(section: &str, fleets: &[(&str, EcsFleet)], interval: u64) -> World {
    let ecs: BTreeMap<_, _> =
        fleets.iter().map(|(region, fleet)| ((*region).to_owned(), fleet.clone())).collect();
    let aws = AwsOptions { ecs, ..AwsOptions::default() };
    let interval_seconds = interval * 60;
    World::new(Setup { config: config(section), aws, interval_seconds, ..Setup::default() })
}

/// A world with a fleet in the function's own region, and a run every five minutes.
fn world(section: &str, fleet: EcsFleet) -> World {
    world_of(section, &[(REGION, fleet)], 5)
}

/// Two clusters with two small services each: what is enough where the demo's fleet is too much.
fn small() -> EcsFleet {
    let services = |names: [&str; 2]| vec![Service::new(names[0], 2), Service::new(names[1], 1)];
    EcsFleet {
        clusters: vec![
            Cluster::new("shop", services(["web", "api"])),
            Cluster::new("back", services(["queue", "mail"])),
        ],
    }
}

/// The function, cold.
async fn function(world: &World) -> Handler<Ecs> {
    world.function(&[]).await
}

/// A run that goes well.
async fn run(world: &World, handler: &Handler<Ecs>, at: i64) -> Outcome {
    let outcome = world.run(handler, minute(at)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.errors, [], "run {at}");
    outcome
}

/// A run that works, with this one complaint: its source, and its words.
async fn run_with_one_error(world: &World, handler: &Handler<Ecs>, at: i64) -> (String, String) {
    let outcome = world.run(handler, minute(at)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    let [error] = &outcome.report.errors[..] else { panic!("{:#?}", outcome.report.errors) };
    (error.source.clone(), error.message.clone())
}

/// What runs every five minutes deliver of a region by default. The first of them is at `first`, the last one at `last`.
fn due(world: &World, region: &str, first: i64, last: i64) -> EcsDue {
    let truth = world.ecs(region);
    let runs = (first..=last).step_by(5);
    truth.counts(first - 5, runs).and(truth.metrics(first - 7..last - 2))
}

/// Whether a series is about a cluster, in whichever words.
fn is_about(series: &str, cluster: &str) -> bool {
    ["cluster", "dimension_ClusterName", "aws_ecs_cluster_name"]
        .iter()
        .any(|label| series.contains(&format!("{label}=\"{cluster}\"")))
}

/// The metric of a series.
fn metric(series: &str) -> &str {
    series.split_once('{').map_or(series, |(metric, _)| metric)
}

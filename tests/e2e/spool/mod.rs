//! What can be had only now: claimed once, kept where a sink is down, drained in order when it is back.

mod bad_bodies;
mod outages;
mod store;

use std::collections::BTreeMap;

use emulators::faults::{Fault, Rule};
use runtime::{Handler, Outcome, RunError};
use serde_json::Value;
use tests::counting::{Counting, Counts};
use tests::{Holding, Setup, World};

const SERIES: u32 = 5;
const REMOTE_WRITE: usize = 0;
const MACKEREL: usize = 1;

fn config(ecs: &str) -> String {
    format!(
        "ecs: {ecs}
remote_write:
  - {{name: amp, url: '{{receiver}}', queue_config: {{min_backoff: 1ms, max_backoff: 5ms}}}}
mackerel:
  - {{service: production, api_key: planted-mackerel-api-key, base_url: '{{mackerel}}'}}
"
    )
}

fn world_of(ecs: &str) -> World {
    World::new(Setup { config: config(ecs), interval_seconds: 60, ..Setup::default() })
}

fn world() -> World {
    world_of("{}")
}

async fn handler(world: &World) -> Handler<Counting> {
    world.function(&[]).await
}

fn down(world: &World, sink: usize) {
    let faults =
        if sink == REMOTE_WRITE { world.receiver.faults() } else { world.mackerel.faults() };
    faults.push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
}

fn keys(world: &World, root: &str) -> Vec<String> {
    world.aws.objects("hostless").into_iter().filter(|key| key.starts_with(root)).collect()
}

/// What the receiver holds, by `count{n}`.
fn held(world: &World) -> Holding {
    let counts = world.receiver.samples(&[("__name__", "count")]);
    counts
        .into_iter()
        .map(|(labels, samples)| {
            let points = samples.into_iter().map(|(at, value)| (at / 1000, value)).collect();
            (format!("count{{{}}}", labels["n"]), points)
        })
        .collect()
}

fn held_by_mackerel(world: &World) -> Holding {
    let name = |name: String| {
        name.strip_prefix("ecs.count.").map(|n| format!("count{{{n}}}")).expect("a count")
    };
    world.held_by_mackerel().into_iter().map(|(metric, points)| (name(metric), points)).collect()
}

/// Asserts that both sinks hold exactly these minutes, each sample taken once and in order.
#[track_caller]
fn assert_whole(world: &World, minutes: impl IntoIterator<Item = i64>) {
    let due = Counts::due(SERIES, minutes);
    assert_eq!(held(world), due);
    assert_eq!(held_by_mackerel(world), due);
    assert_eq!(world.receiver.violations(), Vec::<String>::new());
    let repeats =
        world.receiver.duplicates().into_iter().filter(|one| one.labels["__name__"] == "count");
    assert_eq!(repeats.count(), 0, "none twice");
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for request in world.receiver.accepted() {
        for series in request.decoded.iter().flat_map(|decoded| &decoded.timeseries) {
            for sample in &series.samples {
                let name = format!("{:?}", series.labels);
                let before = last.insert(name, sample.timestamp);
                assert!(before.is_none_or(|before| before <= sample.timestamp), "in order");
            }
        }
    }
}

fn delivery_error(outcome: &Outcome) -> &str {
    match &outcome.failure {
        Some(RunError::Delivery(message)) => message,
        other => panic!("a DeliveryError, not {other:?}: {}", outcome.report.to_json()),
    }
}

#[track_caller]
fn assert_fine(outcome: &Outcome) {
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
}

fn state(world: &World) -> Value {
    let body = world.aws.object("hostless", "state/ecs/0-of-1.json").expect("a state");
    serde_json::from_slice(&body).expect("the state is JSON")
}

//! Probes: what comes out of a real blackbox_exporter comes out of the function, from the same modules, on the same loopback
//! targets, through the same jobs.

mod bad_input;
mod bootstrap;
mod cases;
mod catalogue;
mod cli;
mod compared;
mod events;
mod help;
mod mackerel;
mod prometheus;
mod scale;
mod secrets;
mod side_by_side;
mod site;
mod spooled;

use std::collections::BTreeMap;

use emulators::receivers::remote_write::{Labels, RemoteWriteReceiver};
use probe::Probe;
use runtime::{Handler, Outcome, environment};
use tests::{Setup, World, minute};

use site::Site;

/// A world in which the function runs every minute, with its configuration in the site's folder.
fn world(site: &Site) -> World {
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let sinks = format!("remote_write: [{{name: amp, url: '{}'}}]", world.receiver.url());
    site.write("sinks.yml", &sinks);
    world
}

/// The function, cold.
async fn function(world: &World, site: &Site) -> Handler<Probe> {
    world.function(&[(environment::CONFIG, &site.configuration())]).await
}

/// A run that goes well.
async fn run(world: &World, handler: &Handler<Probe>, at: i64) -> Outcome {
    let outcome = world.run(handler, minute(at)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.errors, [], "{}", outcome.report.to_json());
    outcome
}

/// The newest value of each series that a receiver holds, without the function's self metrics.
fn newest(receiver: &RemoteWriteReceiver) -> BTreeMap<Labels, f64> {
    let series = receiver.series().into_iter();
    series
        .filter(|(labels, _)| !labels["__name__"].starts_with("hostless_"))
        .filter_map(|(labels, samples)| Some((labels, *samples.last_key_value()?.1)))
        .collect()
}

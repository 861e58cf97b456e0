//! All emulators as one process, for benchmarks and for playing by hand.
//!
//! Prints one line of JSON with the URLs and the environment of a client, then serves until its
//! standard input ends, so that it cannot outlive the process that started it. [`control`] answers
//! what has arrived so far, as JSON, and hands events to a function's binary.

mod control;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Parser;
use emulators::aws::{self, AwsEmulator, Parameter};
use emulators::receivers::mackerel::{self, MackerelApi};
use emulators::receivers::remote_write::{self, RemoteWriteReceiver};
use emulators::server::Server;
use emulators::site::{Certificates, Site};
use emulators::traffic::Fleet;
use emulators::traffic::ecs::EcsFleet;
use serde_json::{Value, json};

const MACKEREL_SERVICE: &str = "production";
const MACKEREL_KEY: &str = "emulated-mackerel-api-key";

/// Wire-level AWS endpoints, a remote-write receiver and a Mackerel API on loopback.
#[derive(Debug, Parser)]
#[command(name = "emulators")]
struct Arguments {
    /// How many CloudFront distributions there are; without it, the demo's six.
    #[arg(long)]
    distributions: Option<usize>,
    /// How many metrics a distribution has: the six default ones, or all fourteen.
    #[arg(long, value_parser = ["6", "14"])]
    metrics: Option<String>,
    /// How many ECS services there are, with five tasks each; without it, the demo's clusters.
    #[arg(long)]
    services: Option<usize>,
    /// CloudWatch's and ECS's idea of now, in seconds since the epoch; without it, real time.
    #[arg(long)]
    now: Option<i64>,
}

/// Everything that runs.
struct Emulators {
    aws: AwsEmulator,
    remote_write: RemoteWriteReceiver,
    mackerel: MackerelApi,
    site: Site,
}

/// The end of the site's certificates: the year 2100.
const CERTIFICATES_END: Duration = Duration::from_secs(4_102_444_800);

fn main() -> io::Result<()> {
    let emulators = Arc::new(start(&Arguments::parse()));
    let control = Server::start(control::router(Arc::clone(&emulators)));
    writeln!(io::stdout(), "{}", description(&emulators, &control.url()))?;
    io::stdout().flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn start(arguments: &Arguments) -> Emulators {
    let fleet = arguments.distributions.map_or_else(Fleet::demo, Fleet::sized);
    let has_all_metrics = arguments.metrics.as_deref() == Some("14");
    let fleet = if has_all_metrics { fleet.with_additional_metrics() } else { fleet };
    let ecs =
        arguments.services.map_or_else(EcsFleet::demo, |services| EcsFleet::sized(services, 5));
    let options = aws::Options::default();
    let ecs = BTreeMap::from([(options.region.clone(), ecs)]);
    let aws = AwsEmulator::start(aws::Options { fleet, ecs, now: arguments.now, ..options });
    aws.set_parameters([Parameter::secure("/hostless/secret/mackerel-api-key", MACKEREL_KEY)]);
    let mackerel = mackerel::Options {
        // A benchmark posts more often than the service would let it.
        posts_per_minute: None,
        ..mackerel::Options::new(&[MACKEREL_SERVICE], MACKEREL_KEY)
    };
    Emulators {
        aws,
        remote_write: RemoteWriteReceiver::start(remote_write::Options::default()),
        mackerel: MackerelApi::start(mackerel),
        site: Site::start(Certificates::until(SystemTime::UNIX_EPOCH + CERTIFICATES_END)),
    }
}

fn description(emulators: &Emulators, control: &str) -> Value {
    let environment: serde_json::Map<String, Value> =
        emulators.aws.environment().into_iter().map(|(name, value)| (name, value.into())).collect();
    json!({
        "aws": emulators.aws.url(),
        "environment": environment,
        "remote_write": emulators.remote_write.url(),
        "mackerel": emulators.mackerel.url(),
        "mackerel_service": MACKEREL_SERVICE,
        "mackerel_api_key": MACKEREL_KEY,
        "site": site(&emulators.site),
        "control": control,
    })
}

/// Where each door is, and whom to trust there.
fn site(site: &Site) -> Value {
    let doors = control::DOORS.map(|(name, door)| (name.to_owned(), site.addr(door).to_string()));
    let mut described: serde_json::Map<String, Value> =
        doors.into_iter().map(|(name, address)| (name, address.into())).collect();
    described.insert("authority".to_owned(), site.authority().into());
    described.into()
}

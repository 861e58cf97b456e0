//! Probes against small servers, and the cases of blackbox_exporter's own tests.

mod bad_input;
mod compression;
mod credentials;
mod forms;
mod http2;
mod proxies;
mod redirects;
mod server;
mod tls;
mod upstream;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::corpus::{self, Outcome};
use crate::frame::{Equipment, Reason};
use crate::module::{Http, Prober};

/// Longer than any probe here takes, however busy the machine.
const LONG: Duration = Duration::from_secs(60);

/// A module with this `http` section.
fn module(section: &Value) -> Http {
    let module = json!({ "prober": "http", "http": section });
    match corpus::read_module(&module).expect("a good module").prober {
        Prober::Http(module) => *module,
        other => panic!("{other:?}"),
    }
}

fn equipment() -> Equipment {
    knowing(&[])
}

/// Equipment that knows these names, all of this machine, and knows of some others that they have no address: nobody else is
/// asked.
fn knowing(names: &[&str]) -> Equipment {
    let here = names.iter().map(|name| (*name, vec![IpAddr::from([127, 0, 0, 1])]));
    let nowhere = ["invalid", "name.invalid"].map(|name| (name, Vec::new()));
    let hosts = here.chain(nowhere).map(|(name, addresses)| (name.to_owned(), addresses));
    let mut equipment = corpus::equipment(&BTreeMap::new());
    equipment.dialer = equipment.dialer.with_hosts(hosts.collect());
    equipment
}

async fn probe(section: Value, target: &str) -> Outcome {
    probe_with(&equipment(), section, target, None).await
}

async fn probe_with(
    equipment: &Equipment,
    section: Value,
    target: &str,
    hostname: Option<&str>,
) -> Outcome {
    probe_for(LONG, equipment, section, target, hostname).await
}

async fn probe_for(
    time: Duration,
    equipment: &Equipment,
    section: Value,
    target: &str,
    hostname: Option<&str>,
) -> Outcome {
    let module = module(&section);
    corpus::run(target, hostname, time, equipment, async |probe| {
        super::probe(&module, &probe).await
    })
    .await
}

/// Why it failed.
fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.result.as_ref().err().map(|failure| failure.reason)
}

/// The phases that are there.
fn phases(outcome: &Outcome) -> Vec<&str> {
    let of_name =
        outcome.gauges.iter().filter(|gauge| gauge.metric.name == "probe_http_duration_seconds");
    of_name.map(|gauge| gauge.labels[0].1.as_str()).collect()
}

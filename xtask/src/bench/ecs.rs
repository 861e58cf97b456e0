//! What a big run of `ecs` costs: 200 services with five tasks each, counted, and their CPU and memory read, to both sinks.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::figures::{Figure, judge, quantile};
use super::process::cpu_of_children;
use super::release;
use super::world::{World, peak, sent};
use crate::run::Workspace;

const FLEET: [&str; 2] = ["--services", "200"];
/// CPUUtilization and MemoryUtilization of each service, as average and as maximum.
const METRICS: u64 = 200 * 4;
/// Cold runs, each against emulators that have seen nothing.
const RUNS: usize = 5;
const TIMEOUT: Duration = Duration::from_secs(60);

/// What must hold: AWS gives an account's clusters 20 calls a second, after a burst of 100.
const CALLS: f64 = 60.0;

/// Builds, measures, judges.
pub(crate) fn bench(workspace: &Workspace) -> Result<()> {
    let path = release(workspace, "ecs")?;
    let (mut seen, mut cpu) = (Vec::new(), Duration::ZERO);
    for _ in 0..RUNS {
        let world = World::start(workspace, &path, &FLEET, "ecs: {}")?;
        let before = cpu_of_children()?;
        seen.push(world.run(TIMEOUT)?);
        cpu += cpu_of_children()? - before;
    }
    let calls = seen.iter().map(|seen| checked(&seen.response)).collect::<Result<Vec<_>>>()?;
    let answered: Vec<_> = seen.iter().map(|seen| seen.answered).collect();
    let samples = seen.iter().map(|seen| sent(&seen.response, "remote_write:")).max();
    judge(&[
        Figure::count(
            "ECS API calls for 1,000 tasks in 200 services",
            calls.into_iter().max().unwrap_or_default(),
        )
        .at_most(CALLS),
        Figure::count("samples to remote write", samples.unwrap_or_default()),
        Figure::time("CPU time from spawn to report, mean", cpu / u32::try_from(RUNS)?),
        Figure::time("spawn to report, median", quantile(&answered, 0.5)),
        Figure::kib("peak of resident memory, largest", peak(&seen)),
    ])
}

/// ECS calls of a run that brought everything.
fn checked(report: &Value) -> Result<u64> {
    ensure!(report["errors"] == json!([]), "the run had errors: {}", report["errors"]);
    ensure!(
        report["metrics_requested"] == METRICS,
        "{} metrics were asked for",
        report["metrics_requested"]
    );
    let calls = report["api_calls"].as_object().context("the report counts no calls")?;
    let of_ecs = calls.iter().filter(|(name, _)| name.starts_with("ecs:"));
    Ok(of_ecs.filter_map(|(_, count)| count.as_u64()).sum())
}

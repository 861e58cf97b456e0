//! What a big run costs: 500 distributions with six metrics each, five datapoints a series, to both sinks; and what it
//! costs a sink that lags a day behind to catch up.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::figures::{Figure, judge, quantile};
use super::process::{Seen, cpu_of_children};
use super::release;
use super::world::{World, peak, sent};
use crate::run::Workspace;

const FLEET: [&str; 4] = ["--distributions", "500", "--metrics", "6"];
const SERIES: u64 = 3_000;
const SAMPLES: u64 = 15_000;
/// One info series a distribution, of one sample; Mackerel does not get them.
const INFO: u64 = 500;
/// Queries that fit into one GetMetricData call.
const QUERIES_A_CALL: u64 = 500;
/// Cold runs, each against emulators that have seen nothing.
const RUNS: usize = 5;
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long the lagging sink may catch up: enough for the memory of all slices but the first to be that of every slice.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(20);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What must hold on the reference machine.
const CPU_LIMIT_MS: f64 = 250.0;
const MEMORY_LIMIT_MIB: f64 = 40.0;

/// Builds, measures, judges.
pub(crate) fn bench(workspace: &Workspace) -> Result<()> {
    let path = release(workspace, "cloudfront")?;
    let (mut seen, mut cpu) = (Vec::new(), Duration::ZERO);
    for _ in 0..RUNS {
        let world = World::start(workspace, &path, &FLEET, "cloudfront: {}")?;
        let before = cpu_of_children()?;
        seen.push(world.run(TIMEOUT)?);
        cpu += cpu_of_children()? - before;
    }
    let calls = seen.iter().map(|seen| checked(&seen.response)).collect::<Result<Vec<_>>>()?;
    let lagging = catch_up(&World::start(workspace, &path, &FLEET, "cloudfront: {}")?)?;
    let answered: Vec<_> = seen.iter().map(|seen| seen.answered).collect();
    let most_calls = calls.into_iter().max().unwrap_or_default();
    judge(&[
        Figure::count("GetMetricData calls for 3,000 series", most_calls)
            .at_most(SERIES.div_ceil(QUERIES_A_CALL) as f64),
        Figure::time("CPU time from spawn to report, mean", cpu / u32::try_from(RUNS)?)
            .at_most(CPU_LIMIT_MS),
        Figure::time("spawn to report, median", quantile(&answered, 0.5)),
        Figure::kib("peak of resident memory, largest", peak(&seen)).at_most(MEMORY_LIMIT_MIB),
        Figure::count("a day behind: samples caught up", sent(&lagging.response, "mackerel:")),
        Figure::kib("a day behind: peak of resident memory", lagging.peak_kib)
            .at_most(MEMORY_LIMIT_MIB),
    ])
}

/// GetMetricData calls of a run that brought everything.
fn checked(report: &Value) -> Result<u64> {
    ensure!(report["errors"] == json!([]), "the run had errors: {}", report["errors"]);
    ensure!(report["series"] == SERIES + INFO, "the run had {} series", report["series"]);
    for (sink, samples) in [("remote_write:", SAMPLES + INFO), ("mackerel:", SAMPLES)] {
        let sent = sent(report, sink);
        ensure!(sent == samples, "{sink} got {sent} samples, not {samples}");
    }
    let calls = &report["api_calls"]["cloudwatch:GetMetricData"];
    calls.as_u64().with_context(|| format!("the report counts no calls: {report}"))
}

/// Runs once, sets what the state knows of Mackerel back by a day, and runs again.
fn catch_up(world: &World) -> Result<Seen> {
    world.run(TIMEOUT)?;
    let file = world.state.join("state/cloudfront/0-of-1.json");
    let context = || format!("failed to set back {}", file.display());
    let state = fs::read(&file).with_context(context)?;
    let mut state: Value = serde_json::from_slice(&state).with_context(context)?;
    let sinks = state["sinks"].as_object_mut().with_context(context)?;
    let mackerel = sinks.iter_mut().filter(|(name, _)| name.starts_with("mackerel:"));
    for part in
        mackerel.filter_map(|(_, parts)| parts.as_object_mut()).flat_map(|parts| parts.values_mut())
    {
        for time in ["watermark", "since"] {
            part[time] = part[time].as_i64().map(|time| time - DAY_MS).into();
        }
        part["recent"] = json!({});
    }
    fs::write(&file, state.to_string()).with_context(context)?;
    let seen = world.run(CATCH_UP_TIMEOUT)?;
    let sent = sent(&seen.response, "mackerel:");
    ensure!(sent > SAMPLES, "the lagging sink got {sent} samples: {}", seen.response);
    Ok(seen)
}

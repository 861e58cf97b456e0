//! What a cold start costs: the release binary of `cloudfront` beside a function that does nothing, built with the same
//! profile. Both run in turn, so that whatever else the machine does falls on both; the fastest start of each is what an
//! idle machine would show.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::emulators::Emulators;
use super::figures::{Figure, judge, quantile};
use super::process::{Program, Seen, cpu_of_children, run};
use super::{release, scratch};
use crate::run::Workspace;

/// Measured starts of each program.
const RUNS: usize = 100;
/// Starts before them, for the page cache.
const WARM_UP: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Builds, measures, judges.
pub(crate) fn bench(workspace: &Workspace) -> Result<()> {
    let emulators = Emulators::start(workspace, &[])?;
    let hello = Program { path: release(workspace, "hello")?, environment: Vec::new() };
    let path = release(workspace, "cloudfront")?;
    let folder = scratch(workspace)?;
    let config = folder.join("hostless.yml");
    fs::write(&config, emulators.configuration("cloudfront: {}"))
        .context("failed to write the configuration")?;
    let cold = |config: &str, index: usize| Program {
        path: path.clone(),
        environment: vec![
            ("HOSTLESS_CONFIG", config.to_owned()),
            // A state of its own for each start: all of them are first runs.
            ("HOSTLESS_STORE", format!("s3://hostless/{index}")),
        ],
    };
    let config = config.to_string_lossy();

    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for index in 0..WARM_UP + RUNS {
        floor.push(start(&emulators, &hello)?);
        ours.push(start(&emulators, &cold(&config, index))?);
    }
    let before = cpu_of_children()?;
    for index in 0..RUNS {
        start(&emulators, &cold(&config, WARM_UP + RUNS + index))?;
    }
    let cpu = (cpu_of_children()? - before) / u32::try_from(RUNS)?;

    let first_next = |seen: &[Seen], part| {
        quantile(&seen.iter().skip(WARM_UP).map(|seen| seen.first_next).collect::<Vec<_>>(), part)
    };
    let answered: Vec<_> = ours.iter().skip(WARM_UP).map(|seen| seen.answered).collect();
    let (median, median_of_hello) = (first_next(&ours, 0.5), first_next(&floor, 0.5));
    let (fastest, fastest_of_hello) = (first_next(&ours, 0.0), first_next(&floor, 0.0));
    judge(&[
        Figure::time("hello: spawn to first /next, median", median_of_hello),
        Figure::time("hello: the same, 9 of 10", first_next(&floor, 0.9)),
        Figure::time("cloudfront: spawn to first /next, median", median),
        Figure::time("cloudfront: the same, 9 of 10", first_next(&ours, 0.9)),
        Figure::ratio("ratio of the medians", median, median_of_hello).at_most(2.0),
        Figure::ratio("ratio of the fastest", fastest, fastest_of_hello),
        Figure::time("spawn to first report, median", quantile(&answered, 0.5)),
        Figure::time("CPU time of that, mean", cpu),
        Figure::kib("peak of resident memory, largest", peak(&ours)),
        Figure::kib("hello: the same", peak(&floor)),
        Figure::kib("zipped", zipped(workspace, &path)? / 1024).at_most(4.0),
    ])
}

fn start(emulators: &Emulators, program: &Program) -> Result<Seen> {
    run(emulators, program, &json!({}), TIMEOUT)
}

fn peak(seen: &[Seen]) -> u64 {
    seen.iter().map(|seen| seen.peak_kib).max().unwrap_or_default()
}

/// The size of the archive that is deployed, in bytes.
fn zipped(workspace: &Workspace, binary: &Path) -> Result<u64> {
    let archive = scratch(workspace)?.join("bootstrap.zip");
    let script = "import sys, zipfile\n\
                  with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED) as archive:\n    \
                      archive.write(sys.argv[1], 'bootstrap')\n";
    workspace.call("python3", ["-c", script]).arg(binary).arg(&archive).run()?;
    let archive = fs::metadata(&archive).context("failed to look at the archive")?;
    Ok(archive.len())
}

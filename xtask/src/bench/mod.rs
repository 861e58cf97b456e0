//! `cargo xtask bench`: measurements, which are read by people and never fail a test run.
//!
//! What a benchmark harness can measure lives in the crate that is measured, and is started from here. What needs
//! processes, memory and sizes is a module of this folder, one for each measurement.

mod cold;
mod ecs;
mod emulators;
mod exporter;
mod faults;
mod figures;
mod limits;
mod probe;
mod process;
mod pull;
mod world;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::run::Workspace;
use crate::steps::Step;
use crate::tools::Tool;

/// The measurements in the order in which they run.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "cold",
        about: "a cold start of cloudfront beside a function that does nothing",
        needs: &[],
        run: cold::bench,
    },
    Step {
        name: "pull",
        about: "3,000 series of five datapoints to both sinks; a sink that lags a day behind",
        needs: &[],
        run: pull::bench,
    },
    Step {
        name: "ecs",
        about: "200 services with 1,000 tasks, counted and read, to both sinks",
        needs: &[],
        run: ecs::bench,
    },
    Step {
        name: "probe",
        about: "1,000 probes beside blackbox_exporter, of HTTP, HTTPS, TCP and DNS",
        needs: &[Tool::Receivers],
        run: probe::bench,
    },
    Step {
        name: "limits",
        about: "memory with a full spool, with silent peers, with answers of 100 MB, with a long dry run",
        needs: &[Tool::Nextest, Tool::Python],
        run: limits::bench,
    },
    Step { name: "encode", about: "series to a remote-write request", needs: &[], run: encode },
    Step {
        name: WITH_OPTIONS,
        about: "the fault laboratory over many seeds [--seeds N] [--from SEED] [--function NAME] [--minutes N]",
        needs: &[],
        run: faults::bench,
    },
];

/// The step that takes options.
pub(crate) const WITH_OPTIONS: &str = "faults";

fn encode(workspace: &Workspace) -> Result<()> {
    workspace.call("cargo", ["bench", "-p", "sinks"]).run()
}

/// Builds a package by itself, as it is deployed: together with others it would have the union of all features.
fn release(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    workspace.call("cargo", ["build", "--release", "-p", package]).run()?;
    Ok(workspace.target.join("release").join(package))
}

/// A folder for what the measurements write.
fn scratch(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    Ok(folder)
}

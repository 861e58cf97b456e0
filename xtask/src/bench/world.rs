//! A function's world for one measurement: emulators that have seen nothing, and a state that remembers nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::emulators::Emulators;
use super::process::{Program, Seen, run};
use super::scratch;
use crate::run::Workspace;

/// Five datapoints a series: a first run reads one interval.
const INTERVAL_SECONDS: &str = "300";

/// One program and what it talks to.
pub(crate) struct World {
    pub(crate) emulators: Emulators,
    program: Program,
    /// Where the state lies.
    pub(crate) state: PathBuf,
}

impl World {
    /// Starts emulators with these arguments, for a program with this section of the configuration and both sinks.
    pub(crate) fn start(
        workspace: &Workspace,
        program: &Path,
        args: &[&str],
        section: &str,
    ) -> Result<Self> {
        let emulators = Emulators::start(workspace, args)?;
        let configuration = emulators.configuration(section);
        Self::with(workspace, program, emulators, &configuration, INTERVAL_SECONDS)
    }

    /// The same with emulators that are there, and a whole configuration.
    pub(crate) fn with(
        workspace: &Workspace,
        program: &Path,
        emulators: Emulators,
        configuration: &str,
        interval_seconds: &str,
    ) -> Result<Self> {
        let folder = scratch(workspace)?;
        let (config, state) = (folder.join("hostless.yml"), folder.join("state"));
        fs::write(&config, configuration).context("failed to write the configuration")?;
        if state.exists() {
            fs::remove_dir_all(&state).context("failed to remove the last state")?;
        }
        let environment = vec![
            ("HOSTLESS_CONFIG", config.to_string_lossy().into_owned()),
            ("HOSTLESS_STORE", format!("file:{}", state.display())),
            ("HOSTLESS_INTERVAL", interval_seconds.to_owned()),
        ];
        Ok(Self { emulators, program: Program { path: program.to_owned(), environment }, state })
    }

    /// Puts one more variable into the program's environment.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.program.environment.push((name, value.to_owned()));
    }

    /// One cold invocation, now.
    pub(crate) fn run(&self, timeout: Duration) -> Result<Seen> {
        run(&self.emulators, &self.program, &json!({}), timeout)
    }
}

/// What a sink took, by the beginning of its name.
pub(crate) fn sent(report: &Value, sink: &str) -> u64 {
    let sinks = report["sinks"].as_array().into_iter().flatten();
    let named = |one: &&Value| one["sink"].as_str().is_some_and(|name| name.starts_with(sink));
    sinks.filter(named).filter_map(|one| one["sent"].as_u64()).sum()
}

/// The largest peak of resident memory, in KiB.
pub(crate) fn peak(seen: &[Seen]) -> u64 {
    seen.iter().map(|seen| seen.peak_kib).max().unwrap_or_default()
}

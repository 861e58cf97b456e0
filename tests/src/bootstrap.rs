//! The release binary that Lambda runs, driven through a Runtime API of our own.

use std::process::Command;
use std::time::Duration;

use emulators::lambda::{Outcome, RuntimeApi};
use serde_json::Value;

use crate::child::{self, Child};

/// One execution environment of a function: a process, and the API that it takes its events from.
#[derive(Debug)]
pub struct Bootstrap {
    /// The process.
    pub process: Child,
    /// Its Runtime API.
    pub api: RuntimeApi,
}

impl Bootstrap {
    /// Starts `function` as `cargo lambda build --release` built it, with nothing in its environment but Lambda's own
    /// variables and these.
    pub fn start(function: &str, environment: &[(String, String)]) -> Self {
        let program = child::program("HOSTLESS_LAMBDA_DIR", &format!("{function}/bootstrap"));
        let api = RuntimeApi::start();
        let mut command = Command::new(program);
        command.env_clear().envs(api.environment()).envs(environment.iter().cloned());
        let folder = tempfile::tempdir().expect("a folder");
        Self { process: Child::start(command, folder), api }
    }

    /// Invokes the function with a timeout of its own, and waits for what comes of it.
    pub fn invoke(&self, event: &Value, timeout: Duration) -> Outcome {
        self.api.invoke(event.clone(), timeout)
    }

    /// What the function logged so far, line by line.
    ///
    /// # Panics
    /// When a line is no JSON object, or has no time or level that Lambda's log filter could read.
    pub fn log(&self) -> Vec<Value> {
        let output = self.process.output();
        let lines = output.lines().map(|line| {
            let entry: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("a log line that is no JSON ({error}): {line}"));
            let time = entry["timestamp"].as_str().unwrap_or_default();
            assert!(series::Timestamp::parse_rfc3339(time).is_ok(), "no timestamp: {line}");
            let level = entry["level"].as_str().unwrap_or_default();
            assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level), "{line}");
            entry
        });
        lines.collect()
    }

    /// The lines that carry a report.
    pub fn reports(&self) -> Vec<Value> {
        self.log().into_iter().filter(|entry| entry["message"] == "run").collect()
    }
}

//! The AWS CLI: what somebody else's client makes of the same emulator.

use std::path::PathBuf;
use std::process::Command;

use emulators::aws::AwsEmulator;
use serde_json::Value;
use tempfile::TempDir;

use crate::child;

/// The AWS CLI, with an emulator for AWS.
#[derive(Debug)]
pub struct AwsCli {
    program: PathBuf,
    variables: Vec<(String, String)>,
    /// Without anybody's settings.
    home: TempDir,
}

impl AwsCli {
    /// The CLI as the caller that an emulator knows.
    ///
    /// # Panics
    /// When it is not installed: with the command that installs it.
    pub fn of(aws: &AwsEmulator) -> Self {
        Self {
            program: child::program("HOSTLESS_VENV", "bin/aws"),
            variables: aws.environment(),
            home: tempfile::tempdir().expect("a folder"),
        }
    }

    /// What it prints, as JSON.
    ///
    /// # Panics
    /// When it fails: with what it says.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(&self.program);
        command.args(["--output", "json"]).args(arguments);
        command.env_clear().envs(self.variables.iter().cloned()).env("HOME", self.home.path());
        let output = command.output().expect("the AWS CLI starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// A list of texts that it prints.
    pub fn texts(&self, arguments: &[&str], member: &str) -> Vec<String> {
        let answer = self.ask(arguments);
        let list = answer[member].as_array().expect("a list").iter();
        list.map(|text| text.as_str().expect("text").to_owned()).collect()
    }
}

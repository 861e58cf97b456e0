//! Runs the binary with an environment of its own.

use std::path::PathBuf;
use std::process::Command;

use emulators::aws::AwsEmulator;
use tempfile::TempDir;

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `hostless` with arguments and variables, and nothing of the environment of the tests.
pub(crate) fn hostless(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostless"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    let output = command.output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// `hostless` as a client of an emulator.
pub(crate) fn hostless_at(aws: &AwsEmulator, arguments: &[&str], more: &[(&str, &str)]) -> Ended {
    let environment = aws.environment();
    let mut variables: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    variables.extend(more);
    hostless(arguments, &variables)
}

/// A folder with one document, `hostless.yml`, and the document's path.
pub(crate) fn document(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hostless.yml");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

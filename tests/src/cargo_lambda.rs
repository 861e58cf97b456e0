//! `cargo lambda watch` and `cargo lambda invoke`: the function as a developer runs it.

use std::env;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::child::{self, Child};
use crate::plain_http;

/// A running `cargo lambda watch`. It builds the function with `cargo run` when it is first invoked.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    addr: SocketAddr,
}

impl Watch {
    /// Starts it for one function, which gets `environment`.
    pub fn start(function: &str, environment: &[(String, String)]) -> Self {
        let (child, addr) = Child::serve(
            |addr, folder| {
                let mut command = cargo_lambda(folder);
                command
                    .current_dir(root().join("functions").join(function))
                    .args(["lambda", "watch", "--ignore-changes"])
                    .args(["--invoke-address", &addr.ip().to_string()])
                    .args(["--invoke-port", &addr.port().to_string()])
                    .env("CARGO_TARGET_DIR", target())
                    .envs(environment.iter().cloned());
                command
            },
            |addr| plain_http::get(addr, "/", &[]).is_ok(),
        );
        Self { child, addr }
    }

    /// `cargo lambda invoke FUNCTION --data-file events/FILE`.
    pub fn invoke(&self, function: &str, event: &str) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = cargo_lambda(&folder);
        command
            .args(["lambda", "invoke", function, "--output-format", "json"])
            .args(["--invoke-address", &self.addr.ip().to_string()])
            .args(["--invoke-port", &self.addr.port().to_string()])
            .arg("--data-file")
            .arg(root().join("events").join(event));
        command.output().expect("cargo lambda invoke")
    }

    /// What it and the function said so far.
    pub fn output(&self) -> String {
        self.child.output()
    }
}

/// The workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds this package")
}

/// The build folder, in which everything is built already.
fn target() -> PathBuf {
    let debug = child::folder("HOSTLESS_BIN_DIR");
    debug.parent().expect("a folder in the build folder").to_owned()
}

/// cargo-lambda, with what cargo needs of our environment and nothing else: no AWS keys, and none of the variables that
/// cargo itself has set for these tests.
fn cargo_lambda(home: &TempDir) -> Command {
    let mut command = Command::new(child::program("HOSTLESS_VENV", "bin/cargo-lambda"));
    command.env_clear().env("NO_COLOR", "1").envs(toolchain()).env("XDG_CACHE_HOME", home.path());
    command
}

#[expect(clippy::disallowed_methods, reason = "cargo finds its toolchain in the environment")]
fn toolchain() -> impl Iterator<Item = (&'static str, OsString)> {
    let names = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"];
    names.into_iter().filter_map(|name| Some((name, env::var_os(name)?)))
}

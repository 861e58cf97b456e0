//! The outside programs of the recipes: what they are, which version, and how they come here when they are missing.
//!
//! Whatever can live below the build folder does (`target/venv`, `target/checkov`, `target/tools`), with its version pinned. The receivers
//! that the tests deliver to are the system's: installed with apt-get by root, named in the error for everyone else.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::run::{self, Workspace, shown};

/// What a step may need, in the order in which it is installed: first what only a person may be able to bring.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    /// Prometheus and VictoriaMetrics; blackbox_exporter to compare probes with, nginx to be probed.
    Receivers,
    /// The Python programs of `xtask/requirements.txt`: SAM, cfn-lint, cargo-lambda with zig, the AWS CLI, moto.
    Python,
    /// Findings in infrastructure as code.
    Checkov,
    /// Unused dependencies.
    Machete,
    /// Licences, bans, sources and advisories.
    Deny,
    /// The test runner.
    Nextest,
}

/// Makes the tool available, installing it if it is missing.
pub(crate) fn ensure(workspace: &Workspace, tool: Tool) -> Result<()> {
    match tool {
        Tool::Receivers => receivers(workspace),
        Tool::Python => python(workspace, &PROGRAMS),
        Tool::Checkov => python(workspace, &CHECKOV),
        Tool::Machete => cargo_tool(workspace, &MACHETE),
        Tool::Deny => cargo_tool(workspace, &DENY),
        Tool::Nextest => cargo_tool(workspace, &NEXTEST),
    }
}

/// A subcommand of cargo that is built from its published package.
struct CargoTool {
    name: &'static str,
    /// The version that is built.
    version: &'static str,
    /// What the answer to `--version` must contain for an installed one to do.
    accepted: &'static str,
    /// More arguments of `cargo install`.
    flags: &'static [&'static str],
}

const MACHETE: CargoTool =
    CargoTool { name: "machete", version: "0.9.2", accepted: "0.9.2", flags: &[] };

const DENY: CargoTool =
    CargoTool { name: "deny", version: "0.20.2", accepted: "0.20.2", flags: &[] };

/// Any version runs the tests, so an installed one is kept. Ours leaves out the self-update and its HTTP client.
const NEXTEST: CargoTool = CargoTool {
    name: "nextest",
    version: "0.9.143",
    accepted: "",
    flags: &["--no-default-features", "--features", "default-no-update"],
};

fn cargo_tool(workspace: &Workspace, tool: &CargoTool) -> Result<()> {
    let found = workspace.call("cargo", [tool.name, "--version"]).quiet();
    if found.is_some_and(|answer| answer.contains(tool.accepted)) {
        return Ok(());
    }
    let folder = workspace.target.join("tools");
    let package = format!("cargo-{}@{}", tool.name, tool.version);
    eprintln!("==> installing {package} into {}", shown(workspace, &folder));
    // Debug builds: they are done in a fraction of the time, and no check here is big enough to earn that back.
    workspace
        .call("cargo", ["install", "--locked", "--quiet", "--debug", &package, "--root"])
        .arg(folder)
        .args(tool.flags)
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .run()
}

/// Python programs that can live with each other.
struct Venv {
    /// Below the build folder.
    folder: &'static str,
    /// What is in it.
    requirements: &'static str,
}

const PROGRAMS: Venv = Venv { folder: run::VENV, requirements: "xtask/requirements.txt" };

/// By itself: it pins a boto3 that neither SAM nor the AWS CLI takes.
const CHECKOV: Venv = Venv { folder: "checkov", requirements: "xtask/requirements-checkov.txt" };

/// The program `checkov`.
pub(crate) fn checkov(workspace: &Workspace) -> PathBuf {
    workspace.target.join(CHECKOV.folder).join("bin/checkov")
}

/// A venv, installed again whenever its requirements differ from what it was made of.
fn python(workspace: &Workspace, venv: &Venv) -> Result<()> {
    let requirements = workspace.root.join(venv.requirements);
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("failed to read {}", requirements.display()))?;
    let venv = workspace.target.join(venv.folder);
    let stamp = venv.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    eprintln!(
        "==> installing {} into {}",
        shown(workspace, &requirements),
        shown(workspace, &venv)
    );
    if !venv.join("bin/pip").is_file() {
        if workspace.call("python3", ["-c", "import ensurepip, venv"]).quiet().is_none() {
            system_packages(workspace, &["python3", "python3-venv"])?;
        }
        workspace.call("python3", ["-m", "venv"]).arg(&venv).run()?;
    }
    let python = venv.join("bin/python").display().to_string();
    workspace
        .call(&python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg("--requirement")
        .arg(&requirements)
        .run()?;
    fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))
}

/// The real receivers, and the real programs around probes. Debian's packages carry them under these names.
fn receivers(workspace: &Workspace) -> Result<()> {
    let missing: Vec<&str> =
        ["prometheus", "victoria-metrics", "prometheus-blackbox-exporter", "nginx"]
            .into_iter()
            .filter(|program| !workspace.has(program))
            .collect();
    if missing.is_empty() { Ok(()) } else { system_packages(workspace, &missing) }
}

/// Installs packages of the system, which only root can on Debian and its like; otherwise says what to install.
fn system_packages(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !workspace.has("apt-get") {
        bail!(
            "these programs are missing: {names}\n\
             Install them so that they are in PATH. With Homebrew: brew install python prometheus victoriametrics nginx.\n\
             Elsewhere: https://prometheus.io/download/ (blackbox_exporter 0.23.0 as `prometheus-blackbox-exporter`) and \
             https://github.com/VictoriaMetrics/VictoriaMetrics/releases (as `victoria-metrics`)."
        );
    }
    let is_root = workspace.call("id", ["-u"]).quiet().is_some_and(|id| id.trim() == "0");
    if !is_root {
        bail!(
            "these programs are missing: {names}\n\
             Install them: sudo apt-get install --no-install-recommends {names}"
        );
    }
    eprintln!("==> installing {names} with apt-get");
    eprintln!(
        "    Where systemd runs, Debian starts some of them as services, which nothing here uses:"
    );
    eprintln!("    the tests start their own. Stop them with systemctl if you like.");
    workspace.call("apt-get", ["update", "--quiet"]).run()?;
    workspace
        .call("apt-get", ["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
}

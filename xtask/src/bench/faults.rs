//! The fault laboratory over many seeds: what was done to the functions, what became of their samples, and that nothing
//! was lost. A seed that fails is printed with its story and the command that runs it again.

use anyhow::Result;

use crate::run::Workspace;

/// The profile that the laboratory is built with: checks of a debug build, and less time than one takes.
const PROFILE: &str = "laboratory";

/// Builds the laboratory and runs it; it is the laboratory that knows its options.
pub(crate) fn bench(workspace: &Workspace) -> Result<()> {
    let build = ["build", "--profile", PROFILE, "-p", "tests", "--bin", "laboratory"];
    workspace.call("cargo", build).run()?;
    let program = workspace.target.join(PROFILE).join("laboratory");
    workspace.call(&program.to_string_lossy(), &workspace.options).run()
}

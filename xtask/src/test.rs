//! `cargo xtask test`: everything that must hold before a change lands, cheapest first, the tests last.

use std::path::PathBuf;

use anyhow::Result;

use crate::run::{Call, Workspace, shown, variable};
use crate::steps::Step;
use crate::tools::Tool;
use crate::{template, tree};

/// The steps in the order in which they run.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "formatting", needs: &[], run: fmt },
    Step { name: "tree", about: "one TLS stack", needs: &[], run: tree::check },
    Step { name: "unused", about: "unused dependencies", needs: &[Tool::Machete], run: unused },
    Step {
        name: "deny",
        about: "licences, bans, sources, advisories",
        needs: &[Tool::Deny],
        run: deny,
    },
    Step {
        name: "template",
        about: "template.yaml",
        needs: &[Tool::Python, Tool::Checkov],
        run: template::check,
    },
    Step { name: "clippy", about: "lints, warnings are errors", needs: &[], run: clippy },
    Step { name: "doc", about: "documentation, warnings are errors", needs: &[], run: doc },
    Step { name: "build", about: "binaries that the tests start", needs: &[], run: build },
    Step {
        name: "lambda",
        about: "functions as Lambda runs them",
        needs: &[Tool::Python],
        run: lambda,
    },
    Step { name: "doctest", about: "examples in the documentation", needs: &[], run: doctest },
    Step {
        name: "nextest",
        about: "unit, integration and end-to-end tests",
        needs: &[Tool::Nextest, Tool::Python, Tool::Receivers],
        run: nextest,
    },
];

fn fmt(workspace: &Workspace) -> Result<()> {
    workspace.call("cargo", ["fmt", "--all", "--check"]).run()
}

fn unused(workspace: &Workspace) -> Result<()> {
    workspace.call("cargo", ["machete"]).run()
}

fn deny(workspace: &Workspace) -> Result<()> {
    let check = ["deny", "check", "--hide-inclusion-graph"];
    workspace.call("cargo", check).args(["bans", "licenses", "sources"]).run()?;
    // The database is a git repository: a network without it must not stand in the way of a test run.
    if workspace.call("cargo", ["deny", "fetch", "db"]).quiet().is_none() {
        eprintln!(
            "    The advisory database could not be fetched: advisories are NOT checked in this run."
        );
        return Ok(());
    }
    workspace.call("cargo", check).args(["--disable-fetch", "advisories"]).run()
}

fn clippy(workspace: &Workspace) -> Result<()> {
    workspace
        .call("cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
        .run()
}

fn doc(workspace: &Workspace) -> Result<()> {
    workspace
        .call("cargo", ["doc", "--no-deps", "--workspace"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

/// `xtask` itself is running, and is no program that a test starts. The functions are built once more by themselves, with
/// their own features, as `cargo lambda watch` does in the middle of a test.
fn build(workspace: &Workspace) -> Result<()> {
    workspace.call("cargo", ["build", "--workspace", "--exclude", "xtask", "--bins"]).run()?;
    workspace
        .functions()?
        .iter()
        .try_for_each(|function| workspace.call("cargo", ["build", "-p", function, "--bins"]).run())
}

/// One at a time: built together, the functions would share the union of their features.
pub(crate) fn lambda(workspace: &Workspace) -> Result<()> {
    workspace.functions()?.iter().try_for_each(|function| {
        workspace.call("cargo", ["lambda", "build", "--release", "-p", function]).run()
    })
}

fn doctest(workspace: &Workspace) -> Result<()> {
    workspace.call("cargo", ["test", "--workspace", "--doc"]).run()
}

/// End-to-end tests live outside the packages of the binaries, so they are told where everything is.
pub(crate) fn end_to_end<'w>(workspace: &'w Workspace, args: &[&str]) -> Call<'w> {
    workspace
        .call("cargo", ["nextest", "run"])
        .args(args)
        .env("HOSTLESS_BIN_DIR", workspace.target.join("debug"))
        .env("HOSTLESS_LAMBDA_DIR", workspace.target.join("lambda"))
        .env("HOSTLESS_VENV", workspace.venv())
}

fn nextest(workspace: &Workspace) -> Result<()> {
    let tests = end_to_end(workspace, &["--workspace"]);
    match corpus(workspace) {
        Some(corpus) => tests.env("HOSTLESS_CORPUS", corpus).run(),
        None => {
            eprintln!(
                "    The corpus of upstream test data is absent (neither ../shared/corpus nor HOSTLESS_CORPUS):"
            );
            eprintln!("    the tests run on the data of this repository alone.");
            tests.run()
        }
    }
}

/// Upstream test data that stands beside the repository: where the caller says, else at its usual place.
fn corpus(workspace: &Workspace) -> Option<PathBuf> {
    let named = variable("HOSTLESS_CORPUS").map(PathBuf::from);
    let usual = || {
        let folder = workspace.root.parent()?.join("shared/corpus");
        folder.is_dir().then_some(folder)
    };
    let corpus = named.or_else(usual)?;
    eprintln!("    corpus: {}", shown(workspace, &corpus));
    Some(corpus)
}

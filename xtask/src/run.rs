//! Processes: where they run, what they see first in `PATH`, and how a failed one is reported.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder of the venv that stands first in `PATH`, below the build folder.
pub(crate) const VENV: &str = "venv";

/// The workspace and its build folder. Processes start in the root unless they are told where.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// What the caller asks of the one step that takes options.
    pub(crate) options: Vec<String>,
    /// Our own tools, then the caller's `PATH`. The venv stands first because cargo-lambda finds zig as
    /// `python3 -m ziglang`, with the first `python3` there is.
    path: OsString,
}

impl Workspace {
    /// Asks cargo, which knows every way to move the build folder elsewhere.
    pub(crate) fn find(options: &[String]) -> Result<Self> {
        let metadata = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .context("failed to run `cargo metadata`")?;
        if !metadata.status.success() {
            bail!("`cargo metadata`: {}", metadata.status);
        }
        let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)
            .context("failed to read the answer of `cargo metadata`")?;
        let folder = |key: &str| {
            metadata[key]
                .as_str()
                .map(PathBuf::from)
                .with_context(|| format!("`cargo metadata` names no {key}"))
        };
        let (root, target) = (folder("workspace_root")?, folder("target_directory")?);
        let first = [target.join(VENV).join("bin"), target.join("tools/bin")];
        let others = variable("PATH").unwrap_or_default();
        let path = env::join_paths(first.into_iter().chain(env::split_paths(&others)))
            .context("failed to put the tools into PATH")?;
        Ok(Self { root, target, options: options.to_vec(), path })
    }

    /// Where the venv of the Python programs is.
    pub(crate) fn venv(&self) -> PathBuf {
        self.target.join(VENV)
    }

    /// The functions: the folders below `functions/`, which are also their packages' names.
    pub(crate) fn functions(&self) -> Result<Vec<String>> {
        let folder = self.root.join("functions");
        let mut names = Vec::new();
        for entry in folder.read_dir().context("failed to list functions/")? {
            let entry = entry.context("failed to list functions/")?;
            if entry.path().join("Cargo.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether a program of this name can be started. Debian keeps servers (nginx) where only root's PATH looks.
    pub(crate) fn has(&self, program: &str) -> bool {
        let folders = env::split_paths(&self.path).chain([PathBuf::from("/usr/sbin")]);
        folders.map(|folder| folder.join(program)).any(|program| program.is_file())
    }

    /// A process that is not started yet.
    pub(crate) fn call<I, S>(&self, program: &str, args: I) -> Call<'_>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        Call {
            workspace: self,
            program: program.into(),
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            environment: Vec::new(),
            folder: self.root.clone(),
        }
    }
}

/// A variable of the caller's environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the recipes read the environment here and nowhere else"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// What `cargo run` has told this process about the package `xtask`, and no other one may believe:
/// cargo-machete, for one, would take its own name for a folder and find nothing to complain of there.
#[expect(
    clippy::disallowed_methods,
    reason = "the recipes read the environment here and nowhere else"
)]
fn of_this_package() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    })
}

/// A process with its arguments and what is added to its environment. It prints as the line one would type.
pub(crate) struct Call<'a> {
    workspace: &'a Workspace,
    program: OsString,
    args: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    folder: PathBuf,
}

impl Call<'_> {
    /// Adds an argument.
    pub(crate) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// Adds arguments.
    pub(crate) fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds a variable.
    pub(crate) fn env(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name, value.as_ref().to_owned()));
        self
    }

    /// Starts it in a folder other than the workspace's root.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// Runs it on the caller's terminal; anything but exit code 0 is an error that shows the line to repeat.
    pub(crate) fn run(&self) -> Result<()> {
        let status =
            self.command().status().with_context(|| format!("failed to start `{self}`"))?;
        if !status.success() {
            bail!("`{self}`: {status}");
        }
        Ok(())
    }

    /// What it prints on stdout; `None` where it cannot be started or fails, of which nothing is shown.
    pub(crate) fn quiet(&self) -> Option<String> {
        let output = self.command().stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// The process, for whoever wants more of it than its success.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        of_this_package().for_each(|name| {
            command.env_remove(name);
        });
        command
            .args(&self.args)
            .current_dir(&self.folder)
            .env("PATH", &self.workspace.path)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        write!(formatter, "{}", quoted(&self.program))?;
        self.args.iter().try_for_each(|arg| write!(formatter, " {}", quoted(arg)))
    }
}

/// As a shell wants it, where that matters.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:@,+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A path as it is shown: without the workspace's own folder before it.
pub(crate) fn shown(workspace: &Workspace, path: &Path) -> String {
    path.strip_prefix(&workspace.root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let (root, target, path) = (".".into(), "target".into(), "/bin:/usr/bin".into());
        Workspace { root, target, options: Vec::new(), path }
    }

    #[test]
    fn a_call_prints_as_the_line_to_type() {
        let workspace = workspace();
        let call = workspace.call("cargo", ["doc", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(call.to_string(), r"RUSTDOCFLAGS='-D warnings' cargo doc 'it'\''s'");
    }

    #[test]
    fn a_failure_shows_the_line_and_the_status() {
        let workspace = workspace();
        let error = workspace.call("sh", ["-c", "exit 3"]).run().expect_err("exit code 3");
        assert_eq!(error.to_string(), "`sh -c 'exit 3'`: exit status: 3");
        let error = workspace.call("no-such-program", [""; 0]).run().expect_err("no program");
        assert_eq!(error.to_string(), "failed to start `no-such-program`");
    }

    #[test]
    fn a_process_does_not_take_itself_for_xtask() {
        assert!(variable("CARGO_PKG_NAME").is_some(), "cargo sets it for tests, too");
        let workspace = workspace();
        let seen = workspace.call("sh", ["-c", "echo ${CARGO_PKG_NAME-none}"]).quiet();
        assert_eq!(seen.as_deref(), Some("none\n"));
    }

    #[test]
    fn a_quiet_call_answers_only_when_it_succeeds() {
        let workspace = workspace();
        assert_eq!(workspace.call("echo", ["a"]).quiet().as_deref(), Some("a\n"));
        assert_eq!(workspace.call("sh", ["-c", "echo a; exit 1"]).quiet(), None);
    }
}

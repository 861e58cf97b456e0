//! A real program as a child process: found or missed by name, started on a free loopback port, awaited, and ended by
//! its own id when the test is over.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How often a program is started anew that loses the port it was told to somebody else.
const STARTS: usize = 3;
/// How long a program may take until it answers. Other tests run beside it.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A running program with a folder of its own. Dropping it ends the program and removes the folder.
#[derive(Debug)]
pub struct Child {
    name: String,
    process: Process,
    folder: TempDir,
}

impl Child {
    /// Starts a program; its folder is made before, so that `command` can name files in it.
    ///
    /// # Panics
    /// When it cannot be started: with the command that installs what the tests need.
    pub fn start(mut command: Command, folder: TempDir) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = |stream: &str| File::create(folder.path().join(stream)).expect("a log file");
        command.stdin(Stdio::null()).stdout(log("stdout")).stderr(log("stderr"));
        let process = command.spawn().unwrap_or_else(|error| missing(&name, &error));
        Self { name, process, folder }
    }

    /// Starts a server on a free port, which `command` is told together with an empty folder, and waits until `is_ready`
    /// says so.
    ///
    /// # Panics
    /// When it does not come up: with what it said.
    pub fn serve(
        command: impl Fn(SocketAddr, &TempDir) -> Command,
        is_ready: impl Fn(SocketAddr) -> bool,
    ) -> (Self, SocketAddr) {
        let mut said = String::new();
        for _ in 0..STARTS {
            let addr = free_port();
            let folder = tempfile::tempdir().expect("a folder for a program");
            let mut child = Self::start(command(addr, &folder), folder);
            let settled = wait_until(PATIENCE, || child.has_ended() || is_ready(addr));
            // Whoever took the port in between may answer in its place.
            if settled && !child.has_ended() {
                return (child, addr);
            }
            said = child.output();
        }
        panic!("a server did not come up:\n{said}")
    }

    /// Everything that the program wrote so far, to both streams.
    pub fn output(&self) -> String {
        self.stdout() + &self.stderr()
    }

    /// What the program wrote to its standard output so far.
    pub fn stdout(&self) -> String {
        self.read("stdout")
    }

    /// What the program wrote to its standard error so far.
    pub fn stderr(&self) -> String {
        self.read("stderr")
    }

    fn read(&self, stream: &str) -> String {
        let bytes = fs::read(self.folder.path().join(stream)).expect("a log file");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that it held so far, in KiB; nothing where the kernel does not tell (it is not Linux).
    pub fn peak_kib(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Whether the program is over.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("a child of this process").is_some()
    }

    /// Asks the program to end (SIGTERM) and waits until it did; `None` where it does not within `patience`.
    pub fn terminate(&mut self, patience: Duration) -> Option<ExitStatus> {
        let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.id())]).status();
        assert!(asked.expect("a shell").success(), "{} is there to be asked", self.name);
        wait_until(patience, || self.has_ended());
        self.process.try_wait().expect("a child of this process")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill, and the wait returns at once.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Looks until `condition` holds, or says that it did not in time.
pub fn wait_until(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let looks = patience.as_millis() / PAUSE.as_millis();
    for _ in 0..looks {
        if condition() {
            return true;
        }
        pause();
    }
    condition()
}

#[expect(clippy::disallowed_methods, reason = "a test waits for a process, not for a task")]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// A folder that `cargo xtask test` names to the tests.
///
/// # Panics
/// When it is not named.
#[expect(clippy::disallowed_methods, reason = "the folders of programs are handed over like this")]
pub fn folder(variable: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.unwrap_or_else(|| {
        panic!("{variable} is not set: run `cargo xtask test`, which builds and installs what the tests start")
    })
}

/// A program below a folder that `cargo xtask test` names to the tests.
///
/// # Panics
/// When it is not there.
pub fn program(variable: &str, path: &str) -> PathBuf {
    let program = folder(variable).join(path);
    assert!(
        program.is_file(),
        "{} is missing: run `cargo xtask test`, which builds and installs it",
        program.display()
    );
    program
}

fn missing(name: &str, error: &io::Error) -> ! {
    panic!("{name} cannot be started ({error}): run `cargo xtask test`, which installs it")
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    listener.local_addr().expect("a bound socket has an address")
}

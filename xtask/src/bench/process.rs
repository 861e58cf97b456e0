//! One process of a function: started cold with an event waiting for it, measured from outside, and ended.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::emulators::{Emulators, variables};

/// The kernel's unit for CPU time in `/proc`, whatever its own timer does: USER_HZ.
const TICKS_A_SECOND: f64 = 100.0;

/// A function's binary and what is in its environment beside what Lambda and AWS put there.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// What was seen of one process.
pub(crate) struct Seen {
    /// From the start of the process until it asked for its first event.
    pub(crate) first_next: Duration,
    /// From the start of the process until its answer arrived.
    pub(crate) answered: Duration,
    /// The most memory that it held, in KiB.
    pub(crate) peak_kib: u64,
    /// What it answered.
    pub(crate) response: Value,
}

/// Runs one event in a new process.
pub(crate) fn run(
    emulators: &Emulators,
    program: &Program,
    event: &Value,
    timeout: Duration,
) -> Result<Seen> {
    let path = format!("/runtime?timeout_ms={}", timeout.as_millis());
    let lambda = variables(&emulators.post(&path, event)?)?;
    let own = program.environment.iter().map(|(name, value)| (*name, value.as_str()));
    let mut command = Command::new(&program.path);
    command
        .env_clear()
        .envs(lambda)
        .envs(emulators.environment().iter().cloned())
        .envs(own)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let start = now_ns();
    let process =
        command.spawn().with_context(|| format!("failed to start {}", program.path.display()))?;
    let process = Process(process);
    let outcome = emulators.get("/runtime/outcome")?;
    if let Some(error) = outcome["error"].as_str() {
        bail!("{}: {error}", program.path.display());
    }
    let since_start = |key: &str| {
        let at = outcome[key].as_u64().with_context(|| format!("the emulators name no {key}"))?;
        anyhow::Ok(Duration::from_nanos(at.saturating_sub(start)))
    };
    Ok(Seen {
        first_next: since_start("first_next_ns")?,
        answered: since_start("answered_ns")?,
        peak_kib: peak_kib(process.0.id())?,
        response: outcome["response"].clone(),
    })
}

/// The CPU time that a process has used so far, in hundredths of a second.
pub(crate) fn cpu_of(process: u32) -> Result<Duration> {
    // utime and stime: fields 14 and 15.
    ticks(&format!("/proc/{process}/stat"), [11, 12])
}

/// The CPU time of all children that have been waited for. The kernel adds it up exactly and shows it in hundredths of a
/// second, so that the difference over many children is exact where each one's own figure is not.
pub(crate) fn cpu_of_children() -> Result<Duration> {
    // cutime and cstime: fields 16 and 17.
    ticks("/proc/self/stat", [13, 14])
}

/// The sum of two fields of proc_pid_stat(5), which counts from 1; here 0 is the third, the first after the name.
fn ticks(path: &str, fields: [usize; 2]) -> Result<Duration> {
    let stat = fs::read_to_string(path).with_context(|| format!("failed to read {path}"))?;
    // The name of the program stands in parentheses and may hold anything.
    let (_, stat) = stat.rsplit_once(") ").with_context(|| format!("{path} has another form"))?;
    let stat: Vec<&str> = stat.split_whitespace().collect();
    let ticks = |index: usize| stat.get(index).and_then(|field| field.parse::<f64>().ok());
    let [user, system] = fields.map(ticks);
    let ticks = user.zip(system).with_context(|| format!("{path} is too short"))?;
    Ok(Duration::from_secs_f64((ticks.0 + ticks.1) / TICKS_A_SECOND))
}

/// A process that does not outlive what it is measured for.
struct Process(Child);

/// The most memory that a process has held so far, in KiB.
pub(crate) fn peak_kib(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
    peak.with_context(|| format!("{path} names no VmHWM"))
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed, and is waited for all the same.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "compared with the emulators' time: an Instant means nothing in another process"
)]
pub(crate) fn now_ns() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

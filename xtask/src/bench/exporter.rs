//! blackbox_exporter as a process of its own, asked for probes over HTTP as a Prometheus server asks it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::process::{cpu_of, now_ns};
use crate::run::Workspace;

const PROGRAM: &str = "prometheus-blackbox-exporter";

/// How often it is looked whether it listens.
const LOOKS: usize = 200;

/// The process.
pub(crate) struct Exporter {
    process: Child,
    address: String,
}

/// What a round of probes took.
pub(crate) struct Round {
    /// CPU time of the exporter, its own HTTP included.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// `probe_duration_seconds` of each probe that succeeded.
    pub(crate) reported: Vec<Duration>,
    pub(crate) failed: usize,
}

impl Exporter {
    /// Starts it with these modules.
    pub(crate) fn start(workspace: &Workspace, modules: &Path) -> Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0").context("failed to find a free port")?;
        let address = free.local_addr().context("failed to find a free port")?.to_string();
        drop(free);
        let process = workspace
            .call(PROGRAM, ["--log.level=error"])
            .arg(format!("--config.file={}", modules.display()))
            .arg(format!("--web.listen-address={address}"))
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start {PROGRAM}"))?;
        let exporter = Self { process, address };
        exporter.wait()?;
        Ok(exporter)
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark has nothing else to do meanwhile")]
    fn wait(&self) -> Result<()> {
        for _ in 0..LOOKS {
            if TcpStream::connect(&self.address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        bail!("{PROGRAM} does not listen at {}", self.address)
    }

    /// Has each target probed once, so many at one time.
    pub(crate) fn probe(&self, module: &str, targets: &[String], at_once: usize) -> Result<Round> {
        let (next, pages) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let (cpu, start) = (cpu_of(self.process.id())?, now_ns());
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let page = self.ask(module, target);
                        pages.lock().unwrap_or_else(PoisonError::into_inner).push(page);
                    }
                });
            }
        });
        let wall = Duration::from_nanos(now_ns().saturating_sub(start));
        let cpu = cpu_of(self.process.id())? - cpu;
        let pages = pages.into_inner().unwrap_or_else(PoisonError::into_inner);
        let pages = pages.into_iter().collect::<Result<Vec<_>>>()?;
        let succeeded = |page: &&String| page.contains("\nprobe_success 1\n");
        let reported: Vec<_> =
            pages.iter().filter(succeeded).filter_map(|page| duration(page)).collect();
        let failed = pages.len() - reported.len();
        Ok(Round { cpu, wall, reported, failed })
    }

    /// In HTTP/1.0, whose answers are not cut into chunks.
    fn ask(&self, module: &str, target: &str) -> Result<String> {
        let context = || format!("failed to ask {PROGRAM} for {target}");
        let mut stream = TcpStream::connect(&self.address).with_context(context)?;
        let target = target.replace('?', "%3F").replace('&', "%26");
        write!(
            stream,
            "GET /probe?module={module}&target={target} HTTP/1.0\r\nHost: {}\r\n\r\n",
            self.address
        )
        .with_context(context)?;
        let mut page = String::new();
        stream.read_to_string(&mut page).with_context(context)?;
        ensure!(page.starts_with("HTTP/1.0 200 "), "{}: {page}", context());
        Ok(page)
    }

    /// The most memory that it held, in KiB.
    pub(crate) fn peak_kib(&self) -> Result<u64> {
        super::process::peak_kib(self.process.id())
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed, and is waited for all the same.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn duration(page: &str) -> Option<Duration> {
    let line = page.lines().find_map(|line| line.strip_prefix("probe_duration_seconds "))?;
    line.parse().ok().map(Duration::from_secs_f64)
}

/// Writes the modules down for it.
pub(crate) fn write_modules(path: &Path, modules: &str) -> Result<()> {
    fs::write(path, modules).with_context(|| format!("failed to write {}", path.display()))
}

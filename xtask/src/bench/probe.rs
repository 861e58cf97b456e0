//! What probes cost beside blackbox_exporter: the same targets, the same modules, as many at one time, one after the other in one
//! run. On our side encoding and delivery are included; on its side the page, and the HTTP with which it is asked for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::emulators::Emulators;
use super::exporter::{Exporter, write_modules};
use super::figures::{Figure, judge, quantile};
use super::process::cpu_of_children;
use super::world::World;
use super::{release, scratch};
use crate::run::Workspace;

/// What is probed: a door of the emulated site, and the module's name.
const PROBERS: [&str; 4] = ["http", "https", "tcp", "dns"];
const AT_ONCE: [usize; 4] = [1, 16, 64, 256];
const TARGETS: usize = 1_000;
/// A prober and a concurrency take so many rounds on each side, in turns; the figures are those of all.
const ROUNDS: usize = 3;
const TIMEOUT: Duration = Duration::from_secs(60);
/// Of 1,000 targets, those that never answer.
const SILENT: usize = 50;

/// What must hold.
const CPU_RATIO: f64 = 0.5;
const MEMORY_LIMIT_MIB: f64 = 40.0;

/// Builds, measures, judges.
pub(crate) fn bench(workspace: &Workspace) -> Result<()> {
    let bench = Bench::new(workspace)?;
    let mut figures = Vec::new();
    for prober in PROBERS {
        for at_once in AT_ONCE {
            figures.extend(bench.compare(prober, at_once)?);
        }
    }
    figures.extend(bench.silent()?);
    judge(&figures)
}

struct Bench<'a> {
    workspace: &'a Workspace,
    program: PathBuf,
    modules: PathBuf,
}

/// What both sides came to, over all rounds.
#[derive(Default)]
struct Totals {
    cpu: Duration,
    wall: Duration,
    peak_kib: u64,
    reported: Vec<Duration>,
    /// What the site saw of the same probes.
    served: Vec<Duration>,
}

impl<'a> Bench<'a> {
    fn new(workspace: &'a Workspace) -> Result<Self> {
        let modules = scratch(workspace)?.join("blackbox.yml");
        Ok(Self { workspace, program: release(workspace, "probe")?, modules })
    }

    /// Both sides on one prober with so many probes at one time.
    fn compare(&self, prober: &'static str, at_once: usize) -> Result<Vec<Figure>> {
        let (mut own, mut other) = (Totals::default(), Totals::default());
        for _ in 0..ROUNDS {
            let emulators = Emulators::start(self.workspace, &[])?;
            self.write_modules(&emulators)?;
            let targets = targets(&emulators, prober)?;
            self.exporter(&emulators, prober, &targets, at_once, &mut other)?;
            self.function(emulators, prober, &targets, at_once, &mut own)?;
        }
        let about = |what: &str| format!("{prober}, {at_once} at once: {what}");
        let a_round = |total: Duration| total / u32::try_from(ROUNDS).unwrap_or(1);
        let error = |totals: &Totals, part: f64| {
            quantile(&totals.reported, part).saturating_sub(quantile(&totals.served, part))
        };
        let mut figures = vec![
            Figure::time(about("CPU of 1,000 probes"), a_round(own.cpu)),
            Figure::time(about("blackbox_exporter's"), a_round(other.cpu)),
            Figure::ratio(about("ratio"), own.cpu, other.cpu).at_most(CPU_RATIO),
            Figure::time(about("wall"), a_round(own.wall)),
            Figure::time(about("blackbox_exporter's"), a_round(other.wall)),
            Figure::kib(about("peak of resident memory"), own.peak_kib).at_most(MEMORY_LIMIT_MIB),
            Figure::kib(about("blackbox_exporter's"), other.peak_kib),
        ];
        for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
            let limit = error(&other, part);
            figures.push(
                Figure::time(
                    about(&format!("reported above what the target saw, {name}")),
                    error(&own, part),
                )
                .at_most(limit.as_secs_f64() * 1e3),
            );
            figures.push(Figure::time(about("blackbox_exporter's"), limit));
        }
        Ok(figures)
    }

    fn exporter(
        &self,
        emulators: &Emulators,
        prober: &str,
        targets: &[String],
        at_once: usize,
        totals: &mut Totals,
    ) -> Result<()> {
        let exporter = Exporter::start(self.workspace, &self.modules)?;
        served(emulators, prober)?;
        let round = exporter.probe(prober, targets, at_once)?;
        ensure!(round.failed == 0, "{} of blackbox_exporter's probes failed", round.failed);
        totals.cpu += round.cpu;
        totals.wall += round.wall;
        totals.reported.extend(round.reported);
        totals.peak_kib = totals.peak_kib.max(exporter.peak_kib()?);
        totals.served.extend(served(emulators, prober)?);
        Ok(())
    }

    fn function(
        &self,
        emulators: Emulators,
        prober: &str,
        targets: &[String],
        at_once: usize,
        totals: &mut Totals,
    ) -> Result<()> {
        let world = self.world(emulators, &[(prober, targets)], at_once)?;
        served(&world.emulators, prober)?;
        let before = cpu_of_children()?;
        let seen = world.run(TIMEOUT)?;
        totals.cpu += cpu_of_children()? - before;
        totals.wall += seen.answered;
        totals.peak_kib = totals.peak_kib.max(seen.peak_kib);
        ensure!(
            seen.response["errors"] == json!([]),
            "the run had errors: {}",
            seen.response["errors"]
        );
        totals.served.extend(served(&world.emulators, prober)?);
        let succeeded = values(&world.emulators, "probe_success")?;
        ensure!(succeeded.iter().all(|value| *value == 1.0), "some of our probes failed");
        let reported = values(&world.emulators, "probe_duration_seconds")?;
        ensure!(reported.len() == TARGETS, "{} of our probes succeeded", reported.len());
        totals.reported.extend(reported.into_iter().map(Duration::from_secs_f64));
        Ok(())
    }

    /// A thousand targets of which some never answer.
    fn silent(&self) -> Result<Vec<Figure>> {
        let emulators = Emulators::start(self.workspace, &[])?;
        self.write_modules(&emulators)?;
        let mut good = targets(&emulators, "http")?;
        good.truncate(TARGETS - SILENT);
        let address = emulators.site("silent")?;
        let silent: Vec<String> = (0..SILENT).map(|n| format!("http://{address}/?{n}")).collect();
        let world = self.world(emulators, &[("http", &good), ("http", &silent)], 64)?;
        let seen = world.run(TIMEOUT)?;
        ensure!(
            seen.response["errors"] == json!([]),
            "the run had errors: {}",
            seen.response["errors"]
        );
        Ok(vec![
            Figure::time("1,000 targets, 50 of them silent for 5 s: wall", seen.answered),
            Figure::kib("1,000 targets, 50 of them silent for 5 s: peak", seen.peak_kib)
                .at_most(MEMORY_LIMIT_MIB),
        ])
    }

    /// A function with one job for each list of targets, which delivers to one receiver.
    fn world(
        &self,
        emulators: Emulators,
        lists: &[(&str, &[String])],
        at_once: usize,
    ) -> Result<World> {
        let jobs = lists.iter().enumerate().map(|(n, (module, targets))| job(n, module, targets));
        let modules =
            std::fs::read_to_string(&self.modules).context("failed to read the modules")?;
        let configuration = format!(
            "{modules}scrape_configs: {}\nremote_write: [{{url: \"{}\"}}]\n",
            Value::from_iter(jobs),
            emulators.remote_write(),
        );
        let mut world =
            World::with(self.workspace, &self.program, emulators, &configuration, "60")?;
        world.set("HOSTLESS_PROBES_AT_ONCE", &at_once.to_string());
        Ok(world)
    }

    fn write_modules(&self, emulators: &Emulators) -> Result<()> {
        let authority = self.modules.with_file_name("authority.pem");
        std::fs::write(&authority, emulators.site("authority")?)
            .context("failed to write the site's authority")?;
        write_modules(&self.modules, &modules(&authority))
    }
}

/// The modules, for both sides.
fn modules(authority: &Path) -> String {
    let modules = json!({
        "http": {"prober": "http", "timeout": "5s", "http": {"preferred_ip_protocol": "ip4"}},
        "https": {"prober": "http", "timeout": "5s", "http": {
            "preferred_ip_protocol": "ip4",
            "tls_config": {"ca_file": authority, "server_name": "localhost"},
        }},
        "tcp": {"prober": "tcp", "timeout": "5s", "tcp": {"preferred_ip_protocol": "ip4"}},
        "dns": {"prober": "dns", "timeout": "5s", "dns": {
            "query_name": "www.example.com", "query_type": "A", "preferred_ip_protocol": "ip4",
        }},
    });
    format!("modules: {modules}\n")
}

/// A thousand targets at one door. Where the protocol has no place for a number, the address says the same in other words.
fn targets(emulators: &Emulators, prober: &str) -> Result<Vec<String>> {
    let address = emulators.site(prober)?;
    Ok(match prober {
        "http" | "https" => (0..TARGETS).map(|n| format!("{prober}://{address}/?{n}")).collect(),
        _ => vec![address; TARGETS],
    })
}

/// As it stands in a prometheus.yml; a label keeps targets apart that have one address.
fn job(number: usize, module: &str, targets: &[String]) -> Value {
    let groups = targets
        .iter()
        .enumerate()
        .map(|(n, target)| json!({"targets": [target], "labels": {"number": n.to_string()}}));
    json!({
        "job_name": format!("bench-{number}"),
        "metrics_path": "/probe",
        "params": {"module": [module]},
        "scrape_interval": "1m",
        "static_configs": Value::from_iter(groups),
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": "127.0.0.1:9115"},
        ],
    })
}

/// What the site saw since somebody last asked.
fn served(emulators: &Emulators, door: &str) -> Result<Vec<Duration>> {
    let served = emulators.get("/site")?;
    let nanoseconds = served[door].as_array().context("the site has no such door")?;
    Ok(nanoseconds.iter().filter_map(Value::as_u64).map(Duration::from_nanos).collect())
}

/// The newest value of each series of this name that the receiver got.
fn values(emulators: &Emulators, name: &str) -> Result<Vec<f64>> {
    let values = emulators.get(&format!("/remote_write/values?name={name}"))?;
    let values = values.as_array().context("the receiver gives no list")?;
    Ok(values.iter().filter_map(Value::as_f64).collect())
}

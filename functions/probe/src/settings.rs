//! What the configuration says to this function: modules, and the jobs that use them.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Finding, Findings, Global, Node, SecretRef, Sections, duration};
use jobs::Job;

use crate::module::{self, Module};

const JOBS: &str = "scrape_configs";
const MODULES: &str = "modules";

/// Modules by name and probe jobs, valid.
#[derive(Debug)]
pub struct Settings {
    /// `modules`.
    pub(crate) modules: BTreeMap<String, Module>,
    /// The jobs of `scrape_configs` whose `metrics_path` is `/probe`.
    pub(crate) jobs: Vec<Job>,
    /// Where each probe job stands, as a finding without a reason.
    places: Vec<Finding>,
    /// Every place that holds a secret, and where it is named.
    secrets: Vec<(Finding, SecretRef)>,
}

impl Settings {
    /// The sections that are read.
    pub const SECTIONS: [&str; 2] = [JOBS, MODULES];

    /// Reads the sections for a function that is to probe: there has to be a probe job.
    pub(crate) fn read(sections: &Sections, findings: &mut Findings) -> Option<Self> {
        let settings = Self::check(sections, findings)?;
        if settings.jobs.is_empty() {
            let none = "no job here is a probe: one with metrics_path: /probe is needed";
            let said = match sections.get(JOBS) {
                Some(node) => finding(node, none),
                None => Finding::error("", JOBS, none),
            };
            findings.push(said);
            return None;
        }
        Some(settings)
    }

    /// Reads the sections, whatever they are meant for; nothing if something in them is wrong. Jobs of other kinds are read
    /// and not kept.
    pub fn check(sections: &Sections, findings: &mut Findings) -> Option<Self> {
        let before = findings.error_count();
        let modules = module::read_all(sections, findings);
        // What is wrong with `global` is said by whoever owns it.
        let global = Global::read(sections.get("global"), &mut Findings::new());
        let all = match sections.get(JOBS) {
            Some(_) => Job::read_all(sections, &global, findings),
            None => Vec::new(),
        };
        let mut secrets = module_secrets(sections, &modules);
        let nodes = job_nodes(sections);
        let mut jobs = Vec::new();
        let mut places = Vec::new();
        for job in all {
            let Some(node) = nodes.get(&job.name) else { continue };
            let of_job = job.secrets().into_iter().cloned();
            secrets.extend(of_job.map(|reference| (finding(node, ""), reference)));
            if job.is_probe() {
                places.push(finding(node, ""));
                check_modules(&job, node, sections, &modules, findings);
                jobs.push(job);
            }
        }
        (findings.error_count() == before).then_some(Self { modules, jobs, places, secrets })
    }

    /// Whether there is something to probe.
    pub fn has_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Warns of jobs that cannot run as often as they ask to, when an invocation comes every `interval`.
    pub fn warn_of_schedule(&self, interval: Duration, findings: &mut Findings) {
        for (job, place) in self.jobs.iter().zip(&self.places) {
            if job.interval < interval {
                let (wanted, given) = (duration::format(job.interval), duration::format(interval));
                let reason = format!(
                    "scrape_interval is {wanted}, but the schedule runs every {given} (HOSTLESS_INTERVAL): so do the probes"
                );
                let Finding { document, path, .. } = place.clone();
                findings.push(Finding::warning(document, path, reason));
            }
        }
    }

    /// Every place that holds a secret, each with where it is named, as a finding without a reason.
    pub fn secrets(&self) -> &[(Finding, SecretRef)] {
        &self.secrets
    }
}

fn finding(node: &Node, reason: impl Into<String>) -> Finding {
    Finding::error(node.document(), node.path(), reason)
}

/// The entries of `scrape_configs`, by name.
fn job_nodes(sections: &Sections) -> BTreeMap<String, Node> {
    // What is wrong with them was said when they were read.
    let mut unheard = Findings::new();
    let mut named = |node: Node| {
        let name = node.mapping(&mut unheard)?.take("job_name")?.string(&mut unheard)?;
        Some((name, node))
    };
    sections.list(JOBS).into_iter().filter_map(&mut named).collect()
}

fn module_secrets(
    sections: &Sections,
    modules: &BTreeMap<String, Module>,
) -> Vec<(Finding, SecretRef)> {
    let node = sections.get(MODULES);
    let Some(nodes) = node.and_then(|node| node.mapping(&mut Findings::new())) else {
        return Vec::new();
    };
    let of_module = |(name, node): (&str, &Node)| {
        let references = modules.get(name).map(Module::secrets).unwrap_or_default();
        let place = finding(node, "");
        references.into_iter().map(move |one| (place.clone(), one.clone())).collect::<Vec<_>>()
    };
    nodes.entries().flat_map(of_module).collect()
}

/// A job needs modules, and the one that it names for all its targets should be there. That is no error: relabeling may name
/// another one for each of them.
fn check_modules(
    job: &Job,
    node: &Node,
    sections: &Sections,
    modules: &BTreeMap<String, Module>,
    findings: &mut Findings,
) {
    if sections.get(MODULES).is_none() {
        let reason = "the job probes, but there are no modules: the section \"modules\", as blackbox.yml has it, is needed";
        return findings.push(finding(node, reason));
    }
    // A module that is wrong is missing, too, and has been said.
    let written = sections.get(MODULES).and_then(|node| node.mapping(&mut Findings::new()));
    let is_written = |name: &str| {
        modules.contains_key(name) || written.is_some_and(|mut it| it.take(name).is_some())
    };
    let named = job.params.get("module").and_then(|values| values.first());
    if let Some(name) = named.filter(|name| !name.is_empty() && !is_written(name)) {
        let reason = format!(
            "params.module: no module is named {name:?}; targets of job {:?} get up 0 and no probe_success",
            job.name
        );
        findings.warning(node, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Document;

    const MODULES: &str = "modules: {http_2xx: {prober: http}}\n";
    const JOB: &str = "scrape_configs:\n- {job_name: blackbox, metrics_path: /probe, scrape_interval: 30s, \
                       params: {module: [http_2xx]}, static_configs: [{targets: [a]}]}\n";

    fn read(body: &str, needs_jobs: bool) -> (Option<Settings>, Vec<String>) {
        let document = Document {
            name: "f".to_owned(),
            directory: Some("/etc".into()),
            body: body.as_bytes().to_vec(),
        };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        let settings = match needs_jobs {
            true => Settings::read(&sections, &mut findings),
            false => Settings::check(&sections, &mut findings),
        };
        (settings, findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn modules_and_probe_jobs_are_read() {
        let (settings, findings) = read(&format!("{MODULES}{JOB}"), true);
        let settings = settings.expect("a working configuration");
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!(settings.jobs[0].name, "blackbox");
        assert!(settings.modules.contains_key("http_2xx") && settings.has_jobs());
    }

    #[test]
    fn a_function_that_is_to_probe_needs_a_probe_job_and_modules() {
        let other = "scrape_configs: [{job_name: node, static_configs: [{targets: [a]}]}]\n";
        for (body, expected) in [
            (
                format!("{MODULES}{other}"),
                "f: scrape_configs: no job here is a probe: one with metrics_path: /probe is needed",
            ),
            (
                MODULES.to_owned(),
                "scrape_configs: no job here is a probe: one with metrics_path: /probe is needed",
            ),
            (
                JOB.to_owned(),
                "f: scrape_configs[0]: the job probes, but there are no modules: the section \"modules\", as blackbox.yml \
                 has it, is needed",
            ),
        ] {
            let (settings, findings) = read(&body, true);
            assert!(settings.is_none(), "{body}");
            assert_eq!(findings, [expected], "{body}");
        }
        let (settings, findings) = read(&format!("{MODULES}{other}"), false);
        assert!(!settings.expect("it can be checked").has_jobs());
        assert_eq!(findings, Vec::<String>::new());
    }

    #[test]
    fn a_module_that_is_not_there_is_warned_of() {
        let job = JOB.replace("[http_2xx]", "[http_3xx]");
        let (settings, findings) = read(&format!("{MODULES}{job}"), true);
        assert!(settings.is_some());
        assert_eq!(
            findings,
            [
                "f: scrape_configs[0]: params.module: no module is named \"http_3xx\"; targets of job \"blackbox\" get up 0 and no probe_success"
            ]
        );
    }

    #[test]
    fn a_job_that_asks_for_more_than_the_schedule_gives_is_warned_of() {
        let (settings, _) = read(&format!("{MODULES}{JOB}"), true);
        let settings = settings.expect("a working configuration");
        let warned = |seconds| {
            let mut findings = Findings::new();
            settings.warn_of_schedule(Duration::from_secs(seconds), &mut findings);
            findings.warnings().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(warned(30), Vec::<String>::new());
        assert_eq!(
            warned(60),
            [
                "f: scrape_configs[0]: scrape_interval is 30s, but the schedule runs every 1m (HOSTLESS_INTERVAL): so do \
                 the probes"
            ]
        );
    }

    #[test]
    fn every_secret_is_known_with_its_place() {
        let modules = "modules: {a: {prober: http, http: {bearer_token_file: 'ssm:/hostless/config/token'}}}\n";
        let (settings, _) = read(&format!("{modules}{JOB}"), true);
        let settings = settings.expect("a working configuration");
        let secrets: Vec<_> = settings
            .secrets()
            .iter()
            .map(|(place, reference)| format!("{} {reference}", place.path))
            .collect();
        assert_eq!(secrets, ["modules.a ssm:/hostless/config/token"]);
    }
}

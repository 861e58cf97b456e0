//! One probe by hand: a target and a module, without jobs, sinks or state. For `hostless invoke probe --target`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use aws::Secrets;
use clock::Clock;
use config::{Document, Findings, SecretRef, Sections};

use crate::frame::{self, Asked, Equipment, OFFSET, Outcome, Step, page};
use crate::module::{self, Module};

/// Modules to choose from.
#[derive(Debug)]
pub struct Modules(BTreeMap<String, Module>);

/// What is to be probed.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// As `__param_target` has it.
    pub target: &'a str,
    /// The name of a module; without it: `http_2xx`.
    pub module: Option<&'a str>,
    /// The parameter `hostname`.
    pub hostname: Option<&'a str>,
    /// Show the steps, and what each metric means.
    pub debug: bool,
}

/// What a probe is made with.
#[derive(Debug, Clone)]
pub struct Means {
    /// HTTP and trust roots.
    pub factory: http::Factory,
    /// Secrets by reference.
    pub secrets: Secrets,
    /// What time it is, for certificates.
    pub clock: Clock,
}

/// What came of a probe.
#[derive(Debug)]
pub struct Shown {
    /// Metrics, and with `debug` all the rest, as text that holds no secret.
    pub text: String,
    /// Why it failed, if it did: the reason and a sentence.
    pub failure: Option<String>,
}

/// A probe that cannot be done: there is no such module, or it contradicts itself.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotProbe(String);

impl Modules {
    /// The section `modules`; nothing if something in it is wrong.
    pub fn read(sections: &Sections, findings: &mut Findings) -> Option<Self> {
        let before = findings.error_count();
        let modules = module::read_all(sections, findings);
        (findings.error_count() == before).then_some(Self(modules))
    }

    /// What there is without a configuration: modules of the names that blackbox_exporter's own configuration has.
    pub fn built_in() -> Self {
        let document = Document {
            name: "built-in modules".to_owned(),
            directory: None,
            body: include_bytes!("modules.yml").to_vec(),
        };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        Self(module::read_all(&sections, &mut findings))
    }

    /// Whether a module's secrets are kept at AWS.
    pub fn needs_aws(&self, wanted: &Wanted<'_>) -> bool {
        let asked = Asked::new(Some(wanted.target), wanted.module, None, &self.0);
        let secrets = asked.map(|asked| asked.module.secrets()).unwrap_or_default();
        secrets.iter().any(|secret| !matches!(secret, SecretRef::File(_)))
    }

    /// Probes. The probe has as much time as in a job that says nothing of its own.
    pub async fn probe(&self, wanted: &Wanted<'_>, means: &Means) -> Result<Shown, CannotProbe> {
        let Wanted { target, module, hostname, debug } = *wanted;
        let asked = Asked::new(Some(target).filter(|it| !it.is_empty()), module, hostname, &self.0);
        let asked = asked.map_err(|refusal| CannotProbe(refusal.to_string()))?;
        let timeout = frame::timeout(asked.module.timeout, Some(SCRAPE_TIMEOUT), OFFSET);
        let Means { factory, secrets, clock } = means.clone();
        let equipment = Equipment::with(factory, secrets, clock);
        let outcome = frame::run(&asked, timeout, &equipment, debug).await;
        let failure = outcome.result.as_ref().err();
        let failure = failure.map(|failure| format!("{}: {failure}", failure.reason.as_str()));
        let text = match debug {
            true => debug_text(&outcome, timeout),
            false => page::text(&outcome.gauges, false),
        };
        let masked = |text: String| without_credentials(text, &asked.target);
        Ok(Shown { text: masked(text), failure: failure.map(masked) })
    }
}

/// Prometheus's own, where neither a job nor `global` says another.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);

/// In the order of the original's debug page. The module itself is not shown: any header in it may be a secret.
fn debug_text(outcome: &Outcome, timeout: Duration) -> String {
    let mut text = "Logs for the probe:\n".to_owned();
    for Step { at, message } in &outcome.steps {
        writeln!(text, "{:>10.6} s  {message}", at.as_secs_f64()).expect("text grows");
    }
    let page = page::text(&outcome.gauges, true);
    let seconds = timeout.as_secs_f64();
    write!(
        text,
        "\nMetrics that would have been returned, of a probe that had {seconds} s:\n{page}"
    )
    .expect("text grows");
    text
}

/// A text in which the credentials of a target are masked.
fn without_credentials(text: String, target: &str) -> String {
    match frame::credentials(target) {
        Some(credentials) => text.replace(credentials, "<secret>@"),
        None => text,
    }
}

//! `hostless check`: every section of a configuration, all findings at once.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clock::Clock;
use config::{Document, Finding, Findings, Node, SecretRef, Sections, Severity};
use runtime::{Environment, Location};
use sinks::SinkConfig;

use crate::functions::{Named, PlacedSecret};
use crate::terminal::{complain, say};

/// Prometheus shows nothing that is older than this to an instant query.
const LOOKBACK: Duration = Duration::from_secs(300);

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, a folder, ssm:/path or s3://bucket/prefix [default: $HOSTLESS_CONFIG]
    #[arg(long, value_name = "LOCATION")]
    config: Option<String>,
}

pub(crate) async fn run(
    arguments: &Arguments,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let Some(text) = arguments.config.clone().or_else(|| environment.config()) else {
        complain(
            "hostless check: say where the configuration is, with --config or HOSTLESS_CONFIG",
        );
        return Ok(ExitCode::from(2));
    };
    let location = Location::parse(&text)?;
    let documents = runtime::fetch_documents(&location, environment, Clock::System).await?;
    let mut findings = Findings::new();
    let sections = check(&documents, &location, environment, &mut findings);
    for finding in findings.warnings() {
        complain(&format!("warning: {finding}"));
    }
    for finding in findings.errors() {
        complain(&format!("error: {finding}"));
    }
    if findings.has_errors() {
        complain(&format!("{location}: {}", counted(findings.errors().count(), "error")));
        return Ok(ExitCode::FAILURE);
    }
    let keys: Vec<_> = sections.keys().collect();
    let warnings = match findings.warnings().count() {
        0 => String::new(),
        count => format!(", {}", counted(count, "warning")),
    };
    say(&format!("{location}: good ({}{warnings})", keys.join(", ")));
    Ok(ExitCode::SUCCESS)
}

/// Reads every section, those of all functions and those that they share.
fn check(
    documents: &[Document],
    location: &Location,
    environment: &Environment,
    findings: &mut Findings,
) -> Sections {
    let sections = Sections::read(documents, findings);
    let (_, sinks) = runtime::read_shared(&sections, location, findings);
    for sink in &sinks {
        sink.secrets().into_iter().for_each(|reference| check_file(sink, reference, findings));
    }
    let functions = Named::value_variants();
    let interval = environment.interval().ok();
    for function in functions {
        let secrets = function.check(&sections, interval, findings);
        runtime::refuse_among_documents(&secrets, location, findings);
        secrets.iter().for_each(|secret| warn_of_file(secret, findings));
    }
    let names: Vec<_> = functions.iter().map(|function| function.section()).collect();
    runtime::require_both_ends(&sections, &names, &sinks, location, findings);
    warn_of_unread(&sections, findings);
    warn_of_age(&sections, environment, findings);
    sections
}

/// Opens what is local, and reads it: a folder can be opened too.
fn check_file(sink: &SinkConfig, reference: &SecretRef, findings: &mut Findings) {
    if let SecretRef::File(path) = reference
        && let Err(error) = std::fs::read(path)
    {
        findings.push(sink.finding(format!("{}: {error}", path.display())));
    }
}

/// What a function's own sections name may belong to a module that nobody uses: where it cannot be read, a probe fails, and
/// only if there is one.
fn warn_of_file((place, reference): &PlacedSecret, findings: &mut Findings) {
    if let SecretRef::File(path) = reference
        && let Err(error) = std::fs::read(path)
    {
        let reason = format!("{}: {error}", path.display());
        findings.push(Finding { severity: Severity::Warning, reason, ..place.clone() });
    }
}

/// Sections that are known, but that no function of this version reads.
fn warn_of_unread(sections: &Sections, findings: &mut Findings) {
    let read = |key: &str| {
        ["global", "remote_write", "mackerel"].contains(&key)
            || Named::value_variants().iter().any(|function| function.reads(key))
    };
    let unread: Vec<&Node> =
        sections.keys().filter(|key| !read(key)).filter_map(|key| sections.get(key)).collect();
    for node in unread {
        findings.warning(node, "no function of this version reads this section yet");
    }
}

/// The newest sample of CloudWatch data is this old at most: settling, its own period, the schedule, and a minute.
fn warn_of_age(sections: &Sections, environment: &Environment, findings: &mut Findings) {
    // Mackerel shows what is old.
    let is_prometheus = sections.get("remote_write").is_some();
    let Ok(interval) = environment.interval() else { return };
    for function in Named::value_variants() {
        let Some(node) = sections.get(function.section()) else { continue };
        let mut unheard = Findings::new();
        let Some(mut section) = node.mapping(&mut unheard) else { continue };
        let mut duration = |key: &'static str, default: u64| {
            let node = section.take(key);
            node.and_then(|node| node.duration(&mut unheard))
                .unwrap_or(Duration::from_secs(default))
        };
        let age =
            duration("delay", 120) + duration("period", 60) + interval + Duration::from_secs(60);
        if is_prometheus && age > LOOKBACK {
            let reason = format!(
                "the newest sample can be {} old, and Prometheus shows nothing older than 5m to an instant query: \
                 use last_over_time(…[15m]) in rules and dashboards",
                config::duration::format(age)
            );
            findings.warning(node, reason);
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

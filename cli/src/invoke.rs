//! `hostless invoke`: the very handler that Lambda runs, in this process.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use clock::Clock;
use runtime::{Environment, environment};
use serde_json::{Value, json};
use series::Timestamp;

use crate::functions::Named;
use crate::probing;
use crate::terminal::{complain, say};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Which function
    function: Named,
    /// A file, a folder, ssm:/path or s3://bucket/prefix [default: $HOSTLESS_CONFIG]
    #[arg(long, value_name = "LOCATION")]
    config: Option<String>,
    /// A file with the event; without it: now
    #[arg(long, value_name = "FILE", conflicts_with = "time")]
    event: Option<PathBuf>,
    /// The time of the event
    #[arg(long, value_name = "RFC3339", value_parser = Timestamp::parse_rfc3339)]
    time: Option<Timestamp>,
    /// Collect and convert, send nothing, keep the state
    #[arg(long)]
    dry_run: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Output::Report)]
    output: Output,
    #[command(flatten)]
    probe: probing::ByHand,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// What was done, as JSON
    Report,
    /// The series, one sample a line
    Exposition,
}

pub(crate) async fn run(
    arguments: &Arguments,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    if let Some(target) = &arguments.probe.target {
        if arguments.function != Named::Probe {
            complain("hostless invoke: --target is for the function probe");
            return Ok(ExitCode::from(2));
        }
        let config = arguments.config.clone().or_else(|| environment.config());
        return probing::run(&arguments.probe, target, config.as_deref(), environment).await;
    }
    let event = match event(arguments) {
        Ok(event) => event,
        // Nothing was invoked: this is wrong usage, as an option that does not exist is.
        Err(error) => {
            complain(&format!("hostless invoke: {error:#}"));
            return Ok(ExitCode::from(2));
        }
    };
    let keep_series = arguments.output == Output::Exposition;
    let is_forgetful = environment.store().is_none();
    let environment = surroundings(arguments, environment);
    let outcome =
        arguments.function.invoke(environment, Clock::System, &event, keep_series).await?;
    match arguments.output {
        Output::Report => say(&serde_json::to_string_pretty(&outcome.report)?),
        Output::Exposition => {
            // No series is no line, not an empty one.
            let series = outcome.report.exposition.as_deref().unwrap_or_default().trim_end();
            series.lines().for_each(say);
            for error in &outcome.report.errors {
                complain(&format!("{}: {}", error.source, error.message));
            }
        }
    }
    let spooled: u64 = outcome.report.sinks.iter().map(|sink| sink.spooled).sum();
    if spooled > 0 && is_forgetful {
        complain(&format!(
            "{spooled} samples were to wait for their sink, and are lost with this process: HOSTLESS_STORE=file:DIR keeps them for the next run"
        ));
    }
    Ok(match outcome.failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            complain(&format!("{}: {failure}", failure.error_type()));
            ExitCode::FAILURE
        }
    })
}

/// By hand, state is kept in memory unless the user says where.
fn surroundings(arguments: &Arguments, environment: &Environment) -> Environment {
    let mut own = Vec::new();
    if let Some(location) = &arguments.config {
        own.push((environment::CONFIG.to_owned(), location.clone()));
    }
    if environment.store().is_none() {
        own.push((environment::STORE.to_owned(), "memory".to_owned()));
    }
    environment.with(own)
}

fn event(arguments: &Arguments) -> anyhow::Result<Value> {
    let mut event = match (&arguments.event, &arguments.time) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} is not JSON", path.display()))?
        }
        (None, Some(time)) => json!({ "time": time.to_string() }),
        (None, None) => json!({}),
    };
    if let (true, Value::Object(keys)) = (arguments.dry_run, &mut event) {
        keys.insert("dry_run".to_owned(), true.into());
    }
    Ok(event)
}

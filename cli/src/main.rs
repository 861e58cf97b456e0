//! The `hostless` command: `check` a configuration, `invoke` a function here, or, without a word, the demo.

mod check;
mod demo;
mod functions;
mod invoke;
mod probing;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use runtime::{Environment, environment, logs};

/// CloudWatch metrics, ECS and probes to Prometheus remote write and Mackerel, without a host.
///
/// Without a command: the demo, which runs all functions on this machine and needs no AWS account.
#[derive(Parser)]
#[command(name = "hostless", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// Validate every section of a configuration
    Check(check::Arguments),
    /// Run a function here, exactly as Lambda runs it; or make one probe
    Invoke(invoke::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = Environment::of_this_process();
    logs::init_text(environment.get(environment::LOG_LEVEL).as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                None => demo::run(&arguments.demo, &environment).await,
                Some(Command::Check(arguments)) => check::run(&arguments, &environment).await,
                Some(Command::Invoke(arguments)) => invoke::run(&arguments, &environment).await,
            }
        })
    });
    done.unwrap_or_else(|error| {
        terminal::complain(&format!("hostless: {error:#}"));
        ExitCode::FAILURE
    })
}

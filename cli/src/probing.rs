//! `hostless invoke probe --target`: one probe by hand, without jobs, sinks or state.

use std::process::ExitCode;
use std::time::Duration;

use aws::{Aws, Secrets};
use clap::Args;
use clock::Clock;
use config::{Findings, Sections};
use probe::by_hand::{Means, Modules, Wanted};
use runtime::{Environment, Location};

use crate::terminal::{complain, say};

/// A secret is read once: the process ends with the probe.
const SECRETS_TTL: Duration = Duration::from_secs(3600);

#[derive(Args)]
pub(crate) struct ByHand {
    /// probe: one target, by hand; modules come from the configuration, if there is one
    #[arg(long, value_name = "URL", conflicts_with_all = ["event", "time", "dry_run", "output"])]
    pub(crate) target: Option<String>,
    /// probe: with which module [default: http_2xx]
    #[arg(long, value_name = "NAME", requires = "target")]
    module: Option<String>,
    /// probe: the host to ask the target for
    #[arg(long, value_name = "HOST", requires = "target")]
    hostname: Option<String>,
    /// probe: show the steps and their times, and what each metric means
    #[arg(long, requires = "target")]
    debug: bool,
}

pub(crate) async fn run(
    arguments: &ByHand,
    target: &str,
    config: Option<&str>,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let modules = match config {
        Some(location) => match read(&Location::parse(location)?, environment).await? {
            Some(modules) => modules,
            None => return Ok(ExitCode::FAILURE),
        },
        None => Modules::built_in(),
    };
    let ByHand { target: _, module, hostname, debug } = arguments;
    let (module, hostname) = (module.as_deref(), hostname.as_deref());
    let wanted = Wanted { target, module, hostname, debug: *debug };
    let means = means(modules.needs_aws(&wanted), environment).await?;
    let shown = modules.probe(&wanted, &means).await?;
    shown.text.lines().for_each(say);
    Ok(match shown.failure {
        None => ExitCode::SUCCESS,
        Some(why) => {
            complain(&format!("the probe failed: {why}"));
            ExitCode::FAILURE
        }
    })
}

/// The modules of a configuration; its findings are said, and where one is an error there are no modules.
async fn read(location: &Location, environment: &Environment) -> anyhow::Result<Option<Modules>> {
    let documents = runtime::fetch_documents(location, environment, Clock::System).await?;
    let mut findings = Findings::new();
    let sections = Sections::read(&documents, &mut findings);
    let modules = Modules::read(&sections, &mut findings);
    findings.warnings().for_each(|finding| complain(&format!("warning: {finding}")));
    findings.errors().for_each(|finding| complain(&format!("error: {finding}")));
    Ok(modules.filter(|_| !findings.has_errors()))
}

/// AWS is asked only where a secret is kept there: the SDK would look for a region and credentials.
async fn means(needs_aws: bool, environment: &Environment) -> anyhow::Result<Means> {
    let lookup = |name: &str| environment.get(name);
    let factory = http::Factory::new(&lookup)?;
    let aws = match needs_aws {
        true => Some(Aws::load(factory.sdk_client(), Clock::System, &lookup).await),
        false => None,
    };
    let secrets = Secrets::new(aws.as_ref(), Clock::System, SECRETS_TTL);
    Ok(Means { factory, secrets, clock: Clock::System })
}

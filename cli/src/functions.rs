//! The functions that this command knows: the one list of them.

use std::time::Duration;

use clap::ValueEnum;
use clock::Clock;
use config::{Finding, Findings, SecretRef, Sections};
use runtime::{Environment, Function, Handler, Invocation, Outcome};
use serde_json::Value;

/// A function by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Named {
    /// CloudFront distributions
    Cloudfront,
    /// ECS clusters, services and tasks
    Ecs,
    /// Outbound probes
    Probe,
}

/// A secret by reference, and where it is named: a finding without a reason.
pub(crate) type PlacedSecret = (Finding, SecretRef);

impl Named {
    /// The section without which it has nothing to do.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Self::Cloudfront => cloudfront::CloudFront::SECTION,
            Self::Ecs => ecs::Ecs::SECTION,
            Self::Probe => probe::Probe::SECTION,
        }
    }

    /// Whether it reads a section.
    pub(crate) fn reads(self, section: &str) -> bool {
        section == self.section()
            || (self == Self::Probe && probe::Settings::SECTIONS.contains(&section))
    }

    /// Reads its sections, for the findings, when an invocation comes every `interval`. Its secrets.
    pub(crate) fn check(
        self,
        sections: &Sections,
        interval: Option<Duration>,
        findings: &mut Findings,
    ) -> Vec<PlacedSecret> {
        match self {
            Self::Cloudfront => drop(cloudfront::CloudFront::read(sections, findings)),
            Self::Ecs => drop(ecs::Ecs::read(sections, findings)),
            Self::Probe => return check_probe(sections, interval, findings),
        }
        Vec::new()
    }

    /// Runs its handler once, in this process.
    pub(crate) async fn invoke(
        self,
        environment: Environment,
        clock: Clock,
        event: &Value,
        keep_series: bool,
    ) -> anyhow::Result<Outcome> {
        match self {
            Self::Cloudfront => {
                once::<cloudfront::CloudFront>(environment, clock, event, keep_series).await
            }
            Self::Ecs => once::<ecs::Ecs>(environment, clock, event, keep_series).await,
            Self::Probe => once::<probe::Probe>(environment, clock, event, keep_series).await,
        }
    }
}

/// What the function itself refuses is fine in a file for others: no job that probes.
fn check_probe(
    sections: &Sections,
    interval: Option<Duration>,
    findings: &mut Findings,
) -> Vec<PlacedSecret> {
    let Some(settings) = probe::Settings::check(sections, findings) else { return Vec::new() };
    if let Some(interval) = interval {
        settings.warn_of_schedule(interval, findings);
    }
    if let (false, Some(node)) = (settings.has_jobs(), sections.get(probe::Probe::SECTION)) {
        let reason = "no job here is a probe (metrics_path: /probe), and no function of this version scrapes";
        findings.warning(node, reason);
    }
    settings.secrets().to_vec()
}

async fn once<F: Function>(
    environment: Environment,
    clock: Clock,
    event: &Value,
    keep_series: bool,
) -> anyhow::Result<Outcome> {
    let handler = Handler::<F>::start(environment, clock).await?;
    Ok(handler.invoke(event, Invocation { keep_series, ..Invocation::default() }).await)
}

//! The functions that this command knows: the one list of them.

use clap::ValueEnum;
use clock::Clock;
use config::{Findings, Sections};
use runtime::{Environment, Function, Handler, Invocation, Outcome};
use serde_json::Value;

/// A function by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Named {
    /// CloudFront distributions
    Cloudfront,
    /// ECS clusters, services and tasks
    Ecs,
}

impl Named {
    /// The name of its section.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Self::Cloudfront => cloudfront::CloudFront::NAME,
            Self::Ecs => ecs::Ecs::NAME,
        }
    }

    /// Reads its section, for the findings.
    pub(crate) fn check(self, sections: &Sections, findings: &mut Findings) {
        match self {
            Self::Cloudfront => drop(cloudfront::CloudFront::read(sections, findings)),
            Self::Ecs => drop(ecs::Ecs::read(sections, findings)),
        }
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
        }
    }
}

async fn once<F: Function>(
    environment: Environment,
    clock: Clock,
    event: &Value,
    keep_series: bool,
) -> anyhow::Result<Outcome> {
    let handler = Handler::<F>::start(environment, clock).await?;
    Ok(handler.invoke(event, Invocation { time_left: None, keep_series }).await)
}

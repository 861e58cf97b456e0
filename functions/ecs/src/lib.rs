//! ECS clusters, services, tasks and containers as series.
//!
//! `settings` reads the `ecs` section. `listing` asks the ECS API what there is, into an `inventory`; what follows from that is
//! pure: `counts` are the API's own numbers, `catalogue` the queries for CloudWatch (of the tables in `metrics` and
//! `task_names`) with the series that they fill, `info` the info series. `place` is what is known of one account in one region
//! from run to run, `source` hands all of it to the runtime. This package knows ECS and CloudWatch; it knows no sink, no state
//! and no other function.

mod capacity;
mod carried;
mod catalogue;
#[cfg(test)]
mod catalogue_tests;
#[cfg(test)]
mod churn_tests;
mod counts;
mod filter;
#[cfg(test)]
mod fixtures;
mod info;
mod inventory;
mod listing;
mod metrics;
mod place;
mod resources;
mod settings;
mod source;
#[cfg(test)]
mod source_tests;
mod subjects;
mod task_names;

use config::{Findings, Sections};
use runtime::Surroundings;

pub use settings::Settings;
pub use source::EcsSource;

/// The function.
#[derive(Debug, Clone, Copy)]
pub struct Ecs;

impl runtime::Function for Ecs {
    const NAME: &'static str = "ecs";
    type Settings = Settings;
    type Source = EcsSource;

    fn read(sections: &Sections, findings: &mut Findings) -> Option<Settings> {
        Settings::read(sections, findings)
    }

    fn source(settings: Settings, surroundings: &Surroundings<'_>) -> EcsSource {
        EcsSource::new(settings, surroundings.aws)
    }
}

//! CloudFront's CloudWatch metrics as series.
//!
//! `settings` reads the `cloudfront` section, `discovery` finds the distributions, `catalogue` turns them into queries and
//! series without samples, `source` pulls a window. `metrics` is the table of what CloudFront has, `distribution` the names
//! and labels. This package knows CloudFront and CloudWatch; it knows no sink, no state and no other function.

mod catalogue;
mod discovery;
mod distribution;
mod metrics;
mod settings;
mod source;

use config::{Findings, Sections};
use runtime::Surroundings;

pub use settings::Settings;
pub use source::CloudFrontSource;

/// The function.
#[derive(Debug, Clone, Copy)]
pub struct CloudFront;

impl runtime::Function for CloudFront {
    const NAME: &'static str = "cloudfront";
    type Settings = Settings;
    type Source = CloudFrontSource;

    fn read(sections: &Sections, findings: &mut Findings) -> Option<Settings> {
        Settings::read(sections, findings)
    }

    fn source(settings: Settings, surroundings: &Surroundings<'_>) -> CloudFrontSource {
        CloudFrontSource::new(settings, surroundings.aws)
    }
}

//! Outbound probes as series: blackbox_exporter's modules without a blackbox_exporter.
//!
//! `module` is what stands in a `blackbox.yml`, typed twice: as it is written, and as it is valid. `http`, `tcp`, `dns`, `grpc`
//! and `websocket` are the probers: each takes its module and a target, drives a connection step by step, and says whether
//! that went well or why not. `frame` is what is common to all: the time a probe gets, what it records, and the closed list
//! of reasons for a failure. `source` finds the targets of all probe jobs (crate `jobs`), probes those that are due, a bounded
//! number at a time, and hands the series to the runtime; `by_hand` makes one probe for a person. This package knows no sink,
//! no state and no other function.

pub mod by_hand;
#[doc(hidden)]
pub mod fuzzing;

#[cfg(test)]
mod corpus;
mod dns;
mod frame;
mod grpc;
mod host_port;
mod http;
mod module;
mod query_response;
mod settings;
mod source;
mod tcp;
mod websocket;

use config::{Finding, Findings, SecretRef, Sections};
use runtime::Surroundings;

pub use settings::Settings;
pub use source::ProbeSource;

/// The function.
#[derive(Debug, Clone, Copy)]
pub struct Probe;

impl runtime::Function for Probe {
    const NAME: &'static str = "probe";
    const SECTION: &'static str = "scrape_configs";
    type Settings = Settings;
    type Source = ProbeSource;

    fn read(sections: &Sections, findings: &mut Findings) -> Option<Settings> {
        Settings::read(sections, findings)
    }

    fn secrets(settings: &Settings) -> Vec<(Finding, SecretRef)> {
        settings.secrets().to_vec()
    }

    fn source(settings: Settings, surroundings: &Surroundings<'_>) -> ProbeSource {
        ProbeSource::new(settings, surroundings)
    }
}

//! What every probe has around it. A prober ([`Probe`] in hand) answers success or why not; `runner` alone owns the time limit,
//! `probe_success` and `probe_duration_seconds`.

pub(crate) mod metric;
pub(crate) mod page;

mod asked;
mod bodies;
mod failure;
mod probe;
mod record;
mod runner;
mod shown;
#[cfg(test)]
mod tests;
mod timeout;

pub(crate) use asked::Asked;
pub(crate) use bodies::{Bodies, KeptBody};
pub(crate) use failure::{Failure, Reason};
pub(crate) use metric::Metric;
pub(crate) use probe::{Equipment, Probe, USER_AGENT};
pub(crate) use record::{Gauge, Record, Step};
pub(crate) use runner::{Outcome, run};
pub(crate) use shown::{credentials, shown};
pub(crate) use timeout::{OFFSET, timeout};

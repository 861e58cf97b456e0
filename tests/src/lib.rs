//! The bench of the end-to-end tests: everything that one function touches, on loopback, under a clock that the test
//! turns.
//!
//! [`World`] holds the emulators of AWS, a remote-write receiver and a Mackerel API; [`World::handler`] is the very handler
//! that Lambda runs. Tests say what happens (`at` a minute, with these faults) and compare what the receivers hold with what
//! the emulated distributions produced.
//!
//! Real programs stand beside the emulators: [`prometheus`] and [`victoria_metrics`] receive, [`nginx`] is probed (as are
//! the small servers of [`targets`]), [`blackbox`] probes the same; [`child`] starts and ends them. One that is missing fails the test that needs it, with the command that installs it.

pub mod aws_cli;
pub mod blackbox;
pub mod bootstrap;
pub mod cargo_lambda;
pub mod child;
pub mod counting;
mod ecs_truth;
pub mod laboratory;
pub mod live;
pub mod moto;
pub mod nginx;
pub mod page;
pub mod plain_http;
pub mod probe_truth;
pub mod prometheus;
pub mod samples;
pub mod targets;
pub mod template;
mod truth;
pub mod victoria_metrics;
mod world;

pub use ecs_truth::{EcsDue, EcsTruth, held_of_ecs, in_words};
pub use truth::{Holding, Points};
pub use world::{API_KEY, CONFIG, Setup, World, minute};

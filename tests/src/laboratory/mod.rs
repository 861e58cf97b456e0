//! The fault laboratory: a simulated day in which everything goes wrong, and an accountant at its end.
//!
//! A seed decides a [plan]: which [troubles](trouble) befall the sinks, CloudWatch, S3, Parameter Store and the schedule,
//! and which invocations are killed, frozen or run twice at once. An [experiment()] carries it out with one
//! [function](subject) against the emulators of a [site], in [fast time](pace). Then the [accountant](account) compares what the
//! sources produced with what each receiver holds and with what the function [said](ledger): every sample is there
//! once, or was refused or given up with a reason; nothing is lost. No secret is in anything that was said.
//!
//! A seed repeats its plan to the letter. What two processors make of it in microseconds it does not: a seed that fails
//! is run again with `cargo xtask bench faults --from SEED --seeds 1`, if need be some times.

pub mod account;
pub mod dice;
pub mod due;
pub mod experiment;
pub mod figures;
pub mod gate;
pub mod ledger;
pub mod pace;
pub mod plan;
pub mod probed;
pub mod process;
mod running;
pub mod site;
pub mod subject;
pub mod trouble;
pub mod verdict;
mod watch;

pub use experiment::experiment;
pub use plan::Plan;
pub use subject::{SUBJECTS, Subject};
pub use verdict::Verdict;

//! What a function holds at most: the release `bootstrap`, its peak of resident memory as the kernel has it, and its time,
//! in the situations that could ask for more than there is.
//!
//! Each test prints what it measured: `cargo xtask bench limits` shows the table.

mod exposition;
mod long_answers;
mod silence;
mod spool;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use emulators::aws::Options as AwsOptions;
use emulators::lambda::Outcome;
use emulators::traffic::ecs::EcsFleet;
use serde_json::Value;
use tests::bootstrap::Bootstrap;
use tests::live::{Live, assert_no_secret};

/// The timeout that `template.yaml` gives the functions.
const TIMEOUT: Duration = Duration::from_secs(50);

/// The sinks of [`Live`], in the order of the report.
const REMOTE_WRITE: usize = 0;
const MACKEREL: usize = 1;

/// The demo's clusters, for `ecs`.
fn ecs() -> Live {
    Live::with(fleets(), "ecs: {}")
}

fn fleets() -> AwsOptions {
    let ecs = BTreeMap::from([("ap-northeast-1".to_owned(), EcsFleet::demo())]);
    AwsOptions { ecs, ..AwsOptions::default() }
}

/// Prints the most memory that a process held, and asserts that it is no more than `limit`, in MiB.
#[track_caller]
fn assert_peak(function: &Bootstrap, what: impl Display, limit: f64) {
    let Some(peak) = function.process.peak_kib() else {
        eprintln!("limits: {what}: this kernel does not tell");
        return;
    };
    let peak = peak as f64 / 1024.0;
    eprintln!("limits: {peak:6.1} MiB of {limit:.0}  {what}");
    assert!(peak <= limit, "{what}: {peak:.1} MiB are more than {limit}");
}

/// The report of a run that went well.
#[track_caller]
fn report(function: &Bootstrap, event: &Value) -> Value {
    match function.invoke(event, TIMEOUT) {
        Outcome::Response(report) => {
            assert_no_secret(&report.to_string());
            report
        }
        other => panic!("expected a report, found {other:?}"),
    }
}

/// The type and message of the error of a run that did not.
#[track_caller]
fn error(function: &Bootstrap, event: &Value, timeout: Duration) -> (String, String) {
    match function.invoke(event, timeout) {
        Outcome::Failed(error) => {
            assert_no_secret(&error.message);
            (error.error_type, error.message)
        }
        other => panic!("expected an error, found {other:?}"),
    }
}

/// A number of a report.
fn number(report: &Value, pointer: &str) -> u64 {
    let number = report.pointer(pointer).and_then(Value::as_u64);
    number.unwrap_or_else(|| panic!("{pointer} is no number in {report}"))
}

//! The demo's runs, one after the other, with Mackerel's outage in the middle, and what they add up to.

use std::collections::BTreeMap;

use runtime::{Outcome, RunError, SinkReport};
use series::Timestamp;

use super::bench::{Bench, MACKEREL, Outcomes};
use super::figures::clock_face;
use super::progress::Progress;
use super::schedule::{OUTAGE, RESTART, SITE_OUTAGE, Schedule};

/// One run of the functions, as far as the demo tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// When.
    pub(super) at: Timestamp,
    /// Whether it was spoilt by Mackerel's outage, as intended.
    pub(super) spoilt: bool,
    /// Whether the site was down that is probed.
    pub(super) site_is_down: bool,
    /// What it took.
    pub(super) duration_ms: u64,
}

/// What all runs did together.
#[derive(Debug, Default)]
pub(super) struct Hour {
    pub(super) runs: Vec<Run>,
    /// CloudWatch queries of the runs at one time, for which everything was up to date.
    pub(super) metrics_a_run: u64,
    pub(super) api_calls: BTreeMap<String, u64>,
    pub(super) sinks: Vec<SinkReport>,
    /// What the probes of each run saw, in the text format.
    pub(super) probed: Vec<String>,
}

/// A run that went otherwise than it should.
#[derive(Debug, thiserror::Error)]
#[error("{function}'s run of {at} {what}")]
pub(super) struct Surprise {
    function: &'static str,
    at: Timestamp,
    what: String,
}

impl Surprise {
    /// Whether a receiver found samples to be older than what it has.
    pub(super) fn is_about_order(&self) -> bool {
        self.what.contains("out of order") || self.what.contains("duplicate sample")
    }
}

/// Plays the schedule. Ends with the first run that goes otherwise than it should.
pub(super) async fn play(
    bench: &mut Bench,
    schedule: Schedule,
    progress: &Progress,
) -> Result<Hour, Surprise> {
    let mut hour = Hour::default();
    for (run, at) in (0..).zip(schedule.times()) {
        let spoilt = OUTAGE.contains(&run);
        let outage = if spoilt { " · Mackerel is down" } else { "" };
        progress.show(&format!(
            "  {} · run {} of {}{outage}",
            clock_face(at),
            run + 1,
            schedule.runs
        ));
        set_the_stage(bench, run).await.map_err(|error| Surprise {
            function: "each function",
            at,
            what: format!("cannot begin: {error}"),
        })?;
        let outcomes = bench.run(at).await;
        let Outcomes { cloudfront, ecs, probe } = &outcomes;
        for outcome in [cloudfront, ecs, probe] {
            let function = outcome.report.function;
            let surprise = |what| Surprise { function, at, what };
            expected(outcome, spoilt).map_err(surprise)?;
        }
        let duration_ms = hour.add(outcomes);
        let site_is_down = SITE_OUTAGE.contains(&run);
        hour.runs.push(Run { at, spoilt, site_is_down, duration_ms });
    }
    Ok(hour)
}

/// Breaks and mends what is to be broken and whole in a run.
async fn set_the_stage(bench: &mut Bench, run: u32) -> anyhow::Result<()> {
    match run {
        run if run == OUTAGE.start => bench.set_mackerel_down(true),
        run if run == OUTAGE.end => bench.set_mackerel_down(false),
        _ => {}
    }
    bench.set_site_down(SITE_OUTAGE.contains(&run));
    if run == RESTART {
        bench.restart().await?;
    }
    Ok(())
}

/// A run succeeds without an error, but for the outage, which costs it Mackerel and nothing else.
fn expected(outcome: &Outcome, spoilt: bool) -> Result<(), String> {
    let of_outage = |source: &str| spoilt && source == MACKEREL;
    match &outcome.failure {
        Some(RunError::Delivery(message)) if spoilt && message.contains(MACKEREL) => {}
        Some(failure) => return Err(format!("failed: {}: {failure}", failure.error_type())),
        None if spoilt => return Err("succeeded although Mackerel was down".to_owned()),
        None => {}
    }
    match outcome.report.errors.iter().find(|error| !of_outage(&error.source)) {
        Some(error) => Err(format!("reports {}: {}", error.source, error.message)),
        None => Ok(()),
    }
}

impl Hour {
    /// Adds the runs at one time, and says what they took.
    fn add(&mut self, outcomes: Outcomes) -> u64 {
        let is_first = self.runs.is_empty();
        // What waits does not add up from run to run, but it does from function to function.
        self.sinks.iter_mut().for_each(|sink| sink.pending = 0);
        let mut duration_ms = 0;
        let Outcomes { cloudfront, ecs, mut probe } = outcomes;
        self.probed.extend(probe.report.exposition.take());
        for Outcome { report, .. } in [cloudfront, ecs, probe] {
            duration_ms += report.duration_ms;
            if is_first {
                self.metrics_a_run += report.metrics_requested;
            }
            for (operation, calls) in report.api_calls {
                *self.api_calls.entry(operation).or_default() += calls;
            }
            report.sinks.into_iter().for_each(|sink| self.add_sink(sink));
        }
        duration_ms
    }

    fn add_sink(&mut self, new: SinkReport) {
        let Some(sum) = self.sinks.iter_mut().find(|sum| sum.sink == new.sink) else {
            self.sinks.push(new);
            return;
        };
        let SinkReport {
            sink: _,
            sent,
            rejected,
            spooled,
            pending,
            requests,
            bytes,
            oldest_seconds,
        } = new;
        sum.sent += sent;
        sum.rejected += rejected;
        sum.spooled += spooled;
        sum.pending += pending;
        sum.requests += requests;
        sum.bytes += bytes;
        sum.oldest_seconds = oldest_seconds;
    }
}

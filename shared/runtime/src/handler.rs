//! The handler: what Lambda runs, what `hostless invoke` runs, and what the tests run.
//!
//! One [`Handler`] lives as long as its process. Clients, trust roots and documents are there before the first event;
//! an invocation brings an event and a deadline, and gets a report.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws::{Aws, Secrets};
use clock::{Budget, Clock};
use config::Finding;
use futures::future::join_all;
use serde_json::Value;
use sinks::{Sink, SplitAllowance};
use tokio::sync::Mutex;
use tokio::time::timeout_at;

use crate::environment::Environment;
use crate::error::RunError;
use crate::event::Event;
use crate::function::{Function, Source};
use crate::loaded::{Configuration, Loaded};
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::report::{Delay, Report};
use crate::run::{Budgets, Run};
use crate::self_metrics;
use crate::shown::Shown;
use crate::storage::Storage;
use crate::tally::Tally;
use crate::windows::{self, Moment, Terms};

/// How long a secret is used before it is looked up again.
const SECRETS_TTL: Duration = Duration::from_secs(300);

/// An event that comes this late was sent by hand: nobody but the receiver decides what is too old.
const BY_HAND: Duration = Duration::from_secs(600);

/// What documents, state or secrets may take at most.
const SETUP: Duration = Duration::from_secs(10);

/// What the documents may take before the first event, of the ten seconds that Lambda gives a start.
const PRELOAD: Duration = Duration::from_secs(5);

/// One function in one process.
pub struct Handler<F: Function> {
    environment: Environment,
    clock: Clock,
    aws: Aws,
    storage: Storage,
    configuration: Mutex<Configuration<F>>,
    warm: AtomicBool,
    /// The run before did not come to its end, or there was none: nobody knows what it left behind.
    unsure: AtomicBool,
}

/// What an invocation is given besides its event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Invocation {
    /// What is left until the process is stopped, where that is known.
    pub time_left: Option<Duration>,
    /// Whether the report is to hold the series even if this is no dry run.
    pub keep_series: bool,
    /// How many bytes the series may take in the report as JSON; any number where it is absent.
    pub room: Option<usize>,
}

impl<F: Function> Handler<F> {
    /// Builds the clients and reads the documents. What is wrong with them is said by the first invocation.
    pub async fn start(environment: Environment, clock: Clock) -> Result<Self, http::SendError> {
        let lookup = |name: &str| environment.get(name);
        let factory = http::Factory::new(&lookup)?;
        factory.read_ahead();
        // Signatures carry the real time, whatever time a run is for.
        let aws = Aws::load(factory.sdk_client(), Clock::System, &lookup).await;
        let secrets = Secrets::new(Some(&aws), clock.clone(), SECRETS_TTL);
        let storage = Storage::new(environment.store(), &aws, factory.clone());
        let mut configuration =
            Configuration::new(environment.clone(), aws.clone(), factory, secrets, clock.clone());
        configuration.preload(clock.now(), &Budget::starting_now(PRELOAD)).await;
        let configuration = Mutex::new(configuration);
        let (warm, unsure) = (AtomicBool::new(false), AtomicBool::new(true));
        Ok(Self { environment, clock, aws, storage, configuration, warm, unsure })
    }

    /// Handles one event.
    pub async fn invoke(&self, event: &Value, invocation: Invocation) -> Outcome {
        let cold_start = !self.warm.swap(true, Ordering::Relaxed);
        let now = self.clock.now();
        let mut report = Report::empty(F::NAME, now, cold_start);
        // The first report counts what it took to start as well.
        let failure = self.attempt(event, invocation, &mut report).await.err();
        report.api_calls = self.aws.calls().take();
        Outcome { report, failure }
    }

    async fn attempt(
        &self,
        event: &Value,
        invocation: Invocation,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let config_error = |error: &dyn std::fmt::Display| RunError::Config(error.to_string());
        let event = Event::read(event).map_err(|error| config_error(&error))?;
        let now = self.clock.now();
        let interval = self.environment.interval().map_err(|error| config_error(&error))?;
        let length = self.environment.budget().map_err(|error| config_error(&error))?;
        let budget = Budget::starting_now(invocation.time_left.unwrap_or(length));
        let moment = Moment { time: event.time.unwrap_or(now).min(now), now, interval };
        report.time = moment.time;

        let mut configuration = self.configuration.lock().await;
        let (loaded, stale) = configuration.current(now, &setup(&budget)).await?;
        report.errors.extend(stale);
        if event.window.is_some() && loaded.source.parts().is_empty() {
            let what = format!(
                "the event asks for a window (\"from\", \"to\"), and {} reads nothing that can be read again",
                F::NAME
            );
            return Err(RunError::Config(what));
        }
        let outcome = self.run(loaded, &event, moment, budget, invocation, report).await;
        report.duration_ms = u64::try_from(budget.elapsed().as_millis()).unwrap_or(u64::MAX);
        outcome
    }

    async fn run(
        &self,
        loaded: &Loaded<F>,
        event: &Event,
        moment: Moment,
        budget: Budget,
        invocation: Invocation,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let leaves_state = event.dry_run || event.window.is_some();
        let memory = match leaves_state {
            true => None,
            false => {
                let store = self.storage.open().await.map_err(RunError::State)?;
                let read = Memory::read(store, F::NAME, event.shard);
                let read = timeout_at(setup(&budget).end(), read).await;
                let read =
                    read.unwrap_or_else(|_| Err("the state could not be read in time".to_owned()));
                Some(read.map_err(RunError::State)?)
            }
        };
        let mut tally = Tally::new(
            loaded.sinks.iter().map(|sink| sink.name().to_owned()),
            (event.dry_run || invocation.keep_series).then(|| Shown::within(invocation.room)),
        );
        if !event.dry_run {
            prepare(loaded, &setup(&budget), &mut tally).await?;
        }
        let looks_everywhere =
            self.unsure.load(Ordering::Relaxed) || memory.as_ref().is_some_and(Memory::is_new);
        let mut run = Run {
            function: F::NAME,
            id: fastrand::u64(..),
            source: &loaded.source,
            sinks: &loaded.sinks,
            terms: loaded.sinks.iter().map(terms).collect(),
            moment,
            clock: &self.clock,
            budgets: Budgets::of(budget),
            splits: SplitAllowance::default(),
            by_hand: event.window.is_some() || moment.now.since(moment.time) > BY_HAND,
            memory,
            dry_run: event.dry_run,
            shard: event.shard,
            looks_everywhere,
            skipped: false,
            tally,
        };
        if !leaves_state {
            self.unsure.store(true, Ordering::Relaxed);
        }
        let worked = run.go(event.window).await;
        if !leaves_state {
            let unsure = run.tally.state_error.is_some() || run.tally.unsure;
            self.unsure.store(unsure, Ordering::Relaxed);
        }
        let failure = run.failure();
        // A sink that was found to be down is not tried again for the sake of self metrics.
        let sinks = 0..loaded.sinks.len();
        let out = sinks.clone().filter(|sink| run.tally.is_out(*sink)).collect();
        let delays: Vec<Delay> = sinks.map(|sink| delay(&run, sink)).collect();
        report.skipped = run.skipped;
        report.take(std::mem::take(&mut run.tally), &delays);
        report.duration_ms = u64::try_from(budget.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !leaves_state && worked {
            self.say_about_itself(&run, event, report, failure.is_none(), &out, delays).await;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Self metrics, best effort, in a request of their own after the data; a refusal is only logged.
    async fn say_about_itself(
        &self,
        run: &Run<'_, F::Source>,
        event: &Event,
        report: &Report,
        success: bool,
        out: &BTreeSet<usize>,
        delays: Vec<Delay>,
    ) {
        let series = self_metrics::series(&self_metrics::Facts {
            report,
            success,
            shard: event.shard,
            spools: run.source.observes(),
            delays,
        });
        let about = run.sending();
        let up = run.sinks.iter().enumerate().filter(|(index, _)| !out.contains(index));
        let sent = up.map(async |(_, sink)| (sink.name(), sink.deliver(&series, &about).await));
        for (sink, delivery) in join_all(sent).await {
            if let Err(failure) = delivery.outcome {
                tracing::info!(sink, %failure, "self metrics were not taken");
            }
        }
    }
}

fn terms(sink: &Sink) -> Terms {
    Terms { sink: sink.name().to_owned(), catch_up: sink.catch_up(), reread: sink.reread() }
}

/// How far behind a sink is, whatever is waiting: the slowest part, and the oldest body in the spool.
fn delay<S: Source>(run: &Run<'_, S>, sink: usize) -> Delay {
    let Some(memory) = &run.memory else {
        return Delay::default();
    };
    let behind = run.source.parts().into_iter().map(|part| {
        let newest = windows::settled(&run.moment, &part);
        memory
            .state
            .watermark(&run.terms[sink].sink, &part.part)
            .map_or(Duration::ZERO, |watermark| newest.since(watermark))
    });
    let spool = run.tally.oldest(sink).map_or(Duration::ZERO, |at| run.moment.time.since(at));
    Delay { watermark: behind.max().unwrap_or_default(), spool }
}

/// Resolves the secrets of all sinks before anything is collected. One that does not exist is a wrong configuration; one
/// that cannot be had now takes its sink out of this run.
async fn prepare<F: Function>(
    loaded: &Loaded<F>,
    budget: &Budget,
    tally: &mut Tally,
) -> Result<(), RunError> {
    let asked = loaded.sinks.iter().map(|sink| timeout_at(budget.end(), sink.prepare()));
    for (index, result) in join_all(asked).await.into_iter().enumerate() {
        let sink = loaded.sinks[index].name();
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) if !matches!(error, aws::SecretError::Unavailable { .. }) => {
                let place = Finding { reason: error.to_string(), ..loaded.places[index].clone() };
                return Err(RunError::Config(place.to_string()));
            }
            Ok(Err(error)) => tally.down(index, format!("deliver to {sink}: {error}")),
            Err(_) => {
                tally.down(
                    index,
                    format!("deliver to {sink}: its secrets could not be read in time"),
                );
            }
        }
    }
    Ok(())
}

/// What each step before the first pull may take: a place that hangs must not take the run with it.
fn setup(budget: &Budget) -> Budget {
    budget.at_most((budget.remaining() / 3).min(SETUP))
}

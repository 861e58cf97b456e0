//! The configuration of a warm process: read once, looked at again after a while, and kept when that fails.

use std::time::Duration;

use aws::{Aws, Secrets};
use clock::{Budget, Clock};
use config::{Document, Finding};
use series::{SourceError, Timestamp};
use sinks::Sink;
use tokio::time::timeout_at;

use crate::documents::Location;
use crate::environment::{CONFIG, Environment};
use crate::error::RunError;
use crate::function::{Function, Surroundings};
use crate::settings::Settings;

/// Documents are read again after this.
const TTL: Duration = Duration::from_secs(300);

/// Where that failed, it is tried again after this.
const RETRY: Duration = Duration::from_secs(30);

/// What the documents came to.
pub(crate) struct Loaded<F: Function> {
    pub(crate) source: F::Source,
    pub(crate) sinks: Vec<Sink>,
    /// Where each sink stands in the documents, as findings name it.
    pub(crate) places: Vec<Finding>,
    documents: Vec<Document>,
    /// When they are to be read again.
    due: Timestamp,
}

/// The documents' location, and what they came to when they were last read.
pub(crate) struct Configuration<F: Function> {
    environment: Environment,
    location: Option<String>,
    aws: Aws,
    http: http::Factory,
    secrets: Secrets,
    clock: Clock,
    loaded: Option<Loaded<F>>,
}

impl<F: Function> Configuration<F> {
    pub(crate) fn new(
        environment: Environment,
        aws: Aws,
        http: http::Factory,
        secrets: Secrets,
        clock: Clock,
    ) -> Self {
        let location = environment.config();
        Self { environment, location, aws, http, secrets, clock, loaded: None }
    }

    /// Reads the documents before the first event. What is wrong is found again, and said, by that event.
    pub(crate) async fn preload(&mut self, now: Timestamp, budget: &Budget) {
        self.loaded = self.load_within(now, budget).await.ok();
    }

    /// What the documents say. An old reading goes on being used where a new one fails, and the report says so.
    pub(crate) async fn current(
        &mut self,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<(&Loaded<F>, Vec<SourceError>), RunError> {
        let mut errors = Vec::new();
        if self.loaded.as_ref().is_none_or(|loaded| now >= loaded.due) {
            match self.load_within(now, budget).await {
                Ok(loaded) => self.renew(loaded),
                Err(error) => {
                    let Some(old) = &mut self.loaded else { return Err(error) };
                    old.due = now + RETRY;
                    let message = format!("the last good configuration stays in use: {error}");
                    errors
                        .push(SourceError::new(self.location.clone().unwrap_or_default(), message));
                }
            }
        }
        let loaded = self
            .loaded
            .as_ref()
            .ok_or_else(|| RunError::Config("there is no configuration".to_owned()))?;
        Ok((loaded, errors))
    }

    /// Takes a new reading. Where nothing changed, source and sinks stay as they are, with all that they know.
    fn renew(&mut self, new: Loaded<F>) {
        match &mut self.loaded {
            Some(old) if old.documents == new.documents => old.due = new.due,
            loaded => *loaded = Some(new),
        }
    }

    async fn load_within(&self, now: Timestamp, budget: &Budget) -> Result<Loaded<F>, RunError> {
        let loaded = timeout_at(budget.end(), self.load(now)).await;
        loaded.unwrap_or_else(|_| {
            let location = self.location.as_deref().unwrap_or_default();
            Err(RunError::Config(format!("{location}: could not be read in time")))
        })
    }

    async fn load(&self, now: Timestamp) -> Result<Loaded<F>, RunError> {
        let location = self.location.as_deref().ok_or_else(|| {
            RunError::Config(format!("{CONFIG} is not set; it says where the configuration is: a file, a folder, ssm:/path or s3://bucket/prefix"))
        })?;
        let wrong = |error: crate::documents::LocationError| RunError::Config(error.to_string());
        let location = Location::parse(location).map_err(wrong)?;
        let documents = location.fetch(&self.aws, &self.http).await.map_err(wrong)?;
        let Settings { section, sinks, global } = Settings::<F>::read(&documents, &location)?;
        let global = global.expanded(&|name| self.environment.get(name));
        let equipment = sinks::Equipment {
            factory: &self.http,
            secrets: &self.secrets,
            aws: Some(&self.aws),
            external_labels: &global.external_labels,
        };
        let probes_at_once = self
            .environment
            .probes_at_once()
            .map_err(|error| RunError::Config(error.to_string()))?;
        let surroundings = Surroundings {
            aws: &self.aws,
            factory: &self.http,
            secrets: &self.secrets,
            clock: &self.clock,
            probes_at_once,
        };
        let places = sinks.iter().map(|sink| sink.finding("")).collect();
        let sinks: Result<Vec<Sink>, _> =
            sinks.into_iter().map(|sink| sink.build(&equipment)).collect();
        let sinks = sinks.map_err(|error| RunError::Config(error.to_string()))?;
        Ok(Loaded {
            source: F::source(section, &surroundings),
            sinks,
            places,
            documents,
            due: now + TTL,
        })
    }
}

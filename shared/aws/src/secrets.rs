//! Secrets by reference: a file, a parameter, or a secret of Secrets Manager through Parameter Store.
//!
//! A value is kept for a while, and for longer when it cannot be read again: a store that is down must not stop
//! deliveries that would work. Nothing here can print a value.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use config::{Secret, SecretRef};
use secrecy::SecretString;
use series::Timestamp;

use crate::parameters::SECRETS_MANAGER;
use crate::{Aws, ParameterError, ParameterStore};

/// A value that was kept because the store did not answer is served this long before the store is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// The secrets of a process. Clones share one cache.
#[derive(Debug, Clone)]
pub struct Secrets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parameters: Option<ParameterStore>,
    clock: Clock,
    ttl: Duration,
    cells: Mutex<BTreeMap<SecretRef, Arc<Cell>>>,
}

/// One secret's place. Its lock is held while the value is fetched, so that of concurrent callers one asks.
#[derive(Debug, Default)]
struct Cell {
    kept: tokio::sync::Mutex<Option<Kept>>,
    /// How often a value has come in. Tells one from the next, also where the clock stands still.
    fetches: AtomicU64,
}

#[derive(Debug, Clone)]
struct Kept {
    value: SecretString,
    /// Until when it is served without asking.
    until: Timestamp,
}

/// Why a secret could not be had. Shows the reference, never a value.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// It does not exist: the configuration is wrong.
    #[error("read secret {0}: it does not exist")]
    NotFound(SecretRef),
    /// It is there and no text.
    #[error("read secret {0}: it is not UTF-8 text")]
    NotText(SecretRef),
    /// It is there and of no use for what it is meant for.
    #[error("{0}")]
    Unusable(String),
    /// It could not be read, and nothing is kept to serve instead.
    #[error("read secret {reference}: {reason}")]
    Unavailable {
        /// What was asked for.
        reference: SecretRef,
        /// What the place said where it is kept.
        reason: String,
    },
}

impl Secrets {
    /// An empty cache. Without `aws`, files are all that can be read.
    pub fn new(aws: Option<&Aws>, clock: Clock, ttl: Duration) -> Self {
        let parameters = aws.map(Aws::parameters);
        Self(Arc::new(Inner { parameters, clock, ttl, cells: Mutex::default() }))
    }

    /// The value: as kept, else as the place has it, else the last one that was read.
    pub async fn get(&self, secret: &Secret) -> Result<SecretString, SecretError> {
        let reference = match secret {
            Secret::Inline(value) => return Ok(value.clone()),
            Secret::Reference(reference) => reference,
        };
        let cell = self.cell(reference);
        let mut kept = cell.kept.lock().await;
        let now = self.0.clock.now();
        if let Some(fresh) = kept.as_ref().filter(|kept| now < kept.until) {
            return Ok(fresh.value.clone());
        }
        match self.fetch(reference).await {
            Ok(value) => Ok(self.keep(&cell, &mut kept, value)),
            Err(error @ SecretError::Unavailable { .. }) => match kept.as_mut() {
                Some(stale) => {
                    stale.until = now + RETRY_AFTER.min(self.0.ttl);
                    Ok(stale.value.clone())
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// The value as the place has it now, for after a 401 or 403. A caller who waited while another one fetched
    /// gets what that one got.
    pub async fn refresh(&self, secret: &Secret) -> Result<SecretString, SecretError> {
        let reference = match secret {
            Secret::Inline(value) => return Ok(value.clone()),
            Secret::Reference(reference) => reference,
        };
        let cell = self.cell(reference);
        let before = cell.fetches.load(Ordering::Relaxed);
        let mut kept = cell.kept.lock().await;
        let fetched_meanwhile = cell.fetches.load(Ordering::Relaxed) != before;
        if let Some(fresh) = kept.as_ref().filter(|_| fetched_meanwhile) {
            return Ok(fresh.value.clone());
        }
        let value = self.fetch(reference).await?;
        Ok(self.keep(&cell, &mut kept, value))
    }

    fn keep(&self, cell: &Cell, kept: &mut Option<Kept>, value: SecretString) -> SecretString {
        let until = self.0.clock.now() + self.0.ttl;
        cell.fetches.fetch_add(1, Ordering::Relaxed);
        kept.insert(Kept { value, until }).value.clone()
    }

    fn cell(&self, reference: &SecretRef) -> Arc<Cell> {
        let mut cells = self.0.cells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(reference.clone()).or_default())
    }

    async fn fetch(&self, reference: &SecretRef) -> Result<SecretString, SecretError> {
        match reference {
            SecretRef::File(path) => read_file(reference, path).await,
            SecretRef::Parameter(name) => self.fetch_parameter(reference, name).await,
            SecretRef::SecretsManager(name) => {
                self.fetch_parameter(reference, &format!("{SECRETS_MANAGER}{name}")).await
            }
        }
        .map(trimmed)
    }

    async fn fetch_parameter(
        &self,
        reference: &SecretRef,
        name: &str,
    ) -> Result<SecretString, SecretError> {
        let unavailable =
            |reason| SecretError::Unavailable { reference: reference.clone(), reason };
        let Some(parameters) = &self.0.parameters else {
            return Err(unavailable("Parameter Store is not in use here".to_owned()));
        };
        parameters.get(name).await.map_err(|error| match error {
            ParameterError::NotFound(_) => SecretError::NotFound(reference.clone()),
            ParameterError::Failed { reason, .. } => unavailable(reason),
        })
    }
}

async fn read_file(
    reference: &SecretRef,
    path: &std::path::Path,
) -> Result<SecretString, SecretError> {
    let body = tokio::fs::read(path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SecretError::NotFound(reference.clone()),
        _ => SecretError::Unavailable { reference: reference.clone(), reason: error.to_string() },
    })?;
    let text = String::from_utf8(body).map_err(|_| SecretError::NotText(reference.clone()))?;
    Ok(SecretString::from(text))
}

/// Without the newline that an editor or `echo` leaves behind, and the blanks that Prometheus takes off as well.
fn trimmed(value: SecretString) -> SecretString {
    use secrecy::ExposeSecret;
    let text = value.expose_secret();
    match text.trim() {
        trimmed if trimmed.len() == text.len() => value,
        trimmed => SecretString::from(trimmed),
    }
}

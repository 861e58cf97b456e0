//! What providers said last. Pure: the time is an argument.

use std::collections::HashMap;

use series::Timestamp;

use super::http::Clients;
use super::{Found, Group, Known, Provider};
use crate::Job;

/// Which provider: its job, its place there, and what it asks. Holds whole URLs and is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    job: String,
    at: usize,
    asks: String,
}

impl Key {
    pub(super) fn new(job: &Job, at: usize, provider: &Provider) -> Self {
        let asks = match provider {
            Provider::Static(_) => String::new(),
            Provider::Asked(provider) => provider.identity(),
        };
        Self { job: job.name.clone(), at, asks }
    }
}

/// One provider's answers.
#[derive(Default)]
pub(super) struct Memory {
    /// By the place where they were found, in the order in which those were told.
    places: Vec<(String, Vec<Group>)>,
    fresh_until: Option<Timestamp>,
    /// The clients of a provider that is asked over HTTP: their tokens outlive an answer.
    pub(super) clients: Option<Clients>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Memories(HashMap<Key, Memory>);

impl Memories {
    pub(super) fn get(&mut self, key: &Key) -> &mut Memory {
        self.0.entry(key.clone()).or_default()
    }

    /// Forgets providers that the job no longer has.
    pub(super) fn forget_others(&mut self, job: &str, keys: &[Key]) {
        self.0.retain(|key, _| key.job != job || keys.contains(key));
    }
}

impl Memory {
    /// What is known, while the last answer still stands.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Known> {
        let is_fresh = self.fresh_until.is_some_and(|until| now < until);
        is_fresh.then(|| self.known(Vec::new()))
    }

    /// Takes in an answer, which stands until `until` unless a part of it failed; such a part stays as it was.
    pub(super) fn learn(&mut self, found: Found, until: Timestamp) -> Known {
        let mut before: HashMap<_, _> = std::mem::take(&mut self.places).into_iter().collect();
        let mut errors = Vec::new();
        for (place, outcome) in found {
            let groups = outcome.map_err(|error| errors.push(format!("{place}: {error}"))).ok();
            let groups = groups.or_else(|| before.remove(&place));
            self.places.extend(groups.map(|groups| (place, groups)));
        }
        self.fresh_until = errors.is_empty().then_some(until);
        self.known(errors)
    }

    fn known(&self, errors: Vec<String>) -> Known {
        let groups = self.places.iter().flat_map(|(_, groups)| groups).cloned().collect();
        // Where nothing failed, nothing is what there is.
        Known { anything: !self.places.is_empty() || errors.is_empty(), groups, errors }
    }
}

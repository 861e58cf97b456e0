//! CloudFront as a source: one part an account.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::{Aws, Role};
use clock::Budget;
use metric_data::{Answer, Fetched, Limiter, Query, fetch};
use runtime::{Discovered, PartPlan, Pull, Pulled, Source};
use series::{Again, Batch, Collected, Part, Sample, Series, SourceError, Timestamp, Window};
use tokio::sync::Mutex;

use crate::catalogue::{Catalogue, Entry};
use crate::discovery::Discovery;
use crate::distribution::REGION;
use crate::settings::Settings;

/// How long a warm container goes on with the distributions that it knows.
const CATALOGUE_TTL: Duration = Duration::from_secs(900);

/// How long looking again may take.
const REFRESH: Duration = Duration::from_secs(5);

/// CloudFront distributions of one or more accounts.
pub struct CloudFrontSource {
    settings: Settings,
    accounts: Vec<(Part, Mutex<Account>)>,
}

/// One account, and what is known of it.
struct Account {
    discovery: Discovery,
    known: Option<Known>,
}

struct Known {
    at: Timestamp,
    catalogue: Catalogue,
    /// CloudWatch's quotas are an account's, and paced anew in each run.
    limiter: Limiter,
}

impl CloudFrontSource {
    /// Builds the clients for each account.
    pub(crate) fn new(settings: Settings, aws: &Aws) -> Self {
        let assumed = |role: &Role| {
            let discovery = Discovery::new(aws.assume(role), Some(role.role_arn.clone()));
            (Part::new(format!("{REGION}:{}", role.role_arn)), discovery)
        };
        let accounts = match settings.roles.is_empty() {
            true => vec![(Part::new(REGION), Discovery::new(aws.clone(), None))],
            false => settings.roles.iter().map(assumed).collect(),
        };
        let unknown = |(part, discovery)| (part, Mutex::new(Account { discovery, known: None }));
        Self { accounts: accounts.into_iter().map(unknown).collect(), settings }
    }

    fn account(&self, part: &Part) -> Option<&Mutex<Account>> {
        self.accounts.iter().find(|(own, _)| own == part).map(|(_, account)| account)
    }
}

impl Source for CloudFrontSource {
    fn parts(&self) -> Vec<PartPlan> {
        let Settings { period, delay, .. } = self.settings;
        let plan = |(part, _): &(Part, _)| PartPlan { part: part.clone(), period, delay };
        self.accounts.iter().map(plan).collect()
    }

    async fn discover(
        &self,
        part: &Part,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Discovered, SourceError> {
        let Some(account) = self.account(part) else {
            return Err(SourceError::new(part.to_string(), "is not configured"));
        };
        let mut account = account.lock().await;
        let errors = account.refresh(&self.settings, now, budget).await?;
        let catalogue = account.known.as_ref().map(|known| &known.catalogue);
        let distributions = catalogue.into_iter().flat_map(|catalogue| &catalogue.distributions);
        let info = distributions.map(|distribution| distribution.info(now)).collect();
        Ok(Discovered { queries: catalogue.map(Catalogue::keys).unwrap_or_default(), info, errors })
    }

    async fn pull(&self, pull: &Pull<'_>, budget: &Budget) -> Pulled {
        let Some(account) = self.account(pull.part) else { return Pulled::default() };
        let account = account.lock().await;
        let Some(Known { catalogue, limiter, .. }) = &account.known else {
            return Pulled::default();
        };
        let is_asked =
            |key: &String| pull.queries.contains(key) && !catalogue.undescribed.contains(key);
        let asked: Vec<&String> = catalogue.entries.keys().filter(|key| is_asked(key)).collect();
        let queries: Vec<Query> =
            asked.iter().map(|key| catalogue.entries[*key].query.clone()).collect();
        let client = &account.discovery.cloudwatch;
        let fetched = fetch(client, &queries, pull.window, limiter, budget).await;
        let mut pulled = converted(catalogue, &asked, fetched, pull, self.settings.period);
        pulled.unanswered.extend(pull.queries.intersection(&catalogue.undescribed).cloned());
        pulled
    }
}

/// Answers to series. Pure. Every series of the account is there, those without samples too: which names two of them would
/// share must not depend on who had traffic.
fn converted(
    catalogue: &Catalogue,
    asked: &[&String],
    fetched: Fetched,
    pull: &Pull<'_>,
    period: Duration,
) -> Pulled {
    let (mut samples, mut unanswered) = (BTreeMap::new(), BTreeSet::new());
    for (key, answer) in asked.iter().zip(fetched.answers) {
        match answer {
            Answer::Complete(found) => drop(samples.insert(*key, found)),
            Answer::Unanswered { .. } => drop(unanswered.insert((*key).clone())),
            // Final: nothing to wait for. The errors say it.
            Answer::Forbidden { .. } => {}
        }
    }
    let series = |(key, entry): (&String, &Entry)| match samples.remove(key) {
        Some(found) if entry.zero => {
            Series { samples: with_zeros(&found, pull.window, period), ..entry.series.clone() }
        }
        found => Series { samples: found.unwrap_or_default(), ..entry.series.clone() },
    };
    let series = catalogue.entries.iter().map(series).collect();
    let again = Again::Reread(pull.part.clone(), pull.window);
    // Troubles that were got over cost nothing, but the report says what happened.
    let errors = fetched.errors.into_iter().chain(fetched.notices).collect();
    let collected = Collected { batches: vec![Batch { again, series }], errors };
    Pulled { collected, unanswered, metrics_requested: fetched.metrics_requested }
}

/// A zero for each period without a datapoint. The window has settled and the answer is complete, so that nothing real
/// can follow.
fn with_zeros(samples: &[Sample], window: Window, period: Duration) -> Vec<Sample> {
    let found = |at: Timestamp| samples.binary_search_by_key(&at, |sample| sample.at).ok();
    let sample = |slot: Window| {
        found(slot.from).map_or(Sample { at: slot.from, value: 0.0 }, |index| samples[index])
    };
    window.slices(period, 1).map(sample).collect()
}

impl Account {
    /// Looks again when what is known is old. Goes on with what is known where that fails.
    async fn refresh(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<SourceError>, SourceError> {
        let limiter = Limiter::new(now);
        if let Some(known) = &mut self.known {
            known.limiter = limiter.clone();
            if known.is_fresh(now) {
                return Ok(Vec::new());
            }
        }
        let budget = match self.known {
            // What is known will do: looking again must not cost the time to read.
            Some(_) => budget.at_most(REFRESH),
            None => *budget,
        };
        match self.discovery.look(settings, now, &limiter, &budget).await {
            Ok((catalogue, errors)) => {
                self.known = Some(Known { at: now, catalogue, limiter });
                Ok(errors)
            }
            Err(error) if self.known.is_some() => Ok(vec![error]),
            Err(error) => Err(error),
        }
    }
}

impl Known {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let young = self.at <= now && now.since(self.at) < CATALOGUE_TTL;
        young && self.catalogue.undescribed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_fill_only_what_is_missing() {
        let minute = |n: i64| Timestamp::from_secs(n * 60);
        let samples = [Sample { at: minute(2), value: 7.0 }];
        let window = Window::new(minute(1), minute(4));
        let filled = with_zeros(&samples, window, Duration::from_secs(60));
        let values: Vec<_> = filled.iter().map(|one| (one.at.as_secs() / 60, one.value)).collect();
        assert_eq!(values, [(1, 0.0), (2, 7.0), (3, 0.0)]);
    }
}

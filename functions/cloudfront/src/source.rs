//! CloudFront as a source: one part an account.

use std::time::Duration;

use aws::{Aws, Role};
use clock::Budget;
use metric_data::{Limiter, Read, Reading, read};
use runtime::{Discovered, PartPlan, Pull, Pulled, Source};
use series::{Part, SourceError, Timestamp};
use tokio::sync::Mutex;

use crate::catalogue::Catalogue;
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
            let discovery = Discovery::new(aws.assume(role), Some(role.clone()));
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
        let described = pull.queries.difference(&catalogue.undescribed).cloned().collect();
        let reading = Reading {
            part: pull.part,
            entries: &catalogue.entries,
            asked: &described,
            window: pull.window,
        };
        let client = &account.discovery.cloudwatch;
        let Read { collected, mut unanswered, metrics_requested } =
            read(client, &reading, limiter, budget).await;
        unanswered.extend(pull.queries.intersection(&catalogue.undescribed).cloned());
        Pulled { collected, unanswered, metrics_requested }
    }
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

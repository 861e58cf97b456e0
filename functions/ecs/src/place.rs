//! One account in one region, and what is known of it from run to run.
//!
//! A run looks at the ECS API once: what is observed and what is asked of CloudWatch come of the same inventory. CloudWatch
//! keeps its data, the API does not, so that the two forgive differently. A list that the API did not give leaves its counts
//! out of this run; but the queries that would follow from it must not vanish, since nobody would go back for their minutes.
//! So they are those of the run before; and where there is none, nothing is read until the list is there.

use std::time::Duration;

use aws::{Aws, Role};
use clock::Budget;
use metric_data::{Limiter, Metric, list_metrics};
use series::{SourceError, Timestamp};

use crate::carried::{Lasting, completed, unknown};
use crate::catalogue::{self, Catalogue};
use crate::inventory::Inventory;
use crate::listing::{Lister, Looked};
use crate::settings::Settings;

/// How long a list of metrics will do. CloudWatch itself needs up to 15 minutes to list a new one.
const LISTED_TTL: Duration = Duration::from_secs(300);

/// One account in one region.
#[derive(Debug)]
pub(crate) struct Place {
    region: String,
    lister: Lister,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    /// The look of the run that is under way, until it is used.
    latest: Option<(Timestamp, Result<Looked, SourceError>)>,
    /// The metrics that CloudWatch lists, and when it did.
    listed: Option<(Timestamp, Vec<Metric>)>,
    pub(crate) known: Option<Known>,
}

/// What there is to read.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) inventory: Inventory,
    pub(crate) lasting: Lasting,
    /// CloudWatch's quotas are an account's in a region, and paced anew in each run.
    pub(crate) limiter: Limiter,
}

impl Place {
    /// Builds the clients; nothing is asked yet.
    pub(crate) fn new(aws: Aws, role: Option<&Role>, region: &str) -> Self {
        let config = aws_sdk_cloudwatch::config::Builder::from(&aws.in_region(region));
        let config = config.interceptor(aws.counter()).build();
        Self {
            region: region.to_owned(),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(config),
            lister: Lister::new(aws, role, region.to_owned()),
            latest: None,
            listed: None,
            known: None,
        }
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The account, where it can be found out.
    pub(crate) async fn account(&mut self, budget: &Budget) -> Option<String> {
        self.lister.account(budget).await.ok()
    }

    /// Looks at the API: what is there, and what of it could not be had. The rest of the run goes by the same look.
    pub(crate) async fn observe(
        &mut self,
        settings: &Settings,
        time: Timestamp,
        budget: &Budget,
    ) -> Result<(&Inventory, Vec<SourceError>), SourceError> {
        let mut looked = self.lister.look(settings, time, budget).await;
        // Said here, and not again when CloudWatch is read.
        let errors = match &mut looked {
            Ok(looked) => std::mem::take(&mut looked.errors),
            Err(_) => Vec::new(),
        };
        let (_, looked) = self.latest.insert((time, looked));
        let inventory = looked.as_ref().map_err(Clone::clone).map(|looked| &looked.inventory)?;
        Ok((inventory, errors))
    }

    /// Finds out what there is to read: by the look of this run, else by a new one. What the API does not say now is as it
    /// was in the run before.
    pub(crate) async fn discover(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<SourceError>, SourceError> {
        let (is_said, looked) = match self.latest.take().filter(|(at, _)| *at == now) {
            Some((_, looked)) => (true, looked),
            None => (false, self.lister.look(settings, now, budget).await),
        };
        let limiter = Limiter::new(now);
        match (looked, &mut self.known) {
            (Ok(looked), _) => self.learn(settings, looked, limiter, now, budget).await,
            (Err(error), Some(known)) => {
                known.limiter = limiter;
                Ok(if is_said { Vec::new() } else { vec![error] })
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn learn(
        &mut self,
        settings: &Settings,
        looked: Looked,
        limiter: Limiter,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<SourceError>, SourceError> {
        let Looked { inventory, mut errors, owing } = looked;
        let inventory = match &self.known {
            Some(known) => completed(inventory, &known.inventory),
            None => inventory,
        };
        if let Some((cluster, list)) = unknown(&inventory, &owing) {
            let message = format!(
                "the {list} of cluster {cluster} are not known yet, and nothing is asked of CloudWatch before they are; \
                 it is read in the next run"
            );
            return Err(SourceError::new(format!("ecs:{}", self.region), message));
        }
        errors.extend(self.list_metrics(settings, &limiter, now, budget).await?);
        let listed = self.listed.as_ref().map(|(_, metrics)| metrics.as_slice());
        let Catalogue { entries } =
            Catalogue::new(settings, &inventory, listed.unwrap_or_default());
        let lasting = self.known.take().map(|known| known.lasting).unwrap_or_default();
        self.known = Some(Known { inventory, lasting: lasting.renewed(entries, now), limiter });
        Ok(errors)
    }

    /// Lists the metrics whose dimensions the API does not know, if there are any to be read and the list is old. An old list
    /// will do where a new one cannot be had: one with a hole would drop queries, and their minutes, without a word.
    async fn list_metrics(
        &mut self,
        settings: &Settings,
        limiter: &Limiter,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<SourceError>, SourceError> {
        let is_fresh = |at: Timestamp| at <= now && now.since(at) < LISTED_TTL;
        if self.listed.as_ref().is_some_and(|(at, _)| is_fresh(*at)) {
            return Ok(Vec::new());
        }
        let mut metrics = Vec::new();
        for listing in catalogue::listings(settings) {
            let (listed, errors) = list_metrics(&self.cloudwatch, &listing, limiter, budget).await;
            metrics.extend(listed);
            match (errors.into_iter().next(), &self.listed) {
                (None, _) => {}
                (Some(error), Some(_)) => return Ok(vec![error]),
                (Some(error), None) => return Err(error),
            }
        }
        self.listed = Some((now, metrics));
        Ok(Vec::new())
    }
}

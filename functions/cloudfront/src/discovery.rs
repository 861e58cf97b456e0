//! Finds out which distributions there are, what they are called, and which additional metrics they have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws::{Aws, Role};
use aws_sdk_cloudfront::types::DistributionSummary;
use clock::Budget;
use futures::{StreamExt, stream};
use metric_data::{Limiter, Listing, list_metrics};
use series::{SourceError, Timestamp};
use tokio::time::timeout_at;

use crate::catalogue::{Catalogue, enabled};
use crate::distribution::{Distribution, NAMESPACE, REGION, arn};
use crate::settings::{Named, Settings};

/// How long tags are kept. They change rarely, and each distribution costs a call.
const TAGS_TTL: Duration = Duration::from_secs(3600);

/// CloudFront's control plane answers a few requests at a time.
const TAG_WORKERS: usize = 5;

/// One account, looked at with one identity.
pub(crate) struct Discovery {
    aws: Aws,
    role: Option<Role>,
    cloudfront: aws_sdk_cloudfront::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    tags: BTreeMap<String, (Timestamp, Tags)>,
}

type Tags = Vec<(String, String)>;

impl Discovery {
    /// Builds the clients; nothing is asked yet.
    pub(crate) fn new(aws: Aws, role: Option<Role>) -> Self {
        let config = aws.in_region(REGION);
        let cloudfront =
            aws_sdk_cloudfront::config::Builder::from(&config).interceptor(aws.counter()).build();
        let cloudwatch =
            aws_sdk_cloudwatch::config::Builder::from(&config).interceptor(aws.counter()).build();
        Self {
            aws,
            role,
            cloudfront: aws_sdk_cloudfront::Client::from_conf(cloudfront),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
            tags: BTreeMap::new(),
        }
    }

    /// Looks at the account; what could not be read of single distributions is in the errors.
    pub(crate) async fn look(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        limiter: &Limiter,
        budget: &Budget,
    ) -> Result<(Catalogue, Vec<SourceError>), SourceError> {
        let looked =
            timeout_at(budget.end(), self.look_unbounded(settings, now, limiter, budget)).await;
        looked.unwrap_or_else(|_| {
            Err(SourceError::new("cloudfront", "looking for distributions took too long"))
        })
    }

    async fn look_unbounded(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        limiter: &Limiter,
        budget: &Budget,
    ) -> Result<(Catalogue, Vec<SourceError>), SourceError> {
        let mut distributions = match &settings.distributions {
            Some(named) => self.named(named).await?,
            None => self.listed().await?,
        };
        let enabled = self.enabled_metrics(settings, limiter, budget).await?;
        let errors = match settings.tags {
            true => self.read_tags(&mut distributions, now).await,
            false => Vec::new(),
        };
        let failed: BTreeSet<&str> = errors.iter().map(|(id, _)| id.as_str()).collect();
        let (undescribed, described): (Vec<_>, Vec<_>) =
            distributions.into_iter().partition(|d| failed.contains(d.id.as_str()));
        let catalogue = Catalogue::new(settings, described, &undescribed, &enabled);
        Ok((catalogue, errors.into_iter().map(|(_, error)| error).collect()))
    }

    /// Distributions that were named by hand: no permission of CloudFront's is needed.
    async fn named(&self, named: &[Named]) -> Result<Vec<Distribution>, SourceError> {
        let account = self.account().await?;
        let distribution = |one: &Named| Distribution {
            id: one.id.clone(),
            account: account.clone(),
            alias: one.name.clone().unwrap_or_else(|| one.id.clone()),
            domain_name: String::new(),
            comment: String::new(),
            tags: Tags::new(),
        };
        Ok(named.iter().map(distribution).collect())
    }

    async fn account(&self) -> Result<String, SourceError> {
        if let Some(account) = self.role.as_ref().and_then(Role::account) {
            return Ok(account.to_owned());
        }
        let asked = self.aws.account_id().await;
        asked.map_err(|error| SourceError::new("sts:GetCallerIdentity", error.to_string()))
    }

    async fn listed(&self) -> Result<Vec<Distribution>, SourceError> {
        let mut distributions = Vec::new();
        let mut pages = self.cloudfront.list_distributions().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                SourceError::new("cloudfront:ListDistributions", aws::reason(&error))
            })?;
            let summaries = page.distribution_list.and_then(|list| list.items).unwrap_or_default();
            distributions.extend(summaries.iter().map(of_summary));
        }
        Ok(distributions)
    }

    /// Which additional metrics exist. Not asked where the metrics are given.
    async fn enabled_metrics(
        &self,
        settings: &Settings,
        limiter: &Limiter,
        budget: &Budget,
    ) -> Result<BTreeSet<(String, String)>, SourceError> {
        if settings.metrics.is_some() {
            return Ok(BTreeSet::new());
        }
        let listing = Listing {
            namespace: NAMESPACE,
            metric_name: None,
            dimensions: &[],
            recently_active: false,
        };
        let (listed, errors) = list_metrics(&self.cloudwatch, &listing, limiter, budget).await;
        // A list with a hole would drop queries, and their minutes, without a word.
        errors.into_iter().next().map_or_else(|| Ok(enabled(&listed)), Err)
    }

    /// Puts tags on the distributions; those for which that failed are named with the reason.
    async fn read_tags(
        &mut self,
        distributions: &mut [Distribution],
        now: Timestamp,
    ) -> Vec<(String, SourceError)> {
        let fresh = |id: &str| self.tags.get(id).is_some_and(|(at, _)| now.since(*at) < TAGS_TTL);
        let stale: Vec<(String, String)> = distributions
            .iter()
            .filter(|d| !fresh(&d.id))
            .map(|d| (d.id.clone(), d.arn()))
            .collect();
        let asked = stream::iter(stale).map(async |(id, arn)| (id, self.tags_of(&arn).await));
        let answers: Vec<_> = asked.buffer_unordered(TAG_WORKERS).collect().await;
        let mut errors = Vec::new();
        for (id, answer) in answers {
            match answer {
                Ok(tags) => drop(self.tags.insert(id, (now, tags))),
                Err(message) => {
                    // Old tags go on being right until they are known to have changed.
                    let source = format!("cloudfront:ListTagsForResource:{id}");
                    if !self.tags.contains_key(&id) {
                        errors.push((id, SourceError::new(source, message)));
                    }
                }
            }
        }
        for distribution in distributions {
            if let Some((_, tags)) = self.tags.get(&distribution.id) {
                distribution.tags.clone_from(tags);
            }
        }
        errors
    }

    async fn tags_of(&self, arn: &str) -> Result<Tags, String> {
        let answer = self.cloudfront.list_tags_for_resource().resource(arn).send().await;
        let answer = answer.map_err(|error| aws::reason(&error))?;
        let tags = answer.tags.and_then(|tags| tags.items).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect())
    }
}

fn of_summary(summary: &DistributionSummary) -> Distribution {
    let account = summary.arn().split(':').nth(4).unwrap_or_default();
    let first_alias = summary.aliases().and_then(|aliases| aliases.items().first());
    let alias = first_alias.cloned().unwrap_or_else(|| summary.domain_name().to_owned());
    debug_assert_eq!(summary.arn(), arn(account, summary.id()));
    Distribution {
        id: summary.id().to_owned(),
        account: account.to_owned(),
        alias,
        domain_name: summary.domain_name().to_owned(),
        comment: summary.comment().to_owned(),
        tags: Tags::new(),
    }
}

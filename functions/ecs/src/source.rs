//! ECS as a source: one part a region and role. Observes the API's counts, reads CloudWatch.

use std::collections::BTreeSet;

use aws::{Aws, Role};
use clock::Budget;
use futures::{StreamExt, stream};
use metric_data::{Read, Reading, read};
use runtime::{Discovered, Observation, Observed, PartPlan, Pull, Pulled, Source};
use series::{Again, Batch, Part, Series, SourceError, Timestamp};
use tokio::sync::Mutex;

use crate::filter::Filter;
use crate::place::Place;
use crate::settings::Settings;
use crate::{counts, info};

/// Parts that are looked at at one time.
const AT_ONCE: usize = 8;

/// ECS clusters of one or more accounts, in one or more regions.
#[derive(Debug)]
pub struct EcsSource {
    settings: Settings,
    filter: Filter,
    /// Without a region there is no place, and the part says so.
    places: Vec<(Part, Option<Mutex<Place>>)>,
}

impl EcsSource {
    /// Builds the clients for each region and account.
    pub(crate) fn new(settings: Settings, aws: &Aws) -> Self {
        let own = || aws.region().map(str::to_owned).into_iter().collect();
        let regions: Vec<String> = settings.regions.clone().unwrap_or_else(own);
        let of_role = |role: &Role| {
            let place = |region: &String| {
                let part = Part::new(format!("{region}:{}", role.role_arn));
                (part, Some(Mutex::new(Place::new(aws.assume(role), Some(role), region))))
            };
            regions.iter().map(place).collect::<Vec<_>>()
        };
        let own = |region: &String| {
            (Part::new(region), Some(Mutex::new(Place::new(aws.clone(), None, region))))
        };
        let mut places: Vec<_> = match settings.roles.is_empty() {
            true => regions.iter().map(own).collect(),
            false => settings.roles.iter().flat_map(of_role).collect(),
        };
        if places.is_empty() {
            places.push((Part::new("ecs"), None));
        }
        Self { filter: Filter::new(&settings.metrics), settings, places }
    }

    fn place(&self, part: &Part) -> Result<&Mutex<Place>, SourceError> {
        let found = self.places.iter().find(|(own, _)| own == part);
        let error = |message| SourceError::new(part.to_string(), message);
        let (_, place) = found.ok_or_else(|| error("is not configured"))?;
        let message = "no region is known: ecs.regions names one, or AWS_REGION does";
        place.as_ref().ok_or_else(|| error(message))
    }

    /// One part's counts and what went wrong, and whether it answered.
    async fn observe_part(
        &self,
        part: &Part,
        observation: &Observation,
        budget: &Budget,
    ) -> (Vec<Series>, Vec<SourceError>, Result<(), SourceError>) {
        let mut place = match self.place(part) {
            Ok(place) => place.lock().await,
            Err(error) => return (Vec::new(), vec![error.clone()], Err(error)),
        };
        let Observation { time, since, .. } = *observation;
        match place.observe(&self.settings, time, budget).await {
            Ok((inventory, errors)) => (counts::series(inventory, (since, time)), errors, Ok(())),
            Err(error) => {
                let account = place.account(budget).await;
                let down = counts::down(account.as_deref(), place.region(), time);
                (vec![down], vec![error.clone()], Err(error))
            }
        }
    }
}

impl Source for EcsSource {
    fn parts(&self) -> Vec<PartPlan> {
        let Settings { period, delay, .. } = self.settings;
        let plan = |(part, _): &(Part, _)| PartPlan { part: part.clone(), period, delay };
        self.places.iter().map(plan).collect()
    }

    fn observes(&self) -> bool {
        true
    }

    async fn observe(&self, observation: &Observation, budget: &Budget) -> Observed {
        let parts: Vec<Part> = self.places.iter().map(|(part, _)| part.clone()).collect();
        let looked = stream::iter(parts).map(async |part| {
            let found = self.observe_part(&part, observation, budget).await;
            (part, found)
        });
        let looked: Vec<_> = looked.buffered(AT_ONCE).collect().await;
        let (mut observed, mut all) = (Observed::default(), Vec::new());
        for (part, (mut series, errors, answered)) in looked {
            series.retain(|one| {
                self.filter.keeps(one) && observation.shard.holds(&one.labels.to_string())
            });
            all.extend(series);
            observed.collected.errors.extend(errors);
            observed.parts.insert(part, answered);
        }
        observed.collected.batches.push(Batch { again: Again::Spool, series: all });
        observed
    }

    async fn discover(
        &self,
        part: &Part,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Discovered, SourceError> {
        let mut place = self.place(part)?.lock().await;
        let errors = place.discover(&self.settings, now, budget).await?;
        let Some(known) = &place.known else {
            return Ok(Discovered { errors, ..Discovered::default() });
        };
        let mut info = info::series(&known.inventory, self.settings.per_task, now);
        info.retain(|one| self.filter.keeps(one));
        let queries: BTreeSet<String> = known.lasting.entries.keys().cloned().collect();
        Ok(Discovered { queries, info, errors })
    }

    async fn pull(&self, pull: &Pull<'_>, budget: &Budget) -> Pulled {
        let Ok(place) = self.place(pull.part) else { return Pulled::default() };
        let place = place.lock().await;
        let Some(known) = &place.known else { return Pulled::default() };
        let reading = Reading {
            part: pull.part,
            entries: &known.lasting.entries,
            asked: pull.queries,
            window: pull.window,
        };
        let Read { collected, unanswered, metrics_requested } =
            read(&place.cloudwatch, &reading, &known.limiter, budget).await;
        Pulled { collected, unanswered, metrics_requested }
    }
}

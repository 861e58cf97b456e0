//! Looks at an account's clusters in one region: the ECS API's lists into an [`Inventory`].
//!
//! `wire` makes the calls, `mapping` turns their types into ours, `trouble` says what went wrong. Whatever fails costs the
//! list that it happened to, and nothing else; only without the list of clusters there is no inventory.

#[cfg(test)]
mod corpus_tests;
mod mapping;
#[cfg(test)]
mod mapping_tests;
mod trouble;
mod wire;
#[cfg(test)]
mod wire_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use aws::{Aws, Role};
use aws_sdk_ecs::types::DesiredStatus;
use clock::Budget;
use futures::future::{join_all, join4};
use series::{SourceError, Timestamp};
use tokio::time::timeout_at;

use crate::inventory::{Cluster, ContainerInstance, Inventory, Service, Task};
use crate::settings::Settings;
use trouble::{Described, Trouble, Troubles};
use wire::{Calls, Wire};

/// What one look may take at most.
const LOOK: Duration = Duration::from_secs(20);

/// How long it may take to be told the account.
const ACCOUNT: Duration = Duration::from_secs(5);

/// The API shows a task for about an hour after it stopped; what is known of it may be forgotten then.
const STOPPED_TTL: Duration = Duration::from_secs(2 * 3600);

/// One account in one region, looked at with one identity.
#[derive(Debug)]
pub(crate) struct Lister {
    aws: Aws,
    region: String,
    wire: Wire,
    /// The account, once it is known.
    account: Option<String>,
    /// Tasks that have stopped, by ARN. They change no more: each is described once.
    stopped: BTreeMap<String, Task>,
}

/// What a look brought.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) inventory: Inventory,
    pub(crate) errors: Vec<SourceError>,
    /// What could not be had now, and may be there all the same: the name of a cluster, and which of its lists.
    pub(crate) owing: BTreeSet<(String, List)>,
}

/// A list of a cluster's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Services,
    Tasks,
    Stopped,
    Instances,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Services => "services",
            Self::Tasks => "tasks",
            Self::Stopped => "stopped tasks",
            Self::Instances => "container instances",
        })
    }
}

/// One cluster, looked at.
struct Contents {
    cluster: Cluster,
    /// Tasks that have stopped, those of services that are not selected too.
    over: Vec<Task>,
    troubles: Troubles,
}

impl Lister {
    /// Builds the client; nothing is asked yet.
    pub(crate) fn new(aws: Aws, role: Option<&Role>, region: String) -> Self {
        let wire = Wire::new(&aws, &region);
        let account = role.and_then(Role::account).map(str::to_owned);
        Self { aws, region, wire, account, stopped: BTreeMap::new() }
    }

    /// The account: as known, else as AWS says.
    pub(crate) async fn account(&mut self, budget: &Budget) -> Result<String, SourceError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let error = |message: String| SourceError::new("sts:GetCallerIdentity", message);
        let asked = timeout_at(budget.at_most(ACCOUNT).end(), self.aws.account_id()).await;
        let asked = asked.map_err(|_| error("no answer in time".to_owned()))?;
        let account = asked.map_err(|reason| error(reason.to_string()))?;
        Ok(self.account.insert(account).clone())
    }

    /// Looks at everything that the settings select. Fails where the clusters could not be listed.
    pub(crate) async fn look(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Looked, SourceError> {
        // What is found out too late cannot be read any more.
        let budget = budget.at_most((budget.remaining() * 2 / 3).min(LOOK));
        let calls = self.wire.calls(&budget);
        let arns = calls.list_clusters().await.map_err(|one| one.of_region(&self.region))?;
        if let Some(account) = arns.first().and_then(|arn| mapping::account_of(arn)) {
            self.account = Some(account.to_owned());
        }
        let calls = self.wire.calls(&budget);
        let selected =
            arns.into_iter().filter(|arn| settings.clusters.is_match(mapping::name_of(arn)));
        let (mut clusters, errors) = self.clusters(calls, selected.collect()).await;
        clusters.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        let looked = clusters.into_iter().map(|(cluster, instances)| {
            // Saves a call for each cluster that runs on Fargate alone.
            let has_instances = instances != Some(0);
            self.contents(calls, settings, cluster, has_instances)
        });
        let contents = join_all(looked).await;
        let mut looked = Looked { errors, ..Looked::default() };
        match self.account(&budget).await {
            Ok(account) => looked.inventory.account = account,
            Err(error) => looked.errors.push(error),
        }
        looked.inventory.region.clone_from(&self.region);
        looked.inventory.at = now;
        self.stopped.retain(|_, task| is_young(task, now));
        contents.into_iter().for_each(|contents| self.take(contents, &mut looked));
        Ok(looked)
    }

    /// The clusters without their contents, and how many container instances they have. Those that nobody may describe
    /// are known by their names alone.
    async fn clusters(
        &self,
        calls: Calls<'_>,
        arns: Vec<String>,
    ) -> (Vec<(Cluster, Option<i32>)>, Vec<SourceError>) {
        match calls.describe_clusters(&arns).await {
            Ok(Described { found, gone }) => {
                let source = format!("ecs:DescribeClusters:{}", self.region);
                let clusters = found.into_iter().map(|(cluster, count)| (cluster, Some(count)));
                (clusters.collect(), trouble::gone(source, &gone).into_iter().collect())
            }
            Err(trouble) => {
                let clusters = arns.into_iter().map(|arn| (mapping::undescribed(arn), None));
                (clusters.collect(), vec![trouble.of_region(&self.region)])
            }
        }
    }

    async fn contents(
        &self,
        calls: Calls<'_>,
        settings: &Settings,
        cluster: Cluster,
        has_instances: bool,
    ) -> Contents {
        let (services, running, stopping, instances) = join4(
            services(calls, settings, &cluster.arn),
            running(calls, &cluster.arn),
            self.stopping(calls, &cluster.arn),
            instances(calls, &cluster.arn, has_instances),
        )
        .await;
        let mut troubles = Troubles::default();
        let services = troubles.noted(List::Services, services);
        let running = troubles.noted(List::Tasks, running);
        let stopping = troubles.noted(List::Stopped, stopping);
        let instances = troubles.noted(List::Instances, instances);
        let Sorted { tasks, stopped } = Sorted::of(running, stopping);
        let over = stopped.clone().unwrap_or_default();
        let selected = |mut tasks: Vec<Task>| {
            tasks.retain(|task| {
                task.service.as_ref().is_none_or(|name| settings.services.is_match(name))
            });
            tasks
        };
        let (tasks, stopped) = (tasks.map(selected), stopped.map(selected));
        Contents {
            cluster: Cluster { services, tasks, stopped, instances, ..cluster },
            over,
            troubles,
        }
    }

    /// Tasks that are meant to stop, or did. Those that are known to have stopped are not described again.
    async fn stopping(&self, calls: Calls<'_>, cluster: &str) -> Result<Described<Task>, Trouble> {
        let arns = calls.list_tasks(cluster, DesiredStatus::Stopped).await?;
        let (known, unknown): (Vec<_>, Vec<_>) =
            arns.into_iter().partition(|arn| self.stopped.contains_key(arn));
        let mut described = calls.describe_tasks(cluster, &unknown).await?;
        let known = known.iter().filter_map(|arn| self.stopped.get(arn)).cloned();
        described.found.extend(known);
        Ok(described)
    }

    /// Puts a cluster where it belongs. One that was deleted meanwhile is gone with all that it held.
    fn take(&mut self, contents: Contents, looked: &mut Looked) {
        let Contents { cluster, over, troubles } = contents;
        self.stopped.extend(over.into_iter().map(|task| (task.arn.clone(), task)));
        looked.errors.extend(troubles.errors(&self.region, &cluster.name));
        let owing = troubles.owing().into_iter().map(|list| (cluster.name.clone(), list));
        looked.owing.extend(owing);
        if !troubles.are_of_deleted_cluster() {
            looked.inventory.clusters.push(cluster);
        }
    }
}

async fn services(
    calls: Calls<'_>,
    settings: &Settings,
    cluster: &str,
) -> Result<Described<Service>, Trouble> {
    let mut arns = calls.list_services(cluster).await?;
    arns.retain(|arn| settings.services.is_match(mapping::name_of(arn)));
    let mut described = calls.describe_services(cluster, &arns).await?;
    described.found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(described)
}

/// Tasks that are meant to run.
async fn running(calls: Calls<'_>, cluster: &str) -> Result<Described<Task>, Trouble> {
    let arns = calls.list_tasks(cluster, DesiredStatus::Running).await?;
    calls.describe_tasks(cluster, &arns).await
}

async fn instances(
    calls: Calls<'_>,
    cluster: &str,
    there_are_some: bool,
) -> Result<Described<ContainerInstance>, Trouble> {
    if !there_are_some {
        return Ok(Described::default());
    }
    let arns = calls.list_container_instances(cluster).await?;
    let mut described = calls.describe_container_instances(cluster, &arns).await?;
    described.found.sort_by(|one, other| one.instance_id.cmp(&other.instance_id));
    Ok(described)
}

/// A cluster's tasks, by whether they have stopped.
struct Sorted {
    tasks: Option<Vec<Task>>,
    stopped: Option<Vec<Task>>,
}

impl Sorted {
    /// Of tasks that are meant to run and tasks that are meant to stop, each in the order of their ARNs. A task may stand in
    /// both lists, which are not of one moment; the second one is right then. A task that is about to stop is still there,
    /// so that without the second list it is not known what runs.
    fn of(running: Option<Vec<Task>>, stopping: Option<Vec<Task>>) -> Self {
        let (knows_running, knows_stopping) = (running.is_some(), stopping.is_some());
        let all = running.into_iter().chain(stopping).flatten();
        let all: BTreeMap<String, Task> = all.map(|task| (task.arn.clone(), task)).collect();
        let (stopped, tasks): (Vec<_>, Vec<_>) = all.into_values().partition(mapping::is_over);
        Self {
            tasks: (knows_running && knows_stopping).then_some(tasks),
            stopped: knows_stopping.then_some(stopped),
        }
    }
}

fn is_young(task: &Task, now: Timestamp) -> bool {
    task.stop.as_ref().is_some_and(|stop| now.since(stop.at) < STOPPED_TTL)
}

//! The ECS API's calls: every page, as many names a call as it takes, at the pace that AWS allows. Knows what is asked, not
//! what for.
//!
//! [Throttling](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html) counts an account's calls
//! in a region, in one bucket for each kind of resource: reads of services and reads of what is in a cluster 100 at once and
//! 20 a second, reads of clusters 50 and 20. The console and other tools draw on them too, so we stay a fifth below.

use std::error::Error;
use std::time::Duration;

use aws::{Aws, Caller, Cost, Failure, Limiter, Rate};
use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::types::{self, ClusterField, DesiredStatus};
use clock::Budget;
use futures::future::try_join_all;

use super::mapping;
use super::trouble::{Described, Trouble};
use crate::inventory::{Cluster, ContainerInstance, Service, Task};

/// Calls on the wire at one time.
const CONCURRENCY: usize = 8;

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many names a list gives at most.
const PAGE: i32 = 100;

/// How many names a description takes at most.
const NAMES: usize = 100;

/// DescribeServices takes fewer.
const SERVICES: usize = 10;

/// The kinds of calls that AWS counts together; each is the place of its rate in the limiter.
#[derive(Debug, Clone, Copy)]
enum Bucket {
    Clusters,
    Contents,
    Services,
}

/// One account in one region.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client,
    limiter: Limiter,
}

/// The same, until a budget is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calls<'a> {
    wire: &'a Wire,
    budget: &'a Budget,
}

/// A page of names, and the token of the next one.
type Page = (Option<Vec<String>>, Option<String>);

/// What was described, and what was not.
type Answer<T> = (Option<Vec<T>>, Option<Vec<types::Failure>>);

impl Wire {
    /// Builds the client; nothing is asked yet.
    pub(super) fn new(aws: &Aws, region: &str) -> Self {
        let config = aws_sdk_ecs::config::Builder::from(&aws.in_region(region))
            .interceptor(aws.counter())
            .retry_config(RetryConfig::disabled())
            .build();
        let rate = |at_once| Rate { per_second: 16.0, at_once };
        // In the order of `Bucket`.
        let limiter = Limiter::new(CONCURRENCY, &[rate(40), rate(80), rate(80)]);
        Self { client: Client::from_conf(config), limiter }
    }

    /// The calls of one look, none of which outlasts the budget.
    pub(super) fn calls<'a>(&'a self, budget: &'a Budget) -> Calls<'a> {
        Calls { wire: self, budget }
    }
}

impl Calls<'_> {
    /// The ARNs of all clusters.
    pub(super) async fn list_clusters(self) -> Result<Vec<String>, Trouble> {
        let send = |token| {
            let call = self.wire.client.list_clusters().max_results(PAGE);
            call.set_next_token(token).send()
        };
        let pages = self.pages(Bucket::Clusters, send, |page| (page.cluster_arns, page.next_token));
        pages.await.map_err(|failure| Trouble { operation: "ListClusters", failure })
    }

    /// Clusters with their settings, and how many container instances they have.
    pub(super) async fn describe_clusters(
        self,
        arns: &[String],
    ) -> Result<Described<(Cluster, i32)>, Trouble> {
        let send = |arns| {
            let call = self.wire.client.describe_clusters().include(ClusterField::Settings);
            call.set_clusters(Some(arns)).send()
        };
        self.described(Bucket::Clusters, (arns, NAMES), send, mapping::cluster, |answer| {
            (answer.clusters, answer.failures)
        })
        .await
        .map_err(|failure| Trouble { operation: "DescribeClusters", failure })
    }

    /// The ARNs of a cluster's services.
    pub(super) async fn list_services(self, cluster: &str) -> Result<Vec<String>, Trouble> {
        let send = |token| {
            // Ten, unless more are asked for.
            let call = self.wire.client.list_services().cluster(cluster).max_results(PAGE);
            call.set_next_token(token).send()
        };
        let pages = self.pages(Bucket::Services, send, |page| (page.service_arns, page.next_token));
        pages.await.map_err(|failure| Trouble { operation: "ListServices", failure })
    }

    /// Services of a cluster.
    pub(super) async fn describe_services(
        self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Described<Service>, Trouble> {
        let send = |arns| {
            let call = self.wire.client.describe_services().cluster(cluster);
            call.set_services(Some(arns)).send()
        };
        self.described(Bucket::Services, (arns, SERVICES), send, mapping::service, |answer| {
            (answer.services, answer.failures)
        })
        .await
        .map_err(|failure| Trouble { operation: "DescribeServices", failure })
    }

    /// The ARNs of a cluster's tasks that are meant to run, or meant to stop. Those that stopped are listed for an hour.
    pub(super) async fn list_tasks(
        self,
        cluster: &str,
        desired: DesiredStatus,
    ) -> Result<Vec<String>, Trouble> {
        let send = |token| {
            let call = self.wire.client.list_tasks().cluster(cluster).max_results(PAGE);
            call.desired_status(desired.clone()).set_next_token(token).send()
        };
        let pages = self.pages(Bucket::Contents, send, |page| (page.task_arns, page.next_token));
        pages.await.map_err(|failure| Trouble { operation: "ListTasks", failure })
    }

    /// Tasks of a cluster.
    pub(super) async fn describe_tasks(
        self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Described<Task>, Trouble> {
        let send = |arns| {
            let call = self.wire.client.describe_tasks().cluster(cluster);
            call.set_tasks(Some(arns)).send()
        };
        self.described(Bucket::Contents, (arns, NAMES), send, mapping::task, |answer| {
            (answer.tasks, answer.failures)
        })
        .await
        .map_err(|failure| Trouble { operation: "DescribeTasks", failure })
    }

    /// The ARNs of a cluster's container instances.
    pub(super) async fn list_container_instances(
        self,
        cluster: &str,
    ) -> Result<Vec<String>, Trouble> {
        let send = |token| {
            let call = self.wire.client.list_container_instances().cluster(cluster);
            call.max_results(PAGE).set_next_token(token).send()
        };
        let read = |page: aws_sdk_ecs::operation::list_container_instances::ListContainerInstancesOutput| {
            (page.container_instance_arns, page.next_token)
        };
        let pages = self.pages(Bucket::Contents, send, read);
        pages.await.map_err(|failure| Trouble { operation: "ListContainerInstances", failure })
    }

    /// Container instances of a cluster.
    pub(super) async fn describe_container_instances(
        self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Described<ContainerInstance>, Trouble> {
        let send = |arns| {
            let call = self.wire.client.describe_container_instances().cluster(cluster);
            call.set_container_instances(Some(arns)).send()
        };
        self.described(Bucket::Contents, (arns, NAMES), send, mapping::instance, |answer| {
            (answer.container_instances, answer.failures)
        })
        .await
        .map_err(|failure| Trouble { operation: "DescribeContainerInstances", failure })
    }

    /// All pages of a list, or none.
    async fn pages<O, E, F>(
        self,
        bucket: Bucket,
        send: impl Fn(Option<String>) -> F,
        read: impl Fn(O) -> Page,
    ) -> Result<Vec<String>, Failure>
    where
        E: Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<O, SdkError<E>>>,
    {
        let (mut all, mut token) = (Vec::new(), None::<String>);
        loop {
            let (names, next) = read(self.call(bucket, || send(token.clone())).await?);
            all.extend(names.unwrap_or_default());
            match next.filter(|token| !token.is_empty()) {
                None => return Ok(all),
                next if next == token => return Err(Failure::endless()),
                next => token = next,
            }
        }
    }

    /// The description of everything that is named, so many a call. All, or none: a list with holes would be wrong counts.
    async fn described<A, T, O, E, F>(
        self,
        bucket: Bucket,
        (arns, at_once): (&[String], usize),
        send: impl Fn(Vec<String>) -> F,
        map: impl Fn(A) -> Result<T, String>,
        read: impl Fn(O) -> Answer<A>,
    ) -> Result<Described<T>, Failure>
    where
        E: Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<O, SdkError<E>>>,
    {
        // Each answer is let go of at once: services come with a hundred events each.
        let calls = arns.chunks(at_once).map(async |arns| {
            let (things, failures) = read(self.call(bucket, || send(arns.to_vec())).await?);
            let mut described = Described::default();
            for thing in things.unwrap_or_default() {
                match map(thing) {
                    Ok(found) => described.found.push(found),
                    Err(gone) => described.gone.push(gone),
                }
            }
            described.gone.extend(failures.unwrap_or_default().iter().map(mapping::failure));
            Ok(described)
        });
        let parts: Vec<Described<T>> = try_join_all(calls).await?;
        Ok(parts.into_iter().fold(Described::default(), Described::and))
    }

    async fn call<O, E, F>(self, bucket: Bucket, send: impl FnMut() -> F) -> Result<O, Failure>
    where
        E: Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<O, SdkError<E>>>,
    {
        let limiter = &self.wire.limiter;
        let caller = Caller { limiter, budget: self.budget, patience: PATIENCE };
        let costs = [Cost { rate: bucket as usize, amount: 1 }];
        // What trying again got over left nothing to say: the counts of calls show it.
        caller.call(&costs, send, |_trouble| ()).await
    }
}

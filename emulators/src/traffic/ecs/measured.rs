//! What CloudWatch measures of a fleet: one datum a minute while tasks run. A task is one sample, in
//! every set of dimensions that it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::fleet::{Cluster, EcsFleet, Instance};
use super::life::Life;
use super::metrics::{Kind, is_observed, tables};
use super::scope::Scope;
use super::state::ServiceState;
use super::usage::Usage;
use super::workload::Controller;
use crate::traffic::{Datum, Statistic, combine};

/// How long before its end a task may show that it is about to end.
const FORESIGHT_SECONDS: i64 = 1800;

/// One metric of a fleet in a window.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    cluster: &'a Cluster,
    scope: Scope,
    kind: Kind,
    name: &'static str,
    /// What the metric is published with.
    pub(crate) unit: &'static str,
    lives: Vec<Life<'a>>,
}

impl EcsFleet {
    /// The metric with exactly this name and these dimensions, for minutes in `window` (epoch
    /// seconds). `None`: nobody publishes it.
    pub(crate) fn measured(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &BTreeMap<String, String>,
        window: &Range<i64>,
    ) -> Option<Measured<'_>> {
        let scope = Scope::of(dimensions)?;
        let cluster = self.cluster(&scope.cluster).filter(|one| one.presence.is_there())?;
        let (kind, name, unit) = tables(namespace, &scope, cluster.insights)
            .into_iter()
            .flat_map(|(kind, table)| table.iter().map(move |(name, unit)| (kind, *name, *unit)))
            .find(|(_, published, _)| *published == name)?;
        let reach = window.start..window.end + FORESIGHT_SECONDS;
        let mut lives = match &scope.service {
            Some(service) => cluster.lives_of(service, &reach),
            None => cluster.lives(&reach),
        };
        lives.retain(|life| scope.takes(life) && is_observed(namespace, life.launch_type));
        Some(Measured { cluster, scope, kind, name, unit, lives })
    }

    /// One statistic of each minute in `window` (epoch seconds, start inclusive, end exclusive) that
    /// has one, settled: the truth that tests compare with.
    #[must_use]
    pub fn values(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &[(&str, &str)],
        statistic: Statistic,
        window: Range<i64>,
    ) -> Vec<(i64, f64)> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let dimensions = dimensions.iter().map(owned).collect();
        let Some(measured) = self.measured(namespace, name, &dimensions, &window) else {
            return Vec::new();
        };
        let first = window.start + (-window.start).rem_euclid(60);
        (first..window.end)
            .step_by(60)
            .filter_map(|minute| Some((minute, combine(&[measured.datum(minute)?], statistic)?)))
            .collect()
    }
}

impl Cluster {
    /// Those of EC2, which alone are the cluster's capacity.
    pub(super) fn ec2_instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|instance| !instance.is_external())
    }
}

impl Measured<'_> {
    /// What was measured in the minute that starts at `minute` (epoch seconds). `None`: no task was
    /// running in it.
    pub(crate) fn datum(&self, minute: i64) -> Option<Datum> {
        let mut running = self.lives.iter().filter(|life| life.runs_in(minute)).peekable();
        let usages = |life| Usage::of(life, minute);
        match self.kind {
            Kind::Capacity => return self.capacity(&running.map(usages).collect::<Vec<_>>()),
            _ => running.peek()?,
        };
        match self.kind {
            Kind::Task => samples(running.map(usages).filter_map(|usage| usage.of_task(self.name))),
            Kind::Container => samples(running.flat_map(|life| {
                let usage = usages(life);
                let containers = life.definition.containers.iter();
                containers
                    .filter(|container| self.scope.takes_container(container))
                    .filter_map(|container| usage.of_container(container, self.name))
                    .collect::<Vec<_>>()
            })),
            Kind::ServiceCount => {
                self.service_count(minute).map(|count| Datum::total(count.into()))
            }
            Kind::ClusterCount => {
                let count = match self.name {
                    "TaskCount" => running.count(),
                    "ServiceCount" => self.cluster.present().count(),
                    _ => running
                        .filter_map(|life| life.instance.map(|instance| &instance.id))
                        .collect::<BTreeSet<_>>()
                        .len(),
                };
                Some(Datum::total(u32::try_from(count).expect("a count of tasks").into()))
            }
            Kind::Capacity => None,
        }
    }

    /// As the service is in the middle of the minute.
    fn service_count(&self, minute: i64) -> Option<u32> {
        let service = self.cluster.service(self.scope.service.as_deref()?)?;
        let ServiceState { desired, running, pending, deployments, .. } =
            service.at(self.cluster, minute + 30);
        let has_task_sets = service.controller == Controller::CodeDeploy;
        let deployments = u32::try_from(deployments.len()).expect("one or two");
        Some(match self.name {
            "DesiredTaskCount" => desired,
            "RunningTaskCount" => running,
            "PendingTaskCount" => pending,
            "TaskSetCount" => {
                if has_task_sets {
                    deployments
                } else {
                    0
                }
            }
            _ => {
                if has_task_sets {
                    0
                } else {
                    deployments
                }
            }
        })
    }

    /// Percent of what the cluster's EC2 instances have; a cluster without any has no such metric.
    fn capacity(&self, running: &[Usage<'_>]) -> Option<Datum> {
        self.cluster.ec2_instances().next()?;
        let is_reservation = self.name.ends_with("Reservation");
        if running.is_empty() && !is_reservation {
            return None;
        }
        let is_cpu = self.name.starts_with("CPU");
        let instances = self.cluster.ec2_instances();
        let whole: f64 =
            instances.map(|one| f64::from(if is_cpu { one.cpu } else { one.memory })).sum();
        let placed = running.iter().filter(|usage| usage.is_on_ec2());
        let taken: f64 = placed
            .map(|usage| match (is_cpu, is_reservation) {
                (true, true) => usage.cpu_reserved(),
                (false, true) => usage.memory_reserved(),
                (true, false) => usage.of_task("CpuUtilized").unwrap_or_default(),
                (false, false) => usage.of_task("MemoryUtilized").unwrap_or_default(),
            })
            .sum();
        Some(Datum::total(100.0 * taken / whole))
    }
}

/// The statistic set of these samples. `None`: there are none.
fn samples(values: impl Iterator<Item = f64>) -> Option<Datum> {
    values.map(Datum::total).reduce(|all, one| Datum {
        sample_count: all.sample_count + one.sample_count,
        sum: all.sum + one.sum,
        minimum: all.minimum.min(one.minimum),
        maximum: all.maximum.max(one.maximum),
        quantiles: None,
    })
}

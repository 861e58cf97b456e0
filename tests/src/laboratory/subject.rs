//! The functions that are experimented with, a row each: how one is configured and started, what there is for it to read,
//! and how the receivers know its data.

use std::ops::Range;

use cloudfront::CloudFront;
use ecs::Ecs;
use emulators::receivers::remote_write::Labels;
use emulators::traffic::ecs::{Cluster, EcsFleet, Service};
use emulators::traffic::{Distribution, Fleet};
use probe::Probe;
use runtime::{Handler, Invocation, Outcome};
use serde_json::Value;

use super::probed::Probed;
use super::site::REGION;
use super::trouble::Receiver;
use crate::ecs_truth::in_words;
use crate::probe_truth::is_of_probes;
use crate::truth::Holding;
use crate::world::World;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// CloudFront distributions: everything can be read again.
    CloudFront,
    /// ECS services: the API's counts are there only when somebody looks, and wait in the spool.
    Ecs,
    /// Probes: nothing that they saw can be seen again.
    Probe,
}

/// All of them.
pub const SUBJECTS: [Subject; 3] = [Subject::CloudFront, Subject::Ecs, Subject::Probe];

/// A process of a function, started and waiting for events.
pub enum Container {
    /// Of `cloudfront`.
    CloudFront(Handler<CloudFront>),
    /// Of `ecs`.
    Ecs(Handler<Ecs>),
    /// Of `probe`.
    Probe(Handler<Probe>),
}

impl Container {
    /// Handles one event.
    pub async fn invoke(&self, event: &Value, invocation: Invocation) -> Outcome {
        match self {
            Self::CloudFront(handler) => Box::pin(handler.invoke(event, invocation)).await,
            Self::Ecs(handler) => Box::pin(handler.invoke(event, invocation)).await,
            Self::Probe(handler) => Box::pin(handler.invoke(event, invocation)).await,
        }
    }
}

impl Subject {
    /// The function's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudFront => "cloudfront",
            Self::Ecs => "ecs",
            Self::Probe => "probe",
        }
    }

    /// Its sections of the configuration; `probed` is what there is to probe.
    pub(super) fn sections(self, wide: bool, probed: Option<&Probed>) -> String {
        match (self, wide) {
            (Self::CloudFront, false) => "cloudfront: {}".to_owned(),
            (Self::CloudFront, true) => "cloudfront: {metrics: [Requests], tags: false}".to_owned(),
            (Self::Ecs, _) => "ecs: {}".to_owned(),
            (Self::Probe, _) => probed.map(Probed::sections).unwrap_or_default(),
        }
    }

    /// Puts into the emulated account what there is to read, or else starts what there is to probe.
    pub(super) fn furnish(self, world: &World, wide: bool) -> Option<Probed> {
        match self {
            Self::CloudFront => world.aws.set_fleet(distributions(wide)),
            Self::Ecs => {
                world.aws.set_ecs_fleet(REGION, services(wide));
                // Troubles throttle; the emulator's own rates are those of a slower world.
                world.aws.set_ecs_rates(None);
            }
            Self::Probe => return Some(Probed::start(wide)),
        }
        None
    }

    /// A cold start.
    pub(super) async fn start(self, world: &World) -> Container {
        match self {
            Self::CloudFront => Container::CloudFront(Box::pin(world.function(&[])).await),
            Self::Ecs => Container::Ecs(Box::pin(world.function(&[])).await),
            Self::Probe => Container::Probe(Box::pin(world.function(&[])).await),
        }
    }

    /// What can be read again of these minutes, as a sink is to hold it.
    pub(super) fn produced(
        self,
        world: &World,
        receiver: Receiver,
        wide: bool,
        minutes: Range<i64>,
    ) -> Holding {
        match (self, receiver) {
            (Self::CloudFront, _) => {
                let mut produced = match receiver {
                    Receiver::RemoteWrite => world.due_to_remote_write(minutes),
                    Receiver::Mackerel => world.due_to_mackerel(minutes),
                };
                produced.retain(|series, _| !wide || series.contains("requests"));
                produced
            }
            (Self::Ecs, Receiver::RemoteWrite) => world.ecs(REGION).metrics(minutes).remote_write(),
            (Self::Ecs, Receiver::Mackerel) => world.ecs(REGION).metrics(minutes).mackerel(),
            (Self::Probe, _) => Holding::new(),
        }
    }

    /// What a sink holds of the function's data: neither info series nor self metrics.
    pub(super) fn held(self, world: &World, receiver: Receiver) -> Holding {
        match (self, receiver) {
            (Self::CloudFront, Receiver::RemoteWrite) => world.held_by_remote_write(),
            (Self::Ecs, Receiver::RemoteWrite) => world.ecs_in_remote_write(),
            (Self::Probe, Receiver::RemoteWrite) => world.probes_in_remote_write(),
            (_, Receiver::Mackerel) => world.held_by_mackerel(),
        }
    }

    /// The name under which [`Subject::held`] has a series, if it is one of the function's data.
    pub(super) fn series(self, labels: &Labels) -> Option<String> {
        let name = &labels["__name__"];
        match self {
            Self::CloudFront => {
                let id = labels.get("dimension_DistributionId")?;
                Some(format!("{name}{{{id}}}"))
            }
            Self::Ecs if name.starts_with("hostless_") || name.ends_with("_info") => None,
            Self::Ecs => Some(in_words(labels)),
            Self::Probe => is_of_probes(labels).then(|| in_words(labels)),
        }
    }

    /// A metric for a receiver to dislike, by its name there.
    pub(super) fn disliked(self, receiver: Receiver) -> &'static str {
        match (self, receiver) {
            (Self::CloudFront, Receiver::RemoteWrite) => "aws_cloudfront_bytes_uploaded_sum",
            (Self::CloudFront, Receiver::Mackerel) => "cloudfront.bytes_uploaded.www_example_com",
            (Self::Ecs, Receiver::RemoteWrite) => "ecs_service_running_tasks",
            (Self::Ecs, Receiver::Mackerel) => "ecs.running_tasks.production-web",
            (Self::Probe, Receiver::RemoteWrite) => "probe_success",
            (Self::Probe, Receiver::Mackerel) => "probe.success.web",
        }
    }
}

/// A site and one with hardly any traffic; or so many that the list of them comes in pages, nearly all of them silent.
fn distributions(wide: bool) -> Fleet {
    let demo = Fleet::demo().distributions;
    let (site, staging) = (demo[0].clone(), demo[4].clone());
    let silent = |one: Distribution| Distribution { traffic: false, ..one };
    let others = Fleet::sized(if wide { 120 } else { 0 }).distributions.into_iter().map(silent);
    Fleet { distributions: others.chain([site, staging]).collect() }
}

/// A cluster with a service, or with so many that the list of them comes in pages. Nothing is deployed: what is counted is
/// the same in each minute, so that an observation that comes late in its minute is none the worse.
fn services(wide: bool) -> EcsFleet {
    let others = (0..if wide { 12 } else { 0 }).map(|n| Service::new(&format!("idle-{n}"), 0));
    let services = [Service::new("web", 2)].into_iter().chain(others).collect();
    EcsFleet { clusters: vec![Cluster::new("production", services)] }
}

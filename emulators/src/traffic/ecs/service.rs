//! What a service's schedule makes of its tasks: each slot holds one task after the other.

use std::ops::Range;

use super::ending::Ending;
use super::fleet::Cluster;
use super::life::{End, Life, STOPPED_TASKS_STAY_SECONDS, Starter};
use super::workload::{Service, Starts};
use crate::traffic::noise::Noise;

/// A deployment replaces its tasks one after the other within so many seconds.
const SPREAD_SECONDS: i64 = 300;
/// What happens to a slot so shortly after something else does not happen.
const CALM_SECONDS: i64 = 600;
/// A change of a slot shows in its tasks for so long at most, besides the hour of stopped tasks.
const MARGIN_SECONDS: i64 = CALM_SECONDS + SPREAD_SECONDS;
/// Between two attempts to start a task that never does.
const RETRY_SECONDS: i64 = 300;
/// Between two attempts of a deployment that fails.
const ATTEMPT_SECONDS: i64 = 120;
/// After so many failed tasks the circuit breaker ends a deployment.
const ATTEMPTS: i64 = 3;

/// A service in its cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) service: &'a Service,
}

/// A slot gets a new task.
struct Turn<'a> {
    at: i64,
    /// What ended the task before: nothing and nobody, for the first one.
    ended_by: Option<&'a Ending>,
    /// When the deployment began that this is part of.
    rollout: i64,
    revision: i64,
}

/// A change of the task definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rollout {
    /// When it began.
    pub(super) at: i64,
    pub(super) revision: i64,
}

impl<'a> Placed<'a> {
    /// The tasks that ECS shows at some moment of `window` (epoch seconds), by slot and age.
    pub(super) fn lives(&self, window: &Range<i64>) -> Vec<Life<'a>> {
        let mut lives = match self.service.starts {
            Starts::Yes => {
                (0..self.service.desired).flat_map(|slot| self.slot(slot, window)).collect()
            }
            Starts::Fails => self.attempts(window),
            Starts::NoCapacity => Vec::new(),
        };
        lives.extend(self.failed_rollouts(window));
        lives.retain(|life| life.is_shown(window));
        lives
    }

    /// The newest successful deployment that began at `time` or before; the first one is the
    /// service's creation.
    pub(super) fn rollout(&self, time: i64) -> Rollout {
        let service = self.service;
        let newest = service.deployments.before(time + 1).next();
        let at = newest.map_or(service.created_at, |occasion| occasion.at.max(service.created_at));
        Rollout { at, revision: self.revision(at) }
    }

    /// The deployment that failed, or is about to, since the last successful one.
    pub(super) fn failed_rollout(&self, time: i64) -> Option<Rollout> {
        let at = self.service.failed_deployments.before(time + 1).next()?.at;
        (at > self.rollout(time).at).then(|| Rollout { at, revision: self.revision(at) })
    }

    /// When the circuit breaker ends a failing deployment.
    pub(super) fn breaks_at(rollout: Rollout) -> i64 {
        rollout.at + ATTEMPTS * ATTEMPT_SECONDS
    }

    /// `ecs-svc/…` of the deployment that began at `at`.
    pub(super) fn deployment_id(&self, at: i64) -> String {
        let name = format!("{}/{}", self.cluster.name, self.service.name);
        let digits = Noise::seeded(&name).bits("deployment", at) % 10_000_000_000_000_000_000;
        format!("ecs-svc/{digits:019}")
    }

    /// The revision in use once the deployment at `at` has begun.
    fn revision(&self, at: i64) -> i64 {
        let since = self.service.created_at + 1..at + 1;
        let Service { deployments, failed_deployments, .. } = self.service;
        1 + deployments.count(&since) + failed_deployments.count(&since)
    }

    fn starter(&self) -> Starter<'a> {
        let Self { cluster, service } = *self;
        Starter {
            cluster,
            service: Some(&service.name),
            definition: &service.task,
            launch: &service.launch,
        }
    }

    /// One slot's tasks.
    fn slot(&self, slot: u32, window: &Range<i64>) -> Vec<Life<'a>> {
        let turns = self.turns(slot, window);
        let mut lives: Vec<Life<'a>> = Vec::with_capacity(turns.len());
        for turn in &turns {
            // The scheduler needs a moment to see that a task is gone.
            let delay = if turn.ended_by.is_some_and(|by| *by != Ending::Replaced) { 8 } else { 0 };
            let deployment = Some(self.deployment_id(turn.rollout));
            let life =
                self.starter().start(slot, turn.at + delay, turn.revision, deployment.clone());
            if let (Some(before), Some(ending)) = (lives.last_mut(), turn.ended_by) {
                // A deployment waits for the new task; nothing else does.
                let is_replaced = *ending == Ending::Replaced;
                let happened_ms = turn.at * 1000 + life.created_ms % 1000;
                let stopping_ms = if is_replaced { life.ready_ms } else { happened_ms };
                let end = End::at(stopping_ms, ending.clone(), before.launch_type);
                before.end = Some(end.for_deployment(deployment));
            }
            lives.push(life);
        }
        lives
    }

    /// The last turn of a slot before `window`, and those in it; oldest first.
    fn turns(&self, slot: u32, window: &Range<i64>) -> Vec<Turn<'a>> {
        let wide = window.start - STOPPED_TASKS_STAY_SECONDS - MARGIN_SECONDS..window.end;
        let lag = self.lag(slot);
        let created = self.service.created_at + lag;
        let mut times: Vec<(i64, Option<&'a Ending>)> = Vec::new();
        let shifted = wide.start - lag..wide.end - lag;
        let rollouts = &self.service.deployments;
        let within = rollouts.within(&shifted);
        let newest_before = rollouts.before(shifted.start).next();
        times.extend(
            newest_before
                .into_iter()
                .chain(within)
                .map(|occasion| (occasion.at + lag, Some(&Ending::Replaced))),
        );
        // What an incident before the last deployment did is history.
        let since = newest_before.map_or(created, |occasion| occasion.at + lag).max(created);
        times.extend(self.incidents(slot, since, &wide));
        times.retain(|(at, _)| *at > created);
        times.push((created, None));
        times.sort_by_key(|(at, _)| *at);
        times.dedup_by_key(|(at, _)| *at);
        let first = times.partition_point(|(at, _)| *at < wide.start).saturating_sub(1);
        times
            .into_iter()
            .skip(first)
            .filter(|(at, _)| *at < wide.end)
            .map(|(at, ended_by)| {
                let Rollout { at: rollout, revision } = self.rollout(at - lag);
                Turn { at, ended_by, rollout, revision }
            })
            .collect()
    }

    /// The incidents that hit a slot in `window`, and the last one before it if it is after `since`.
    fn incidents(
        &self,
        slot: u32,
        since: i64,
        window: &Range<i64>,
    ) -> Vec<(i64, Option<&'a Ending>)> {
        let mut hits = Vec::new();
        for (times, ending) in &self.service.incidents {
            let hit = |at: i64, index: i64| {
                let turn = index.rem_euclid(i64::from(self.service.desired.max(1)));
                (turn == i64::from(slot) && self.is_calm(slot, at)).then_some((at, Some(ending)))
            };
            let before = times.before(window.start).take_while(|occasion| occasion.at > since);
            hits.extend(before.filter_map(|occasion| hit(occasion.at, occasion.index)).take(1));
            let within = times.within(window).into_iter();
            hits.extend(within.filter_map(|occasion| hit(occasion.at, occasion.index)));
        }
        hits
    }

    /// Whether nothing else was about to happen to the slot shortly before `at`.
    fn is_calm(&self, slot: u32, at: i64) -> bool {
        let lag = self.lag(slot);
        let desired = i64::from(self.service.desired.max(1));
        let before = at - CALM_SECONDS..at;
        let Service { deployments, incidents, created_at, .. } = self.service;
        let is_rolled_out = deployments.count(&(before.start - lag..before.end - lag)) > 0
            || before.contains(created_at);
        let is_hit = incidents.iter().any(|(times, _)| {
            times
                .within(&before)
                .iter()
                .any(|occasion| occasion.index.rem_euclid(desired) == i64::from(slot))
        });
        !is_rolled_out && !is_hit
    }

    /// How long after the beginning of a deployment a slot has its turn.
    fn lag(&self, slot: u32) -> i64 {
        let desired = i64::from(self.service.desired.max(15));
        5 + i64::from(slot) * SPREAD_SECONDS / desired
    }

    /// The tasks of a service whose tasks do not start.
    fn attempts(&self, window: &Range<i64>) -> Vec<Life<'a>> {
        let wide = window.start - STOPPED_TASKS_STAY_SECONDS - MARGIN_SECONDS..window.end;
        let first = wide.start.max(self.service.created_at);
        let first = first + (-first).rem_euclid(RETRY_SECONDS);
        let Some(last_slot) = self.service.desired.checked_sub(1) else {
            return Vec::new();
        };
        let step = usize::try_from(RETRY_SECONDS).expect("a constant");
        (first..wide.end)
            .step_by(step)
            .flat_map(|at| (0..=last_slot).map(move |slot| (slot, at)))
            .map(|(slot, at)| self.failing(slot, at, self.rollout(at)))
            .collect()
    }

    /// The tasks of deployments that fail, beside those that the service keeps.
    fn failed_rollouts(&self, window: &Range<i64>) -> Vec<Life<'a>> {
        let wide = window.start - STOPPED_TASKS_STAY_SECONDS - MARGIN_SECONDS..window.end;
        let occasions = self.service.failed_deployments.within(&wide).into_iter();
        occasions
            .filter(|occasion| occasion.at > self.service.created_at)
            .flat_map(|occasion| {
                let rollout = Rollout { at: occasion.at, revision: self.revision(occasion.at) };
                (0..ATTEMPTS).map(move |attempt| (rollout, attempt))
            })
            .map(|(rollout, attempt)| {
                let slot = u32::try_from(attempt).expect("a few");
                self.failing(slot, rollout.at + 5 + attempt * ATTEMPT_SECONDS, rollout)
            })
            .collect()
    }

    fn failing(&self, slot: u32, at: i64, rollout: Rollout) -> Life<'a> {
        let deployment = Some(self.deployment_id(rollout.at));
        let mut life = self.starter().start(slot, at, rollout.revision, deployment);
        let end = End::at(life.ready_ms, Ending::FailedToStart, life.launch_type);
        life.end = Some(end);
        life
    }
}

//! The tasks of clusters that were asked about lately: a client reads them with many calls at one
//! moment, and they are worked out once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::faults::locked;
use crate::traffic::ecs::{Cluster, EcsFleet, Task};

/// So many clusters are remembered.
const REMEMBERED: usize = 16;

/// What was worked out lately.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    moments: Mutex<VecDeque<Moment>>,
}

/// One cluster's tasks at one moment. Holding the fleet keeps its address from being taken by
/// another one.
#[derive(Debug)]
struct Moment {
    fleet: Arc<EcsFleet>,
    cluster: String,
    time: i64,
    tasks: Arc<Vec<Task>>,
}

impl Memo {
    /// The tasks of a cluster of `fleet` at `time` (epoch seconds).
    pub(super) fn tasks(
        &self,
        fleet: &Arc<EcsFleet>,
        cluster: &Cluster,
        time: i64,
    ) -> Arc<Vec<Task>> {
        let is_it = |moment: &&Moment| {
            Arc::ptr_eq(&moment.fleet, fleet)
                && moment.cluster == cluster.name
                && moment.time == time
        };
        let known = locked(&self.moments).iter().find(is_it).map(|one| Arc::clone(&one.tasks));
        known.unwrap_or_else(|| {
            let tasks = Arc::new(cluster.at(time).tasks);
            let mut moments = locked(&self.moments);
            moments.push_back(Moment {
                fleet: Arc::clone(fleet),
                cluster: cluster.name.clone(),
                time,
                tasks: Arc::clone(&tasks),
            });
            let surplus = moments.len().saturating_sub(REMEMBERED);
            moments.drain(..surplus);
            tasks
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::ecs::Service;

    #[test]
    fn another_moment_and_another_fleet_are_worked_out_anew() {
        let fleet = |desired| {
            Arc::new(EcsFleet {
                clusters: vec![Cluster::new("c", vec![Service::new("s", desired)])],
            })
        };
        let memo = Memo::default();
        let count = |fleet: &Arc<EcsFleet>, time| memo.tasks(fleet, &fleet.clusters[0], time).len();
        let [small, large] = [fleet(1), fleet(2)];
        let created = small.clusters[0].services[0].created_at;
        assert_eq!(count(&small, created - 1), 0);
        assert_eq!(count(&small, created + 600), 1);
        assert_eq!(count(&large, created + 600), 2);
        let again = memo.tasks(&small, &small.clusters[0], created + 600);
        let once_more = memo.tasks(&small, &small.clusters[0], created + 600);
        assert!(Arc::ptr_eq(&again, &once_more));
    }
}

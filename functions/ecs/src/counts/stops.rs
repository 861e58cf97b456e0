//! Counts of tasks that stopped, by why.

use std::collections::BTreeMap;

use series::naming::snake_case;

use super::Counts;
use crate::inventory::{Cluster, Stop};
use crate::resources::{self, Owner};

/// A container took more memory than it may have. ECS's own code for that is `EssentialContainerExited`.
const OUT_OF_MEMORY: &str = "OutOfMemory";
/// A health check failed, the container's or the load balancer's. ECS's own code is `ServiceSchedulerInitiated`, as it is
/// when a deployment replaces a task.
const HEALTH_CHECK_FAILED: &str = "HealthCheckFailed";
/// The API gives no code.
const UNKNOWN: &str = "Unknown";

/// The codes that are counted even if there are none: two that tell apart what ECS has one code for, and ECS's own
/// ([AWS: Task](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html)).
const CODES: [&str; 8] = [
    OUT_OF_MEMORY,
    HEALTH_CHECK_FAILED,
    "TaskFailedToStart",
    "EssentialContainerExited",
    "UserInitiated",
    "ServiceSchedulerInitiated",
    "SpotInterruption",
    "TerminationNotice",
];

pub(super) fn count(counts: &mut Counts<'_>, cluster: &Cluster) {
    let Some(stopped) = &cluster.stopped else {
        return;
    };
    let services = resources::present(cluster).map(|service| Owner::Service(&service.name));
    let tasks = cluster.tasks.iter().flatten().chain(stopped).map(Owner::of);
    let zeros = || CODES.map(|code| (code, 0_usize)).into();
    let mut owners: BTreeMap<Owner<'_>, BTreeMap<&str, usize>> =
        services.chain(tasks).map(|owner| (owner, zeros())).collect();
    let (since, until) = counts.window;
    for task in stopped {
        if let Some(stop) = task.stop.as_ref().filter(|stop| since < stop.at && stop.at <= until) {
            *owners.entry(Owner::of(task)).or_default().entry(code(stop)).or_default() += 1;
        }
    }
    for (owner, codes) in owners {
        say(counts, cluster, owner, &codes);
    }
}

fn say(
    counts: &mut Counts<'_>,
    cluster: &Cluster,
    owner: Owner<'_>,
    codes: &BTreeMap<&str, usize>,
) {
    let resource = owner.resource(cluster);
    let (name, label, prefix) = match owner {
        Owner::Service(_) => ("ecs_service_stopped_tasks", "service", ""),
        Owner::Family(_) => ("ecs_family_stopped_tasks", "family", "family_"),
    };
    for (code, count) in codes {
        let labels =
            [("cluster", cluster.name.as_str()), (label, owner.name()), ("stop_code", *code)];
        let metric = format!("{prefix}stopped_tasks_{}", snake_case(code));
        counts.say(name, metric, &resource, &labels, *count);
    }
}

/// Why a task stopped: what its reasons tell, else ECS's own code
/// ([AWS: stopped task errors](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html)).
fn code(stop: &Stop) -> &str {
    let mut reasons = stop.container_reasons.iter().chain([&stop.reason]);
    let has_failed = |reason: &str| reason.contains("failed") && reason.contains("health check");
    if reasons.any(|reason| reason.contains("OutOfMemoryError")) {
        OUT_OF_MEMORY
    } else if has_failed(&stop.reason) {
        HEALTH_CHECK_FAILED
    } else if stop.code.is_empty() {
        UNKNOWN
    } else {
        &stop.code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use series::Timestamp;

    #[test]
    fn a_reason_tells_more_than_a_code() {
        let exited = "Essential container in task exited";
        let killed = "OutOfMemoryError: Container killed due to memory usage";
        for (code_of_ecs, reason, containers, expected) in [
            ("EssentialContainerExited", exited, vec![killed], "OutOfMemory"),
            ("EssentialContainerExited", killed, vec![], "OutOfMemory"),
            ("EssentialContainerExited", exited, vec!["", ""], "EssentialContainerExited"),
            (
                "ServiceSchedulerInitiated",
                "Task failed container health checks",
                vec![],
                "HealthCheckFailed",
            ),
            (
                "ServiceSchedulerInitiated",
                "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:…)",
                vec![],
                "HealthCheckFailed",
            ),
            (
                "ServiceSchedulerInitiated",
                "Scaling activity initiated by (deployment ecs-svc/1)",
                vec![],
                "ServiceSchedulerInitiated",
            ),
            ("SpotInterruption", "Your Spot Task was interrupted.", vec![], "SpotInterruption"),
            ("TaskFailedToStart", "CannotPullContainerError: …", vec![], "TaskFailedToStart"),
            ("StruckByLightning", "", vec![], "StruckByLightning"),
            ("", "", vec![], "Unknown"),
        ] {
            let stop = Stop {
                at: Timestamp::from_secs(0),
                code: code_of_ecs.to_owned(),
                reason: reason.to_owned(),
                container_reasons: containers.into_iter().map(str::to_owned).collect(),
            };
            assert_eq!(code(&stop), expected, "{reason}");
        }
    }
}

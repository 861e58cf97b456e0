//! Why tasks end, in ECS's words ("Stopped tasks error codes" of the ECS developer guide).

/// Why a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A container took more memory than it may have.
    OutOfMemory,
    /// A container's own health check failed.
    ContainerHealthCheck,
    /// The load balancer's health check failed.
    LoadBalancerHealthCheck,
    /// Fargate Spot took its capacity back.
    SpotInterruption,
    /// An essential container exited with this code.
    Exited(i64),
    /// The image could not be pulled: the task never ran.
    FailedToStart,
    /// Somebody called StopTask.
    StoppedByUser,
    /// A deployment replaced it.
    Replaced,
    /// Something that AWS thought of later.
    Other {
        /// The stop code.
        code: String,
        /// The reason.
        reason: String,
    },
}

/// What ECS says of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// `EssentialContainerExited` and the like.
    pub code: String,
    /// The task's reason.
    pub reason: String,
    /// The reason of its first container, if it has one.
    pub container_reason: Option<String>,
    /// The exit code of its first container, if it ever ran.
    pub exit_code: Option<i64>,
}

impl Ending {
    /// How the API tells of it. `deployment` names what replaced the task.
    pub(super) fn stop(&self, deployment: Option<&str>) -> Stop {
        let exited = "Essential container in task exited";
        let (code, reason, container_reason, exit_code) = match self {
            Self::OutOfMemory => {
                let killed = "OutOfMemoryError: Container killed due to memory usage";
                ("EssentialContainerExited", exited.to_owned(), Some(killed), Some(137))
            }
            Self::Exited(code) => {
                ("EssentialContainerExited", exited.to_owned(), None, Some(*code))
            }
            Self::ContainerHealthCheck => {
                let reason = "Task failed container health checks".to_owned();
                ("ServiceSchedulerInitiated", reason, None, Some(143))
            }
            Self::LoadBalancerHealthCheck => {
                let reason = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123456789abcdef)";
                ("ServiceSchedulerInitiated", reason.to_owned(), None, Some(143))
            }
            Self::SpotInterruption => {
                let reason = "Your Spot Task was interrupted.".to_owned();
                ("SpotInterruption", reason, None, Some(143))
            }
            Self::FailedToStart => {
                let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref";
                ("TaskFailedToStart", reason.to_owned(), Some(reason), None)
            }
            Self::StoppedByUser => {
                ("UserInitiated", "Task stopped by user".to_owned(), None, Some(143))
            }
            Self::Replaced => {
                let deployment = deployment.unwrap_or_default();
                let reason = format!("Scaling activity initiated by (deployment {deployment})");
                ("ServiceSchedulerInitiated", reason, None, Some(0))
            }
            Self::Other { code, reason } => (code.as_str(), reason.clone(), None, Some(1)),
        };
        Stop {
            code: code.to_owned(),
            reason,
            container_reason: container_reason.map(str::to_owned),
            exit_code,
        }
    }
}

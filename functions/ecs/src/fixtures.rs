//! Inventories to test with.

use series::Timestamp;

use crate::inventory::{Cluster, ContainerInstance, Deployment, Inventory, Service, Stop, Task};

/// 2026-11-20T09:26:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);
/// A minute before.
pub(crate) const BEFORE: Timestamp = Timestamp::from_secs(1_795_166_700);

const ARN: &str = "arn:aws:ecs:ap-northeast-1:123456789012";

pub(crate) fn inventory(clusters: Vec<Cluster>) -> Inventory {
    Inventory {
        account: "123456789012".to_owned(),
        region: "ap-northeast-1".to_owned(),
        at: NOW,
        clusters,
    }
}

/// A cluster with these services, all of whose lists are known.
pub(crate) fn cluster(name: &str, insights: &str, services: Vec<Service>) -> Cluster {
    Cluster {
        name: name.to_owned(),
        arn: format!("{ARN}:cluster/{name}"),
        container_insights: Some(insights.to_owned()),
        services: Some(services),
        tasks: Some(Vec::new()),
        stopped: Some(Vec::new()),
        instances: Some(Vec::new()),
    }
}

/// A Fargate service of the cluster `prod` that has what it wants.
pub(crate) fn service(name: &str, desired: u32) -> Service {
    Service {
        name: name.to_owned(),
        arn: format!("{ARN}:service/prod/{name}"),
        status: "ACTIVE".to_owned(),
        desired,
        running: desired,
        pending: 0,
        launch_type: "FARGATE".to_owned(),
        capacity_providers: Vec::new(),
        deployments: vec![deployment("COMPLETED")],
    }
}

pub(crate) fn deployment(rollout_state: &str) -> Deployment {
    Deployment { rollout_state: rollout_state.to_owned() }
}

/// A running Fargate task of a service of the cluster `prod`, with one container.
pub(crate) fn task(id: &str, service: &str) -> Task {
    Task {
        arn: format!("{ARN}:task/prod/{id}"),
        id: id.to_owned(),
        family: service.to_owned(),
        revision: "7".to_owned(),
        service: Some(service.to_owned()),
        launch_type: "FARGATE".to_owned(),
        capacity_provider: String::new(),
        availability_zone: "ap-northeast-1a".to_owned(),
        last_status: "RUNNING".to_owned(),
        started: true,
        stop: None,
        containers: vec!["app".to_owned()],
    }
}

/// The same task, without a service.
pub(crate) fn standalone(id: &str, family: &str) -> Task {
    Task { service: None, ..task(id, family) }
}

/// A task that stopped.
pub(crate) fn stopped(task: Task, at: Timestamp, code: &str, reason: &str) -> Task {
    let stop = Stop {
        at,
        code: code.to_owned(),
        reason: reason.to_owned(),
        container_reasons: Vec::new(),
    };
    Task { last_status: "STOPPED".to_owned(), stop: Some(stop), ..task }
}

pub(crate) fn instance(id: &str) -> ContainerInstance {
    ContainerInstance {
        arn: format!("{ARN}:container-instance/edge/{id}-registered"),
        instance_id: id.to_owned(),
        status: "ACTIVE".to_owned(),
        agent_connected: true,
        running: 1,
        pending: 0,
    }
}

/// A bit of everything: Fargate with all insights, Fargate Spot, a deployment, a service without tasks, a scheduled job, tasks
/// that stopped, and machines of one's own with some insights.
pub(crate) fn small() -> Inventory {
    inventory(vec![edge(), prod()])
}

fn prod() -> Cluster {
    let worker = Service {
        running: 1,
        pending: 1,
        launch_type: String::new(),
        capacity_providers: vec!["FARGATE_SPOT".to_owned(), "FARGATE".to_owned()],
        deployments: vec![deployment("IN_PROGRESS"), deployment("COMPLETED")],
        ..service("worker", 2)
    };
    let on = |provider: &str, status: &str, task: Task| Task {
        capacity_provider: provider.to_owned(),
        last_status: status.to_owned(),
        ..task
    };
    let zoneless = |task: Task| Task { availability_zone: String::new(), ..task };
    let killed = stopped(
        task("dead1", "web"),
        NOW,
        "EssentialContainerExited",
        "OutOfMemoryError: Container killed due to memory usage",
    );
    let interrupted = stopped(
        on("FARGATE_SPOT", "", task("dead2", "worker")),
        NOW,
        "SpotInterruption",
        "Your Spot Task was interrupted.",
    );
    let counted_before =
        stopped(standalone("dead3", "nightly-report"), BEFORE, "EssentialContainerExited", "");
    Cluster {
        tasks: Some(vec![
            task("a1", "web"),
            Task { containers: vec!["app".to_owned(), "envoy".to_owned()], ..task("a2", "web") },
            on("FARGATE_SPOT", "RUNNING", task("b1", "worker")),
            zoneless(on("FARGATE", "PROVISIONING", task("b2", "worker"))),
            standalone("c1", "nightly-report"),
        ]),
        stopped: Some(vec![killed, interrupted, counted_before]),
        ..cluster("prod", "enhanced", vec![service("legacy", 0), service("web", 2), worker])
    }
}

fn edge() -> Cluster {
    let gateway = Service {
        arn: format!("{ARN}:service/edge/gateway"),
        launch_type: "EXTERNAL".to_owned(),
        ..service("gateway", 1)
    };
    let task = Task {
        arn: format!("{ARN}:task/edge/d1"),
        launch_type: "EXTERNAL".to_owned(),
        availability_zone: String::new(),
        ..task("d1", "gateway")
    };
    let lost = ContainerInstance {
        agent_connected: false,
        status: "DRAINING".to_owned(),
        running: 0,
        ..instance("mi-0fedcba9876543210")
    };
    Cluster {
        tasks: Some(vec![task]),
        instances: Some(vec![instance("mi-0123456789abcdef0"), lost]),
        ..cluster("edge", "enabled", vec![gateway])
    }
}

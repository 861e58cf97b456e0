//! What tasks run on: a launch type, and the capacity provider if there is one. Pure.
//!
//! What a service may run on follows from its definition as far as that goes, so that its series stay the same whether it
//! has tasks or not.

use std::collections::BTreeSet;

use crate::inventory::{Cluster, Service, Task};

/// Fargate's launch type, and the beginning of its capacity providers' names. Nobody else's may begin so.
const FARGATE: &str = "FARGATE";
/// The launch type of tasks on container instances.
const EC2: &str = "EC2";

/// What a task runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Capacity<'a> {
    /// `FARGATE`, `EC2`, `EXTERNAL`, or what AWS thinks of next; empty where the API does not say.
    pub(crate) launch_type: &'a str,
    /// Empty where none is in use.
    pub(crate) provider: &'a str,
}

impl<'a> Capacity<'a> {
    /// What a task runs on.
    pub(crate) fn of_task(task: &'a Task) -> Self {
        Self { launch_type: &task.launch_type, provider: &task.capacity_provider }
    }

    /// Whether that is Fargate.
    pub(crate) fn is_fargate(&self) -> bool {
        self.launch_type == FARGATE
    }

    /// As a piece of a Mackerel name: `fargate`, `fargate-FARGATE_SPOT`. A launch type holds no `-`, so that two never have
    /// one text.
    pub(crate) fn text(&self) -> String {
        let launch_type = match self.launch_type {
            "" => "unknown".to_owned(),
            known => known.to_lowercase(),
        };
        match self.provider {
            "" => launch_type,
            provider => format!("{launch_type}-{provider}"),
        }
    }
}

/// What a service's tasks may run on, by its definition.
pub(crate) fn of_service<'a>(service: &'a Service, cluster: &'a Cluster) -> BTreeSet<Capacity<'a>> {
    let by_type = Some(service.launch_type.as_str()).filter(|kind| !kind.is_empty());
    let by_type = by_type.map(|launch_type| Capacity { launch_type, provider: "" });
    let by_provider = service
        .capacity_providers
        .iter()
        .map(|provider| Capacity { launch_type: launch_type_of(provider, cluster), provider });
    by_type.into_iter().chain(by_provider).collect()
}

/// The launch type that a capacity provider stands for. The definition does not say: of a provider that is not Fargate's,
/// any task that it runs does.
fn launch_type_of<'a>(provider: &str, cluster: &'a Cluster) -> &'a str {
    if matches!(provider, FARGATE | "FARGATE_SPOT") {
        return FARGATE;
    }
    let tasks = cluster.tasks.iter().chain(&cluster.stopped).flatten();
    let mut told = tasks.filter(|task| task.capacity_provider == provider);
    told.find(|task| !task.launch_type.is_empty()).map_or(EC2, |task| &task.launch_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(launch_type: &str, providers: &[&str]) -> Service {
        Service {
            launch_type: launch_type.to_owned(),
            capacity_providers: providers.iter().map(|&name| name.to_owned()).collect(),
            ..Service::default()
        }
    }

    fn on(launch_type: &str, provider: &str) -> Task {
        Task {
            launch_type: launch_type.to_owned(),
            capacity_provider: provider.to_owned(),
            ..Task::default()
        }
    }

    #[test]
    fn a_definition_says_what_tasks_run_on_as_far_as_it_goes() {
        let cluster = Cluster {
            tasks: Some(vec![on("EC2", "spare"), on("", "odd")]),
            stopped: Some(vec![on("MANAGED_INSTANCES", "managed")]),
            ..Cluster::default()
        };
        for (service, expected) in [
            (service("FARGATE", &[]), vec!["fargate"]),
            (service("EXTERNAL", &[]), vec!["external"]),
            (service("HOVERCRAFT", &[]), vec!["hovercraft"]),
            (
                service("", &["FARGATE", "FARGATE_SPOT"]),
                vec!["fargate-FARGATE", "fargate-FARGATE_SPOT"],
            ),
            (
                service("", &["spare", "odd", "never-used"]),
                vec!["ec2-never-used", "ec2-odd", "ec2-spare"],
            ),
            (service("", &["managed"]), vec!["managed_instances-managed"]),
            (service("", &[]), vec![]),
        ] {
            let texts: Vec<_> = of_service(&service, &cluster).iter().map(Capacity::text).collect();
            assert_eq!(texts, expected);
        }
    }

    #[test]
    fn two_capacities_never_have_one_text() {
        let table = [
            ("", ""),
            ("FARGATE", ""),
            ("FARGATE", "FARGATE"),
            ("EC2", ""),
            ("EC2", "a"),
            ("EC2", "A"),
            ("", "a"),
        ];
        let text = |&(launch_type, provider): &(_, _)| Capacity { launch_type, provider }.text();
        let texts: BTreeSet<_> = table.iter().map(text).collect();
        assert_eq!(texts.len(), table.len(), "{texts:?}");
        assert!(texts.contains("unknown") && texts.contains("unknown-a"));
    }
}

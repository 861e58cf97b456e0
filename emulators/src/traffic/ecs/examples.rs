//! Fleets to show and to measure with.

use super::ending::Ending;
use super::fleet::{Cluster, EcsFleet, Insights, Instance, Presence};
use super::times::Times;
use super::workload::{Controller, Job, Launch, Service, Starts, TaskDefinition};

/// Fargate's capacity providers.
const PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

impl EcsFleet {
    /// A small company's clusters, in which every hour something of each kind happens: what the
    /// demo shows.
    #[must_use]
    pub fn demo() -> Self {
        Self { clusters: vec![production(), batch(), factory()] }
    }

    /// Everything that is out of the ordinary, each by a name that says what it is: what a client
    /// must not stumble over.
    #[must_use]
    pub fn odd() -> Self {
        let gone = |name: &str, presence| Cluster {
            presence,
            ..Cluster::new(name, vec![Service::new("unreachable", 1)])
        };
        let clusters = vec![
            Cluster::new("empty", Vec::new()),
            Cluster { insights: Insights::Unsaid, ..Cluster::new("odd", odd_services()) },
            gone("missing", Presence::Missing),
            gone("inactive", Presence::Inactive),
            gone("deleted-after", Presence::DeletedAfter),
        ];
        Self { clusters }
    }

    /// `services` services with so many tasks each, in clusters of at most 100 services, without
    /// deployments: for measurements.
    #[must_use]
    pub fn sized(services: usize, tasks: u32) -> Self {
        let all: Vec<Service> =
            (0..services).map(|index| Service::new(&format!("service-{index}"), tasks)).collect();
        let clusters = all.chunks(100).enumerate().map(|(index, services)| Cluster {
            insights: Insights::Enabled,
            ..Cluster::new(&format!("cluster-{index}"), services.to_vec())
        });
        Self { clusters: clusters.collect() }
    }

    /// The same fleet with so many deployments of each service a day, the services one after the
    /// other.
    #[must_use]
    pub fn with_deployments(mut self, a_day: i64) -> Self {
        let services = self.clusters.iter_mut().flat_map(|cluster| &mut cluster.services);
        for (offset, service) in (0..).step_by(97).zip(services) {
            service.deployments = Times::a_day(a_day, offset);
        }
        self
    }

    /// The same fleet with this setting on every cluster.
    #[must_use]
    pub fn with_insights(mut self, insights: Insights) -> Self {
        for cluster in &mut self.clusters {
            cluster.insights = insights;
        }
        self
    }
}

fn odd_services() -> Vec<Service> {
    let unknown = Ending::Other {
        code: "InfrastructureHealth".to_owned(),
        reason: "The infrastructure is unhealthy.".to_owned(),
    };
    vec![
        Service::new("plain", 2),
        Service::new("zero", 0),
        Service { starts: Starts::NoCapacity, ..Service::new("no-capacity", 3) },
        Service { starts: Starts::Fails, ..Service::new("never-starts", 1) },
        Service {
            launch: Launch::Other("MOON_BASE".to_owned()),
            ..Service::new("unknown-launch-type", 1)
        },
        Service { incidents: vec![(hourly(15), unknown)], ..Service::new("unknown-stop-code", 1) },
        Service { controller: Controller::CodeDeploy, ..Service::new("code-deploy", 1) },
        Service { controller: Controller::External, ..Service::new("external-controller", 1) },
        Service { presence: Presence::Missing, ..Service::new("missing", 1) },
        Service { presence: Presence::Inactive, ..Service::new("inactive", 1) },
    ]
}

/// Something that happens once an hour, so many minutes past it.
fn hourly(minutes: i64) -> Times {
    Times::Every { seconds: 3600, offset: minutes * 60 }
}

/// Fargate, with everything published: deployments, a leak, spot interruptions.
fn production() -> Cluster {
    let web = Service {
        task: TaskDefinition { cpu: 512, memory: 1024, ..TaskDefinition::new("web") }
            .with_sidecar("envoy"),
        deployments: hourly(35),
        ..Service::new("web", 4)
    };
    let api = Service {
        task: TaskDefinition { cpu: 1024, memory: 2048, ..TaskDefinition::new("api") },
        incidents: vec![(hourly(20), Ending::OutOfMemory)],
        ..Service::new("api", 3)
    };
    let search = Service {
        launch: Launch::Providers(PROVIDERS.map(str::to_owned).into()),
        ..Service::new("search", 2)
    };
    let worker = Service {
        launch: Launch::spot(),
        incidents: vec![(hourly(50), Ending::SpotInterruption)],
        ..Service::new("worker", 2)
    };
    let checkout = Service {
        failed_deployments: hourly(10),
        incidents: vec![(hourly(40), Ending::LoadBalancerHealthCheck)],
        ..Service::new("checkout", 2)
    };
    let services = vec![web, api, search, worker, checkout, Service::new("legacy", 0)];
    Cluster { insights: Insights::Enhanced, ..Cluster::new("production", services) }
}

/// EC2 instances, scheduled jobs, and a service that never starts.
fn batch() -> Cluster {
    let queue = Service { launch: Launch::Ec2, ..Service::new("queue", 3) };
    let broken = Service { starts: Starts::Fails, ..Service::new("broken", 1) };
    let report = Job::new("nightly-report", Times::Every { seconds: 900, offset: 120 }, 300);
    let import = Job { ending: Ending::Exited(1), ..Job::new("import", hourly(25), 60) };
    let draining =
        Instance { status: "DRAINING".to_owned(), ..Instance::new("i-0c3f5a7b9d1e2f405") };
    Cluster {
        insights: Insights::Enabled,
        jobs: vec![report, import],
        instances: vec![
            Instance::new("i-0a1b2c3d4e5f60718"),
            Instance::new("i-0b2c3d4e5f6071829"),
            draining,
        ],
        ..Cluster::new("batch", vec![queue, broken])
    }
}

/// Machines of one's own, one of them out of touch.
fn factory() -> Cluster {
    let gateway = Service { launch: Launch::External, ..Service::new("gateway", 2) };
    let lost = Instance { agent_connected: false, ..Instance::new("mi-0fedcba9876543210") };
    Cluster {
        instances: vec![Instance::new("mi-0123456789abcdef0"), lost],
        ..Cluster::new("factory", vec![gateway])
    }
}

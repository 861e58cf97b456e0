//! A Mackerel API on loopback, as far as service metrics go, with the rest of it known by name.
//!
//! A request passes: the routes (an unknown path is 404 even without a key), the key (401, 403), the limits
//! of a post (413, 429), the [organization]. What the real service takes but a careful client
//! would not send is written down as a violation, above all every call that could make a host.
//!
//! Facts are documented or seen live, unless a comment says "assumed".

pub mod alerts;
mod annotations;
mod answer;
mod etiquette;
mod intake;
pub mod organization;
pub mod points;
pub mod routes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::faults::Faults;
use crate::receivers::present::Present;
use crate::server::Server;

pub use alerts::Evaluation;
pub use answer::Answer;
pub use intake::Request;
pub use organization::{Organization, Service};

/// The name of a post of service metrics, for [`faults`](crate::faults).
pub const POST_SERVICE_METRICS: &str = "mackerel:PostServiceMetrics";

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Read,
    /// Read and write.
    ReadWrite,
}

/// How an API is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The organization's name.
    pub organization: String,
    /// The services that are there.
    pub services: Vec<String>,
    /// The keys that are known.
    pub api_keys: BTreeMap<String, Access>,
    /// The time it goes by.
    pub now: Present,
    /// Posts that one service takes in a minute before 429; `None`: any number. The true number is nowhere
    /// documented.
    pub posts_per_minute: Option<usize>,
    /// The `Retry-After` of a 429 for too many posts, in seconds; the service documents none.
    pub retry_after: Option<u64>,
    /// A longer body is 413 (assumed).
    pub max_body_bytes: usize,
    /// Errors come in the older shape, `{"error":"…"}`.
    pub flat_errors: bool,
    /// The script of its misbehaviour.
    pub faults: Faults,
    /// The address to listen on; a free loopback port unless given.
    pub addr: SocketAddr,
}

impl Options {
    /// An API with these services, and one key that may do everything.
    #[must_use]
    pub fn new(services: &[&str], api_key: &str) -> Self {
        Self {
            organization: "emulated".to_owned(),
            services: services.iter().map(|&s| s.to_owned()).collect(),
            api_keys: BTreeMap::from([(api_key.to_owned(), Access::ReadWrite)]),
            now: Present::real(),
            posts_per_minute: Some(10),
            retry_after: None,
            max_body_bytes: 1024 * 1024,
            flat_errors: false,
            faults: Faults::default(),
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// A running API; dropping it closes its port.
#[derive(Debug)]
pub struct MackerelApi {
    intake: Arc<intake::Intake>,
    server: Server,
}

impl MackerelApi {
    /// Starts an API. It listens when this returns.
    ///
    /// # Panics
    /// When the address of the options cannot be had.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let addr = options.addr;
        let intake = Arc::new(intake::Intake::new(options));
        let server = Server::start_on(addr, intake::router(Arc::clone(&intake)));
        Self { intake, server }
    }

    /// The base URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The script of its misbehaviour.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.intake.options.faults
    }

    /// The time it goes by.
    #[must_use]
    pub fn now(&self) -> &Present {
        &self.intake.options.now
    }

    /// Makes a key known, or known for something else; `None` makes it unknown, as after its rotation.
    pub fn set_key(&self, api_key: &str, access: Option<Access>) {
        let keys = &mut self.intake.state().api_keys;
        match access {
            Some(access) => drop(keys.insert(api_key.to_owned(), access)),
            None => drop(keys.remove(api_key)),
        }
    }

    /// From now on a post with a metric of this name is refused as a whole, with 400.
    pub fn refuse_metric(&self, name: &str) {
        self.intake.state().poisoned.insert(name.to_owned());
    }

    /// From now on a post of more than `bytes` is answered with 413, which is no violation; `None` ends it.
    pub fn answer_413_over(&self, bytes: Option<usize>) {
        self.intake.state().too_large_over = bytes;
    }

    /// What no client of ours may do, each with the number of its request.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.intake.state().violations.clone()
    }

    /// All requests so far, in the order of their arrival, whatever became of them.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.intake.state().requests.clone()
    }

    /// All that the organization holds.
    #[must_use]
    pub fn organization(&self) -> Organization {
        self.intake.state().organization.clone()
    }

    /// The service metrics of a service: name → minute (Unix seconds) → value. Empty for an unknown one.
    #[must_use]
    pub fn metrics(&self, service: &str) -> BTreeMap<String, BTreeMap<i64, f64>> {
        let state = self.intake.state();
        let Some(service) = state.organization.services.get(service) else {
            return BTreeMap::new();
        };
        let value = |number: &serde_json::Number| number.as_f64().unwrap_or(f64::NAN);
        let values = |series: &organization::Series| {
            series.iter().map(|(minute, number)| (*minute, value(number))).collect()
        };
        service.metrics.iter().map(|(name, series)| (name.clone(), values(series))).collect()
    }

    /// What monitors on a service's metrics were shown, in order.
    #[must_use]
    pub fn evaluations(&self, service: &str) -> Vec<Evaluation> {
        let state = self.intake.state();
        let service = state.organization.services.get(service);
        service.map(|s| s.newest.evaluations().to_vec()).unwrap_or_default()
    }

    /// How many bytes of body arrived.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.intake.state().requests.iter().map(|request| request.body.len()).sum()
    }
}

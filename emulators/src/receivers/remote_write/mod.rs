//! A receiver of Prometheus remote write 1.0 on loopback.
//!
//! It takes the snappy block off, decodes the message with structs of its own ([`proto`]), writes down every
//! breach of the specification ([`rules`]), and then does and answers what the receiver that it plays would
//! ([`Personality`]), on a store with that receiver's rules for time ([`head`]).
//!
//! Data flows one way: HTTP (`intake`) → rules → personality → head. Tests ask the
//! [`RemoteWriteReceiver`] what arrived.

mod auth;
mod cortex;
pub mod head;
mod intake;
pub mod personality;
mod prometheus;
pub mod proto;
pub mod rules;
mod victoria_metrics;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::faults::Faults;
use crate::receivers::present::Present;
use crate::server::Server;

pub use auth::{Auth, SigV4};
pub use head::{Labels, Repeat, Samples};
pub use intake::Request;
pub use personality::{Personality, Verdict};

/// The name of the one operation, for [`faults`](crate::faults).
pub const WRITE: &str = "remote_write:Write";

/// How a receiver is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which receiver is played.
    pub personality: Personality,
    /// The time it goes by.
    pub now: Present,
    /// The path that takes writes; any other is 404. AMP's ends in `/api/v1/remote_write`.
    pub path: String,
    /// The credentials that are asked for.
    pub auth: Auth,
    /// Headers that must come with every request, by lower-case name; without them the answer is 400.
    pub required_headers: Vec<(String, String)>,
    /// A longer body is a breach, and 413.
    pub max_body_bytes: usize,
    /// The script of its misbehaviour.
    pub faults: Faults,
    /// The address to listen on; a free loopback port unless given.
    pub addr: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            personality: Personality::default(),
            now: Present::real(),
            path: "/api/v1/write".to_owned(),
            auth: Auth::Open,
            required_headers: Vec::new(),
            max_body_bytes: 1_000_000,
            faults: Faults::default(),
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// A running receiver; dropping it closes its port.
#[derive(Debug)]
pub struct RemoteWriteReceiver {
    intake: Arc<intake::Intake>,
    server: Server,
}

impl RemoteWriteReceiver {
    /// Starts a receiver. It listens when this returns.
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

    /// The URL to write to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.server.url(), self.intake.options.path)
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

    /// From now on series with this label are refused for good, with 400.
    pub fn refuse_series(&self, name: &str, value: &str) {
        self.intake.state().poisoned.push((name.to_owned(), value.to_owned()));
    }

    /// From now on no series is refused for its labels any more.
    pub fn forgive_series(&self) {
        self.intake.state().poisoned.clear();
    }

    /// From now on a body of more than `bytes` is answered with 413, which is no breach; `None` ends it.
    pub fn answer_413_over(&self, bytes: Option<usize>) {
        self.intake.state().too_large_over = bytes;
    }

    /// The breaches of all requests so far, refused ones included, each with the number of its request.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.intake.state().violations.clone()
    }

    /// All that was stored.
    #[must_use]
    pub fn series(&self) -> BTreeMap<Labels, Samples> {
        self.intake.state().head.series().clone()
    }

    /// What was stored of the series that have all of these labels.
    #[must_use]
    pub fn samples(&self, labels: &[(&str, &str)]) -> BTreeMap<Labels, Samples> {
        let state = self.intake.state();
        let has = |series: &Labels| {
            labels.iter().all(|(name, value)| series.get(*name).is_some_and(|v| v == value))
        };
        let found = state.head.series().iter().filter(|(series, _)| has(series));
        found.map(|(series, samples)| (series.clone(), samples.clone())).collect()
    }

    /// Samples that arrived for a timestamp that their series already had and that were not refused.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Repeat> {
        self.intake.state().head.repeats().to_vec()
    }

    /// All requests so far, in the order of their arrival, whatever became of them.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.intake.state().requests.clone()
    }

    /// The requests that were answered with success.
    #[must_use]
    pub fn accepted(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_accepted).collect()
    }

    /// How many samples were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<&'static str, usize> {
        let mut refused = BTreeMap::new();
        for verdict in self.requests().into_iter().filter_map(|request| request.verdict) {
            for (reason, samples) in verdict.refused {
                *refused.entry(reason).or_default() += samples;
            }
        }
        refused
    }

    /// How many bytes of body arrived.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.intake.state().requests.iter().map(|request| request.body.len()).sum()
    }
}

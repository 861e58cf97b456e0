//! One probe, as its prober sees it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws::Secrets;
use clock::{Clock, Stopwatch};
use dial::{
    ChainFacts, Dialer, Family, Handshake, Preference, Secured, Session, Tls, address_hash,
};
use runtime::Surroundings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::frame::{Bodies, Failure, Reason, Record, metric};

/// Who probes, where a protocol asks for that and the module does not say.
pub(crate) const USER_AGENT: &str = concat!("hostless/", env!("CARGO_PKG_VERSION"));

/// What all probes of a process share.
#[derive(Debug, Clone)]
pub(crate) struct Equipment {
    pub(crate) dialer: Dialer,
    pub(crate) secrets: Secrets,
    pub(crate) factory: http::Factory,
    pub(crate) clock: Clock,
    /// Room for what is kept of bodies.
    pub(crate) bodies: Bodies,
    /// Whoever holds it evaluates a CEL expression.
    pub(crate) evaluation: Arc<Mutex<()>>,
}

/// One probe: what is probed, until when, and where to write down what was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe<'a> {
    pub(crate) target: &'a str,
    /// The `hostname` parameter.
    pub(crate) hostname: Option<&'a str>,
    /// When the time is over. A prober keeps to it by itself, so that it can say how far it came.
    pub(crate) deadline: Instant,
    pub(crate) equipment: &'a Equipment,
    pub(crate) record: &'a Record,
}

impl Equipment {
    pub(crate) fn new(surroundings: &Surroundings<'_>) -> Self {
        let Surroundings { aws: _, factory, secrets, clock, probes_at_once: _ } = *surroundings;
        Self::with(factory.clone(), secrets.clone(), clock.clone())
    }

    pub(crate) fn with(factory: http::Factory, secrets: Secrets, clock: Clock) -> Self {
        let dialer = Dialer::new(factory.roots().clone(), clock.clone());
        let evaluation = Arc::default();
        Self { dialer, secrets, factory, clock, bodies: Bodies::new(), evaluation }
    }
}

impl Probe<'_> {
    /// The outcome of a step, or that the time was over meanwhile.
    pub(crate) async fn within<T>(
        &self,
        step: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        timeout_at(self.deadline, work).await.map_err(|_| Failure::timeout(step))
    }

    /// The address to probe, with the metrics that all probers give of it. Also says how long the lookup took.
    pub(crate) async fn resolve(
        &self,
        host: &str,
        preference: Preference,
    ) -> Result<(IpAddr, Duration), Failure> {
        let record = self.record;
        let wanted = match preference.family {
            Family::V4 => "ip4",
            Family::V6 => "ip6",
        };
        record.step(format_args!("Resolving target address target={host} ip_protocol={wanted}"));
        let stopwatch = Stopwatch::start();
        let found = self.within("resolve", self.equipment.dialer.resolve(host, preference)).await;
        let took = stopwatch.elapsed();
        record.set(&metric::DNS_LOOKUP_TIME, took.as_secs_f64());
        record.set(&metric::IP_PROTOCOL, 0.0);
        record.set(&metric::IP_ADDR_HASH, 0.0);
        let address = found.and_then(|found| {
            found.map_err(|error| Failure::new(Reason::Resolve, error.to_string()))
        });
        let address = address.inspect_err(|failure| {
            record.step(format_args!("Resolution with IP protocol failed err={failure}"));
        })?;
        record.set(&metric::IP_PROTOCOL, if address.is_ipv4() { 4.0 } else { 6.0 });
        record.set(&metric::IP_ADDR_HASH, f64::from(address_hash(address)));
        record.step(format_args!("Resolved target address target={host} ip={address}"));
        Ok((address, took))
    }

    /// A TCP connection to one address.
    pub(crate) async fn connect(&self, address: SocketAddr) -> Result<TcpStream, Failure> {
        let connected = self.within("connect", self.equipment.dialer.connect(address)).await?;
        connected.map_err(|error| {
            Failure::new(Reason::Connect, format!("connect to {address}: {error}"))
        })
    }

    /// Has the secrets of a TLS configuration read, so that one that is missing is not taken for a failed handshake.
    pub(crate) async fn prepare(&self, tls: &Tls) -> Result<(), Failure> {
        let Equipment { dialer, secrets, .. } = self.equipment;
        let prepared = self.within("read the TLS configuration", tls.prepare(dialer, secrets));
        prepared.await?.map_err(|error| Failure::new(Reason::Credentials, error.to_string()))
    }

    /// TLS over a connection, with all that is to be said of the session, and of the certificates even where they are not
    /// believed.
    pub(crate) async fn secure<S>(
        &self,
        tls: &Tls,
        stream: S,
        wanted: Handshake<'_>,
    ) -> Result<Secured<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Equipment { dialer, secrets, .. } = self.equipment;
        let prepared =
            self.within("read the TLS configuration", tls.prepare(dialer, secrets)).await?;
        prepared.map_err(|error| Failure::new(Reason::Credentials, error.to_string()))?;
        let shaken = tls.handshake(stream, wanted, dialer, secrets);
        let secured = self.within("TLS handshake", shaken).await?.map_err(|error| {
            if let Some(chain) = &error.chain {
                self.record_chain(chain);
            }
            let reason = if error.is_certificate { Reason::Certificate } else { Reason::Tls };
            Failure::new(reason, format!("TLS handshake: {error}"))
        })?;
        self.record_session(&secured.session);
        Ok(secured)
    }

    /// What HTTP, TCP and gRPC probes say of a session.
    pub(crate) fn record_session(&self, session: &Session) {
        let Session { version, cipher: _, protocol: _, chain } = session;
        self.record.set_with(&metric::TLS_VERSION_INFO, &[("version", version)], 1.0);
        self.record_chain(chain);
    }

    /// What certificates say, whether or not they are believed. Go's zero time stands where no chain was verified.
    pub(crate) fn record_chain(&self, chain: &ChainFacts) {
        const NOT_VERIFIED: f64 = -62_135_596_800.0;
        let ChainFacts { earliest_expiry, last_chain_expiry, leaf } = chain;
        let record = self.record;
        record.set(&metric::SSL_EARLIEST_CERT_EXPIRY, *earliest_expiry as f64);
        let last = last_chain_expiry.map_or(NOT_VERIFIED, |expiry| expiry as f64);
        record.set(&metric::SSL_LAST_CHAIN_EXPIRY, last);
        let labels = [
            ("fingerprint_sha256", leaf.fingerprint_sha256.as_str()),
            ("subject", &leaf.subject),
            ("issuer", &leaf.issuer),
            ("subjectalternative", &leaf.alternative_names),
            ("serialnumber", &leaf.serial),
        ];
        record.set_with(&metric::SSL_LAST_CHAIN_INFO, &labels, 1.0);
    }
}

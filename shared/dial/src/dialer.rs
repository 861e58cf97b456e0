//! Names to addresses, addresses to connections.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use clock::Clock;
use http::Roots;
use tokio::net::{TcpStream, lookup_host};

use crate::Preference;
use crate::address::choose;
use crate::trust::Trust;

/// Resolves names and connects to addresses. Clones share everything.
#[derive(Debug, Clone)]
pub struct Dialer {
    /// The machine's trust roots.
    trust: Arc<Trust>,
    clock: Clock,
    /// Names that are answered from here instead of by the system's resolver, in lower case.
    hosts: Arc<BTreeMap<String, Vec<IpAddr>>>,
}

/// Why a name has no address that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResolveError(pub String);

impl Dialer {
    /// A dialer that asks the system's resolver.
    pub fn new(roots: Roots, clock: Clock) -> Self {
        Self { trust: Arc::new(Trust::machine(roots)), clock, hosts: Arc::default() }
    }

    /// The same with names that are known without asking.
    #[must_use]
    pub fn with_hosts(self, hosts: BTreeMap<String, Vec<IpAddr>>) -> Self {
        let hosts = hosts.into_iter().map(|(name, found)| (name.to_ascii_lowercase(), found));
        Self { hosts: Arc::new(hosts.collect()), ..self }
    }

    /// The one address of a host (a name, or an address as text) that a probe uses. An IPv6 address to which this machine
    /// has no route counts as absent.
    pub async fn resolve(
        &self,
        host: &str,
        preference: Preference,
    ) -> Result<IpAddr, ResolveError> {
        let addresses = match literal(host) {
            // What was written is taken at its word: that there is no route to it is for the connection to say.
            Some(address) => vec![address],
            None => with_a_route(self.look_up(host).await?),
        };
        choose(&addresses, preference).ok_or_else(|| no_address(host, preference))
    }

    /// Every address of a host, in the resolver's order.
    pub async fn resolve_all(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        match literal(host) {
            Some(address) => Ok(vec![address]),
            None => self.look_up(host).await,
        }
    }

    /// A TCP connection to one address.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(crate) fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Some(known) = self.hosts.get(&host.to_ascii_lowercase()) {
            return Ok(known.clone());
        }
        let failed = |reason: &str| ResolveError(format!("lookup {host}: {reason}"));
        if host.is_empty() {
            return Err(failed(NO_SUCH_HOST));
        }
        // Any port: it comes back as it is.
        let found = lookup_host((host, 0)).await.map_err(|error| failed(&reason(&error)))?;
        let addresses: Vec<_> = found.map(|address| address.ip().to_canonical()).collect();
        if addresses.is_empty() { Err(failed(NO_SUCH_HOST)) } else { Ok(addresses) }
    }
}

const NO_SUCH_HOST: &str = "no such host";

/// An address as text, with or without the brackets that it has in a URL.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// What the original says.
fn no_address(host: &str, preference: Preference) -> ResolveError {
    ResolveError(if preference.fallback {
        "unable to find ip; no fallback".to_owned()
    } else {
        format!("address {host}: no suitable address found")
    })
}

/// The resolver's reason, in Go's words where people know them. It comes as text alone.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let reason = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    match reason {
        "Name or service not known"
        | "No address associated with hostname"
        | "nodename nor servname provided, or not known" => NO_SUCH_HOST.to_owned(),
        "Temporary failure in name resolution" => "server misbehaving".to_owned(),
        other => other.to_owned(),
    }
}

/// Leaves out the IPv6 addresses that cannot be reached from here.
fn with_a_route(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    if addresses.iter().any(IpAddr::is_ipv6) {
        let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).ok();
        let has_route = |address: &IpAddr| {
            // Connecting a UDP socket picks a route and sends nothing. Any port will do.
            socket.as_ref().is_some_and(|socket| socket.connect((*address, 9)).is_ok())
        };
        addresses.retain(|address| address.is_ipv4() || has_route(address));
    }
    addresses
}

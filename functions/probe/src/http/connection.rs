//! Connections made by hand, step by step, so that each step can be timed: lookup, TCP, proxy, TLS.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clock::Stopwatch;
use dial::{Handshake, HandshakeError, Secured, Session, Tls};
use futures::future::{Either, select};
use http::ProxyRules;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use url::Url;

use super::go_url::GoUrl;
use super::phases::Roundtrip;
use super::proxy;
use crate::frame::{Failure, Probe, Reason};
use crate::module::Http;

/// Go gives a handshake no longer, whatever is left of the time.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the first family of addresses is ahead of the other one (RFC 8305, Go's default).
const HEAD_START: Duration = Duration::from_millis(300);

/// The least that one of several addresses gets of the time, as in Go.
const LEAST_SHARE: Duration = Duration::from_secs(2);

/// What bytes go over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Opens the connections of one probe.
pub(super) struct Opener<'a> {
    module: &'a Http,
    probe: &'a Probe<'a>,
    rules: ProxyRules,
    /// Host and port of the first URL, with the address.
    first_host: String,
    /// The name that this host must have a certificate for.
    first_name: String,
    /// For all other hosts, where a `server_name` is set that is not theirs.
    elsewhere: Option<Tls>,
}

/// A connection that can take a request.
pub(super) struct Connection {
    pub(super) wire: Box<dyn Wire>,
    pub(super) session: Option<Session>,
    pub(super) is_http2: bool,
    /// The proxy, if it reads the request.
    pub(super) reader: Option<Url>,
    /// Runs since the connection is ready.
    pub(super) ready: Stopwatch,
}

impl<'a> Opener<'a> {
    pub(super) fn new(module: &'a Http, probe: &'a Probe<'a>, first: &GoUrl, name: &str) -> Self {
        let settings = &module.client.tls;
        let elsewhere = settings
            .server_name
            .is_some()
            .then(|| Tls::new(config::Tls { server_name: None, ..settings.clone() }));
        Self {
            module,
            probe,
            rules: probe.equipment.factory.proxy_rules(&module.client.proxy),
            first_host: first.host.clone(),
            first_name: name.to_owned(),
            elsewhere,
        }
    }

    pub(super) fn probe(&self) -> &'a Probe<'a> {
        self.probe
    }

    /// Opens a connection for a URL. What was reached is written down even where it fails.
    pub(super) async fn open(
        &self,
        url: &GoUrl,
        times: &mut Roundtrip,
    ) -> Result<Connection, Failure> {
        times.is_https = url.is_https();
        let place = Place::of_url(url)?;
        let via = proxy::proxy_for(&self.rules, url);
        let (wire, watch) = match &via {
            None => self.dial(&place, times).await?,
            Some(proxy) => {
                let place = Place::of_proxy(proxy);
                let reached = self.reach_proxy(proxy, &place, times).await;
                reached.map_err(|failure| of_proxy(failure, &place))?
            }
        };
        let (wire, session) = if url.is_https() {
            let (wire, session) = self.enter(wire, url, &place, via.as_ref(), times).await?;
            (wire, Some(session))
        } else {
            (wire, None)
        };
        times.ready = Some(watch.elapsed());
        let protocol = session.as_ref().and_then(|session| session.protocol.as_deref());
        let is_http2 = protocol == Some(b"h2".as_slice());
        // A proxy reads the request for an http URL; that for an https one goes past it, through the tunnel.
        let reader = via.filter(|_| !url.is_https());
        Ok(Connection { wire, session, is_http2, reader, ready: Stopwatch::start() })
    }

    /// A connection to the proxy, over TLS where it is an https one. Its certificate and its handshake are not the target's: no
    /// metric tells of them.
    async fn reach_proxy(
        &self,
        proxy: &Url,
        place: &Place,
        times: &mut Roundtrip,
    ) -> Result<(Box<dyn Wire>, Stopwatch), Failure> {
        let (wire, watch) = self.dial(place, times).await?;
        if proxy.scheme() != "https" {
            return Ok((wire, watch));
        }
        let wanted = Handshake { name: &place.host, protocols: &[] };
        let tls = &self.module.tls;
        self.probe.prepare(tls).await?;
        let secured =
            self.shake(wire, tls, wanted).await?.map_err(|error| unshaken(&error, wanted))?;
        Ok((Box::new(secured.stream), watch))
    }

    /// TLS with the host itself, through a tunnel if there is a proxy.
    async fn enter(
        &self,
        mut wire: Box<dyn Wire>,
        url: &GoUrl,
        place: &Place,
        via: Option<&Url>,
        times: &mut Roundtrip,
    ) -> Result<(Box<dyn Wire>, Session), Failure> {
        if let Some(proxy) = via {
            proxy::tunnel(&mut *wire, &place.to_string(), proxy, self.module, self.probe).await?;
        }
        let own = &self.module.tls;
        let (tls, name) = if url.host == self.first_host {
            (own, &self.first_name)
        } else {
            self.probe.record.step(format_args!(
                "Address does not match first address, not sending TLS ServerName first={} address={}",
                self.first_host, url.host
            ));
            (self.elsewhere.as_ref().unwrap_or(own), &place.host)
        };
        let protocols: &[&[u8]] =
            if self.module.client.enable_http2 { &[b"h2", b"http/1.1"] } else { &[] };
        self.secure(wire, tls, Handshake { name, protocols }, times).await
    }

    /// A TCP connection to a host, and a stopwatch that runs since the lookup was done.
    async fn dial(
        &self,
        place: &Place,
        times: &mut Roundtrip,
    ) -> Result<(Box<dyn Wire>, Stopwatch), Failure> {
        let Place { host, port } = place;
        let lookup = Stopwatch::start();
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => {
                let resolver = &self.probe.equipment.dialer;
                let found = self.probe.within("resolve", resolver.resolve_all(host)).await;
                times.lookup = lookup.elapsed();
                found?.map_err(|error| Failure::new(Reason::Resolve, error.to_string()))?
            }
        };
        let watch = Stopwatch::start();
        let places = addresses.into_iter().map(|address| SocketAddr::new(address, *port)).collect();
        let stream = self.probe.within("connect", self.connect(places)).await??;
        times.connected = Some(watch.elapsed());
        Ok((Box::new(stream), watch))
    }

    /// The first address that can be connected to. Where there are both families, the second gets its chance after a
    /// while. Where nothing helps, the first family's failure is told.
    async fn connect(&self, places: Vec<SocketAddr>) -> Result<TcpStream, Failure> {
        let Some(first) = places.first() else {
            return Err(Failure::new(Reason::Resolve, "the name has no address"));
        };
        let is_v4 = first.is_ipv4();
        let (ahead, behind): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| place.is_ipv4() == is_v4);
        if behind.is_empty() {
            return self.connect_in_turn(&ahead).await;
        }
        let ahead = Box::pin(self.connect_in_turn(&ahead));
        let late = match select(ahead, Box::pin(sleep(HEAD_START))).await {
            Either::Left((Ok(stream), _)) => return Ok(stream),
            Either::Left((Err(first), _)) => {
                return self.connect_in_turn(&behind).await.map_err(|_| first);
            }
            Either::Right(((), ahead)) => ahead,
        };
        match select(late, Box::pin(self.connect_in_turn(&behind))).await {
            Either::Left((Ok(stream), _)) | Either::Right((Ok(stream), _)) => Ok(stream),
            Either::Left((Err(first), other)) => other.await.map_err(|_| first),
            Either::Right((Err(_), other)) => other.await,
        }
    }

    /// One address after the other, each with its share of the time: one that is silent leaves the others theirs.
    async fn connect_in_turn(&self, places: &[SocketAddr]) -> Result<TcpStream, Failure> {
        let mut failed = None;
        for (index, place) in places.iter().enumerate() {
            let now = Stopwatch::start().started();
            let left = self.probe.deadline.saturating_duration_since(now);
            let connecting = self.probe.connect(*place);
            let connected = match share(left, places.len() - index) {
                None => connecting.await,
                Some(share) => timeout(share, connecting).await.unwrap_or_else(|_| {
                    let step = format!("connect to {place}, one of several addresses");
                    Err(Failure::timeout(&step))
                }),
            };
            match connected {
                Ok(stream) => return Ok(stream),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        Err(failed.unwrap_or_else(|| Failure::new(Reason::Resolve, "the name has no address")))
    }

    /// TLS with the host that is probed.
    async fn secure(
        &self,
        wire: Box<dyn Wire>,
        tls: &Tls,
        wanted: Handshake<'_>,
        times: &mut Roundtrip,
    ) -> Result<(Box<dyn Wire>, Session), Failure> {
        self.probe.prepare(tls).await?;
        let watch = Stopwatch::start();
        let shaken = self.shake(wire, tls, wanted).await;
        times.handshake = Some(watch.elapsed());
        let secured = shaken?.map_err(|error| {
            // Whoever looks after certificates wants to know of one that is over, above all.
            if let Some(chain) = &error.chain {
                self.probe.record_chain(chain);
            }
            unshaken(&error, wanted)
        })?;
        Ok((Box::new(secured.stream), secured.session))
    }

    /// A handshake with whomever, in the time that it may take.
    async fn shake(
        &self,
        wire: Box<dyn Wire>,
        tls: &Tls,
        wanted: Handshake<'_>,
    ) -> Result<Result<Secured<Box<dyn Wire>>, HandshakeError>, Failure> {
        let equipment = self.probe.equipment;
        let shaken = tls.handshake(wire, wanted, &equipment.dialer, &equipment.secrets);
        let shaken = self.probe.within("TLS handshake", timeout(HANDSHAKE, shaken)).await?;
        shaken.map_err(|_| Failure::timeout("TLS handshake"))
    }
}

/// Where to connect to.
#[derive(Debug)]
struct Place {
    /// A name, or an address without brackets.
    host: String,
    port: u16,
}

impl Place {
    /// Of a URL that can be asked.
    fn of_url(url: &GoUrl) -> Result<Self, Failure> {
        let nowhere = |why: String| Failure::new(Reason::Redirect, why);
        if !matches!(url.scheme.as_str(), "http" | "https") {
            return Err(nowhere(format!("unsupported protocol scheme {:?}", url.scheme)));
        }
        if url.hostname().is_empty() {
            return Err(nowhere("no Host in request URL".to_owned()));
        }
        let port = url.port().ok_or_else(|| {
            Failure::new(Reason::Target, format!("invalid port {:?}", url.written_port()))
        })?;
        Ok(Self { host: url.hostname().to_owned(), port })
    }

    fn of_proxy(proxy: &Url) -> Self {
        let host = proxy.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        Self {
            host: bare.unwrap_or(host).to_owned(),
            port: proxy.port_or_known_default().unwrap_or(80),
        }
    }
}

/// As an authority: an IPv6 address in brackets.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

fn unshaken(error: &HandshakeError, wanted: Handshake<'_>) -> Failure {
    let reason = if error.is_certificate { Reason::Certificate } else { Reason::Tls };
    Failure::new(reason, format!("TLS handshake with {}: {error}", wanted.name))
}

/// What the first of several addresses gets of the time that is left; none where that is all of it.
fn share(left: Duration, addresses: usize) -> Option<Duration> {
    let addresses = u32::try_from(addresses).unwrap_or(u32::MAX);
    let share = left.checked_div(addresses)?.max(LEAST_SHARE);
    (addresses > 1 && share < left).then_some(share)
}

/// Whatever goes wrong on the way to the proxy is the proxy's, except that the time is over.
fn of_proxy(failure: Failure, place: &Place) -> Failure {
    match failure.reason {
        Reason::Timeout => failure,
        _ => Failure::new(Reason::Proxy, format!("reach the proxy {place}: {failure}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_gets_its_share_of_the_time() {
        let seconds = Duration::from_secs;
        let table = [
            ("a single one has all of it", 10, 1, None),
            ("two have one half each", 10, 2, Some(5)),
            ("many get as much as a handshake may need", 10, 100, Some(2)),
            ("too little is not divided", 2, 2, None),
            ("nothing is left", 0, 3, None),
        ];
        for (what, left, addresses, expected) in table {
            assert_eq!(share(seconds(left), addresses), expected.map(seconds), "{what}");
        }
    }
}

//! The http prober.
//!
//! [`probe`] reads the target and looks its host up (`go_url`), then follows redirects from request to request (`redirect`,
//! `cookies`, `auth`), each over a connection of its own that is opened step by step (`connection`, `proxy`) and used once
//! (`request`, `exchange`). The last answer is judged (`checks`, `body`), and the times of all are added up (`phases`).
//!
//! The rules are those of blackbox_exporter's `prober/http.go` over Go's `net/http` and `prometheus/common`'s HTTP client:
//! whatever a server saw of the original it sees of us, but for the `User-Agent`.

mod auth;
mod body;
mod cel;
mod checks;
mod connection;
mod cookies;
mod decode;
mod exchange;
mod go_url;
mod gzip;
mod phases;
mod proxy;
mod redirect;
mod request;
#[cfg(test)]
mod tests;

use clock::Stopwatch;

use self::auth::Credentials;
use self::connection::{Connection, Opener};
use self::cookies::Jar;
use self::exchange::Answer;
use self::go_url::GoUrl;
use self::phases::Roundtrip;
use self::redirect::Chain;
use self::request::Draft;
use crate::frame::{Failure, Probe, Reason, Record, metric};
use crate::module::{Body, Http};

/// Probes a target over HTTP.
pub(crate) async fn probe(module: &Http, probe: &Probe<'_>) -> Result<(), Failure> {
    begin(module, probe.record);
    let first = First::of(target(probe)?, module, probe).await?;
    phases::begin(probe.record);
    let mut journey = Journey::default();
    let outcome = journey.make(module, first, probe).await;
    phases::add_all(probe.record, &journey.roundtrips);
    probe.record.set(&metric::HTTP_REDIRECTS, journey.redirects as f64);
    outcome
}

/// The metrics that are there whatever happens.
fn begin(module: &Http, record: &Record) {
    let always = [
        &metric::HTTP_CONTENT_LENGTH,
        &metric::HTTP_UNCOMPRESSED_BODY_LENGTH,
        &metric::HTTP_REDIRECTS,
        &metric::HTTP_SSL,
        &metric::HTTP_STATUS_CODE,
        &metric::HTTP_VERSION,
        &metric::FAILED_DUE_TO_REGEX,
    ];
    always.into_iter().for_each(|metric| record.set(metric, 0.0));
    if checks::has_cel(module) {
        record.set(&metric::FAILED_DUE_TO_CEL, 0.0);
    }
}

/// The first request of a probe, and what belongs to it.
struct First {
    draft: Draft,
    /// The host of the target.
    home: String,
    /// The name that it must have a certificate for.
    name: String,
}

/// Reads the target: without a scheme it means http.
fn target(probe: &Probe<'_>) -> Result<GoUrl, Failure> {
    let lower = probe.target.to_ascii_lowercase();
    let has_scheme = lower.starts_with("http://") || lower.starts_with("https://");
    let scheme = if has_scheme { "" } else { "http://" };
    GoUrl::parse(format!("{scheme}{}", probe.target).as_bytes()).map_err(|error| {
        Failure::new(Reason::Target, format!("Could not parse target URL: {error}"))
    })
}

impl First {
    /// Looks the target's host up, unless that is left to a proxy, and puts the address in its place.
    async fn of(mut url: GoUrl, module: &Http, probe: &Probe<'_>) -> Result<Self, Failure> {
        let (home, host) = (url.hostname().to_owned(), url.host.clone());
        let has_proxy = !matches!(module.client.proxy, config::Proxy::Direct);
        if !(module.skip_resolve_phase_with_proxy && has_proxy) {
            let watch = Stopwatch::start();
            let found = probe.resolve(&home, module.preference).await;
            let took = found.as_ref().map_or_else(|_| watch.elapsed(), |(_, took)| *took);
            phases::add(probe.record, "resolve", took);
            let (address, _) = found.map_err(|failure| without_host(failure, &home))?;
            url.set_address(address);
        }
        // The parameter `hostname` has been compared with the module's own header where the probe was asked for.
        let named = probe.hostname.or_else(|| request::host_header(module));
        let name = named.map_or_else(|| home.clone(), without_port);
        let body = request::body(module, probe).await?;
        let draft = Draft::first(module, probe.hostname, url, &host, body)?;
        Ok(Self { draft, home, name })
    }
}

/// The way from request to request.
#[derive(Default)]
struct Journey {
    roundtrips: Vec<Roundtrip>,
    redirects: usize,
}

impl Journey {
    async fn make(
        &mut self,
        module: &Http,
        first: First,
        probe: &Probe<'_>,
    ) -> Result<(), Failure> {
        let First { draft, home, name } = first;
        let credentials = Credentials::new(module, probe)?;
        let opener = Opener::new(module, probe, &draft.url, &name);
        let is_rewindable = !matches!(module.body, Body::File(_));
        let mut chain = Chain::new(&draft, &home, is_rewindable);
        let followed = self.follow(module, draft, &mut chain, &credentials, &opener).await;
        let (answer, is_read) = followed.inspect_err(|failure| {
            probe.record.step(format_args!("Error for HTTP request err={failure}"));
        })?;
        let is_refused = matches!(answer.status.as_u16(), 401 | 403);
        let mut last = Roundtrip::default();
        let times = self.roundtrips.last_mut().unwrap_or(&mut last);
        let outcome = checks::judge(module, answer, is_read, times, probe).await;
        if is_refused && outcome.is_err() {
            credentials.refresh(probe);
        }
        outcome
    }

    /// Goes on until an answer is the last one. Also says whether its body is to be read.
    async fn follow(
        &mut self,
        module: &Http,
        mut draft: Draft,
        chain: &mut Chain,
        credentials: &Credentials<'_>,
        opener: &Opener<'_>,
    ) -> Result<(Answer, bool), Failure> {
        let probe = opener.probe();
        let mut jar = Jar::default();
        loop {
            probe
                .record
                .step(format_args!("Making HTTP request url={} host={}", draft.url, draft.host));
            let headers = credentials.headers(&draft, &jar, chain.is_abroad(), probe).await?;
            let mut times = Roundtrip::default();
            let answer = exchange_once(&draft, &headers, opener, &mut times).await;
            self.roundtrips.push(times);
            let answer = answer?;
            jar.take(&draft.host, &draft.url, &answer.headers, probe.equipment.clock.now());
            let Some(next) = chain.next(&draft, answer.status.as_u16(), &answer.headers)? else {
                return Ok((answer, true));
            };
            self.redirects += 1;
            probe.record.step(format_args!("Received redirect location={}", next.url));
            if self.redirects > redirect::MOST || !module.client.follow_redirects {
                probe.record.step(format_args!("Not following redirect"));
                return Ok((answer, false));
            }
            draft = next;
        }
    }
}

/// Judges bytes as the answer to a request over a connection that ends with them: the half of a probe that reads what strangers
/// send.
pub(crate) async fn judge_bytes(
    module: &Http,
    bytes: Vec<u8>,
    probe: &Probe<'_>,
) -> Result<(), Failure> {
    let url = target(probe)?;
    let host = url.host.clone();
    let body = request::body(module, probe).await?;
    let draft = Draft::first(module, None, url, &host, body)?;
    let connection = Connection {
        wire: Box::new(tokio::io::join(std::io::Cursor::new(bytes), tokio::io::sink())),
        session: None,
        is_http2: false,
        reader: None,
        ready: Stopwatch::start(),
    };
    let mut times = Roundtrip::default();
    let headers = http1::HeaderMap::new();
    let answer = exchange::send(&draft, &headers, connection, &mut times, probe).await?;
    checks::judge(module, answer, true, &mut times, probe).await
}

async fn exchange_once(
    draft: &Draft,
    headers: &http1::HeaderMap,
    opener: &Opener<'_>,
    times: &mut Roundtrip,
) -> Result<Answer, Failure> {
    let connection = opener.open(&draft.url, times).await?;
    exchange::send(draft, headers, connection, times, opener.probe()).await
}

/// A host that is not there at all is a mistake in the target.
fn without_host(failure: Failure, host: &str) -> Failure {
    if host.is_empty() {
        return Failure::new(Reason::Target, "the target names no host");
    }
    failure
}

/// The name that stands in a Host header.
fn without_port(host: &str) -> String {
    let url = GoUrl::parse(format!("//{host}").as_bytes());
    url.map_or_else(|_| host.to_owned(), |url| url.hostname().to_owned())
}

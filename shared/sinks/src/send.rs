//! The loop that brings requests to a receiver, the same for all sinks: one request after the other, each until the
//! answer is final. What an answer means stands in [`answer`](crate::answer), how long to wait in
//! [`backoff`](crate::backoff), which part of a refused request comes next in [`parts`](crate::parts); here they meet the
//! network.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use config::Endpoint;
use http::{Client, Request, Response, SendError};
use http1::{HeaderName, HeaderValue, Method, header};

use crate::answer::{self, Kind};
use crate::backoff::Backoff;
use crate::delivery::{Failure, Run, SplitAllowance};
use crate::load::{Load, Protocol};
use crate::parts::{Answered, Parts, Resolved, Search};
use crate::suspects::{SeriesId, Suspects};
use crate::verdict::{Leftover, Sent};

/// After a 413 the following requests are cut to what may fit, but not below this: then it is a single sample that is
/// too large, and not the request.
const SMALLEST_CUT: usize = 32;

/// Where requests go, and how.
#[derive(Debug)]
pub(crate) struct Channel {
    /// The sink's name, for messages.
    pub(crate) sink: String,
    /// Connects and authenticates.
    pub(crate) client: Client,
    /// What the receiver is known to refuse.
    pub(crate) suspects: Suspects,
    /// Where to.
    pub(crate) url: Endpoint,
    /// The headers of each request.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// How long one attempt may take.
    pub(crate) timeout: Duration,
    /// How long to wait before the next one.
    pub(crate) backoff: Backoff,
    /// What a status means at this receiver, for a person.
    pub(crate) hint: fn(u16) -> Option<&'static str>,
}

/// Sends the requests of `load` in their order, until all are taken or refused, or one fails. The items of a request may
/// change places.
pub(crate) async fn send<P: Protocol>(
    channel: &Channel,
    run: &Run<'_>,
    load: &mut Load<P>,
    leftover: Leftover,
) -> Sent {
    let Load { protocol, items, requests, .. } = load;
    let mut sending = Sending {
        channel,
        run,
        sent: Sent::nothing(items.len()),
        protocol,
        items,
        begun: run.budget.elapsed(),
        fresh: run.splits.left(&channel.sink) == SplitAllowance::PER_RUN,
        leftover,
        suspects: HashSet::new(),
        largest: usize::MAX,
        refreshed: false,
    };
    let outcome = sending.all(requests).await;
    let was_taking = sending.sent.samples > 0 && run.budget.is_over();
    let outcome = outcome
        .map_err(|failure| Failure { unfinished: failure.unfinished || was_taking, ..failure });
    Sent { outcome, ..sending.sent }
}

struct Sending<'a, P: Protocol> {
    channel: &'a Channel,
    run: &'a Run<'a>,
    protocol: &'a mut P,
    items: &'a mut [P::Item],
    sent: Sent,
    /// How much of the budget was spent when this began.
    begun: Duration,
    /// Whether no split had been spent in this run before.
    fresh: bool,
    leftover: Leftover,
    /// Series of which a sample was refused alone in this delivery, whatever for. They go behind the others as the
    /// channel's own suspects do: an hour of one series is searched for once, and not in each minute's request again.
    suspects: HashSet<SeriesId>,
    /// The most samples that go into one request, as a 413 has taught.
    largest: usize,
    /// Whether the credentials were fetched again. Once in a delivery is enough.
    refreshed: bool,
}

/// What became of a body.
enum Verdict {
    Taken,
    NotTaken(Answered),
}

impl<P: Protocol> Sending<'_, P> {
    async fn all(&mut self, requests: &[Range<usize>]) -> Result<(), Failure> {
        for request in requests {
            let suspected = self.put_suspects_last(request.clone());
            self.in_pieces(request.start..suspected, self.search()).await?;
            self.in_pieces(suspected..request.end, Search::Suspects).await?;
            self.sent.settle(request.end);
        }
        Ok(())
    }

    /// Where in a request its suspects begin, once they stand last.
    fn put_suspects_last(&mut self, samples: Range<usize>) -> usize {
        let Self { items, protocol, suspects, channel: Channel { suspects: known, .. }, .. } = self;
        if suspects.is_empty() && known.are_none() {
            return samples.end;
        }
        let items = &mut items[samples.clone()];
        let is_suspect = |item: &P::Item| {
            let series = protocol.series(item);
            suspects.contains(&series) || known.include(series)
        };
        items.sort_by_cached_key(is_suspect);
        samples.start + items.partition_point(|item| !is_suspect(item))
    }

    /// How the bad samples are looked for of whom nothing is known.
    fn search(&self) -> Search {
        match self.leftover {
            Leftover::ComesAgain => Search::Wide,
            Leftover::IsKept | Leftover::StaysInBody { is_rest: false } => Search::Deep,
            Leftover::StaysInBody { is_rest: true } => Search::Rest,
        }
    }

    async fn in_pieces(
        &mut self,
        mut samples: Range<usize>,
        search: Search,
    ) -> Result<(), Failure> {
        while !samples.is_empty() {
            let end = samples.end.min(samples.start.saturating_add(self.largest));
            self.one(samples.start..end, search).await?;
            samples.start = end;
        }
        Ok(())
    }

    /// One request, and where it is refused its parts; what is known of it counts even where it fails in the middle.
    async fn one(&mut self, samples: Range<usize>, search: Search) -> Result<(), Failure> {
        let mut parts = Parts::of(samples.clone(), search, fastrand::usize(..samples.len()));
        let mut outcome = self.in_parts(&mut parts).await;
        if outcome.is_ok() {
            outcome = self.conclude(&mut parts);
        }
        let resolved = parts.resolve();
        self.learn(&resolved);
        self.sent.resolve(samples, resolved);
        outcome
    }

    /// Whose samples were refused while others were taken is suspected; whose were taken is not any more. Of a rest others
    /// were taken before.
    fn learn(&mut self, resolved: &Resolved) {
        let Self { items, protocol, suspects, channel: Channel { suspects: known, .. }, .. } = self;
        let series = |at: usize| protocol.series(&items[at]);
        if resolved.samples() > 0 || self.leftover == (Leftover::StaysInBody { is_rest: true }) {
            suspects.extend(resolved.bad.iter().map(|bad| series(bad.at)));
            let lasting = resolved.bad.iter().filter(|bad| !bad.for_its_age);
            known.add(lasting.map(|bad| series(bad.at)));
        }
        if !known.are_none() {
            known.acquit(resolved.taken.iter().cloned().flatten().map(series));
        }
    }

    /// Sends part after part, while there are splits and it is not in vain.
    async fn in_parts(&mut self, parts: &mut Parts) -> Result<(), Failure> {
        while let Some(part) = parts.next() {
            if !parts.at_start() {
                let left = self.run.splits.left(&self.channel.sink);
                if left == 0 || parts.is_hopeless() {
                    break;
                }
                self.run.splits.spend(&self.channel.sink);
            }
            let samples = part.len();
            match self.exchange(part).await? {
                Verdict::Taken => parts.taken(),
                Verdict::NotTaken(answered) => {
                    if matches!(answered, Answered::TooLarge(_)) {
                        self.largest = self.largest.min(samples.div_ceil(2)).max(SMALLEST_CUT);
                    }
                    parts.not_taken(&answered);
                }
            }
        }
        Ok(())
    }

    /// Splitting may stop before all parts are told apart.
    fn conclude(&self, parts: &mut Parts) -> Result<(), Failure> {
        match parts.waiting_for_splits() {
            Some(text) if self.goes_on(parts) => {
                let text = format!("{text} (no more requests to be split in this run)");
                Err(Failure { unfinished: true, ..self.failure(text) })
            }
            _ => parts.give_up().map_err(|text| self.failure(text)),
        }
    }

    /// Whether the next run goes on here. In a run that spent its allowance on earlier slices it starts here with a new one.
    /// In one that had its whole allowance nothing better will come later of what comes again as a whole, and to try for ever
    /// would hold up everything behind; of what is kept only these parts wait on.
    fn goes_on(&self, parts: &Parts) -> bool {
        let is_next = self.run.splits.left(&self.channel.sink) == 0 && !self.fresh;
        match self.leftover {
            Leftover::ComesAgain => is_next,
            Leftover::IsKept | Leftover::StaysInBody { .. } if parts.all_are_bad() => false,
            Leftover::StaysInBody { is_rest: true } => true,
            Leftover::IsKept | Leftover::StaysInBody { .. } => {
                is_next || self.sent.samples > 0 || parts.any_taken()
            }
        }
    }

    /// One body, until the answer is final.
    async fn exchange(&mut self, samples: Range<usize>) -> Result<Verdict, Failure> {
        if self.run.budget.is_over() {
            return Err(self.failure("no time is left in this run".to_owned()));
        }
        let body = self.protocol.encode(&self.items[samples]);
        let mut failures = 0;
        loop {
            let (kind, text) = self.attempt(body.clone()).await;
            match kind {
                Kind::Delivered => return Ok(Verdict::Taken),
                Kind::Split => return Ok(Verdict::NotTaken(Answered::Refused(text))),
                Kind::Halve => return Ok(Verdict::NotTaken(Answered::TooLarge(text))),
                Kind::Credentials if !self.refreshed => self.refresh(&text).await?,
                Kind::Credentials | Kind::Outage => return Err(self.failure(text)),
                Kind::Retry { after } => {
                    failures += 1;
                    self.wait(failures, after, text).await?;
                }
            }
        }
    }

    /// One request over the wire, and what its answer means.
    async fn attempt(&mut self, body: Bytes) -> (Kind, String) {
        let remaining = self.run.budget.remaining();
        let now = self.run.now + self.run.budget.elapsed().saturating_sub(self.begun);
        self.sent.requests += 1;
        self.sent.bytes += body.len() as u64;
        let Channel { client, url, headers, timeout, .. } = self.channel;
        let (url, headers) = (url.clone(), headers.clone());
        let request = Request { method: Method::POST, url, headers, body };
        // Boxed: the client's future is large, and nested deeper than the compiler follows.
        match Box::pin(client.send(request, now, (*timeout).min(remaining))).await {
            Ok(response) => {
                let asked = response.headers.get(header::RETRY_AFTER);
                let asked = asked.and_then(|value| value.to_str().ok());
                let after = asked.and_then(|value| answer::retry_after(value, now));
                (Kind::of_status(response.status, after), self.describe(&response))
            }
            Err(error) => (answer::of_error(&error), describe_error(&error)),
        }
    }

    fn describe(&self, response: &Response) -> String {
        let Response { status, body, .. } = response;
        let text = answer::describe(*status, body, |said| response.mask(said));
        match (self.channel.hint)(*status) {
            Some(hint) => format!("{text} ({hint})"),
            None => text,
        }
    }

    /// Fetches the credentials again. Whoever has them may be slow: what is left undelivered must still be kept by then.
    async fn refresh(&mut self, text: &str) -> Result<(), Failure> {
        self.refreshed = true;
        let refresh = Box::pin(self.channel.client.refresh_credentials());
        match tokio::time::timeout_at(self.run.budget.end(), refresh).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.failure(format!("{text}; then failed to {error}"))),
            Err(_elapsed) => {
                Err(self.failure(format!("{text}; then failed to get the credentials in time")))
            }
        }
    }

    /// Waits for the next attempt, or fails where the budget ends before it.
    async fn wait(
        &self,
        failures: u32,
        after: Option<Duration>,
        text: String,
    ) -> Result<(), Failure> {
        let wait = self.channel.backoff.wait(failures, fastrand::f64(), after);
        if wait >= self.run.budget.remaining() {
            let attempts = if failures == 1 { "attempt" } else { "attempts" };
            return Err(
                self.failure(format!("{text} (after {failures} {attempts}, no time for another)"))
            );
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn failure(&self, text: String) -> Failure {
        Failure::new(&self.channel.sink, text)
    }
}

/// The error and what is behind it.
fn describe_error(error: &SendError) -> String {
    let mut text = format!("failed to {error}");
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text.push_str(&format!(": {source}"));
        next = source.source();
    }
    text
}

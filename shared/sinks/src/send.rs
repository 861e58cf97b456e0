//! The loop that brings requests to a receiver, the same for all sinks: one request after the other, each until the
//! answer is final. What an answer means stands in [`answer`](crate::answer), how long to wait in
//! [`backoff`](crate::backoff), which part of a refused request comes next in [`parts`](crate::parts); here they meet the
//! network.

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use config::Endpoint;
use http::{Client, Request, Response, SendError};
use http1::{HeaderName, HeaderValue, Method, header};

use crate::answer::{self, Kind};
use crate::backoff::Backoff;
use crate::delivery::{Failure, Run, Sent, SplitAllowance};
use crate::parts::{Answered, Parts, Resolved};

/// After a 413 the following requests are cut to what may fit, but not below this: then it is a single sample that is
/// too large, and not the request.
const SMALLEST_CUT: usize = 32;

/// Where requests go, and how.
#[derive(Debug)]
pub(crate) struct Channel<'a> {
    /// The sink's name, for messages.
    pub(crate) sink: &'a str,
    /// Connects and authenticates.
    pub(crate) client: &'a Client,
    /// Where to.
    pub(crate) url: &'a Endpoint,
    /// The headers of each request.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// How long one attempt may take.
    pub(crate) timeout: Duration,
    /// How long to wait before the next one.
    pub(crate) backoff: Backoff,
    /// What a status means at this receiver, for a person.
    pub(crate) hint: fn(u16) -> Option<&'static str>,
}

/// Sends `requests`, which are stretches of `items`, in their order, until all are taken or refused, or one fails.
/// `series` says which series an item belongs to, `encode` makes the body of a request. The items of a request may
/// change places.
pub(crate) async fn send<T, S: Eq + Hash>(
    channel: &Channel<'_>,
    run: &Run<'_>,
    items: &mut [T],
    requests: &[Range<usize>],
    series: impl Fn(&T) -> S,
    encode: impl FnMut(&[T]) -> Bytes,
) -> Sent {
    let mut sending = Sending {
        channel,
        run,
        items,
        series,
        encode,
        sent: Sent::nothing(),
        begun: run.budget.elapsed(),
        fresh: run.splits.left(channel.sink) == SplitAllowance::PER_RUN,
        largest: usize::MAX,
        suspects: HashSet::new(),
        refreshed: false,
    };
    let outcome = sending.all(requests).await;
    let was_taking = sending.sent.samples > 0 && run.budget.is_over();
    let outcome = outcome.map_err(|failure| Failure { out_of_time: was_taking, ..failure });
    Sent { outcome, ..sending.sent }
}

struct Sending<'a, T, S, F, E> {
    channel: &'a Channel<'a>,
    run: &'a Run<'a>,
    items: &'a mut [T],
    series: F,
    encode: E,
    sent: Sent,
    /// How much of the budget was spent when this began.
    begun: Duration,
    /// Whether no split had been spent in this run before.
    fresh: bool,
    /// The most samples that go into one request, as a 413 has taught.
    largest: usize,
    /// Series of which a sample was refused among others that were taken. From then on they go in requests of their
    /// own: a series that is bad throughout is searched for once, and not in each minute's request again.
    suspects: HashSet<S>,
    /// Whether the credentials were fetched again. Once in a delivery is enough.
    refreshed: bool,
}

/// What became of a body.
enum Verdict {
    Taken,
    NotTaken(Answered),
}

impl<T, S, F, E> Sending<'_, T, S, F, E>
where
    S: Eq + Hash,
    F: Fn(&T) -> S,
    E: FnMut(&[T]) -> Bytes,
{
    async fn all(&mut self, requests: &[Range<usize>]) -> Result<(), Failure> {
        for request in requests {
            let suspected = self.put_suspects_last(request.clone());
            for samples in [request.start..suspected, suspected..request.end] {
                self.in_pieces(samples).await?;
            }
            self.sent.settled = request.end;
        }
        Ok(())
    }

    /// Where in a request its suspects begin, once they stand last.
    fn put_suspects_last(&mut self, samples: Range<usize>) -> usize {
        let Self { items, series, suspects, .. } = self;
        if suspects.is_empty() {
            return samples.end;
        }
        let items = &mut items[samples.clone()];
        items.sort_by_key(|item| suspects.contains(&series(item)));
        samples.start + items.partition_point(|item| !suspects.contains(&series(item)))
    }

    async fn in_pieces(&mut self, mut samples: Range<usize>) -> Result<(), Failure> {
        while !samples.is_empty() {
            let end = samples.end.min(samples.start.saturating_add(self.largest));
            let Resolved { taken, refused, bad } = self.one(samples.start..end).await?;
            self.sent.samples += taken;
            self.sent.refused.merge(refused);
            if taken > 0 {
                self.suspects.extend(bad.into_iter().map(|at| (self.series)(&self.items[at])));
            }
            samples.start = end;
        }
        Ok(())
    }

    /// One request, and where it is refused its parts.
    async fn one(&mut self, samples: Range<usize>) -> Result<Resolved, Failure> {
        let mut parts = Parts::of(samples);
        while let Some(part) = parts.next() {
            if !parts.at_start() {
                let left = self.run.splits.left(self.channel.sink);
                if left == 0 || parts.is_hopeless() {
                    break;
                }
                self.run.splits.spend(self.channel.sink);
            }
            let samples = part.len();
            match self.exchange(part).await {
                Ok(Verdict::Taken) => parts.taken(),
                Ok(Verdict::NotTaken(answered)) => {
                    if matches!(answered, Answered::TooLarge(_)) {
                        self.largest = self.largest.min(samples.div_ceil(2)).max(SMALLEST_CUT);
                    }
                    parts.not_taken(&answered);
                }
                Err(failure) => {
                    self.sent.samples += parts.taken_so_far();
                    return Err(failure);
                }
            }
        }
        self.conclude(parts)
    }

    /// Splitting may stop before all parts are told apart. In a run that had its whole allowance nothing better will
    /// come of it later, and to try for ever would hold up everything behind; in one that spent it on earlier slices
    /// the next run starts here with a new one.
    fn conclude(&mut self, parts: Parts) -> Result<Resolved, Failure> {
        let taken = parts.taken_so_far();
        let fail = |text: String| Failure::new(self.channel.sink, text);
        let failure = match parts.waiting_for_splits() {
            Some(text) if !self.fresh && self.run.splits.left(self.channel.sink) == 0 => {
                fail(format!("{text} (no more requests to be split in this run)"))
            }
            _ => match parts.resolve() {
                Ok(resolved) => return Ok(resolved),
                Err(text) => fail(text),
            },
        };
        self.sent.samples += taken;
        Err(failure)
    }

    /// One body, until the answer is final.
    async fn exchange(&mut self, samples: Range<usize>) -> Result<Verdict, Failure> {
        if self.run.budget.is_over() {
            return Err(self.failure("no time is left in this run".to_owned()));
        }
        let body = (self.encode)(&self.items[samples]);
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
        let (url, headers) = ((*url).clone(), headers.to_vec());
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

    async fn refresh(&mut self, text: &str) -> Result<(), Failure> {
        self.refreshed = true;
        let refreshed = Box::pin(self.channel.client.refresh_credentials()).await;
        refreshed.map_err(|error| self.failure(format!("{text}; then failed to {error}")))
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
        Failure::new(self.channel.sink, text)
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

//! What goes to a receiver in one delivery, and the ways to bring it there: as samples that can be had again, as samples
//! that must be kept, and as a body that was kept.

use std::ops::Range;

use bytes::Bytes;
use series::{SourceError, Timestamp};

use crate::body::Body;
use crate::delivery::{Delivery, Failure, Run};
use crate::refusals::Refusals;
use crate::send::{self, Channel};
use crate::suspects::SeriesId;
use crate::verdict::{Leftover, Sent};

/// What a protocol makes requests of.
pub(crate) trait Protocol {
    /// A sample, as it goes into a request.
    type Item: Clone;

    /// Which series an item belongs to: the same from run to run.
    fn series(&self, item: &Self::Item) -> SeriesId;

    /// The time of an item.
    fn time(&self, item: &Self::Item) -> Timestamp;

    /// The body of a request with these items.
    fn encode(&mut self, items: &[Self::Item]) -> Bytes;
}

/// What is to be sent.
#[derive(Debug)]
pub(crate) struct Load<P: Protocol> {
    /// How it is encoded.
    pub(crate) protocol: P,
    /// The samples, in the order in which they go.
    pub(crate) items: Vec<P::Item>,
    /// The requests, each a stretch of `items`.
    pub(crate) requests: Vec<Range<usize>>,
    /// What is not sent, by reason.
    pub(crate) refusals: Refusals,
    /// What else a person should know.
    pub(crate) notes: Vec<String>,
}

impl<P: Protocol> Load<P> {
    /// Sends samples that come again from their source when this fails.
    pub(crate) async fn deliver(mut self, channel: &Channel, run: &Run<'_>) -> Delivery {
        let leftover = Leftover::ComesAgain;
        let sent = send::send(channel, run, &mut self, leftover).await;
        self.judge(&channel.sink, sent, leftover).0
    }

    /// Sends samples that come never again; what is left over comes back in bodies.
    pub(crate) async fn deliver_or_keep(
        mut self,
        channel: &Channel,
        run: &Run<'_>,
    ) -> (Delivery, Vec<Body>) {
        let leftover = Leftover::IsKept;
        let sent = send::send(channel, run, &mut self, leftover).await;
        let (delivery, open) = self.judge(&channel.sink, sent, leftover);
        (delivery, self.bodies(&open))
    }

    /// Sends nothing; everything comes back in bodies.
    pub(crate) fn keep(mut self, sink: &str) -> (Delivery, Vec<Body>) {
        let nothing = Sent::nothing(self.items.len());
        let (delivery, open) = self.judge(sink, nothing, Leftover::IsKept);
        (delivery, self.bodies(&open))
    }

    /// Sends what was kept in one body. A clock that stands before one of its samples is wrong, now or when they were
    /// stamped: they wait until it has passed them, since no receiver should see them and none may be lost. What a failure
    /// leaves over of a body of which something was taken comes back as a smaller one.
    pub(crate) async fn redeliver(
        mut self,
        channel: &Channel,
        run: &Run<'_>,
        is_rest: bool,
    ) -> (Delivery, Option<Body>) {
        let leftover = Leftover::StaysInBody { is_rest };
        let newest = self.items.iter().map(|item| self.protocol.time(item)).max();
        let sent = match newest.filter(|newest| *newest > run.now) {
            None => send::send(channel, run, &mut self, leftover).await,
            Some(newest) => {
                let what = format!("kept samples are of {newest}, but it is {}", run.now);
                let outcome = Err(Failure::new(&channel.sink, what));
                Sent { outcome, ..Sent::nothing(self.items.len()) }
            }
        };
        let (delivery, open) = self.judge(&channel.sink, sent, leftover);
        let rest = delivery.outcome.is_err().then(|| self.body(0..self.items.len(), &open));
        (delivery, rest.flatten().filter(|rest| rest.is_rest))
    }

    fn judge(&mut self, sink: &str, sent: Sent, leftover: Leftover) -> (Delivery, Vec<bool>) {
        let own = std::mem::take(&mut self.refusals);
        let notes = std::mem::take(&mut self.notes).into_iter();
        let notes = notes.map(|note| SourceError::new(sink, note)).collect();
        let times = self.items.iter().map(|item| self.protocol.time(item));
        sent.judge(sink, own, notes, leftover, times)
    }

    /// The bodies of the requests, with the items only that are `open`.
    fn bodies(&mut self, open: &[bool]) -> Vec<Body> {
        let requests = std::mem::take(&mut self.requests).into_iter();
        requests.filter_map(|request| self.body(request, open)).collect()
    }

    /// A body of these items, with those only that are `open`; none where no item is.
    fn body(&mut self, request: Range<usize>, open: &[bool]) -> Option<Body> {
        let Self { protocol, items, .. } = self;
        let kept = request.clone().filter(|&at| open[at]).map(|at| items[at].clone());
        let mut kept: Vec<_> = kept.collect();
        // Suspects were put last.
        kept.sort_by_key(|item| protocol.time(item));
        let is_rest = kept.len() < request.len();
        let body = || Body { bytes: protocol.encode(&kept), samples: kept.len() as u64, is_rest };
        (!kept.is_empty()).then(body)
    }
}

//! A sink: one of the two kinds, and what can be done with either.

use std::time::Duration;

use aws::SecretError;
use series::Series;

use crate::body::{Body, DamagedBody};
use crate::delivery::{Delivery, Run};
use crate::{Mackerel, RemoteWrite};

/// A sink.
#[derive(Debug)]
pub enum Sink {
    /// A receiver of Prometheus remote write.
    RemoteWrite(RemoteWrite),
    /// A Mackerel service.
    Mackerel(Mackerel),
}

impl Sink {
    /// The sink's name in the state and in the report.
    pub fn name(&self) -> &str {
        match self {
            Self::RemoteWrite(sink) => sink.name(),
            Self::Mackerel(sink) => sink.name(),
        }
    }

    /// How far back an outage of this sink is caught up.
    pub fn catch_up(&self) -> Duration {
        match self {
            Self::RemoteWrite(sink) => sink.catch_up(),
            Self::Mackerel(sink) => sink.catch_up(),
        }
    }

    /// How much of what was delivered is read again for corrections.
    pub fn reread(&self) -> Duration {
        match self {
            Self::RemoteWrite(sink) => sink.reread(),
            Self::Mackerel(sink) => sink.reread(),
        }
    }

    /// Opens the secrets, before anything is collected.
    ///
    /// # Errors
    /// When one does not exist or cannot be had.
    pub async fn prepare(&self) -> Result<(), SecretError> {
        match self {
            Self::RemoteWrite(sink) => sink.client().prepare().await,
            Self::Mackerel(sink) => sink.client().prepare().await,
        }
    }

    /// Delivers series: all that the sink takes, oldest samples first, until the budget ends.
    pub async fn deliver(&self, series: &[Series], run: &Run<'_>) -> Delivery {
        match self {
            Self::RemoteWrite(sink) => sink.load(series, run).deliver(&sink.channel(), run).await,
            Self::Mackerel(sink) => sink.load(series, run).deliver(&sink.channel(), run).await,
        }
    }

    /// Like [`deliver`](Self::deliver), for samples that cannot be had again: what was neither taken nor given up comes
    /// back as the bodies of requests, oldest first. There are none where the outcome is a success; else what was sent,
    /// what was rejected and what is in the bodies is all that goes to this sink.
    pub async fn deliver_or_keep(&self, series: &[Series], run: &Run<'_>) -> (Delivery, Vec<Body>) {
        match self {
            Self::RemoteWrite(sink) => {
                sink.load(series, run).deliver_or_keep(&sink.channel(), run).await
            }
            Self::Mackerel(sink) => {
                sink.load(series, run).deliver_or_keep(&sink.channel(), run).await
            }
        }
    }

    /// The bodies that would be sent, oldest first, without sending: the sink is down, or older bodies wait. What is
    /// rejected is what no receiver takes.
    pub fn keep(&self, series: &[Series], run: &Run<'_>) -> (Delivery, Vec<Body>) {
        match self {
            Self::RemoteWrite(sink) => sink.load(series, run).keep(sink.name()),
            Self::Mackerel(sink) => sink.load(series, run).keep(sink.name()),
        }
    }

    /// Sends a body that was kept, with the labels and names that it was kept with. Samples that have become too old in
    /// the meantime are given up. A success is the end of the body: everything in it was taken or given up. After a
    /// failure that comes in the middle, what was neither comes back as a smaller body to be kept in its place. Where none
    /// comes back all of it stays, and `rejected` is 0.
    ///
    /// # Errors
    /// When the bytes are no body of this kind of sink; nothing is sent.
    pub async fn redeliver(
        &self,
        body: &Body,
        run: &Run<'_>,
    ) -> Result<(Delivery, Option<Body>), DamagedBody> {
        let Body { bytes, is_rest, .. } = body;
        Ok(match self {
            Self::RemoteWrite(sink) => {
                sink.load_kept(bytes, run)?.redeliver(&sink.channel(), run, *is_rest).await
            }
            Self::Mackerel(sink) => {
                sink.load_kept(bytes, run)?.redeliver(&sink.channel(), run, *is_rest).await
            }
        })
    }
}

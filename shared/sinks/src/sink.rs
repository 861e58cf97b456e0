//! A sink: where it is, what goes there, and in which of the two formats.

use std::time::Duration;

use aws::SecretError;
use series::{Series, Timestamp};

use crate::admission::Admission;
use crate::body::{Body, DamagedBody};
use crate::delivery::{Delivery, Run};
use crate::mackerel::Mackerel;
use crate::refusals::Refusals;
use crate::remote_write::RemoteWrite;
use crate::send::Channel;

/// A sink.
#[derive(Debug)]
pub struct Sink {
    pub(crate) channel: Channel,
    pub(crate) format: Format,
    pub(crate) catch_up: Duration,
    pub(crate) reread: Duration,
    /// Samples older than this are not sent, whatever `catch_up` says.
    pub(crate) oldest: Option<Duration>,
}

/// What a sink is sent.
#[derive(Debug)]
pub(crate) enum Format {
    RemoteWrite(RemoteWrite),
    Mackerel(Mackerel),
}

impl Sink {
    /// The sink's name in the state and in the report.
    pub fn name(&self) -> &str {
        &self.channel.sink
    }

    /// How far back an outage of this sink is caught up.
    pub fn catch_up(&self) -> Duration {
        self.catch_up
    }

    /// How much of what was delivered is read again for corrections.
    pub fn reread(&self) -> Duration {
        self.reread
    }

    /// Opens the secrets, before anything is collected.
    ///
    /// # Errors
    /// When one does not exist or cannot be had.
    pub async fn prepare(&self) -> Result<(), SecretError> {
        self.channel.client.prepare().await
    }

    /// Delivers series: all that the sink takes, oldest samples first, until the budget ends.
    pub async fn deliver(&self, series: &[Series], run: &Run<'_>) -> Delivery {
        let admission = self.admission(run);
        match &self.format {
            Format::RemoteWrite(format) => {
                format.load(series, &admission).deliver(&self.channel, run).await
            }
            Format::Mackerel(format) => {
                format.load(series, &admission).deliver(&self.channel, run).await
            }
        }
    }

    /// Like [`deliver`](Self::deliver), for samples that cannot be had again: what was neither taken nor given up comes
    /// back as the bodies of requests, oldest first. There are none where the outcome is a success; else what was sent,
    /// what was rejected and what is in the bodies is all that goes to this sink.
    pub async fn deliver_or_keep(&self, series: &[Series], run: &Run<'_>) -> (Delivery, Vec<Body>) {
        let admission = self.admission(run);
        match &self.format {
            Format::RemoteWrite(format) => {
                format.load(series, &admission).deliver_or_keep(&self.channel, run).await
            }
            Format::Mackerel(format) => {
                format.load(series, &admission).deliver_or_keep(&self.channel, run).await
            }
        }
    }

    /// The bodies that would be sent, oldest first, without sending: the sink is down, or older bodies wait. What is
    /// rejected is what no receiver takes.
    pub fn keep(&self, series: &[Series], run: &Run<'_>) -> (Delivery, Vec<Body>) {
        let admission = self.admission(run);
        match &self.format {
            Format::RemoteWrite(format) => format.load(series, &admission).keep(self.name()),
            Format::Mackerel(format) => format.load(series, &admission).keep(self.name()),
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
        let (Body { bytes, is_rest, .. }, admission) = (body, self.admission(run).of_kept());
        Ok(match &self.format {
            Format::RemoteWrite(format) => {
                format.load_kept(bytes, &admission)?.redeliver(&self.channel, run, *is_rest).await
            }
            Format::Mackerel(format) => {
                format.load_kept(bytes, &admission)?.redeliver(&self.channel, run, *is_rest).await
            }
        })
    }

    /// Whether samples of this time that were kept are older by now than what the sink takes.
    pub fn is_too_late_for(&self, at: Timestamp, run: &Run<'_>) -> bool {
        !self.admission(run).of_kept().admits(at, &mut Refusals::default())
    }

    fn admission(&self, run: &Run<'_>) -> Admission {
        Admission::new(run, self.catch_up, self.oldest)
    }
}

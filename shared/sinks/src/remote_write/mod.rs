//! Prometheus remote write 1.0: settings, requests and their encoding, delivery.

pub mod decode;
pub mod encode;
mod headers;
mod queue;
mod requests;
#[cfg(test)]
mod requests_tests;
mod settings;
#[cfg(test)]
mod settings_tests;
mod sigv4;

use std::time::Duration;

use bytes::Bytes;
use config::Endpoint;
use http::{Client, SendError};
use http1::{HeaderName, HeaderValue, header};
use series::{Series, Timestamp};

use crate::admission::Admission;
use crate::body::DamagedBody;
use crate::delivery::Run;
use crate::load::{Load, Protocol};
use crate::outgoing::Outgoing;
use crate::send::Channel;
use crate::suspects::{SeriesId, Suspects};
use crate::{Equipment, USER_AGENT};
use encode::{EncodedLabels, Encoder};
use queue::Queue;
use requests::{Bounds, Item, Plan};

pub use settings::Settings;

/// Bytes of a message before compression. Amazon Managed Service for Prometheus takes about 1 MB; whether it means the
/// compressed bytes is not documented, and before compression holds for both. 2,000 samples with usual labels take
/// about 600 kB.
const MOST_BYTES: usize = 1_000_000;

/// A receiver of remote write.
#[derive(Debug)]
pub struct RemoteWrite {
    name: String,
    url: Endpoint,
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Duration,
    outgoing: Outgoing,
    queue: Queue,
    client: Client,
    suspects: Suspects,
    catch_up: Duration,
    reread: Duration,
}

impl RemoteWrite {
    pub(crate) fn new(
        name: String,
        settings: Settings,
        equipment: &Equipment<'_>,
    ) -> Result<Self, SendError> {
        let Settings { name: _, url, headers, timeout, relabeling, queue, http, catch_up, reread } =
            settings;
        let Equipment { factory, secrets, aws, external_labels } = equipment;
        Ok(Self {
            name,
            url,
            headers: protocol_headers().into_iter().chain(headers).collect(),
            timeout,
            outgoing: Outgoing { external_labels: external_labels.to_vec(), relabeling },
            queue,
            client: factory.client(&http, secrets, *aws)?,
            suspects: Suspects::default(),
            catch_up,
            reread,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn catch_up(&self) -> Duration {
        self.catch_up
    }

    pub(crate) fn reread(&self) -> Duration {
        self.reread
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What of `series` is to be sent.
    pub(crate) fn load(&self, series: &[Series], run: &Run<'_>) -> Load<WriteRequests> {
        requests::plan(series, &self.outgoing, &self.admission(run), self.bounds()).into()
    }

    /// What of a kept body is still to be sent.
    pub(crate) fn load_kept(
        &self,
        body: &[u8],
        run: &Run<'_>,
    ) -> Result<Load<WriteRequests>, DamagedBody> {
        let decoded = decode::decode(body)?;
        Ok(requests::plan_kept(decoded, &self.admission(run).of_kept(), self.bounds()).into())
    }

    fn admission(&self, run: &Run<'_>) -> Admission {
        Admission::new(run, self.catch_up, self.queue.sample_age_limit)
    }

    fn bounds(&self) -> Bounds {
        Bounds { samples: self.queue.max_samples_per_send, bytes: MOST_BYTES }
    }

    pub(crate) fn channel(&self) -> Channel<'_> {
        Channel {
            sink: &self.name,
            client: &self.client,
            suspects: &self.suspects,
            url: &self.url,
            headers: &self.headers,
            timeout: self.timeout,
            backoff: self.queue.backoff,
            hint: |_| None,
        }
    }
}

/// Requests of remote write: samples of these label sets.
#[derive(Debug)]
pub(crate) struct WriteRequests {
    labels: EncodedLabels,
    encoder: Encoder,
}

impl Protocol for WriteRequests {
    type Item = Item;

    fn series(&self, item: &Item) -> SeriesId {
        SeriesId::of(self.labels.get(item.series))
    }

    fn time(&self, item: &Item) -> Timestamp {
        item.sample.at
    }

    fn encode(&mut self, items: &[Item]) -> Bytes {
        let Self { labels, encoder } = self;
        encoder.encode(items.iter().map(|item| (labels.get(item.series), item.sample)))
    }
}

impl From<Plan> for Load<WriteRequests> {
    fn from(plan: Plan) -> Self {
        let Plan { labels, items, requests, refusals } = plan;
        let protocol = WriteRequests { labels, encoder: Encoder::default() };
        Self { protocol, items, requests, refusals, notes: Vec::new() }
    }
}

/// What the specification asks of every request.
fn protocol_headers() -> [(HeaderName, HeaderValue); 4] {
    let fixed = HeaderValue::from_static;
    [
        (header::CONTENT_ENCODING, fixed("snappy")),
        (header::CONTENT_TYPE, fixed("application/x-protobuf")),
        (header::USER_AGENT, fixed(USER_AGENT)),
        (HeaderName::from_static("x-prometheus-remote-write-version"), fixed("0.1.0")),
    ]
}

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

use bytes::Bytes;
use http::SendError;
use http1::{HeaderName, HeaderValue, header};
use series::{Series, Timestamp};

use crate::admission::Admission;
use crate::body::DamagedBody;
use crate::load::{Load, Protocol};
use crate::outgoing::Outgoing;
use crate::send::Channel;
use crate::sink::{Format, Sink};
use crate::suspects::{SeriesId, Suspects};
use crate::{Equipment, USER_AGENT};
use encode::{EncodedLabels, Encoder};
use requests::{Bounds, Item, Plan};

pub use settings::Settings;

/// Bytes of a message before compression. Amazon Managed Service for Prometheus takes about 1 MB; whether it means the
/// compressed bytes is not documented, and before compression holds for both. 2,000 samples with usual labels take
/// about 600 kB.
const MOST_BYTES: usize = 1_000_000;

/// How a receiver of remote write gets its samples.
#[derive(Debug)]
pub(crate) struct RemoteWrite {
    outgoing: Outgoing,
    bounds: Bounds,
}

/// A receiver of remote write.
pub(crate) fn sink(
    name: String,
    settings: Settings,
    equipment: &Equipment<'_>,
) -> Result<Sink, SendError> {
    let Settings { name: _, url, headers, timeout, relabeling, queue, http, catch_up, reread } =
        settings;
    let channel = Channel {
        sink: name,
        client: equipment.client(&http)?,
        url,
        headers: protocol_headers().into_iter().chain(headers).collect(),
        timeout,
        backoff: queue.backoff,
        hint: |_| None,
        suspects: Suspects::default(),
    };
    let outgoing = Outgoing { external_labels: equipment.external_labels.to_vec(), relabeling };
    let bounds = Bounds { samples: queue.max_samples_per_send, bytes: MOST_BYTES };
    let format = Format::RemoteWrite(RemoteWrite { outgoing, bounds });
    Ok(Sink { channel, format, catch_up, reread, oldest: queue.sample_age_limit })
}

impl RemoteWrite {
    /// What of `series` is to be sent.
    pub(crate) fn load(&self, series: &[Series], admission: &Admission) -> Load<WriteRequests> {
        requests::plan(series, &self.outgoing, admission, self.bounds).into()
    }

    /// What of a kept body is still to be sent.
    pub(crate) fn load_kept(
        &self,
        body: &[u8],
        admission: &Admission,
    ) -> Result<Load<WriteRequests>, DamagedBody> {
        Ok(requests::plan_kept(decode::decode(body)?, admission, self.bounds).into())
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

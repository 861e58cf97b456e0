//! Prometheus remote write 1.0: settings, requests and their encoding, delivery.

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

use config::Endpoint;
use http::{Client, SendError};
use http1::{HeaderName, HeaderValue, header};
use series::Series;

use crate::admission::Admission;
use crate::delivery::{Delivery, Run};
use crate::outgoing::Outgoing;
use crate::send::{self, Channel};
use crate::{Equipment, USER_AGENT};
use encode::Encoder;
use queue::Queue;
use requests::{Bounds, Item};

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

    pub(crate) async fn deliver(&self, series: &[Series], run: &Run<'_>) -> Delivery {
        let Queue { max_samples_per_send, backoff, sample_age_limit } = &self.queue;
        let admission = Admission::new(run, self.catch_up, *sample_age_limit);
        let bounds = Bounds { samples: *max_samples_per_send, bytes: MOST_BYTES };
        let requests::Plan { labels, mut items, requests, refusals } =
            requests::plan(series, &self.outgoing, &admission, bounds);
        let channel = Channel {
            sink: &self.name,
            client: &self.client,
            url: &self.url,
            headers: &self.headers,
            timeout: self.timeout,
            backoff: *backoff,
            hint: |_| None,
        };
        let mut encoder = Encoder::default();
        let encode = |items: &[Item]| {
            encoder.encode(items.iter().map(|item| (labels.get(item.series), item.sample)))
        };
        let sent =
            send::send(&channel, run, &mut items, &requests, |item| item.series, encode).await;
        let times = items.iter().map(|item| item.sample.at);
        sent.judge(&self.name, refusals, Vec::new(), times)
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

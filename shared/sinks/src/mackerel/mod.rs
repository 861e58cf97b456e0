//! Mackerel service metrics: settings, names, points, delivery.
//! ([API](https://mackerel.io/api-docs/entry/service-metrics))

pub mod json;
mod names;
#[cfg(test)]
mod names_tests;
mod points;
#[cfg(test)]
mod points_tests;
mod probes;
mod rules;
mod settings;
#[cfg(test)]
mod settings_tests;

use std::time::Duration;

use bytes::Bytes;
use config::{Header, HttpClient};
use http::SendError;
use http1::{HeaderValue, header};
use series::{Series, Timestamp};
use url::Url;

use crate::admission::Admission;
use crate::backoff::Backoff;
use crate::body::DamagedBody;
use crate::load::{Load, Protocol};
use crate::outgoing::Outgoing;
use crate::send::Channel;
use crate::sink::{Format, Sink};
use crate::suspects::{SeriesId, Suspects};
use crate::{Equipment, USER_AGENT};
use json::Point;
use points::Plan;
use rules::Rule;

pub use settings::Settings;

/// Mackerel's own client waits this long.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Mackerel limits requests a minute and documents no `Retry-After`.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));

/// How a Mackerel service gets its points.
#[derive(Debug)]
pub(crate) struct Mackerel {
    outgoing: Outgoing,
    names: Vec<Rule>,
}

/// A Mackerel service.
pub(crate) fn sink(
    name: String,
    settings: Settings,
    equipment: &Equipment<'_>,
) -> Result<Sink, SendError> {
    let Settings { service, api_key, base_url, relabeling, names, catch_up, reread } = settings;
    let key = Header { name: "X-Api-Key".to_owned(), values: vec![api_key] };
    let http = HttpClient { http_headers: vec![key], ..HttpClient::default() };
    let channel = Channel {
        sink: name,
        client: equipment.client(&http)?,
        url: endpoint(&base_url, &service).into(),
        headers: vec![
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::USER_AGENT, HeaderValue::from_static(USER_AGENT)),
        ],
        timeout: TIMEOUT,
        backoff: BACKOFF,
        hint,
        suspects: Suspects::default(),
    };
    let outgoing = Outgoing { external_labels: equipment.external_labels.to_vec(), relabeling };
    let format = Format::Mackerel(Mackerel { outgoing, names });
    Ok(Sink { channel, format, catch_up, reread, oldest: Some(settings::OLDEST) })
}

impl Mackerel {
    /// What of `series` is to be posted.
    pub(crate) fn load(&self, series: &[Series], admission: &Admission) -> Load<Posts> {
        points::plan(series, &self.outgoing, &self.names, admission).into()
    }

    /// What of a kept body is still to be posted.
    pub(crate) fn load_kept(
        &self,
        body: &[u8],
        admission: &Admission,
    ) -> Result<Load<Posts>, DamagedBody> {
        Ok(points::plan_kept(json::decode(body)?, admission).into())
    }
}

/// Posts of points.
#[derive(Debug)]
pub(crate) struct Posts;

impl Protocol for Posts {
    type Item = Point;

    fn series(&self, point: &Point) -> SeriesId {
        SeriesId::of(&point.name)
    }

    fn time(&self, point: &Point) -> Timestamp {
        Timestamp::from_secs(point.time)
    }

    fn encode(&mut self, points: &[Point]) -> Bytes {
        json::encode(points)
    }
}

impl From<Plan> for Load<Posts> {
    fn from(plan: Plan) -> Self {
        let Plan { points, requests, refusals, notes } = plan;
        Self { protocol: Posts, items: points, requests, refusals, notes }
    }
}

/// `<base>/api/v0/services/<service>/tsdb`; a path of the base stays in front.
fn endpoint(base: &Url, service: &str) -> Url {
    let mut url = base.clone();
    let path = base.path().trim_end_matches('/');
    url.set_path(&format!("{path}/api/v0/services/{service}/tsdb"));
    url
}

/// What a status means here, for a person.
fn hint(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("is the API key right?"),
        403 => Some("the API key needs the permission to write, from this address"),
        404 => Some("does the service exist in this organization?"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_keeps_a_path_of_the_base() {
        let table = [
            ("https://api.mackerelio.com", "https://api.mackerelio.com/api/v0/services/web/tsdb"),
            ("https://kcps-mackerel.io/", "https://kcps-mackerel.io/api/v0/services/web/tsdb"),
            ("http://proxy:1/mackerel/", "http://proxy:1/mackerel/api/v0/services/web/tsdb"),
        ];
        for (base, expected) in table {
            assert_eq!(endpoint(&Url::parse(base).expect("a URL"), "web").as_str(), expected);
        }
    }
}

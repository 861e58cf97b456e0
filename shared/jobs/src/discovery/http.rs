//! `http_sd_configs`: target groups from a URL, as JSON.

use std::fmt;
use std::time::Duration;

use aws::Secrets;
use bytes::Bytes;
use clock::Budget;
use config::{Defaults, Endpoint, Findings, HttpClient, Node, SecretRef};
use http::{Client, Factory, Request, Response};
use http1::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http1::{HeaderName, HeaderValue, Method, StatusCode};
use series::Timestamp;
use url::Url;

use super::{Group, LONGEST_BODY};

const REFRESH_INTERVAL: Duration = Duration::from_secs(60);
const LABEL: &str = "__meta_url";
const INTERVAL_HEADER: HeaderName =
    HeaderName::from_static("x-prometheus-refresh-interval-seconds");
const MOST_REDIRECTS: usize = 10;

/// An entry of the list, valid.
#[derive(Debug, Clone)]
pub struct HttpProvider {
    pub(super) refresh_interval: Duration,
    url: Endpoint,
    written: WrittenUrl,
    client: HttpClient,
}

/// The URL as it was written, which is what `__meta_url` says; without credentials. Its query may be a secret.
#[derive(Clone)]
struct WrittenUrl(String);

impl fmt::Debug for WrittenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrittenUrl")
    }
}

/// The client of a provider's own host, and the one for hosts that an answer leads to, which get no credentials.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    own: Client,
    others: Client,
}

impl HttpProvider {
    pub(crate) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let before = findings.error_count();
        let mut mapping = node.mapping(findings)?;
        let client = HttpClient::take(&mut mapping, findings, Defaults::default());
        let written = mapping.take("url").filter(|node| !is_empty(node));
        if written.is_none() {
            findings.error(node, "URL is missing");
        }
        let url = written.and_then(|node| Some((node.url(findings)?, node.string(findings)?)));
        let interval =
            mapping.take("refresh_interval").and_then(|node| node.positive_duration(findings));
        mapping.finish_as("http.plain", findings);
        let (url, text) = url?;
        let written = WrittenUrl(without_credentials(&url).unwrap_or(text));
        let refresh_interval = interval.unwrap_or(REFRESH_INTERVAL);
        let provider = Self { refresh_interval, url, written, client };
        (findings.error_count() == before).then_some(provider)
    }

    pub(super) fn secrets(&self) -> Vec<&SecretRef> {
        self.client.secrets()
    }

    pub(super) fn identity(&self) -> String {
        self.url.as_str().to_owned()
    }

    /// The URL as it may be shown.
    pub(super) fn place(&self) -> String {
        self.url.to_string()
    }

    pub(super) fn clients(&self, factory: &Factory, secrets: &Secrets) -> Result<Clients, String> {
        let bare = HttpClient { auth: None, http_headers: Vec::new(), ..self.client.clone() };
        let client = |config| factory.client(config, secrets, None).map_err(|e| e.to_string());
        Ok(Clients { own: client(&self.client)?, others: client(&bare)? })
    }

    pub(super) async fn ask(
        &self,
        clients: &Clients,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<Group>, String> {
        let mut answer = self.follow(clients, now, budget).await?;
        if matches!(answer.status, 401 | 403) {
            let refreshed = clients.own.refresh_credentials().await;
            refreshed.map_err(|error| error.to_string())?;
            answer = self.follow(clients, now, budget).await?;
        }
        check(&answer)?;
        let groups = Group::all_from_json(&answer.body).map_err(|error| answer.mask(&error))?;
        Ok(Group::placed(groups, &self.place(), LABEL, &self.written.0))
    }

    /// The answer at the end of all redirects, or the first one where they are not followed.
    async fn follow(
        &self,
        clients: &Clients,
        now: Timestamp,
        budget: &Budget,
    ) -> Result<Response, String> {
        let mut url = self.url.clone();
        let mut client = &clients.own;
        for _ in 0..=MOST_REDIRECTS {
            let request = self.request(url.clone())?;
            let timeout = budget.remaining().min(self.refresh_interval);
            let answer = client.fetch(request, now, timeout, LONGEST_BODY).await;
            let answer = answer.map_err(|error| error.to_string())?;
            let next = location(&answer).filter(|_| self.client.follow_redirects);
            let Some(next) = next.and_then(|next| url.join(&next).ok()) else {
                return Ok(answer);
            };
            if !may_know_credentials(&url, &next) {
                client = &clients.others;
            }
            url = next.into();
        }
        Err(format!("stopped after {MOST_REDIRECTS} redirects"))
    }

    fn request(&self, url: Endpoint) -> Result<Request, String> {
        let interval = HeaderValue::from_str(&self.refresh_interval.as_secs_f64().to_string());
        let interval = interval.map_err(|error| error.to_string())?;
        let headers = vec![
            (ACCEPT, HeaderValue::from_static("application/json")),
            (INTERVAL_HEADER, interval),
        ];
        Ok(Request { method: Method::GET, url, headers, body: Bytes::new() })
    }
}

fn is_empty(node: &Node) -> bool {
    node.string(&mut Findings::new()).is_some_and(|text| text.is_empty())
}

/// The URL without its credentials, if it has some.
fn without_credentials(url: &Url) -> Option<String> {
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    has_credentials.then(|| {
        let mut url = url.clone();
        // Refused only by URLs without a host, which have no credentials either.
        let _no_host = url.set_username("").and_then(|()| url.set_password(None));
        url.into()
    })
}

fn location(answer: &Response) -> Option<String> {
    let value = matches!(answer.status, 301 | 302 | 303 | 307 | 308)
        .then(|| answer.headers.get(LOCATION))
        .flatten()?;
    value.to_str().ok().map(str::to_owned)
}

fn may_know_credentials(from: &Url, to: &Url) -> bool {
    let is_downgrade = from.scheme() == "https" && to.scheme() != "https";
    from.host() == to.host() && !is_downgrade
}

fn check(answer: &Response) -> Result<(), String> {
    if answer.status != 200 {
        let reason = StatusCode::from_u16(answer.status).ok().and_then(|it| it.canonical_reason());
        let status = format!("{} {}", answer.status, reason.unwrap_or_default());
        return Err(format!("server returned HTTP status {}", status.trim_end()));
    }
    let content_type = answer.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let content_type = String::from_utf8_lossy(content_type.unwrap_or_default());
    if is_json(content_type.trim()) {
        return Ok(());
    }
    Err(answer.mask(&format!("unsupported content type {content_type:?}")))
}

/// `application/json`, perhaps with the one character set that JSON has.
fn is_json(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    let Some(rest) = content_type.strip_prefix("application/json") else {
        return false;
    };
    let parameter = rest.strip_prefix(';').map(|rest| rest.trim_ascii_start());
    rest.is_empty() || matches!(parameter, Some("charset=utf-8" | "charset=\"utf-8\""))
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_known_by_its_type() {
        for yes in [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            "application/json; charset=UTF-8",
            "application/json;  charset=\"utf-8\"",
        ] {
            assert!(is_json(yes), "{yes}");
        }
        for no in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json;",
            "application/json; charset=latin-1",
            "application/json; charset='utf-8'",
            "xapplication/json",
        ] {
            assert!(!is_json(no), "{no}");
        }
    }
}

//! A request as it will be sent: method, place, headers, body, in the order and spelling in which Go writes them.

use bytes::Bytes;
use config::Secret;
use http_body_util::Full;
use http1::header::{
    CONNECTION, CONTENT_LENGTH, HOST, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http1::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use super::go_url::GoUrl;
use crate::frame::{self, Failure, Probe, Reason};
use crate::module::{Body, Http};

/// A request without what is added on its way: cookies, credentials, `http_headers`.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) url: GoUrl,
    /// The Host header.
    pub(super) host: String,
    /// All others.
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// How a URL is written in the request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Path and query.
    Origin,
    /// The whole URL, for a proxy.
    Absolute,
}

/// What Go makes by itself, whatever a module says.
const MADE: [HeaderName; 4] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, TRAILER];

/// What HTTP/2 has no place for.
const OF_HTTP1: [HeaderName; 5] = [
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

impl Draft {
    /// The first request of a probe. `url` has the address already; `host` is what the target says.
    pub(super) fn first(
        module: &Http,
        hostname: Option<&str>,
        url: GoUrl,
        host: &str,
        body: Bytes,
    ) -> Result<Self, Failure> {
        let method = Method::from_bytes(module.method.as_bytes())
            .map_err(|_| wrong(format!("the method {:?} is none", module.method)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &module.headers {
            let known = HeaderName::try_from(name)
                .map_err(|_| wrong(format!("{name:?} is no header name")))?;
            if MADE.contains(&known) {
                continue;
            }
            let value = HeaderValue::from_bytes(value.trim().replace(['\r', '\n'], " ").as_bytes());
            let mut value = value
                .map_err(|_| wrong(format!("the value of the header {name} cannot be sent")))?;
            value.set_sensitive(true);
            headers.insert(known, value);
        }
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(frame::USER_AGENT));
        let host = hostname.or_else(|| host_header(module)).unwrap_or(host).to_owned();
        Ok(Self { method, url, host, headers, body })
    }

    /// For HTTP/1.1. `headers`: this request's own, with what was added to them.
    pub(super) fn for_http1(
        &self,
        headers: &HeaderMap,
        form: Form,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let path = self.url.request_uri();
        let uri = match form {
            Form::Origin => path.parse::<Uri>(),
            Form::Absolute => format!("{}://{}{path}", self.url.scheme, self.host).parse(),
        };
        let mut request = self.request(uri.ok())?;
        let host = HeaderValue::from_str(&self.host);
        let host = host.map_err(|_| wrong(format!("{:?} cannot be a Host header", self.host)))?;
        let written = request.headers_mut();
        written.insert(HOST, host);
        if let Some(agent) = headers.get(USER_AGENT).filter(|agent| !agent.is_empty()) {
            written.insert(USER_AGENT, agent.clone());
        }
        if let Some(length) = self.content_length() {
            written.insert(CONTENT_LENGTH, length.into());
        }
        append_sorted(written, headers, |name| *name != USER_AGENT);
        let says_close = |value: &HeaderValue| {
            value.to_str().is_ok_and(|value| {
                value.split(',').any(|token| token.trim().eq_ignore_ascii_case("close"))
            })
        };
        if !headers.contains_key(UPGRADE) && !headers.get_all(CONNECTION).iter().any(says_close) {
            written.append(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(request)
    }

    /// For HTTP/2.
    pub(super) fn for_http2(&self, headers: &HeaderMap) -> Result<Request<Full<Bytes>>, Failure> {
        let uri = Uri::builder()
            .scheme(self.url.scheme.as_str())
            .authority(self.host.as_str())
            .path_and_query(self.url.request_uri())
            .build();
        let mut request = self.request(uri.ok())?;
        let written = request.headers_mut();
        if let Some(length) = self.content_length() {
            written.insert(CONTENT_LENGTH, length.into());
        }
        append_sorted(written, headers, |name| !OF_HTTP1.contains(name));
        if written.get(USER_AGENT).is_some_and(HeaderValue::is_empty) {
            written.remove(USER_AGENT);
        }
        Ok(request)
    }

    fn request(&self, uri: Option<Uri>) -> Result<Request<Full<Bytes>>, Failure> {
        let uri = uri.ok_or_else(|| {
            Failure::new(Reason::Target, format!("{} cannot stand in a request", self.url))
        })?;
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        Ok(request)
    }

    /// What is announced: the length of a body, and that there is none where a body is usual.
    fn content_length(&self) -> Option<u64> {
        let is_usual = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        (is_usual || !self.body.is_empty()).then_some(self.body.len() as u64)
    }
}

/// The Host header of a module.
pub(super) fn host_header(module: &Http) -> Option<&str> {
    let mut headers = module.headers.iter();
    headers.find(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| value.as_str())
}

/// The body of a module. A local file is taken byte for byte; a secret place holds text.
pub(super) async fn body(module: &Http, probe: &Probe<'_>) -> Result<Bytes, Failure> {
    use secrecy::ExposeSecret as _;
    let unreadable =
        |reason: String| Failure::new(Reason::Credentials, format!("read body_file: {reason}"));
    match &module.body {
        Body::None => Ok(Bytes::new()),
        Body::Text(text) => Ok(Bytes::copy_from_slice(text)),
        Body::File(Secret::Reference(config::SecretRef::File(path))) => {
            let read = probe.within("read body_file", tokio::fs::read(path)).await?;
            let described = |error| unreadable(format!("{}: {error}", path.display()));
            read.map(Bytes::from).map_err(described)
        }
        Body::File(secret) => {
            let got = probe.within("read body_file", probe.equipment.secrets.get(secret)).await?;
            let text = got.map_err(|error| unreadable(error.to_string()))?;
            Ok(Bytes::copy_from_slice(text.expose_secret().as_bytes()))
        }
    }
}

fn append_sorted(to: &mut HeaderMap, headers: &HeaderMap, wanted: impl Fn(&HeaderName) -> bool) {
    let mut names: Vec<&HeaderName> = headers.keys().filter(|name| wanted(name)).collect();
    names.sort_by_key(|name| name.as_str());
    for name in names {
        for value in headers.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

fn wrong(message: String) -> Failure {
    Failure::new(Reason::Module, message)
}

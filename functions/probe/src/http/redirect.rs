//! What comes after a redirect, by the rules of Go's `net/http` client and, for credentials of a module, of
//! `prometheus/common`. Pure.

use bytes::Bytes;
use http1::header::{
    AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER,
    WWW_AUTHENTICATE,
};
use http1::{HeaderMap, HeaderName, HeaderValue, Method};

use super::cookies;
use super::go_url::GoUrl;
use super::request::Draft;
use crate::frame::{Failure, Reason};

/// The redirects that are followed at most.
pub(super) const MOST: usize = 10;

/// Headers that say who somebody is. They go to the first host and to those below it, and to nobody after they were left out
/// once.
pub(super) const SENSITIVE: [HeaderName; 6] = [
    AUTHORIZATION,
    WWW_AUTHENTICATE,
    COOKIE,
    HeaderName::from_static("cookie2"),
    PROXY_AUTHORIZATION,
    PROXY_AUTHENTICATE,
];

/// What a chain of redirects must remember.
#[derive(Debug)]
pub(super) struct Chain {
    /// The first request's own headers, without cookies that were set anew since.
    headers: HeaderMap,
    origin: GoUrl,
    /// The host that the target names; `origin` has its address instead.
    home: String,
    body: Bytes,
    /// Whether the body can be sent a second time; Go cannot rewind a file.
    is_rewindable: bool,
    /// Whether sensitive headers of the first request have been left out.
    is_stripped: bool,
    /// Whether the chain has left the target's host, or https for http.
    is_abroad: bool,
}

impl Chain {
    pub(super) fn new(first: &Draft, home: &str, is_rewindable: bool) -> Self {
        Self {
            headers: first.headers.clone(),
            origin: first.url.clone(),
            home: home.to_owned(),
            body: first.body.clone(),
            is_rewindable,
            is_stripped: false,
            is_abroad: false,
        }
    }

    /// Whether a module's own credentials must stay at home. Unlike the original at its newest, which compares with the
    /// address alone and so loses them on the way from `http://name` to `http://name/login`, the target's name is home, too.
    /// And unlike the original, what went over https is never sent in the clear.
    pub(super) fn is_abroad(&self) -> bool {
        self.is_abroad
    }

    /// The request that an answer asks for; none where the answer is the last one.
    pub(super) fn next(
        &mut self,
        sent: &Draft,
        status: u16,
        answer: &HeaderMap,
    ) -> Result<Option<Draft>, Failure> {
        let (method, keeps_body) = match status {
            301..=303 if matches!(sent.method, Method::GET | Method::HEAD) => {
                (sent.method.clone(), false)
            }
            301..=303 => (Method::GET, false),
            307 | 308 if self.is_rewindable || self.body.is_empty() => (sent.method.clone(), true),
            _ => return Ok(None),
        };
        let Some(location) = answer.get(LOCATION).filter(|location| !location.is_empty()) else {
            return Ok(None);
        };
        if !keeps_body {
            self.body = Bytes::new();
            self.is_rewindable = true;
        }
        let url = sent.url.join(location.as_bytes()).map_err(|error| {
            let message = format!("the server redirects to what is no URL: {error}");
            Failure::new(Reason::Redirect, message)
        })?;
        // A Host header of one's own goes along as long as the server names no other.
        let keeps_host = sent.host != sent.url.host && !GoUrl::is_absolute(location.as_bytes());
        let host = if keeps_host { sent.host.clone() } else { url.host.clone() };
        let headers = self.headers_for(sent, &url, answer);
        Ok(Some(Draft { method, host, headers, body: self.body.clone(), url }))
    }

    fn headers_for(&mut self, sent: &Draft, url: &GoUrl, answer: &HeaderMap) -> HeaderMap {
        forget_cookies(&mut self.headers, &cookies::names_set(answer));
        let is_away = |from: &str| !is_at(url.hostname(), from);
        if self.origin.host != url.host && is_away(self.origin.hostname()) {
            self.is_stripped = true;
            self.is_abroad |= is_away(&self.home);
        }
        let leaves_https = sent.url.is_https() && !url.is_https();
        self.is_abroad |= leaves_https;
        let mut headers = self.headers.clone();
        if self.is_stripped {
            for name in SENSITIVE {
                headers.remove(name);
            }
        }
        let is_given = headers.get(REFERER).is_some_and(|referer| !referer.is_empty());
        if leaves_https {
            return headers;
        }
        if !is_given && let Ok(referer) = HeaderValue::from_str(&sent.url.referer()) {
            headers.insert(REFERER, referer);
        }
        headers
    }
}

/// Cookies of the module give way to those of the same name that a server sets.
fn forget_cookies(headers: &mut HeaderMap, set: &[&str]) {
    let Some(cookies) = headers.get(COOKIE).and_then(|cookies| cookies.to_str().ok()) else {
        return;
    };
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().trim().to_owned();
    let pairs = cookies.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    let mut left: Vec<&str> = pairs.filter(|pair| !set.contains(&name(pair).as_str())).collect();
    left.sort_unstable();
    let left = left.join("; ");
    match HeaderValue::from_str(&left) {
        Ok(mut value) if !left.is_empty() => {
            if !set.is_empty() {
                value.set_sensitive(true);
                headers.insert(COOKIE, value);
            }
        }
        _ => drop(headers.remove(COOKIE)),
    }
}

/// Whether a host is another one or lies below it.
fn is_at(host: &str, other: &str) -> bool {
    let (host, other) = (host.to_ascii_lowercase(), other.to_ascii_lowercase());
    if host == other {
        return true;
    }
    let is_name = !host.contains([':', '%']) && !other.is_empty();
    is_name && host.strip_suffix(&other).is_some_and(|rest| rest.ends_with('.'))
}

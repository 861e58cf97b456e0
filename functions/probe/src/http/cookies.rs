//! Cookies within one chain of redirects, by RFC 6265 as Go's `net/http/cookiejar` has it. Pure.
//!
//! There is no list of public suffixes: a jar lives for one probe, so that all a cookie for `co.uk` could reach is the rest of
//! the chain. A domain without a dot is taken for a public suffix.

use http1::header::SET_COOKIE;
use http1::{HeaderMap, HeaderValue};
use series::Timestamp;

use super::go_url::GoUrl;

/// The cookies that were set so far.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

/// A cookie and where it goes.
#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Whether hosts below the domain get it, too.
    below: bool,
    path: String,
    secure: bool,
}

/// `Set-Cookie`, taken apart.
struct Setting<'t> {
    name: &'t str,
    value: &'t str,
    domain: &'t str,
    path: &'t str,
    secure: bool,
    is_over: bool,
}

impl Jar {
    /// Takes what an answer of this host sets.
    pub(super) fn take(&mut self, host: &str, url: &GoUrl, answer: &HeaderMap, now: Timestamp) {
        let host = canonical(host);
        for setting in answer.get_all(SET_COOKIE).iter().filter_map(|line| parse(line, now)) {
            let Some((domain, below)) = domain_of(&host, setting.domain) else { continue };
            let path = if setting.path.starts_with('/') { setting.path } else { folder(&url.path) };
            let is_it = |known: &Cookie| {
                known.name == setting.name && known.domain == domain && known.path == path
            };
            let known = self.0.iter_mut().find(|known| is_it(known));
            match known {
                _ if setting.is_over => self.0.retain(|known| !is_it(known)),
                Some(known) => {
                    setting.value.clone_into(&mut known.value);
                    (known.below, known.secure) = (below, setting.secure);
                }
                None => self.0.push(Cookie {
                    name: setting.name.to_owned(),
                    value: setting.value.to_owned(),
                    domain,
                    below,
                    path: path.to_owned(),
                    secure: setting.secure,
                }),
            }
        }
    }

    /// What goes to this host: `name=value` joined, longer paths first. None where there is nothing.
    pub(super) fn header(&self, host: &str, url: &GoUrl) -> Option<String> {
        let host = canonical(host);
        let path = if url.path.is_empty() { "/" } else { &url.path };
        let mut fitting: Vec<&Cookie> = self.0.iter().collect();
        fitting.retain(|cookie| cookie.reaches(&host, path) && (!cookie.secure || url.is_https()));
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs =
            fitting.iter().map(|cookie| format!("{}={}", cookie.name, quoted(&cookie.value)));
        let joined = pairs.collect::<Vec<_>>().join("; ");
        (!joined.is_empty()).then_some(joined)
    }
}

impl Cookie {
    fn reaches(&self, host: &str, path: &str) -> bool {
        let is_below = || self.below && is_below(host, &self.domain);
        let rest = path.strip_prefix(self.path.as_str());
        let right_path = rest.is_some_and(|rest| {
            rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/')
        });
        right_path && (self.domain == host || is_below())
    }
}

/// The names that an answer sets.
pub(super) fn names_set(answer: &HeaderMap) -> Vec<&str> {
    let pairs = answer.get_all(SET_COOKIE).iter().filter_map(name_and_value);
    pairs.map(|(name, _, _)| name).collect()
}

/// Name, value and attributes of a line; nothing where Go would not read it.
fn name_and_value(line: &HeaderValue) -> Option<(&str, &str, &str)> {
    let line = line.to_str().ok()?;
    let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
    let (name, value) = pair.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let is_valid =
        bare.bytes().all(|byte| (b' '..0x7f).contains(&byte) && !b"\";\\".contains(&byte));
    (is_token && is_valid).then_some((name, value, attributes))
}

fn parse(line: &HeaderValue, now: Timestamp) -> Option<Setting<'_>> {
    let (name, value, attributes) = name_and_value(line)?;
    let mut setting = Setting { name, value, domain: "", path: "", secure: false, is_over: false };
    let (mut expires, mut max_age) = (None, None);
    for attribute in attributes.split(';') {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" => setting.domain = value,
            "path" => setting.path = value,
            "secure" => setting.secure = true,
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            "expires" => expires = date(value).or(expires),
            _ => {}
        }
    }
    setting.is_over = match max_age {
        Some(seconds) => seconds <= 0,
        None => expires.is_some_and(|expires| expires <= now),
    };
    Some(setting)
}

/// `Mon, 02 Jan 2006 15:04:05 GMT`, also with dashes in the date.
fn date(text: &str) -> Option<Timestamp> {
    let parsed = httpdate::parse_http_date(text)
        .or_else(|_| httpdate::parse_http_date(&text.replace('-', " ")))
        .ok()?;
    let since_epoch = parsed.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).ok()?))
}

/// The domain of a cookie, and whether hosts below it get it; nothing where the host may not set it.
fn domain_of(host: &str, domain: &str) -> Option<(String, bool)> {
    let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
    if domain.is_empty() {
        return Some((host.to_owned(), false));
    }
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    if is_address || !domain.contains('.') {
        return (host == domain).then(|| (host.to_owned(), false));
    }
    let malformed = domain.starts_with('.') || domain.ends_with('.');
    let allowed = !malformed && (host == domain || is_below(host, &domain));
    allowed.then_some((domain, true))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// The path that a cookie has where it names none.
fn folder(path: &str) -> &str {
    match path.rfind('/') {
        Some(slash) if slash > 0 && path.starts_with('/') => &path[..slash],
        _ => "/",
    }
}

/// Without port and brackets, in lower case.
fn canonical(host: &str) -> String {
    let text = format!("//{host}");
    let parsed = GoUrl::parse(text.as_bytes());
    let name = parsed.as_ref().map_or(host, GoUrl::hostname);
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Blanks and commas are sent in quotes.
fn quoted(value: &str) -> String {
    if value.contains([' ', ',']) && !value.starts_with('"') {
        return format!("\"{value}\"");
    }
    value.to_owned()
}

#[cfg(test)]
#[path = "cookies_tests.rs"]
mod tests;

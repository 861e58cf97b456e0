//! What a client of ours keeps to beyond what the API enforces, as far as a request shows it before it is
//! carried out. Above all: no call that could make a host.

use axum::http::request::Parts;

use super::routes::{Call, Foreign, needs_write};

/// What our clients keep to; the service documents no limit.
const POLITE_BODY_BYTES: usize = 100 * 1024;

/// What can be said against a request that is `call` (`None`: unknown here).
pub(super) fn violations(parts: &Parts, body: &[u8], call: Option<&Call>) -> Vec<String> {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let what = format!("{} {}", parts.method, parts.uri.path());
    let mut found = Vec::new();
    if header("user-agent").is_none_or(str::is_empty) {
        found.push(format!("{what} has no User-Agent"));
    }
    let content_type = header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if needs_write(parts.method.as_str()) && !media_type.eq_ignore_ascii_case("application/json") {
        found.push(format!("{what} has Content-Type {content_type:?}"));
    }
    if body.len() > POLITE_BODY_BYTES {
        found.push(format!("{what} has a body of {} bytes", body.len()));
    }
    match call {
        None => found.push(format!("{what} is no call that is known here")),
        Some(Call::Foreign(Foreign::Hosts | Foreign::HostMetrics)) => {
            found.push(format!("{what} is about hosts"));
        }
        Some(Call::Foreign(_)) => found.push(format!("{what} is none of our business")),
        Some(Call::DeleteService(_)) => found.push(format!("{what} deletes all its metrics")),
        Some(_) => {}
    }
    found
}

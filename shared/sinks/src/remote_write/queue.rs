//! `queue_config` of a `remote_write` entry. Prometheus has a queue with shards; a run has a list of requests that it
//! sends one after the other. What rules requests and repeats applies; what rules the queue is checked as Prometheus
//! does, and has no effect.

use std::time::Duration;

use config::{Findings, Mapping, Node};

use crate::backoff::Backoff;

/// What applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Most samples in a request.
    pub(crate) max_samples_per_send: usize,
    /// `min_backoff` and `max_backoff`.
    pub(crate) backoff: Backoff,
    /// Samples older than this are not sent; absent where it is off.
    pub(crate) sample_age_limit: Option<Duration>,
}

impl Default for Queue {
    fn default() -> Self {
        let backoff = Backoff::new(MIN_BACKOFF, MAX_BACKOFF);
        Self { max_samples_per_send: 2000, backoff, sample_age_limit: None }
    }
}

const MIN_BACKOFF: Duration = Duration::from_millis(30);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

impl Queue {
    pub(super) fn take(block: &mut Mapping<'_>, findings: &mut Findings) -> Self {
        let Some(node) = block.take("queue_config") else {
            return Self::default();
        };
        let Some(mut queue) = node.mapping(findings) else {
            return Self::default();
        };
        let default = Self::default();
        let max_samples = number(&mut queue, "max_samples_per_send", findings).map(|(_, n)| n);
        let min = duration(&mut queue, "min_backoff", findings).unwrap_or(MIN_BACKOFF);
        let max = duration(&mut queue, "max_backoff", findings).unwrap_or(MAX_BACKOFF);
        let limit = queue.take("sample_age_limit").and_then(|node| node.duration(findings));
        take_without_effect(&mut queue, findings);
        queue.finish_as("QueueConfig", findings);
        if max < min {
            let reason = "remote write queue max_backoff must not be less than min_backoff";
            findings.error(node, reason);
        }
        Self {
            max_samples_per_send: max_samples.unwrap_or(default.max_samples_per_send),
            backoff: Backoff::new(min, max),
            sample_age_limit: limit.filter(|limit| !limit.is_zero()),
        }
    }
}

fn take_without_effect(queue: &mut Mapping<'_>, findings: &mut Findings) {
    for key in ["capacity", "max_shards", "min_shards"] {
        if let Some((node, _)) = number(queue, key, findings) {
            findings.warning(node, "has no effect: a run sends its requests one after the other");
        }
    }
    if duration(queue, "batch_send_deadline", findings).is_some() {
        findings.warning(
            queue.node(),
            "batch_send_deadline has no effect: a run sends what it has at once",
        );
    }
    let retry = queue.take("retry_on_http_429");
    if let Some((node, false)) = retry.and_then(|node| Some((node, node.boolean(findings)?))) {
        let reason = "has no effect: a 429 is always tried again while the run lasts, and nothing is dropped";
        findings.warning(node, reason);
    }
}

/// A number above zero. A wrong one is a finding and comes out as if it were absent.
fn number<'a>(
    queue: &mut Mapping<'a>,
    key: &str,
    findings: &mut Findings,
) -> Option<(&'a Node, usize)> {
    let node = queue.take(key)?;
    let number = node.integer::<i64>(findings)?;
    match usize::try_from(number) {
        Ok(number @ 1..) => Some((node, number)),
        _ => {
            findings.error(node, format!("remote write queue {key} must be positive"));
            None
        }
    }
}

/// The same for a duration.
fn duration(queue: &mut Mapping<'_>, key: &str, findings: &mut Findings) -> Option<Duration> {
    let node = queue.take(key)?;
    let duration = node.duration(findings)?;
    if duration.is_zero() {
        findings.error(node, format!("remote write queue {key} must be positive"));
        return None;
    }
    Some(duration)
}

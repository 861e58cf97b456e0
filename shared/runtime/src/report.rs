//! The report: what one invocation did. It is the response, and the one summary line in the log.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;
use series::{SourceError, Timestamp, Window};

use crate::shown::Shown;
use crate::tally::Tally;

/// What one invocation did.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The function's name.
    pub function: &'static str,
    /// The time of the event.
    #[serde(serialize_with = "rfc3339")]
    pub time: Timestamp,
    /// Whether this was the first invocation of the process.
    pub cold_start: bool,
    /// How long it took.
    pub duration_ms: u64,
    /// What can be had only now was observed before, or cannot be had any more: this run only caught up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
    /// The union of what was read; null where nothing was.
    #[serde(serialize_with = "window")]
    pub window: Option<Window>,
    /// Distinct series that were collected.
    pub series: u64,
    /// Samples that were collected.
    pub samples: u64,
    /// What each sink took.
    pub sinks: Vec<SinkReport>,
    /// What went wrong, one entry each.
    #[serde(serialize_with = "errors")]
    pub errors: Vec<SourceError>,
    /// What went over the wire, as `service:Operation`.
    pub api_calls: BTreeMap<String, u64>,
    /// CloudWatch queries, the unit that AWS bills.
    pub metrics_requested: u64,
    /// The age of the oldest sample that still waits for any sink; 0 where nothing does.
    pub waiting_seconds: u64,
    /// Said only by a dry run: the series as collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposition: Option<String>,
}

/// What one sink took. The first four numbers count samples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SinkReport {
    /// The sink's name.
    pub sink: String,
    /// Taken.
    pub sent: u64,
    /// Refused for good; `errors` says why.
    pub rejected: u64,
    /// Put in the spool in this run.
    pub spooled: u64,
    /// Still waiting, in the spool or behind a watermark: what was collected and not delivered, and for windows that were not read the
    /// most that they can hold.
    pub pending: u64,
    /// Requests that were sent, retries included.
    pub requests: u64,
    /// Bytes of request bodies, retries included.
    pub bytes: u64,
    /// The age of the oldest sample that still waits for this sink; 0 where nothing does.
    pub oldest_seconds: u64,
}

/// How far a sink is behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Delay {
    /// Behind the newest settled datapoint.
    pub(crate) watermark: Duration,
    /// The age of the oldest body in its spool.
    pub(crate) spool: Duration,
}

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

fn window<S: Serializer>(window: &Option<Window>, serializer: S) -> Result<S::Ok, S::Error> {
    let ends = window.map(|window| {
        BTreeMap::from([("from", window.from.to_string()), ("to", window.to.to_string())])
    });
    ends.serialize(serializer)
}

fn errors<S: Serializer>(errors: &[SourceError], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Entry<'a> {
        source: &'a str,
        message: &'a str,
    }
    let entries = errors.iter().map(|SourceError { source, message }| Entry { source, message });
    serializer.collect_seq(entries)
}

/// What to say of samples that an answer has no room for.
fn not_shown(left_out: u64, samples: u64) -> Option<SourceError> {
    let message = format!(
        "{left_out} of {samples} samples are not shown, since an answer of Lambda holds no more: ask for a shorter window \
         (from, to) or for a shard, or see everything with `hostless invoke --dry-run`"
    );
    (left_out > 0).then(|| SourceError::new("exposition", message))
}

impl Report {
    /// A report of nothing yet.
    pub fn empty(function: &'static str, time: Timestamp, cold_start: bool) -> Self {
        Self {
            function,
            time,
            cold_start,
            duration_ms: 0,
            skipped: false,
            waiting_seconds: 0,
            window: None,
            series: 0,
            samples: 0,
            sinks: Vec::new(),
            errors: Vec::new(),
            api_calls: BTreeMap::new(),
            metrics_requested: 0,
            exposition: None,
        }
    }

    /// Takes over what a run counted; `delays` say how far each sink is behind.
    pub(crate) fn take(&mut self, tally: Tally, delays: &[Delay]) {
        self.errors.extend(tally.refusals());
        self.window = tally.window;
        self.series = tally.series();
        self.samples = tally.samples;
        self.metrics_requested = tally.metrics_requested;
        self.exposition = tally.shown.as_ref().map(Shown::text);
        self.errors.extend(tally.shown.and_then(|shown| not_shown(shown.left_out(), self.samples)));
        self.sinks = tally.sinks;
        for (sink, delay) in self.sinks.iter_mut().zip(delays) {
            sink.oldest_seconds = delay.watermark.max(delay.spool).as_secs();
        }
        self.waiting_seconds = self.sinks.iter().map(|sink| sink.oldest_seconds).max().unwrap_or(0);
        self.errors.extend(tally.errors);
    }

    /// The report for the log, which takes lines up to a size: without the series of a dry run.
    pub fn summary(&self) -> Value {
        Self { exposition: None, ..self.clone() }.to_json()
    }

    /// The report as JSON, keys in the order of the fields.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a report is plain text and numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_the_documented_form() {
        let at = |secs: i64| Timestamp::from_secs(1_795_166_760 + secs);
        let report = Report {
            function: "cloudfront",
            time: at(0),
            cold_start: true,
            duration_ms: 123,
            skipped: false,
            waiting_seconds: 0,
            window: Some(Window::new(at(-420), at(-120))),
            series: 12,
            samples: 60,
            sinks: vec![SinkReport {
                sink: "remote_write:amp".to_owned(),
                sent: 60,
                requests: 5,
                bytes: 2345,
                ..SinkReport::default()
            }],
            errors: vec![SourceError::new(
                "cloudwatch:GetMetricData:eu-west-1",
                "ThrottlingException: Rate exceeded",
            )],
            api_calls: BTreeMap::from([("cloudwatch:GetMetricData".to_owned(), 1)]),
            metrics_requested: 12,
            exposition: None,
        };
        insta::assert_snapshot!(report.to_json(), @r#"{"function":"cloudfront","time":"2026-11-20T09:26:00Z","cold_start":true,"duration_ms":123,"window":{"from":"2026-11-20T09:19:00Z","to":"2026-11-20T09:24:00Z"},"series":12,"samples":60,"sinks":[{"sink":"remote_write:amp","sent":60,"rejected":0,"spooled":0,"pending":0,"requests":5,"bytes":2345,"oldest_seconds":0}],"errors":[{"source":"cloudwatch:GetMetricData:eu-west-1","message":"ThrottlingException: Rate exceeded"}],"api_calls":{"cloudwatch:GetMetricData":1},"metrics_requested":12,"waiting_seconds":0}"#);
    }
}

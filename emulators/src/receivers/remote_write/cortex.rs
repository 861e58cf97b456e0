//! Cortex, and with it AMP: partial success. Good samples are stored, bad ones counted, and the answer is
//! 400 with the first complaint.
//!
//! Read in Cortex's distributor and ingester; AMP's documented messages are the same ones. The limits are
//! AMP's where they are known (150 labels, one hour), else Cortex's defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::head::{Head, Labels};
use super::personality::{Circumstances, Passed, Verdict, identity, window, wording};
use super::proto::{TimeSeries, WriteRequest};
use super::rules::{is_label_name, is_metric_name};

const MAX_LABELS: usize = 150;
const MAX_LABEL_NAME: usize = 1024;
const MAX_LABEL_VALUE: usize = 2048;
/// Samples older than this are refused (`greater_than_max_sample_age`).
const MAX_AGE_MS: i64 = 60 * 60 * 1000;
/// The grace for clocks that run ahead (`creation_grace_period`).
const MAX_AHEAD_MS: i64 = 10 * 60 * 1000;

type Complaint = (&'static str, String);

pub(super) fn ingest(
    head: &mut Head,
    request: &WriteRequest,
    ooo_window: Duration,
    around: Circumstances<'_>,
) -> Verdict {
    let window = window(head, request, ooo_window);
    let mut passed = Passed::new();
    let mut first_complaint = None;
    let mut refused = BTreeMap::new();
    let mut refuse = |(reason, message): Complaint, samples: usize| {
        *refused.entry(reason).or_default() += samples;
        first_complaint.get_or_insert(message);
    };
    for series in &request.timeseries {
        if let Err(complaint) = check_series(series, around) {
            refuse(complaint, series.samples.len());
            continue;
        }
        let labels = identity(series);
        for sample in &series.samples {
            let checked = check_age(series, sample.timestamp, around.now_ms).and_then(|()| {
                let judged = head.judge(&labels, *sample, window);
                judged.map_err(|why| ingester_error(wording(why), &labels, sample.timestamp))
            });
            match checked {
                Ok(()) => passed.push((labels.clone(), *sample)),
                Err(complaint) => refuse(complaint, 1),
            }
        }
    }
    let stored = head.commit(passed, window);
    match first_complaint {
        None => Verdict::accepted(200, stored),
        Some(message) => Verdict { status: 400, body: format!("{message}\n"), stored, refused },
    }
}

fn check_series(series: &TimeSeries, around: Circumstances<'_>) -> Result<(), Complaint> {
    let Some(metric) = series.label("__name__") else {
        return Err(("missing_metric_name", "sample missing metric name".to_owned()));
    };
    if !is_metric_name(metric) {
        return Err(("metric_name_invalid", format!("sample invalid metric name: {metric:?}")));
    }
    if around.is_poisoned(series) {
        return Err((
            "label_invalid",
            format!("sample invalid label: refused by script metric {metric:?}"),
        ));
    }
    let count = series.labels.len();
    if count > MAX_LABELS {
        let text = format!(
            "series has too many labels (actual: {count}, limit: {MAX_LABELS}) series: {metric:?}"
        );
        return Err(("max_label_names_per_series", text));
    }
    let mut previous: Option<&str> = None;
    for label in &series.labels {
        let name = label.name.as_str();
        check_label(name, &label.value, previous, metric)?;
        previous = Some(name);
    }
    Ok(())
}

fn check_label(
    name: &str,
    value: &str,
    previous: Option<&str>,
    metric: &str,
) -> Result<(), Complaint> {
    let complaint =
        |reason, what: &str| Err((reason, format!("{what}: {name:?} metric {metric:?}")));
    if !is_label_name(name) {
        return complaint("label_invalid", "sample invalid label");
    }
    if name.len() > MAX_LABEL_NAME {
        return complaint("label_name_too_long", "label name too long");
    }
    if value.len() > MAX_LABEL_VALUE {
        return complaint("label_value_too_long", "label value too long");
    }
    match previous {
        Some(before) if before == name => {
            complaint("duplicate_label_names", "duplicate label name")
        }
        Some(before) if before > name => complaint("labels_not_sorted", "labels not sorted"),
        _ => Ok(()),
    }
}

fn check_age(series: &TimeSeries, timestamp: i64, now_ms: i64) -> Result<(), Complaint> {
    let metric = series.label("__name__").unwrap_or_default();
    if timestamp < now_ms - MAX_AGE_MS {
        let text = format!("timestamp too old: {timestamp} metric: {metric:?}");
        return Err(("greater_than_max_sample_age", text));
    }
    if timestamp > now_ms + MAX_AHEAD_MS {
        let text = format!("timestamp too new: {timestamp} metric: {metric:?}");
        return Err(("too_far_in_future", text));
    }
    Ok(())
}

fn ingester_error(
    (reason, wording): (&'static str, &'static str),
    labels: &Labels,
    timestamp: i64,
) -> Complaint {
    let nanos = i128::from(timestamp) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| timestamp.to_string());
    let pairs: Vec<String> = labels.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
    let series = pairs.join(", ");
    (reason, format!("user=emulator: err: {wording}. timestamp={time}, series={{{series}}}"))
}

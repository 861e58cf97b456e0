//! VictoriaMetrics 1.79: answers 204 to whatever it can decode, and drops what it cannot keep in silence.

use super::head::Head;
use super::personality::{Circumstances, Verdict, identity};
use super::proto::WriteRequest;

/// `-maxLabelsPerTimeseries`: labels beyond it are cut off.
const MAX_LABELS: usize = 30;
/// `-retentionPeriod=1` is a month.
const RETENTION_MS: i64 = 31 * DAY_MS;
/// Anything farther ahead is dropped.
const MAX_AHEAD_MS: i64 = 2 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn ingest(
    head: &mut Head,
    request: &WriteRequest,
    around: Circumstances<'_>,
) -> Verdict {
    if request.timeseries.iter().any(|series| around.is_poisoned(series)) {
        return Verdict {
            status: 400,
            body: "refused by script\n".to_owned(),
            ..Verdict::accepted(400, 0)
        };
    }
    let keeps = around.now_ms - RETENTION_MS..=around.now_ms + MAX_AHEAD_MS;
    let mut stored = 0;
    for series in &request.timeseries {
        let mut labels = identity(series);
        labels.remove("");
        if labels.is_empty() {
            continue;
        }
        while labels.len() > MAX_LABELS {
            labels.pop_last();
        }
        for sample in series.samples.iter().filter(|s| keeps.contains(&s.timestamp)) {
            head.put(labels.clone(), *sample);
            stored += 1;
        }
    }
    Verdict::accepted(204, stored)
}

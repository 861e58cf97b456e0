//! Prometheus 2.42 with `--web.enable-remote-write-receiver`: the first bad sample rolls back the request.
//!
//! Measured. It looks at no name and sorts labels itself. Some answers are 500 where later versions say 400
//! (too old: 2.50, repeated label: 2.55): a sender that meets one must not send the same body for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::head::{Head, Unappendable};
use super::personality::{Circumstances, Passed, Verdict, identity, window, wording};
use super::proto::{TimeSeries, WriteRequest};

pub(super) fn ingest(
    head: &mut Head,
    request: &WriteRequest,
    ooo_window: Duration,
    around: Circumstances<'_>,
) -> Verdict {
    let window = window(head, request, ooo_window);
    let mut passed = Passed::new();
    for series in &request.timeseries {
        if around.is_poisoned(series) {
            return rolled_back(400, "label_invalid", "refused by script");
        }
        if repeats_a_label(series) {
            return rolled_back(
                500,
                "duplicate_label_names",
                "label name is not unique: invalid sample",
            );
        }
        let labels = identity(series);
        if labels.is_empty() {
            return rolled_back(500, "label_invalid", "empty labelset: invalid sample");
        }
        for sample in &series.samples {
            match head.judge(&labels, *sample, window) {
                Ok(()) => passed.push((labels.clone(), *sample)),
                Err(why) => {
                    let status = if why == Unappendable::TooOld { 500 } else { 400 };
                    let (reason, text) = wording(why);
                    return rolled_back(status, reason, text);
                }
            }
        }
    }
    Verdict::accepted(204, head.commit(passed, window))
}

fn repeats_a_label(series: &TimeSeries) -> bool {
    let mut seen = BTreeSet::new();
    series.labels.iter().any(|label| !seen.insert(&label.name))
}

fn rolled_back(status: u16, reason: &'static str, text: &str) -> Verdict {
    Verdict { status, body: format!("{text}\n"), stored: 0, refused: BTreeMap::from([(reason, 1)]) }
}

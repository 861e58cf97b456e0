//! What the receivers hold when the hour is over, in the terms of [`truth`](super::truth).

use std::collections::BTreeMap;

use emulators::receivers::mackerel::MackerelApi;
use emulators::receivers::remote_write::RemoteWriteReceiver;
use serde_json::Value;

use super::document::SERVICE;
use super::truth::{Points, identity};

/// What a receiver holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// By the series' identity.
    pub(super) series: BTreeMap<String, Points>,
    /// Values that arrived although they were there already.
    pub(super) twice: u64,
}

impl Held {
    /// At a receiver of remote write. Info series and self metrics are left out: they are said anew in each run.
    pub(super) fn of_receiver(receiver: &RemoteWriteReceiver) -> Self {
        let mut series = BTreeMap::new();
        for (labels, samples) in receiver.series() {
            let Some(mut key) = identity(&labels) else { continue };
            // Two series of one identity are a series too many: nobody is waiting for the second.
            while series.contains_key(&key) {
                key.push_str(", again");
            }
            series.insert(key, samples.iter().map(|(at, value)| (at / 1000, *value)).collect());
        }
        Self { series, twice: receiver.duplicates().len() as u64 }
    }

    /// In the Mackerel service.
    pub(super) fn of_mackerel(mackerel: &MackerelApi) -> Self {
        let series = mackerel.metrics(SERVICE);
        let stored: u64 = series.values().map(|points| points.len() as u64).sum();
        Self { series, twice: posted(mackerel).saturating_sub(stored) }
    }
}

/// How many points were posted and taken. The API keeps one value a minute, so that a repeat shows nowhere else.
fn posted(mackerel: &MackerelApi) -> u64 {
    let requests = mackerel.requests();
    let taken = requests
        .iter()
        .filter(|request| request.answer.as_ref().is_some_and(|answer| answer.status == 200));
    let points = |body: &[u8]| match serde_json::from_slice(body) {
        Ok(Value::Array(points)) => points.len() as u64,
        _ => 0,
    };
    taken.map(|request| points(&request.body)).sum()
}

//! VictoriaMetrics, as it is by default and with the flag that removes identical repeats.

use std::collections::BTreeMap;

use tests::samples::{Samples, differences};
use tests::victoria_metrics::VictoriaMetrics;
use tests::{World, minute};

use super::{HOUR, TWICE, VALUES, an_hour, an_hour_with_a_crash, by_series, truth, well, world};

/// Removes samples that stand at the time of another.
const DEDUPLICATING: &str = "-dedup.minScrapeInterval=1ms";

/// VictoriaMetrics keeps decimal numbers of twelve digits or more.
const TOLERANCE: f64 = 1e-11;

/// These samples and no other, for a query and for an export.
fn holds(receiver: &VictoriaMetrics, truth: &BTreeMap<String, Samples>) {
    let exported = by_series(receiver.export(VALUES));
    assert_eq!(differences(&exported, truth, TOLERANCE), Vec::<String>::new());
    let queried = by_series(receiver.raw(VALUES, "3h", minute(70)));
    assert_eq!(differences(&queried, truth, TOLERANCE), Vec::<String>::new());
}

async fn an_hour_arrives(flags: &[&str], interval: i64) {
    let receiver = VictoriaMetrics::start(flags);
    let world = world(&receiver.write_url(), interval);
    let handler = world.handler().await;
    an_hour(&world, &handler, interval).await;
    holds(&receiver, &truth(&world, HOUR));
}

#[tokio::test]
async fn an_hour_arrives_minute_by_minute() {
    an_hour_arrives(&[], 1).await;
}

#[tokio::test]
async fn an_hour_arrives_five_minutes_at_a_time() {
    an_hour_arrives(&[], 5).await;
}

#[tokio::test]
async fn an_hour_arrives_where_repeats_are_removed() {
    an_hour_arrives(&[DEDUPLICATING], 5).await;
}

async fn after_a_crash(flags: &[&str]) -> (VictoriaMetrics, World) {
    let receiver = VictoriaMetrics::start(flags);
    let world = world(&receiver.write_url(), 5);
    an_hour_with_a_crash(&world).await.iter().for_each(well);
    (receiver, world)
}

#[tokio::test]
async fn what_is_delivered_again_after_a_crash_is_removed_by_the_flag() {
    let (receiver, world) = after_a_crash(&[DEDUPLICATING]).await;
    holds(&receiver, &truth(&world, HOUR));
}

/// Why the flag is recommended: without it sums over raw samples count these minutes twice.
#[tokio::test]
async fn what_is_delivered_again_after_a_crash_stays_twice_without_the_flag() {
    let (receiver, world) = after_a_crash(&[]).await;
    let mut truth = truth(&world, HOUR);
    for samples in truth.values_mut() {
        let twice = minute(TWICE.start).as_secs()..minute(TWICE.end).as_secs();
        let repeats: Samples =
            samples.iter().filter(|(at, _)| twice.contains(at)).copied().collect();
        samples.extend(repeats);
        samples.sort_by_key(|(at, _)| *at);
    }
    let exported = by_series(receiver.export(VALUES));
    assert_eq!(differences(&exported, &truth, TOLERANCE), Vec::<String>::new());
}

//! `probe`, with its sinks down for a while, so that processes are killed while they probe, while they put something into the
//! spool and while they take it out. Everything is there that a process saw and lived to answer for; of what another one saw,
//! only what it had brought somewhere.

use std::collections::BTreeSet;

use emulators::aws::Options as AwsOptions;
use tests::laboratory::ledger::Ledger;
use tests::laboratory::probed::Probed;
use tests::laboratory::trouble::Receiver;
use tests::live::{Live, now};
use tests::probe_truth::is_of_probes;
use tests::prometheus::Prometheus;
use tests::samples::{Labels, Samples};
use tests::{Holding, in_words};

use super::{Trial, assert_all_went_by_the_rules, assert_the_spool_was_used};

/// Events that come later than this are not observed.
const INTERVAL_SECONDS: u64 = 25 * 60;

/// By `metric{label="value",…}`, without self metrics.
fn of_probes(held: impl IntoIterator<Item = (Labels, Samples)>) -> Holding {
    let held = held.into_iter().filter(|(labels, _)| is_of_probes(labels));
    held.map(|(labels, samples)| (in_words(&labels), samples.into_iter().collect())).collect()
}

/// Every sample is there that was answered for, and none that nobody can have.
fn assert_held(who: &str, held: &Holding, (observed, perhaps): &(Holding, Holding)) {
    for (name, points) in observed {
        for (at, due) in points {
            let found = held.get(name).and_then(|points| points.get(at));
            let is_right = found.is_some_and(|found| found == due || due.is_nan());
            assert!(is_right, "{who}: {name} at {at} is {found:?}, not {due}");
        }
    }
    for (name, points) in held {
        let times = |holding: &Holding| -> BTreeSet<i64> {
            holding.get(name).into_iter().flat_map(|points| points.keys().copied()).collect()
        };
        let may_be: BTreeSet<i64> = &times(observed) | &times(perhaps);
        let too_many: Vec<&i64> = points.keys().filter(|at| !may_be.contains(at)).collect();
        assert_eq!(too_many, Vec::<&i64>::new(), "{who}: {name}");
    }
    assert!(!observed.is_empty());
}

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing_that_it_saw_and_answered_for() {
    let prometheus = Prometheus::start();
    let probed = Probed::start(false);
    let live = Live::with(AwsOptions::default(), "");
    let whole = live.configuration(&prometheus.write_url());
    live.configure(&whole.replace("cloudfront: {}", &probed.sections()));
    let trial =
        Trial { interval_seconds: INTERVAL_SECONDS, outage: 5..14, ..Trial::of("probe", 20, 10) };
    let answered = trial.run(&live, 37);

    let time = |n: i64| trial.time(n).as_secs();
    let ledger = Ledger {
        begun: (0..=trial.events).map(time).collect(),
        observed: answered.into_iter().map(time).collect(),
        ..Ledger::default()
    };
    let due = |receiver| probed.due(receiver, &ledger);
    let held = prometheus.raw(r#"{job="blackbox"}"#, "3h", now());
    assert_held("Prometheus", &of_probes(held), &due(Receiver::RemoteWrite));
    let held = live.receiver.series().into_iter().map(|(labels, samples)| {
        (labels, samples.into_iter().map(|(ms, value)| (ms / 1000, value)).collect())
    });
    assert_held("the emulated receiver", &of_probes(held), &due(Receiver::RemoteWrite));
    let held = live.mackerel.metrics("production");
    assert_held("Mackerel", &held, &due(Receiver::Mackerel));

    assert_the_spool_was_used(&live);
    assert_all_went_by_the_rules(&live);
}

//! `ecs`, with its sinks down for a while, so that processes are killed while they put something into the spool and while
//! they take it out. What CloudWatch has is all there. Of what was counted, everything is there that an invocation lived to
//! answer for; of what it had counted when it was killed, only what it had brought somewhere.

use std::collections::{BTreeMap, BTreeSet};

use emulators::aws::Options as AwsOptions;
use emulators::traffic::ecs::{Cluster, EcsFleet, Service};
use series::Timestamp;
use tests::live::{Live, now};
use tests::prometheus::Prometheus;
use tests::{EcsDue, EcsTruth, Holding, held_of_ecs, minute};

use super::{Trial, assert_all_went_by_the_rules, assert_the_spool_was_used};

const REGION: &str = "ap-northeast-1";

/// Where the interval is not more than this, events of the trial are too late to be observed; where it is longer than
/// `catch_up` allows, the first run gives something up.
const INTERVAL_SECONDS: u64 = 25 * 60;

/// Nothing is deployed: what is counted is the same at all times.
fn fleet() -> EcsFleet {
    EcsFleet { clusters: vec![Cluster::new("production", vec![Service::new("web", 2)])] }
}

/// The minute of the tests' time.
fn index(at: Timestamp) -> i64 {
    (at.as_secs() - minute(0).as_secs()).div_euclid(60)
}

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing_that_it_answered_for() {
    let prometheus = Prometheus::start();
    let ecs = BTreeMap::from([(REGION.to_owned(), fleet())]);
    let live = Live::with(AwsOptions { ecs, ..AwsOptions::default() }, "ecs: {}");
    let whole = live.configuration(&prometheus.write_url());
    live.configure(&whole.replace("cloudfront: {}", "ecs: {}"));
    let trial =
        Trial { interval_seconds: INTERVAL_SECONDS, outage: 7..13, ..Trial::of("ecs", 20, 18) };
    let answered = trial.run(&live, 21);

    let account = &live.aws.key().account;
    let truth = EcsTruth::of(account, REGION, live.aws.ecs_fleet(REGION));
    let first = index(trial.time(0));
    let interval = INTERVAL_SECONDS as i64 / 60;
    let metrics = truth.metrics(first - 2 - interval..first + trial.events - 2);
    let counts = truth.counts(first - 1, [first]);
    let check = |who: &str, held: Holding, due: fn(&EcsDue) -> Holding| {
        let (read, counted): (Holding, Holding) =
            held.into_iter().partition(|(name, _)| due(&metrics).contains_key(name));
        assert_eq!(read, due(&metrics), "{who}");
        assert_counted(who, &counted, &due(&counts), &trial, &answered);
    };
    let held = prometheus.raw(r#"{__name__=~"(aws_)?ecs_.+"}"#, "3h", now());
    check("Prometheus", held_of_ecs(held), EcsDue::remote_write);
    let held = live.receiver.series().into_iter().map(|(labels, samples)| {
        (labels, samples.into_iter().map(|(ms, value)| (ms / 1000, value)).collect())
    });
    check("the emulated receiver", held_of_ecs(held), EcsDue::remote_write);
    check("Mackerel", live.mackerel.metrics("production"), EcsDue::mackerel);

    assert_the_spool_was_used(&live);
    assert_all_went_by_the_rules(&live);
}

/// Every series has a value at the time of each event that was answered, perhaps at those of the others, and at no other.
fn assert_counted(
    who: &str,
    held: &Holding,
    due: &Holding,
    trial: &Trial,
    answered: &BTreeSet<i64>,
) {
    let names = |holding: &Holding| holding.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(held), names(due), "{who}");
    for (name, points) in held {
        let value = due[name].values().next().copied().expect("one value");
        for n in 0..=trial.events {
            let found = points.get(&trial.time(n).as_secs());
            assert!(found.is_some() || !answered.contains(&n), "{who}: {name} of event {n}");
            assert!(found.is_none_or(|found| *found == value), "{who}: {name} of event {n}");
        }
        let times: BTreeSet<i64> = (0..=trial.events).map(|n| trial.time(n).as_secs()).collect();
        assert!(points.keys().all(|at| times.contains(at)), "{who}: {name}");
    }
}

//! The accounts of samples that cannot be had again: whatever the receiver does, each is taken, given up and counted, or
//! kept; and what was kept arrives once the receiver is well.

use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::POST_SERVICE_METRICS;
use emulators::receivers::remote_write::{Personality, WRITE};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use series::Series;
use sinks::{Body, Sink};

use super::{deliver_or_keep, redeliver};
use crate::mackerel;
use crate::remote_write::outages::an_hour_later;
use crate::remote_write::{AMP, PROMETHEUS, assert_stored, receiver};
use crate::support::{sink, traffic};

/// What goes wrong on the way: faults that pass, each after so many requests, and then one that does not.
#[derive(Debug, Clone)]
struct Script {
    passing: Vec<(u32, Fault)>,
    end: Option<(u32, Fault)>,
}

impl Script {
    fn rules(&self, operation: &str) -> Vec<Rule> {
        let rule = |(after, fault): &(u32, Fault)| Rule::on(operation, fault.clone()).skip(*after);
        let end = self.end.iter().map(|end| rule(end).forever());
        self.passing.iter().map(rule).chain(end).collect()
    }
}

fn passing() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Status(503, "busy".to_owned())),
        Just(Fault::CutConnection),
        Just(Fault::CutAfter),
        Just(Fault::CutInBody),
    ]
}

fn lasting() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(an_hour_later(503, "down")),
        Just(an_hour_later(429, "too much")),
        Just(Fault::Status(404, "gone".to_owned())),
        Just(Fault::Status(401, "who".to_owned())),
    ]
}

/// Delivers while the receiver is ill. Everything that was offered is taken, given up or kept.
fn deliver_to_the_ill(
    sink: &Sink,
    offered: &[Series],
    largest: u64,
) -> Result<Vec<Body>, TestCaseError> {
    let (delivery, bodies) = deliver_or_keep(sink, offered);
    let samples: usize = offered.iter().map(|series| series.samples.len()).sum();
    let kept: u64 = bodies.iter().map(|body| body.samples).sum();
    prop_assert_eq!(delivery.sent + delivery.rejected + kept, samples as u64);
    prop_assert!(delivery.outcome.is_err() || bodies.is_empty());
    prop_assert!(bodies.iter().all(|body| (1..=largest).contains(&body.samples)));
    Ok(bodies)
}

/// Brings bodies there once it is well. Only a body in which everything is bad may stay.
fn deliver_to_the_well(sink: &Sink, bodies: &[Body], bad: usize) -> Result<(), TestCaseError> {
    for body in bodies {
        let delivery = redeliver(sink, body);
        if delivery.outcome.is_ok() {
            prop_assert_eq!(delivery.sent + delivery.rejected, body.samples);
        } else {
            prop_assert_eq!((delivery.sent, delivery.rejected), (0, 0));
            prop_assert!(body.samples <= bad as u64, "{:?}", delivery);
        }
    }
    Ok(())
}

fn check_remote_write(
    personality: Personality,
    offered: &[Series],
    most_samples: usize,
    bad: &[String],
    (script, limit): (&Script, Option<usize>),
) -> Result<(), TestCaseError> {
    let receiver = receiver(personality);
    bad.iter().for_each(|id| receiver.refuse_series("dimension_DistributionId", id));
    script.rules(WRITE).into_iter().for_each(|rule| receiver.faults().push(rule));
    receiver.answer_413_over(limit);
    let queue = format!("min_backoff: 1ms, max_backoff: 2ms, max_samples_per_send: {most_samples}");
    let entry = format!("{{url: '{}', queue_config: {{{queue}}}}}", receiver.url());
    let sink = sink(&format!("remote_write: [{entry}]"));

    let bodies = deliver_to_the_ill(&sink, offered, most_samples as u64)?;
    receiver.faults().clear();
    receiver.answer_413_over(None);
    deliver_to_the_well(&sink, &bodies, bad.len())?;
    let bad: Vec<_> = bad.iter().map(String::as_str).collect();
    assert_stored(&receiver, offered, &bad);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sample_that_goes_to_a_receiver_of_remote_write_is_lost(
        (series, minutes, most_samples) in (1usize..40, 1u64..4, 1usize..50),
        bad in btree_set(0usize..40, 0..3),
        passing in vec((0u32..4, passing()), 0..4),
        end in proptest::option::of((0u32..12, lasting())),
        limit in proptest::option::of(1_000usize..3_000),
    ) {
        let script = Script { passing, end };
        let bad = bad.iter().filter(|number| **number < series);
        let bad: Vec<_> = bad.map(|number| format!("E{number}")).collect();
        for personality in [PROMETHEUS, AMP] {
            let offered = traffic(series, minutes);
            check_remote_write(personality, &offered, most_samples, &bad, (&script, limit))?;
        }
    }
}

proptest! {
    // Fewer, and no faults that pass: Mackerel's client waits half a second at least.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_point_that_goes_to_mackerel_is_lost(
        (series, minutes) in (1usize..300, 1u64..4),
        bad in btree_set(0usize..300, 0..2),
        end in proptest::option::of((0u32..12, lasting())),
    ) {
        let api = mackerel::api();
        let name = |number: usize| format!("cloudfront.requests.www{number}_example_com");
        bad.iter().for_each(|&number| api.refuse_metric(&name(number)));
        let script = Script { passing: Vec::new(), end };
        script.rules(POST_SERVICE_METRICS).into_iter().for_each(|rule| api.faults().push(rule));
        let (sink, offered) = (mackerel::sink_to(&api), traffic(series, minutes));

        let bodies = deliver_to_the_ill(&sink, &offered, 500)?;
        api.faults().clear();
        deliver_to_the_well(&sink, &bodies, minutes as usize)?;
        let metrics = api.metrics("web");
        for (number, series) in offered.iter().enumerate().filter(|(number, _)| !bad.contains(number)) {
            let points = metrics.get(&name(number)).map_or(0, |points| points.len());
            prop_assert_eq!(points, series.samples.len(), "{}", name(number));
        }
        mackerel::assert_polite(&api);
    }
}

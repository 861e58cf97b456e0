//! Tests of [`requests`](super::requests).

use std::time::Duration;

use proptest::prelude::*;
use series::relabel::{RawRule, Rule};
use series::{Labels, METRIC_NAME, Sample, Series};

use super::encode::series_len;
use super::requests::{Bounds, NAMELESS, Plan, plan};
use crate::admission::{DUPLICATE, FUTURE, TOO_OLD};
use crate::outgoing::Outgoing;
use crate::testing::{NOW, admission, counted, series};

const WIDE: Bounds = Bounds { samples: 2000, bytes: 1_000_000 };

fn planned(series: &[Series]) -> Plan {
    plan(series, &Outgoing::default(), &admission(), WIDE)
}

/// The requests as lists of (series, minutes ago).
fn shape(plan: &Plan) -> Vec<Vec<(usize, u64)>> {
    let ago = |sample: &Sample| NOW.since(sample.at).as_secs() / 60;
    let items = |range: &std::ops::Range<usize>| {
        plan.items[range.clone()].iter().map(|item| (item.series, ago(&item.sample))).collect()
    };
    plan.requests.iter().map(items).collect()
}

fn rule(raw: RawRule) -> Rule {
    Rule::new(raw).expect("a valid rule")
}

fn action(action: &str, regex: &str) -> Rule {
    let raw =
        RawRule { regex: Some(regex.into()), action: Some(action.into()), ..RawRule::default() };
    rule(raw)
}

#[test]
fn five_minutes_of_two_series_are_five_requests_oldest_first() {
    let minutes = [(5, 1.0), (4, 2.0), (3, 3.0), (2, 4.0), (1, 5.0)];
    let plan = planned(&[
        series("requests", "E1", "a", &minutes),
        series("requests", "E2", "b", &minutes),
    ]);
    let expected: Vec<_> = [5, 4, 3, 2, 1].map(|ago| vec![(0, ago), (1, ago)]).into();
    assert_eq!(shape(&plan), expected);
    assert_eq!(plan.refusals.samples(), 0);
}

#[test]
fn series_that_lag_share_requests_with_series_that_do_not() {
    let plan = planned(&[
        series("requests", "E1", "a", &[(3, 1.0), (1, 2.0)]),
        series("requests", "E2", "b", &[(2, 3.0)]),
    ]);
    assert_eq!(shape(&plan), [vec![(0, 3), (1, 2)], vec![(0, 1)]]);
}

#[test]
fn requests_are_bounded_in_samples_and_in_bytes() {
    let many: Vec<_> =
        (0..10).map(|n| series("requests", &format!("E{n}"), "a", &[(1, 1.0)])).collect();
    let by = |samples, bytes| {
        let plan = plan(&many, &Outgoing::default(), &admission(), Bounds { samples, bytes });
        plan.requests.iter().map(ExactSizeIterator::len).collect::<Vec<_>>()
    };
    assert_eq!(by(4, 1_000_000), [4, 4, 2]);
    let one = planned(&many[..1]);
    let length = series_len(one.labels.get(0), &one.items[0].sample);
    assert_eq!(by(2000, length * 3), [3, 3, 3, 1]);
    assert_eq!(by(2000, 1), [1; 10], "what is too large alone goes alone");
}

#[test]
fn a_timestamp_in_the_future_is_never_sent_nor_moved() {
    let mut ahead = series("requests", "E1", "a", &[(1, 1.0), (0, 2.0)]);
    ahead.samples.push(Sample { at: NOW + Duration::from_millis(1), value: 3.0 });
    let plan = planned(&[ahead]);
    assert_eq!(shape(&plan), [[(0, 1)], [(0, 0)]]);
    assert_eq!(plan.refusals.of(FUTURE), 1);
}

#[test]
fn a_sample_that_is_too_old_is_counted() {
    let plan = planned(&[series("requests", "E1", "a", &[(61, 1.0), (60, 2.0)])]);
    assert_eq!(shape(&plan), [[(0, 60)]]);
    assert_eq!(plan.refusals.of(TOO_OLD), 1);
}

#[test]
fn of_two_series_that_relabeling_makes_one_the_first_sample_of_a_time_is_sent() {
    let relabeling = vec![action("labeldrop", "alias|dimension_.*")];
    let outgoing = Outgoing { relabeling, ..Outgoing::default() };
    let both = [
        series("requests", "E1", "a", &[(2, 1.0), (1, 2.0)]),
        series("requests", "E2", "b", &[(3, 3.0), (2, 4.0)]),
    ];
    let plan = plan(&both, &outgoing, &admission(), WIDE);
    assert_eq!(shape(&plan), [[(0, 3)], [(0, 2)], [(0, 1)]]);
    assert_eq!(plan.items[1].sample.value, 1.0);
    assert_eq!(plan.refusals.of(DUPLICATE), 1);
    assert_eq!(plan.labels.len(), 1);
}

#[test]
fn external_labels_come_before_relabeling_and_give_way_to_a_series_own() {
    let rename = RawRule {
        source_labels: vec!["cluster".into(), "alias".into()],
        target_label: Some("both".into()),
        ..RawRule::default()
    };
    let external = [("cluster", "prod"), ("alias", "other")];
    let outgoing = Outgoing {
        external_labels: external.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        relabeling: vec![rule(rename)],
    };
    let labels = outgoing.labels(&series("requests", "E1", "a", &[])).expect("it is kept");
    assert_eq!(labels.get("cluster"), Some("prod"));
    assert_eq!(labels.get("alias"), Some("a"));
    assert_eq!(labels.get("both"), Some("prod;a"));
}

#[test]
fn what_relabeling_drops_is_not_sent_and_not_counted() {
    let all = [series("requests", "E1", "a", &[(1, 1.0)]), series("bytes", "E1", "a", &[(1, 2.0)])];
    let keep = RawRule {
        source_labels: vec![METRIC_NAME.into()],
        regex: Some(".*bytes.*".into()),
        action: Some("keep".into()),
        ..RawRule::default()
    };
    for (rule, expected) in [(rule(keep), 1), (action("labeldrop", ".*"), 0)] {
        let outgoing = Outgoing { relabeling: vec![rule], ..Outgoing::default() };
        let plan = plan(&all, &outgoing, &admission(), WIDE);
        assert_eq!(plan.items.len(), expected);
        assert_eq!(plan.refusals.samples(), 0);
    }
}

#[test]
fn a_series_without_a_name_is_refused_here() {
    let outgoing =
        Outgoing { relabeling: vec![action("labeldrop", METRIC_NAME)], ..Outgoing::default() };
    let plan = plan(
        &[series("requests", "E1", "a", &[(2, 1.0), (1, 1.0)])],
        &outgoing,
        &admission(),
        WIDE,
    );
    assert!(plan.requests.is_empty());
    assert_eq!(plan.refusals.of(NAMELESS), 2);
}

#[test]
fn values_that_are_no_numbers_are_values() {
    let values = [(3, f64::NAN), (2, f64::INFINITY), (1, f64::NEG_INFINITY)];
    let plan = planned(&[series("requests", "E1", "a", &values)]);
    let bits: Vec<_> = plan.items.iter().map(|item| item.sample.value.to_bits()).collect();
    assert_eq!(bits, values.map(|(_, value)| value.to_bits()));
}

fn any_series() -> impl Strategy<Value = Vec<Series>> {
    let one = (0usize..6, proptest::collection::btree_set(0u64..59, 0..12));
    proptest::collection::vec(one, 0..12).prop_map(|all| {
        let build = |(id, minutes): (usize, std::collections::BTreeSet<u64>)| {
            let samples: Vec<_> = minutes.iter().rev().map(|at| (*at, *at as f64)).collect();
            series("requests", &format!("E{id}"), "a", &samples)
        };
        all.into_iter().map(build).collect()
    })
}

proptest! {
    #[test]
    fn every_sample_is_in_one_request_or_counted_and_the_order_holds(
        input in any_series(), samples in 1usize..10, bytes in 1usize..2000,
    ) {
        let plan = plan(&input, &Outgoing::default(), &admission(), Bounds { samples, bytes });
        let given: usize = input.iter().map(|series| series.samples.len()).sum();
        prop_assert_eq!(plan.items.len() as u64 + plan.refusals.samples(), given as u64);
        prop_assert_eq!(plan.refusals.of(DUPLICATE), plan.refusals.samples());

        let times: Vec<_> = plan.items.iter().map(|item| item.sample.at).collect();
        prop_assert!(times.is_sorted(), "oldest first");
        let mut expected = 0;
        for request in &plan.requests {
            prop_assert_eq!(request.start, expected);
            prop_assert!(!request.is_empty() && request.len() <= samples);
            let items = &plan.items[request.clone()];
            let length: usize = items.iter().map(|item| series_len(plan.labels.get(item.series), &item.sample)).sum();
            prop_assert!(length <= bytes || request.len() == 1);
            prop_assert!(counted(items.iter().map(|item| item.series)).values().all(|count| *count == 1));
            expected = request.end;
        }
        prop_assert_eq!(expected, plan.items.len());

        let distinct = |series: &Series| series.samples.iter().map(|sample: &Sample| (series.labels.clone(), sample.at)).collect::<Vec<(Labels, _)>>();
        let unique: std::collections::BTreeSet<_> = input.iter().flat_map(distinct).collect();
        prop_assert_eq!(unique.len(), plan.items.len());
    }
}

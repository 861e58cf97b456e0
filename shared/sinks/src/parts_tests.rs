//! Tests of [`parts`](super::parts).

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::parts::{Answered, PROBES, Parts, Resolved, Search};

/// Sends the parts to a receiver that refuses whatever holds a bad sample; gives the rest up.
fn run(samples: usize, bad: &BTreeSet<usize>, splits: u32) -> (Resolved, BTreeSet<usize>, u32) {
    let (mut parts, stored, requests) = search(Search::Wide, 0..samples, 0, bad, splits);
    parts.give_up().expect("nothing was too large");
    (parts.resolve(), stored, requests)
}

/// The same, as far as it goes.
fn search(
    search: Search,
    samples: Range<usize>,
    offset: usize,
    bad: &BTreeSet<usize>,
    mut splits: u32,
) -> (Parts, BTreeSet<usize>, u32) {
    let mut parts = Parts::of(samples, search, offset);
    let mut stored = BTreeSet::new();
    let mut requests = 0;
    while let Some(part) = parts.next() {
        if !parts.at_start() {
            if splits == 0 || parts.is_hopeless() {
                break;
            }
            splits -= 1;
        }
        requests += 1;
        if part.clone().any(|sample| bad.contains(&sample)) {
            parts.not_taken(&Answered::Refused("status 400: out of order sample".into()));
        } else {
            stored.extend(part);
            parts.taken();
        }
    }
    (parts, stored, requests)
}

#[test]
fn a_good_request_is_one_request() {
    let (resolved, stored, requests) = run(2000, &BTreeSet::new(), 64);
    assert_eq!((resolved.samples(), stored.len(), requests), (2000, 2000, 1));
}

#[test]
fn one_bad_sample_of_two_thousand_is_found_within_the_limit() {
    for bad in [0, 1, 999, 1000, 1999] {
        let (resolved, stored, requests) = run(2000, &BTreeSet::from([bad]), 64);
        assert_eq!((resolved.samples(), resolved.refused.samples()), (1999, 1), "bad {bad}");
        assert!(!stored.contains(&bad) && requests <= 30, "{requests} requests");
    }
}

#[test]
fn a_request_that_is_bad_throughout_does_not_use_up_the_run() {
    let (resolved, _, requests) = run(2000, &(0..2000).collect(), 64);
    assert_eq!((resolved.samples(), resolved.refused.samples()), (0, 2000));
    assert_eq!(requests, 6);
}

#[test]
fn suspects_that_are_all_refused_again_are_soon_known() {
    for (samples, most) in [(1, 1), (5, 9), (6, 6), (200, 6)] {
        let (mut parts, _, requests) =
            search(Search::Suspects, 0..samples, 3, &(0..samples).collect(), 64);
        parts.give_up().expect("nothing was too large");
        assert_eq!(parts.resolve().refused.samples(), samples as u64);
        assert!(requests <= most, "{samples}: {requests} requests");
    }
}

#[test]
fn a_suspect_that_is_well_again_is_found_in_one_of_the_next_runs() {
    let bad: BTreeSet<usize> = (0..40).filter(|at| *at != 17).collect();
    let finds = |offset| !search(Search::Suspects, 0..40, offset, &bad, 64).1.is_empty();
    let found = (0..40).filter(|offset| finds(*offset)).count();
    assert_eq!(found, PROBES.len(), "of 40 offsets");
}

/// What a run leaves open is what the next one begins with.
#[test]
fn a_deep_search_comes_to_an_end_in_a_few_runs_and_gives_up_no_good_sample() {
    for (samples, step, most) in [(400, 20, 4), (1000, 10, 14), (1000, 2, 40), (2000, 10, 30)] {
        let (mut open, mut runs, mut taken) = ((0..samples).collect::<Vec<usize>>(), 0, 0);
        while !open.is_empty() {
            runs += 1;
            let is_bad = |at: &usize| open[*at].is_multiple_of(step);
            let bad = (0..open.len()).filter(is_bad).collect();
            let (parts, stored, _) = search(Search::Rest, 0..open.len(), 0, &bad, 64);
            taken += stored.len();
            let left = parts.resolve().open.into_iter().flatten();
            open = left.map(|at| open[at]).collect();
            assert!(runs <= most, "{} of {samples} by {step} are left", open.len());
        }
        assert_eq!(taken, samples - samples.div_ceil(step));
    }
}

#[test]
fn bad_samples_spread_in_step_do_not_hide_the_good_ones() {
    for step in [2, 5, 10, 20, 41, 100] {
        let bad = (0..1000).step_by(step).collect();
        let (resolved, ..) = run(1000, &bad, 64);
        assert!(resolved.samples() > 0, "one of {step} is bad");
        assert_eq!(resolved.samples() + resolved.refused.samples(), 1000);
    }
}

#[test]
fn what_is_too_large_is_halved_but_never_given_up() {
    let mut parts = Parts::of(0..4, Search::Wide, 0);
    parts.not_taken(&Answered::TooLarge("status 413".into()));
    assert_eq!(parts.next(), Some(0..2));
    parts.taken();
    assert_eq!(parts.give_up(), Err("status 413".into()));
    let resolved = parts.resolve();
    assert_eq!((resolved.samples(), resolved.open.first()), (2, Some(&(2..4))));
}

proptest! {
    #[test]
    fn every_sample_is_accounted_for_and_no_good_one_is_lost_while_splits_last(
        samples in 1usize..300, bad in proptest::collection::btree_set(0usize..300, 0..6), splits in 0u32..200,
    ) {
        let bad: BTreeSet<_> = bad.into_iter().filter(|at| *at < samples).collect();
        let (resolved, stored, requests) = run(samples, &bad, splits);
        prop_assert_eq!(resolved.samples() + resolved.refused.samples(), samples as u64);
        prop_assert_eq!(resolved.samples(), stored.len() as u64);
        prop_assert!(requests <= splits + 1);
        prop_assert!(stored.is_disjoint(&bad));
        // Six bad samples of 300 need at most 5 probes, 6 stretches and 2 · 6 · 6 halves; the probes must not hit
        // bad ones alone.
        if splits >= 83 && bad.len() < PROBES.len() {
            prop_assert_eq!(resolved.refused.samples(), bad.len() as u64);
        }
    }
}

//! The fault laboratory, with a few seeds that are always the same; `cargo xtask bench faults` has as many as one likes.

use tests::laboratory::{Plan, Subject, Verdict, experiment};

/// The minutes of a seed's schedule.
const HOUR: i64 = 60;
const DAY: i64 = 24 * 60;

/// Each is a test of its own, so that they run beside each other.
macro_rules! experiments {
    ($($name:ident: $subject:ident, $seed:literal, $minutes:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let plan = Plan::of($seed, $minutes);
                let verdict = experiment(Subject::$subject, &plan);
                assert_eq!(verdict.indictment(Subject::$subject, &plan), None);
            }
        )*
    };
}

experiments! {
    whatever_happens_to_cloudfront_nothing_is_lost: CloudFront, 1, HOUR;
    whatever_happens_to_cloudfront_in_a_second_world: CloudFront, 3, HOUR;
    whatever_happens_to_cloudfront_in_a_third_world: CloudFront, 5, HOUR;
    whatever_happens_to_cloudfront_in_a_fourth_world: CloudFront, 7, HOUR;
    whatever_happens_to_ecs_nothing_is_lost: Ecs, 2, HOUR;
    whatever_happens_to_ecs_in_a_second_world: Ecs, 4, HOUR;
    whatever_happens_to_ecs_in_a_third_world: Ecs, 6, HOUR;
    a_conflict_with_nothing_there_costs_no_body: Ecs, 120, HOUR;
    more_bad_samples_than_a_run_can_find_hold_up_nothing: Ecs, 230, HOUR;
    more_bad_samples_than_a_run_can_find_are_found_after_a_cold_start: Ecs, 890, HOUR;
    a_spool_whose_store_hangs_holds_no_run: Ecs, 362, HOUR;
    whatever_happens_to_probe_nothing_is_lost: Probe, 3, HOUR;
    whatever_happens_to_probe_in_a_second_world: Probe, 70, HOUR;
    whatever_happens_to_probe_in_a_third_world_with_many_targets: Probe, 61, HOUR;
    a_day_of_cloudfront_in_which_everything_goes_wrong: CloudFront, 1_440, DAY;
    a_day_of_ecs_in_which_everything_goes_wrong: Ecs, 1_442, DAY;
    a_day_of_probe_in_which_everything_goes_wrong: Probe, 5, DAY;
}

/// Each kind of trouble once, so that none is left to chance.
fn every_trouble(subject: Subject, seed: u64) {
    let Verdict { complaints, story, .. } = experiment(subject, &Plan::of_every_kind(seed));
    assert_eq!(complaints, Vec::<String>::new(), "{story}");
}

#[test]
fn every_trouble_comes_once_to_cloudfront_and_nothing_is_lost() {
    every_trouble(Subject::CloudFront, 1);
}

#[test]
fn every_trouble_comes_once_to_ecs_and_nothing_is_lost() {
    every_trouble(Subject::Ecs, 2);
}

#[test]
fn every_trouble_comes_once_to_probe_and_nothing_is_lost() {
    every_trouble(Subject::Probe, 3);
}

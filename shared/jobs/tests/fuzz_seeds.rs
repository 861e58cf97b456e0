//! Replays the seeds of this crate's fuzz target.

#[path = "../../../fuzz/properties/target_groups.rs"]
mod target_groups;

#[test]
fn target_groups_holds_for_its_seeds() {
    cases::seeds::of("target_groups", 10).iter().for_each(|seed| target_groups::check(seed));
}

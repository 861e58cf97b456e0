//! Replays the seeds of this crate's fuzz target.

#[path = "../../../fuzz/properties/kept_body.rs"]
mod kept_body;

#[test]
fn kept_body_holds_for_its_seeds() {
    cases::seeds::of("kept_body", 20).iter().for_each(|seed| kept_body::check(seed));
}

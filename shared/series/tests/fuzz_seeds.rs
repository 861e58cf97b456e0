//! Replays the seeds of this crate's fuzz targets.

#[path = "../../../fuzz/properties/go_regex.rs"]
mod go_regex;
#[path = "../../../fuzz/properties/relabel.rs"]
mod relabel;

#[test]
fn go_regex_holds_for_its_seeds() {
    cases::seeds::of("go_regex", 10).iter().for_each(|seed| go_regex::check(seed));
}

#[test]
fn relabel_holds_for_its_seeds() {
    cases::seeds::of("relabel", 10).iter().for_each(|seed| relabel::check(seed));
}

//! Replays the seeds of this crate's fuzz targets (`fuzz/seeds`) on stable: each input that once mattered stays checked.

#[path = "../../../fuzz/properties/go_regex.rs"]
mod go_regex;
#[path = "../../../fuzz/properties/relabel.rs"]
mod relabel;

use std::path::Path;

/// Checks each seed of a target, and that there are some.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut count = 0;
    for entry in folder.read_dir().expect("the target has seeds") {
        let path = entry.expect("a file").path();
        eprintln!("{}", path.display());
        check(&std::fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 10, "{target} has only {count} seeds");
}

#[test]
fn go_regex_holds_for_its_seeds() {
    replay("go_regex", go_regex::check);
}

#[test]
fn relabel_holds_for_its_seeds() {
    replay("relabel", relabel::check);
}

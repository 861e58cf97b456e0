//! Replays the seeds of this crate's fuzz target (`fuzz/seeds`) on stable: each input that once mattered stays checked.

#[path = "../../../fuzz/properties/target_groups.rs"]
mod target_groups;

use std::path::Path;

#[test]
fn target_groups_holds_for_its_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/target_groups");
    let mut count = 0;
    for entry in folder.read_dir().expect("the target has seeds") {
        let path = entry.expect("a file").path();
        eprintln!("{}", path.display());
        target_groups::check(&std::fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 10, "only {count} seeds");
}

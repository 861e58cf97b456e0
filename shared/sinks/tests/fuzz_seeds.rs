//! Replays the seeds of this crate's fuzz target (`fuzz/seeds`) on stable: each input that once mattered stays checked.

#[path = "../../../fuzz/properties/kept_body.rs"]
mod kept_body;

use std::path::Path;

#[test]
fn kept_body_holds_for_its_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/kept_body");
    let mut count = 0;
    for entry in folder.read_dir().expect("the target has seeds") {
        let path = entry.expect("a file").path();
        eprintln!("{}", path.display());
        kept_body::check(&std::fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 20, "only {count} seeds");
}

//! Replays the seeds of the fuzz target `http_answer` (`fuzz/seeds`) on stable: each input that once mattered stays checked.

#[path = "../../../fuzz/properties/http_answer.rs"]
mod property;

use std::path::Path;

#[test]
fn http_answer_holds_for_its_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/http_answer");
    let mut count = 0;
    for entry in folder.read_dir().expect("the target has seeds") {
        let path = entry.expect("a file").path();
        eprintln!("{}", path.display());
        property::check(&std::fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 12, "only {count} seeds");
}

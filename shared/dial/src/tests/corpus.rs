//! Reads the corpus: cases from other projects' tests. `HOSTLESS_CORPUS` names its folder; without it, the folder
//! `shared/corpus` beside the workspace. Where there is none the corpus tests say so and pass: the crate's own tables
//! cover the same behaviour.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The cases of a corpus file: exactly `count`, so that none is passed over in silence.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the folder of the corpus, for tests alone"
)]
pub(super) fn cases(name: &str, count: usize) -> Vec<Value> {
    let root = match std::env::var_os("HOSTLESS_CORPUS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    if !root.is_dir() {
        eprintln!("corpus absent: {} is not tested against {name}", env!("CARGO_PKG_NAME"));
        return Vec::new();
    }
    let text = std::fs::read_to_string(root.join(name)).expect("the corpus has this file");
    let mut file: Value = serde_json::from_str(&text).expect("JSON");
    let cases = file["cases"].as_array_mut().map(std::mem::take).expect("cases");
    assert_eq!(cases.len(), count, "{name}");
    cases
}

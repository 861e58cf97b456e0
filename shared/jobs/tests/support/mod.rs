//! Reads the corpus: cases from other projects' tests. `HOSTLESS_CORPUS` names its folder; without it, the folder
//! `shared/corpus` beside the workspace. Where there is none the corpus tests say so and pass: the crate's own tables
//! cover the same behaviour.

use std::path::{Path, PathBuf};

/// A folder of the corpus; None where there is no corpus.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the folder of the corpus, for tests alone"
)]
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("HOSTLESS_CORPUS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    if !root.is_dir() {
        eprintln!("corpus absent: {} is not tested against {name}", env!("CARGO_PKG_NAME"));
        return None;
    }
    Some(root.join(name))
}

//! Reads the corpus: cases from other projects' tests. `HOSTLESS_CORPUS` names its folder; without it, the folder
//! `shared/corpus` beside the workspace. Where there is none the corpus tests say so and pass: the crate's own tables
//! cover the same behaviour.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One file of the corpus; None where there is no corpus.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the folder of the corpus, for tests alone"
)]
pub(crate) fn file(name: &str) -> Option<String> {
    let root = match std::env::var_os("HOSTLESS_CORPUS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    if !root.is_dir() {
        eprintln!("corpus absent: {} is not tested against {name}", env!("CARGO_PKG_NAME"));
        return None;
    }
    Some(std::fs::read_to_string(root.join(name)).expect("the corpus has this file"))
}

/// The cases of a corpus file: exactly `count`, so that none is passed over in silence.
pub(crate) fn cases(name: &str, count: usize) -> Vec<Value> {
    let Some(text) = file(name) else {
        return Vec::new();
    };
    let mut file: Value = serde_json::from_str(&text).expect("JSON");
    let cases: Vec<Value> = take(&mut file, "cases");
    assert_eq!(cases.len(), count, "{name}");
    cases
}

/// A member of a case, or its default where it is absent.
pub(crate) fn take<T: DeserializeOwned + Default>(case: &mut Value, member: &str) -> T {
    match case.get_mut(member).map(Value::take) {
        None | Some(Value::Null) => T::default(),
        Some(value) => serde_json::from_value(value).expect(member),
    }
}

//! Test data of the originals. `HOSTLESS_CORPUS` names its folder; without it, the folder `shared/corpus` beside the workspace. Where
//! there is none the tests say so and pass: each crate's own tables cover the same behaviour. A corpus that is there has to be
//! whole: what is missing in it fails the test.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A folder of the corpus; `None`, said aloud, where there is no corpus.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the folder of the corpus, for tests alone"
)]
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("HOSTLESS_CORPUS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    if !root.is_dir() {
        eprintln!("corpus absent: {name} is not looked at");
        return None;
    }
    Some(root.join(name))
}

/// A file of the corpus; `None` where there is no corpus.
///
/// # Panics
/// Where the corpus has no such file.
#[must_use]
pub fn file(name: &str) -> Option<String> {
    let path = folder(name)?;
    let text = std::fs::read_to_string(&path);
    Some(text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A file of JSON; `None` where there is no corpus.
///
/// # Panics
/// Where the corpus has no such file.
#[must_use]
pub fn json(name: &str) -> Option<Value> {
    file(name).map(|text| serde_json::from_str(&text).expect("a corpus file of JSON"))
}

/// The `cases` of a file: exactly `count`, so that none is passed over in silence. None at all where there is no corpus.
///
/// # Panics
/// Where there are more or fewer.
#[must_use]
pub fn cases(name: &str, count: usize) -> Vec<Value> {
    let Some(mut file) = json(name) else { return Vec::new() };
    let cases: Vec<Value> = take(&mut file, "cases");
    assert_eq!(cases.len(), count, "{name}");
    cases
}

/// A member of a case, or its type's default where it is absent.
///
/// # Panics
/// Where it is of another type.
#[must_use]
pub fn take<T: DeserializeOwned + Default>(case: &mut Value, member: &str) -> T {
    match case.get_mut(member).map(Value::take) {
        None | Some(Value::Null) => T::default(),
        Some(value) => serde_json::from_value(value).expect(member),
    }
}

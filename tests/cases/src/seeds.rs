//! The seeds of the fuzz targets (`fuzz/seeds`), for stable: each input that once mattered stays checked.

use std::fs;
use std::path::Path;

/// All seeds of a target; at least `least`, so that none gets lost.
///
/// # Panics
/// Where there are fewer.
#[must_use]
pub fn of(target: &str, least: usize) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries = folder.read_dir().expect("the target has seeds");
    let seeds: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a file").path();
            eprintln!("{}", path.display());
            fs::read(path).expect("a seed")
        })
        .collect();
    assert!(seeds.len() >= least, "{target} has only {} seeds", seeds.len());
    seeds
}

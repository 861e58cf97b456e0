//! One document for each mistake, and exactly what is said about it.
//!
//! `bad/expected.txt` lists the findings of every `bad/*.yml`. After a change of words, the failing test prints the
//! whole new list.

use std::fs;
use std::path::{Path, PathBuf};

use crate::readers;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

fn documents() -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder()).expect("the folder of bad documents");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a UTF-8 name"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yml")).collect();
    names.sort();
    let body = |name: &String| fs::read(folder().join(name)).expect("a readable document");
    names.into_iter().map(|name| (name.clone(), body(&name))).collect()
}

#[test]
fn every_mistake_is_found_at_its_place_in_these_words() {
    let found: Vec<String> =
        documents().iter().flat_map(|(name, body)| readers::findings(name, body)).collect();
    let found = found.join("\n") + "\n";
    let expected =
        fs::read_to_string(folder().join("expected.txt")).expect("the expected findings");
    assert!(found == expected, "expected.txt should be\n{found}");
}

#[test]
fn every_bad_document_has_a_finding() {
    for (name, body) in documents() {
        assert!(!readers::findings(&name, body).is_empty(), "{name} is not bad");
    }
}

#[test]
fn no_finding_shows_a_secret() {
    for (name, body) in documents() {
        let (sections, findings) = readers::read(&[readers::document(&name, body)]);
        let shown = format!("{findings:?} {sections:?}");
        assert!(!shown.contains("hunter2"), "{name}: {shown}");
    }
}

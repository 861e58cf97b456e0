//! No input makes the reader panic: random bytes, random YAML, and the seeds of the fuzz target.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::property::check;

/// Pieces that make up the documents which are most often read wrongly.
const PIECES: [&str; 48] = [
    "cloudfront",
    "remote_write",
    "modules",
    "global",
    "discovery",
    "jobs",
    "external_labels",
    "url",
    "basic_auth",
    "oauth2",
    "tls_config",
    "write_relabel_configs",
    "regex",
    "http_headers",
    "proxy_url",
    "http://a:b@c/d",
    "ssm:/a",
    "secretsmanager:b",
    "1m30s",
    "0x1f",
    "1e309",
    "yes",
    ": ",
    ":\n  ",
    "\n",
    "\n- ",
    "\n  - ",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "<<: *a",
    "<<",
    "? ",
    "!!binary ",
    "!x ",
    "|\n  ",
    ">-\n",
    "\"",
    "'",
    "# ",
    "---\n",
    "\t",
    "é\u{85}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        check(&bytes);
    }

    #[test]
    fn random_text(text in "\\PC{0,200}") {
        check(text.as_bytes());
    }

    #[test]
    fn random_yaml(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..48)) {
        check(pieces.concat().as_bytes());
    }

    #[test]
    fn seeds_with_pieces_put_in_and_cut_out(
        seed in proptest::sample::select(seeds()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0..8_usize, proptest::sample::select(&PIECES[..])), 1..6),
    ) {
        let mut bytes = seed;
        for (at, cut, piece) in changes {
            let start = at.index(bytes.len() + 1);
            let end = bytes.len().min(start + cut);
            bytes.splice(start..end, piece.bytes());
        }
        check(&bytes);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    cases::seeds::of("config", 21)
}

#[test]
fn every_seed_of_the_fuzz_target() {
    seeds().iter().for_each(|seed| check(seed));
}

#[test]
fn every_bad_document() {
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    for entry in fs::read_dir(documents).expect("the folder of bad documents") {
        check(&fs::read(entry.expect("an entry").path()).expect("a readable document"));
    }
}

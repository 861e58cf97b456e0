//! Which series a target had in its scrape before, for `scrape_series_added`. Bounded, and only as old as the process: the first
//! scrape of a target after a cold start has added all its series.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use series::Series;

/// Series that are remembered, of all targets together; eight bytes each.
const MOST: usize = 500_000;

/// The series of all targets, as hashes.
#[derive(Debug)]
pub(super) struct Seen {
    hasher: RandomState,
    memory: Mutex<Memory>,
    most: usize,
}

#[derive(Debug, Default)]
struct Memory {
    /// By the hash of the target's key, sorted.
    targets: HashMap<u64, Vec<u64>>,
    series: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self { hasher: RandomState::new(), memory: Mutex::default(), most: MOST }
    }
}

/// One target's scrape, while it is stored.
#[derive(Debug)]
pub(super) struct Scrape<'a> {
    seen: &'a Seen,
    target: u64,
    before: Vec<u64>,
    now: Vec<u64>,
}

impl Seen {
    /// A scrape of the target with this key begins to be stored.
    pub(super) fn scrape(&self, key: &str) -> Scrape<'_> {
        let target = self.hasher.hash_one(key);
        let mut memory = self.memory();
        let before = memory.targets.remove(&target).unwrap_or_default();
        memory.series -= before.len();
        Scrape { seen: self, target, before, now: Vec::new() }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scrape<'_> {
    /// Whether the scrape before had no such series.
    pub(super) fn adds(&mut self, series: &Series) -> bool {
        let series = self.seen.hasher.hash_one(&series.labels);
        self.now.push(series);
        self.before.binary_search(&series).is_err()
    }

    /// The scrape is stored. Where the memory is full of targets that may be gone, it begins anew.
    pub(super) fn end(mut self) {
        self.now.sort_unstable();
        let mut memory = self.seen.memory();
        if memory.series + self.now.len() > self.seen.most {
            *memory = Memory::default();
        }
        memory.series += self.now.len();
        memory.targets.insert(self.target, self.now);
    }
}

#[cfg(test)]
mod tests {
    use series::{Kind, Labels, Origin, Resource};

    use super::*;

    fn series(names: &[&str]) -> Vec<Series> {
        let resource = Resource { id: String::new(), name: String::new() };
        let origin = Origin { kind: Kind::Probe, metric: String::new(), resource: resource.into() };
        let one = |name: &&str| Series {
            labels: Labels::named(*name),
            origin: origin.clone(),
            samples: Vec::new(),
        };
        names.iter().map(one).collect()
    }

    fn added(seen: &Seen, key: &str, names: &[&str]) -> usize {
        let mut scrape = seen.scrape(key);
        let added = series(names).iter().filter(|one| scrape.adds(one)).count();
        scrape.end();
        added
    }

    #[test]
    fn what_the_scrape_before_did_not_have_is_added() {
        let seen = Seen::default();
        assert_eq!(added(&seen, "a", &["x", "y"]), 2);
        assert_eq!(added(&seen, "b", &["x"]), 1, "another target");
        assert_eq!(added(&seen, "a", &["y", "x"]), 0);
        assert_eq!(added(&seen, "a", &["z", "x"]), 1);
        assert_eq!(added(&seen, "a", &["y", "x"]), 1, "not there in the scrape before");
        assert_eq!(added(&seen, "a", &[]), 0);
        assert_eq!(added(&seen, "a", &["x"]), 1);
    }

    #[test]
    fn a_memory_that_is_full_begins_anew() {
        let seen = Seen { most: 3, ..Seen::default() };
        assert_eq!(added(&seen, "a", &["x", "y"]), 2);
        assert_eq!(added(&seen, "b", &["x", "y"]), 2);
        assert_eq!(added(&seen, "b", &["x", "y"]), 0);
        assert_eq!(added(&seen, "a", &["x", "y"]), 2, "forgotten");
        assert!(seen.memory().series <= 3);
    }
}

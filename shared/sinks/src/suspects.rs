//! Series that a receiver is known to refuse: samples of them were refused alone while others were taken, and not for their
//! age.
//!
//! They go in requests of their own, behind the others, so that a series that is bad throughout is searched for once and not in
//! every request again. A sink keeps them from run to run, as long as its process lives; whoever starts anew finds them again.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// More than these are not kept in mind: then the search begins anew.
const MOST: usize = 10_000;

/// What all samples of a series have in common, as a number. Two series of one number do no harm: both go behind the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SeriesId(u64);

impl SeriesId {
    /// Of what names the series.
    pub(crate) fn of(name: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The suspects of one sink.
#[derive(Debug, Default)]
pub(crate) struct Suspects(Mutex<HashSet<SeriesId>>);

impl Suspects {
    /// Whether there are none.
    pub(crate) fn are_none(&self) -> bool {
        self.with(|known| known.is_empty())
    }

    /// Whether a series is one.
    pub(crate) fn include(&self, series: SeriesId) -> bool {
        self.with(|known| known.contains(&series))
    }

    /// Samples of these series were refused alone.
    pub(crate) fn add(&self, series: impl Iterator<Item = SeriesId>) {
        self.with(|known| {
            known.extend(series);
            if known.len() > MOST {
                known.clear();
            }
        });
    }

    /// Samples of these series were taken.
    pub(crate) fn acquit(&self, series: impl Iterator<Item = SeriesId>) {
        self.with(|known| {
            for one in series {
                known.remove(&one);
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashSet<SeriesId>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_suspected_until_it_is_taken() {
        let suspects = Suspects::default();
        let (one, other) = (SeriesId::of("one"), SeriesId::of("other"));
        assert!(suspects.are_none());
        suspects.add([one, other].into_iter());
        suspects.acquit([one].into_iter());
        assert!(!suspects.are_none() && !suspects.include(one) && suspects.include(other));
    }

    #[test]
    fn they_are_bounded() {
        let suspects = Suspects::default();
        suspects.add((0..=MOST).map(SeriesId::of));
        assert!(suspects.are_none());
    }
}

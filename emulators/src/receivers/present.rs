//! The time that a receiver goes by: the machine's, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::wall_clock;

/// A clock that all holders of a clone share.
#[derive(Clone, Debug, Default)]
pub struct Present(Option<Arc<AtomicI64>>);

impl Present {
    /// The machine's clock.
    #[must_use]
    pub fn real() -> Self {
        Self(None)
    }

    /// A clock that stands at `ms` (milliseconds since the Unix epoch) until it is [set](Self::set_ms).
    #[must_use]
    pub fn fixed_ms(ms: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(ms))))
    }

    /// Moves a fixed clock, forwards or back.
    ///
    /// # Panics
    /// When this is the machine's clock: a test that means to move time must have fixed it.
    pub fn set_ms(&self, ms: i64) {
        let fixed = self.0.as_ref().expect("a clock made with `fixed_ms`");
        fixed.store(ms, Ordering::SeqCst);
    }

    /// The present in milliseconds since the Unix epoch.
    #[must_use]
    pub fn ms(&self) -> i64 {
        match &self.0 {
            Some(fixed) => fixed.load(Ordering::SeqCst),
            None => wall_clock::now_ms(),
        }
    }

    /// The present in whole seconds since the Unix epoch.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.ms().div_euclid(1000)
    }
}

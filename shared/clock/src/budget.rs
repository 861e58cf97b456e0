//! How long a run may still take. Measured on the monotonic clock, so that a jump of the wall clock changes nothing.

use std::time::Duration;

use tokio::time::Instant;

/// A point on the monotonic clock until which work may go on, with its start for measuring.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    start: Instant,
    end: Instant,
}

impl Budget {
    /// A budget that starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the monotonic clock is read"
    )]
    pub fn starting_now(length: Duration) -> Self {
        let start = Instant::now();
        Self { start, end: start + length }
    }

    /// What is left; zero when it is over.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the monotonic clock is read"
    )]
    pub fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// How long the work has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.remaining().is_zero()
    }

    /// The same budget, ending earlier: `reserve` is kept for what comes after.
    #[must_use]
    pub fn keeping(&self, reserve: Duration) -> Self {
        let end = self.end.checked_sub(reserve).unwrap_or(self.start);
        Self { start: self.start, end: end.max(self.start) }
    }

    /// The same budget, ending at most `length` from now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the monotonic clock is read"
    )]
    pub fn at_most(&self, length: Duration) -> Self {
        Self { start: self.start, end: self.end.min(Instant::now() + length) }
    }

    /// The end, for `tokio::time::timeout_at`.
    pub fn end(&self) -> Instant {
        self.end
    }
}

//! How long a step took. Measured on the monotonic clock.

use std::time::Duration;

use tokio::time::Instant;

/// Runs from the moment it is made.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the monotonic clock is read"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// When it was started, for deadlines that count from then.
    pub fn started(&self) -> Instant {
        self.0
    }

    /// The time since it was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The time since it was started, or since the last lap; the next lap begins.
    pub fn lap(&mut self) -> Duration {
        let lap = Self::start();
        let took = lap.0.duration_since(self.0);
        *self = lap;
        took
    }
}

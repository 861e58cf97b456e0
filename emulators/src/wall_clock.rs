//! The one place where the emulators read real time: signatures are checked against it, and an
//! emulator whose `now` was not set lives in it.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since the epoch, now.
#[must_use]
pub(crate) fn now() -> i64 {
    now_ms() / 1000
}

/// Milliseconds since the epoch, now.
#[must_use]
pub(crate) fn now_ms() -> i64 {
    let since_epoch = present().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since_epoch.as_millis()).expect("a clock before the year 292 million")
}

/// Time that only goes forward, since somebody first asked.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a service has a clock of its own; the ban is there for the code under test"
)]
pub(crate) fn uptime() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Now, as exactly as the system knows it.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a service has a clock of its own; the ban is there for the code under test"
)]
pub(crate) fn present() -> SystemTime {
    SystemTime::now()
}

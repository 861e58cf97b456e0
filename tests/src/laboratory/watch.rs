//! Listens to all that the function logs, at the loudest, while an experiment runs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

/// Our own crates: everything that they say is listened to. Of libraries, warnings are; the SDK's names begin with `aws`
/// as well, and what it says at DEBUG is not in a release build.
const OURS: [&str; 12] = [
    "aws::",
    "cloudfront",
    "config",
    "dial",
    "ecs",
    "http",
    "jobs",
    "metric_data",
    "probe",
    "runtime",
    "sinks",
    "store",
];

/// The log of one thread, as long as this lives.
pub(super) struct Watch {
    heard: Heard,
    _listening: DefaultGuard,
}

#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Watch {
    /// Begins to listen.
    pub(super) fn start() -> Self {
        let heard = Heard::default();
        let writer = heard.clone();
        let levels = OURS.map(|name| (name, Level::TRACE));
        let filter = Targets::new().with_default(Level::WARN).with_targets(levels);
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(filter).with(lines);
        Self { heard, _listening: tracing::subscriber::set_default(subscriber) }
    }

    /// What was logged so far.
    pub(super) fn text(&self) -> String {
        let heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).into_owned()
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

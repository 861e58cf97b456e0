//! Remote write: what arrives, what is refused, what an outage does, and who is let in.

mod arrivals;
mod credentials;
pub(crate) mod outages;
mod refusals;

use std::time::Duration;

use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Options, Personality, RemoteWriteReceiver};
use series::Series;
use sinks::Sink;

use crate::support::{NOW, sink};

/// Like a plain Prometheus: one bad sample costs the whole request.
pub(crate) const PROMETHEUS: Personality = Personality::Prometheus { ooo_window: Duration::ZERO };
/// Amazon Managed Service for Prometheus with its usual window.
pub(crate) const AMP: Personality = Personality::Amp { ooo_window: Duration::from_secs(60) };

/// A receiver whose clock stands at the present of the tests.
pub(crate) fn receiver(personality: Personality) -> RemoteWriteReceiver {
    with(Options { personality, ..Options::default() })
}

/// The same with further options.
pub(crate) fn with(options: Options) -> RemoteWriteReceiver {
    RemoteWriteReceiver::start(Options { now: Present::fixed_ms(NOW.as_millis()), ..options })
}

/// A sink named `test` with short waits, and more keys of the entry.
pub(crate) fn sink_with(receiver: &RemoteWriteReceiver, more: &str) -> Sink {
    let queue = "queue_config: {min_backoff: 1ms, max_backoff: 20ms}";
    sink(&format!("remote_write: [{{name: test, url: '{}', {queue}, {more}}}]", receiver.url()))
}

/// The same with nothing more.
pub(crate) fn sink_to(receiver: &RemoteWriteReceiver) -> Sink {
    sink_with(receiver, "")
}

/// Every sample of `series`, except those of the distributions `without`, is there once and with its value.
pub(crate) fn assert_stored(receiver: &RemoteWriteReceiver, series: &[Series], without: &[&str]) {
    let mut stored = 0;
    for one in series {
        let id = one.labels.get("dimension_DistributionId").expect("an id");
        let found = receiver.samples(&[("dimension_DistributionId", id)]);
        if without.contains(&id) {
            assert!(found.is_empty(), "{id} is refused");
            continue;
        }
        let found = found.values().next().unwrap_or_else(|| panic!("{id} is there"));
        let expected: Vec<_> = one.samples.iter().map(|s| (s.at.as_millis(), s.value)).collect();
        assert_eq!(found.clone().into_iter().collect::<Vec<_>>(), expected, "{id}");
        stored += 1;
    }
    assert_eq!(stored, series.len() - without.len());
    assert!(
        receiver.duplicates().iter().all(|repeat| repeat.sent == repeat.stored),
        "identical repeats only"
    );
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

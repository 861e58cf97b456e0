//! How long each part of a request took, added up over a chain of redirects by blackbox_exporter's rules.

use std::time::Duration;

use crate::frame::{Record, metric};

/// The times of one request. What is absent was not reached.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Roundtrip {
    /// Whether the URL is https, through whatever proxy.
    pub(super) is_https: bool,
    /// The lookup, which for the first request is done before it begins.
    pub(super) lookup: Duration,
    /// From the lookup's end to the TCP connection.
    pub(super) connected: Option<Duration>,
    /// The last TLS handshake alone.
    pub(super) handshake: Option<Duration>,
    /// From the lookup's end to a connection that can take the request.
    pub(super) ready: Option<Duration>,
    /// From there to the first byte of the answer.
    pub(super) first_byte: Option<Duration>,
    /// From there to the last byte, of an answer that was read.
    pub(super) transfer: Option<Duration>,
}

/// Adds to a phase.
pub(super) fn add(record: &Record, phase: &str, took: Duration) {
    record.add(&metric::HTTP_DURATION, &[("phase", phase)], took.as_secs_f64());
}

/// From the moment on that a request is tried, all phases but `resolve` are there.
pub(super) fn begin(record: &Record) {
    for phase in ["connect", "tls", "processing", "transfer"] {
        add(record, phase, Duration::ZERO);
    }
}

/// Adds up what the requests took.
pub(super) fn add_all(record: &Record, roundtrips: &[Roundtrip]) {
    for (index, roundtrip) in roundtrips.iter().enumerate() {
        record.step(format_args!("Response timings for roundtrip roundtrip={index} {roundtrip}"));
        // The first lookup is the frame's, and has been added.
        if index > 0 {
            add(record, "resolve", roundtrip.lookup);
        }
        roundtrip.add_to(record);
    }
}

impl Roundtrip {
    fn add_to(&self, record: &Record) {
        let Some(ready) = self.ready else { return };
        if self.is_https {
            add(record, "connect", self.connected.unwrap_or_default());
            add(record, "tls", self.handshake.unwrap_or_default());
        } else {
            add(record, "connect", ready);
        }
        let Some(first_byte) = self.first_byte else { return };
        add(record, "processing", first_byte);
        let Some(transfer) = self.transfer else { return };
        add(record, "transfer", transfer);
    }
}

/// What took how long. `lookup`, `tls`, `processing` and `transfer` are that part alone; `connect` and `ready` both count from the
/// lookup's end, so that `ready` has `connect` and `tls` in it.
impl std::fmt::Display for Roundtrip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { is_https: _, lookup, connected, handshake, ready, first_byte, transfer } = self;
        write!(f, "lookup={lookup:?}")?;
        let parts = [
            ("connect", connected),
            ("tls", handshake),
            ("ready", ready),
            ("processing", first_byte),
            ("transfer", transfer),
        ];
        for (name, took) in parts {
            match took {
                Some(took) => write!(f, " {name}={took:?}")?,
                None => write!(f, " {name}=-")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn whole(is_https: bool) -> Roundtrip {
        Roundtrip {
            is_https,
            lookup: MS,
            connected: Some(MS * 2),
            handshake: is_https.then_some(MS * 4),
            ready: Some(MS * 8),
            first_byte: Some(MS * 16),
            transfer: Some(MS * 32),
        }
    }

    fn phases(roundtrips: &[Roundtrip]) -> Vec<(String, f64)> {
        let record = Record::start(false);
        begin(&record);
        add_all(&record, roundtrips);
        let (gauges, _) = record.into_parts();
        gauges
            .into_iter()
            .map(|gauge| (gauge.labels[0].1.clone(), (gauge.value * 1e3).round()))
            .collect()
    }

    fn named(values: [(&str, f64); 4]) -> Vec<(String, f64)> {
        values.map(|(phase, value)| (phase.to_owned(), value)).to_vec()
    }

    #[test]
    fn connecting_means_tcp_alone_for_https() {
        assert_eq!(
            phases(&[whole(false)]),
            named([("connect", 8.0), ("tls", 0.0), ("processing", 16.0), ("transfer", 32.0)])
        );
        assert_eq!(
            phases(&[whole(true)]),
            named([("connect", 2.0), ("tls", 4.0), ("processing", 16.0), ("transfer", 32.0)])
        );
    }

    #[test]
    fn what_was_not_reached_counts_nothing() {
        let failed_handshake = Roundtrip { ready: None, first_byte: None, ..whole(true) };
        assert_eq!(
            phases(&[failed_handshake]),
            named([("connect", 0.0), ("tls", 0.0), ("processing", 0.0), ("transfer", 0.0)])
        );
        let silent = Roundtrip { first_byte: None, transfer: None, ..whole(true) };
        assert_eq!(
            phases(&[silent]),
            named([("connect", 2.0), ("tls", 4.0), ("processing", 0.0), ("transfer", 0.0)])
        );
    }

    #[test]
    fn a_person_reads_durations() {
        let read = "lookup=1ms connect=2ms tls=4ms ready=8ms processing=16ms transfer=32ms";
        assert_eq!(whole(true).to_string(), read);
        let read = "lookup=0ns connect=- tls=- ready=- processing=- transfer=-";
        assert_eq!(Roundtrip::default().to_string(), read);
    }

    #[test]
    fn redirects_add_up_and_bring_their_lookups() {
        let redirect = Roundtrip { transfer: None, ..whole(false) };
        let mut expected =
            named([("connect", 10.0), ("tls", 4.0), ("processing", 32.0), ("transfer", 32.0)]);
        expected.push(("resolve".to_owned(), 1.0));
        assert_eq!(phases(&[redirect, whole(true)]), expected);
    }
}

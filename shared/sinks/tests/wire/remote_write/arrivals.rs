//! What is sent, and that it arrives.

use std::time::Duration;

use emulators::receivers::remote_write::{Options, Personality};

use super::{AMP, PROMETHEUS, assert_stored, receiver, sink_to, with};
use crate::support::{NOW, counts, deliver, entries, sink, traffic};

#[test]
fn five_minutes_of_a_hundred_series_arrive_in_five_requests() {
    for personality in [PROMETHEUS, AMP, Personality::VictoriaMetrics] {
        let receiver = receiver(personality);
        let series = traffic(100, 5);
        let delivery = deliver(&sink_to(&receiver), &series);
        assert_eq!(delivery.outcome, Ok(()));
        assert_eq!(counts(&delivery), (500, 0, 5));
        assert_eq!(delivery.bytes, receiver.bytes() as u64);
        assert!(entries(&delivery).is_empty() && receiver.duplicates().is_empty());
        assert_stored(&receiver, &series, &[]);
    }
}

#[test]
fn nothing_to_send_is_a_success_without_a_request() {
    let receiver = receiver(AMP);
    let delivery = deliver(&sink_to(&receiver), &traffic(3, 0));
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (0, 0, 0)));
    assert!(receiver.requests().is_empty());
}

#[test]
fn external_labels_headers_and_relabeling_reach_the_receiver() {
    let required_headers = vec![("x-scope-orgid".to_owned(), "7".to_owned())];
    let receiver = with(Options { required_headers, ..Options::default() });
    let sink = sink(&format!(
        "global: {{external_labels: {{cluster: prod}}}}
remote_write:
  - url: '{}'
    headers: {{X-Scope-OrgID: '7'}}
    write_relabel_configs:
      - {{source_labels: [cluster, alias], regex: 'prod;www1.*', action: drop}}",
        receiver.url()
    ));
    let delivery = deliver(&sink, &traffic(2, 1));
    assert_eq!(counts(&delivery), (1, 0, 1));
    assert_eq!(receiver.samples(&[("cluster", "prod"), ("alias", "www0.example.com")]).len(), 1);
    assert_eq!(receiver.series().len(), 1);
}

#[test]
fn samples_that_nobody_takes_are_counted_and_the_others_arrive() {
    let receiver = receiver(AMP);
    let mut series = traffic(2, 1);
    series[0].samples.push(series::Sample { at: NOW + Duration::from_secs(60), value: 1.0 });
    series[1].labels = series[0].labels.clone();
    let delivery = deliver(&sink_to(&receiver), &series);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (1, 2, 1)));
    assert_eq!(
        entries(&delivery),
        [
            "1 sample refused: duplicate sample for timestamp",
            "1 sample refused: timestamp in the future"
        ]
    );
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

#[test]
fn the_same_slice_again_does_no_harm() {
    for personality in [PROMETHEUS, AMP] {
        let receiver = receiver(personality);
        let sink = sink_to(&receiver);
        let mut series = traffic(20, 5);
        // The first run was cut off before the newest minute, and before it could write its watermark.
        let newest: Vec<_> = series.iter_mut().filter_map(|series| series.samples.pop()).collect();
        assert_eq!(counts(&deliver(&sink, &series)), (80, 0, 4));
        series.iter_mut().zip(newest).for_each(|(series, sample)| series.samples.push(sample));
        let again = deliver(&sink, &series);
        assert_eq!(again.outcome, Ok(()), "{personality:?}");
        assert_eq!(again.sent + again.rejected, 100);
        assert_stored(&receiver, &series, &[]);
    }
}

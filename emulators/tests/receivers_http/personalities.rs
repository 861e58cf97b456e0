//! The receivers that are played, against what was measured of the real ones.

use std::time::Duration;

use emulators::receivers::remote_write::proto::TimeSeries;
use emulators::receivers::remote_write::{Options, Personality, RemoteWriteReceiver};

use crate::client::{named, series};
use crate::remote_write::{start, write};

const MINUTE: Duration = Duration::from_secs(60);

fn play(personality: Personality) -> RemoteWriteReceiver {
    start(Options { personality, ..Options::default() })
}

fn prometheus(ooo_minutes: u32) -> RemoteWriteReceiver {
    play(Personality::Prometheus { ooo_window: MINUTE * ooo_minutes })
}

fn amp() -> RemoteWriteReceiver {
    play(Personality::default())
}

/// What is stored of `name`, as (seconds from now, value).
fn stored(receiver: &RemoteWriteReceiver, name: &str) -> Vec<(i64, f64)> {
    let found = receiver.samples(&[("__name__", name)]);
    let samples = found.into_values().flatten();
    samples.map(|(ms, value)| ((ms - crate::client::NOW) / 1000, value)).collect()
}

/// One row of the measured table: what is there before, what is sent, and the status and what is stored
/// under Prometheus without and with a window of ten minutes, and under VictoriaMetrics.
struct Row {
    probe: &'static str,
    before: &'static [(i64, f64)],
    sent: &'static [(i64, f64)],
    status: [u16; 3],
    stored: [&'static [(i64, f64)]; 3],
}

const TABLE: [Row; 9] = [
    Row {
        probe: "fresh sample",
        before: &[],
        sent: &[(0, 1.0)],
        status: [204, 204, 204],
        stored: [&[(0, 1.0)], &[(0, 1.0)], &[(0, 1.0)]],
    },
    Row {
        probe: "identical duplicate of the latest sample",
        before: &[(0, 1.0)],
        sent: &[(0, 1.0)],
        status: [204, 204, 204],
        stored: [&[(0, 1.0)], &[(0, 1.0)], &[(0, 1.0)]],
    },
    Row {
        probe: "latest timestamp, different value",
        before: &[(0, 1.0)],
        sent: &[(0, 2.0)],
        status: [400, 400, 204],
        stored: [&[(0, 1.0)], &[(0, 1.0)], &[(0, 2.0)]],
    },
    Row {
        probe: "identical duplicate of an older sample",
        before: &[(-60, 1.0), (0, 2.0)],
        sent: &[(-60, 1.0)],
        status: [400, 204, 204],
        stored: [&[(-60, 1.0), (0, 2.0)]; 3],
    },
    Row {
        probe: "an older value revised",
        before: &[(-60, 1.0), (0, 2.0)],
        sent: &[(-60, 5.0)],
        status: [400, 204, 204],
        stored: [&[(-60, 1.0), (0, 2.0)], &[(-60, 5.0), (0, 2.0)], &[(-60, 5.0), (0, 2.0)]],
    },
    Row {
        probe: "new out-of-order sample inside the window",
        before: &[(0, 2.0)],
        sent: &[(-300, 1.0)],
        status: [400, 204, 204],
        stored: [&[(0, 2.0)], &[(-300, 1.0), (0, 2.0)], &[(-300, 1.0), (0, 2.0)]],
    },
    Row {
        probe: "out of order beyond the window",
        before: &[(0, 2.0)],
        sent: &[(-900, 1.0)],
        status: [400, 500, 204],
        stored: [&[(0, 2.0)], &[(0, 2.0)], &[(-900, 1.0), (0, 2.0)]],
    },
    Row {
        probe: "samples in descending order",
        before: &[],
        sent: &[(0, 2.0), (-60, 1.0)],
        status: [204, 204, 204],
        stored: [&[(0, 2.0)], &[(-60, 1.0), (0, 2.0)], &[(-60, 1.0), (0, 2.0)]],
    },
    Row {
        probe: "nine minutes ahead",
        before: &[],
        sent: &[(540, 1.0)],
        status: [204, 204, 204],
        stored: [&[(540, 1.0)], &[(540, 1.0)], &[(540, 1.0)]],
    },
];

#[test]
fn single_series_are_treated_as_measured() {
    for row in TABLE {
        let receivers = [prometheus(0), prometheus(10), play(Personality::VictoriaMetrics)];
        for (index, receiver) in receivers.iter().enumerate() {
            for sample in row.before {
                assert_eq!(write(receiver, &[named("m", &[*sample])]).status, 204);
            }
            let answer = write(receiver, &[named("m", row.sent)]);
            assert_eq!(answer.status, row.status[index], "{}, column {index}", row.probe);
            assert_eq!(stored(receiver, "m"), row.stored[index], "{}, column {index}", row.probe);
        }
    }
}

#[test]
fn a_new_series_may_be_an_hour_behind_the_newest_sample() {
    for (ooo, seconds, status, text) in [
        (0, -59 * 60, 204, ""),
        (0, -61 * 60, 400, "out of bounds\n"),
        (10, -59 * 60, 204, ""),
        (10, -61 * 60, 500, "too old sample\n"),
    ] {
        let receiver = prometheus(ooo);
        write(&receiver, &[named("head", &[(0, 1.0)])]);
        let answer = write(&receiver, &[named("m", &[(seconds, 1.0)])]);
        assert_eq!((answer.status, answer.text().as_str()), (status, text), "{ooo} {seconds}");
    }
}

#[test]
fn one_clock_that_runs_ahead_spoils_prometheus() {
    let receiver = prometheus(10);
    write(&receiver, &[named("m", &[(-60, 1.0)])]);
    assert_eq!(write(&receiver, &[named("ahead", &[(660, 1.0)])]).status, 204);
    let replay = write(&receiver, &[named("m", &[(-60, 1.0)])]);
    assert_eq!(replay.status, 204, "the latest sample of its series is still taken");
    write(&receiver, &[named("m", &[(0, 2.0)])]);
    assert_eq!(write(&receiver, &[named("m", &[(-60, 1.0)])]).status, 500);
}

#[test]
fn labels_are_treated_as_measured() {
    let n = ("__name__", "m");
    let many: Vec<String> = (10..50).map(|i| format!("l{i}")).collect();
    let many = many.iter().map(|name| (name.as_str(), "v"));
    let many: Vec<(&str, &str)> = [n].into_iter().chain(many).collect();
    let cases: [(&str, TimeSeries, [u16; 2], [usize; 2]); 6] = [
        ("twice", series(&[n, ("a", "1"), ("a", "2")], &[(0, 1.0)]), [500, 204], [0, 2]),
        ("unsorted", series(&[n, ("b", "1"), ("a", "2")], &[(0, 1.0)]), [204, 204], [3, 3]),
        ("empty value", series(&[n, ("a", "")], &[(0, 1.0)]), [204, 204], [1, 1]),
        ("no name", series(&[("a", "1")], &[(0, 1.0)]), [204, 204], [1, 1]),
        ("bad name", named("4xx", &[(0, 1.0)]), [204, 204], [1, 1]),
        ("41 labels", series(&many, &[(0, 1.0)]), [204, 204], [41, 30]),
    ];
    for (case, sent, status, labels) in cases {
        let receivers = [prometheus(0), play(Personality::VictoriaMetrics)];
        for (index, receiver) in receivers.iter().enumerate() {
            let answer = write(receiver, std::slice::from_ref(&sent));
            assert_eq!(answer.status, status[index], "{case}, column {index}");
            let kept = receiver.series().into_keys().next().map_or(0, |series| series.len());
            assert_eq!(kept, labels[index], "{case}, column {index}");
        }
    }
}

#[test]
fn prometheus_rolls_a_request_back_and_amp_keeps_what_is_good() {
    let sent =
        [named("good_1", &[(0, 1.0)]), named("old", &[(-120, 1.0)]), named("good_2", &[(0, 1.0)])];
    let before = named("old", &[(0, 1.0)]);

    let receiver = prometheus(0);
    write(&receiver, std::slice::from_ref(&before));
    let answer = write(&receiver, &sent);
    assert_eq!((answer.status, answer.text().as_str()), (400, "out of order sample\n"));
    assert_eq!(receiver.series().len(), 1, "nothing of the request is stored");

    let receiver = amp();
    write(&receiver, &[before]);
    let answer = write(&receiver, &sent);
    let text = "user=emulator: err: too old sample. timestamp=2026-11-20T09:24:00Z, \
                series={__name__=\"old\"}\n";
    assert_eq!((answer.status, answer.text().as_str()), (400, text));
    assert_eq!(receiver.series().len(), 3);
    assert_eq!(receiver.refused().into_iter().collect::<Vec<_>>(), [("sample-too-old", 1)]);
    assert_eq!(receiver.accepted().len(), 1);
}

#[test]
fn amp_refuses_by_reason() {
    let n = ("__name__", "m");
    let long = "v".repeat(2049);
    let long_name = "n".repeat(1025);
    let many: Vec<String> = (100..250).map(|i| format!("l{i}")).collect();
    let many = many.iter().map(|name| (name.as_str(), "v"));
    let many: Vec<(&str, &str)> = [n].into_iter().chain(many).collect();
    let now = [(0, 1.0)];
    let cases = [
        ("missing_metric_name", series(&[("a", "1")], &now)),
        ("metric_name_invalid", named("4xx", &now)),
        ("label_invalid", series(&[n, ("a-b", "1")], &now)),
        ("labels_not_sorted", series(&[n, ("b", "1"), ("a", "1")], &now)),
        ("duplicate_label_names", series(&[n, ("a", "1"), ("a", "1")], &now)),
        ("label_value_too_long", series(&[n, ("a", &long)], &now)),
        ("label_name_too_long", series(&[n, (&long_name, "1")], &now)),
        ("max_label_names_per_series", series(&many, &now)),
        ("greater_than_max_sample_age", named("m", &[(-3601, 1.0)])),
        ("too_far_in_future", named("m", &[(601, 1.0)])),
        ("new-value-for-timestamp", named("before", &[(0, 2.0)])),
        ("sample-too-old", named("before", &[(-61, 2.0)])),
    ];
    for (reason, sent) in cases {
        let receiver = amp();
        write(&receiver, &[named("before", &[(0, 1.0)])]);
        let answer = write(&receiver, &[sent, named("good", &[(0, 1.0)])]);
        assert_eq!(answer.status, 400, "{reason}");
        assert_eq!(receiver.refused().into_iter().collect::<Vec<_>>(), [(reason, 1)]);
        assert_eq!(stored(&receiver, "good"), [(0, 1.0)], "{reason}");
    }
}

#[test]
fn amp_takes_an_hour_and_its_window() {
    let receiver = amp();
    assert_eq!(write(&receiver, &[named("hour", &[(-3600, 1.0)])]).status, 200);
    write(&receiver, &[named("m", &[(0, 1.0)])]);
    assert_eq!(write(&receiver, &[named("m", &[(-60, 2.0)])]).status, 200);
    assert_eq!(stored(&receiver, "m"), [(-60, 2.0), (0, 1.0)]);

    let strict = play(Personality::Amp { ooo_window: Duration::ZERO });
    write(&strict, &[named("m", &[(0, 1.0)])]);
    let answer = write(&strict, &[named("m", &[(-60, 2.0)])]);
    assert_eq!(answer.status, 400);
    assert_eq!(strict.refused().into_keys().collect::<Vec<_>>(), ["sample-out-of-order"]);
    assert!(answer.text().contains("out of order sample"));
}

#[test]
fn of_late_values_for_a_timestamp_the_first_stays() {
    let receiver = prometheus(10);
    for sample in [(-120, 1.0), (0, 1.0), (-60, 2.0), (-60, 3.0), (-120, 4.0), (-120, 5.0)] {
        assert_eq!(write(&receiver, &[named("m", &[sample])]).status, 204);
    }
    assert_eq!(stored(&receiver, "m"), [(-120, 4.0), (-60, 2.0), (0, 1.0)]);
    let sent: Vec<f64> = receiver.duplicates().iter().map(|repeat| repeat.sent).collect();
    assert_eq!(sent, [3.0, 4.0, 5.0]);
}

#[test]
fn repeats_are_kept_in_mind_by_every_receiver() {
    for receiver in [amp(), prometheus(10), play(Personality::VictoriaMetrics)] {
        write(&receiver, &[named("m", &[(-60, 1.0)])]);
        assert_eq!(receiver.duplicates(), []);
        write(&receiver, &[named("m", &[(-60, 1.0)])]);
        let repeats = receiver.duplicates();
        assert_eq!(repeats.len(), 1);
        assert_eq!((repeats[0].stored, repeats[0].sent), (1.0, 1.0));
        assert_eq!(repeats[0].labels["__name__"], "m");
        assert_eq!(repeats[0].timestamp, crate::client::NOW - 60_000);
    }
}

#[test]
fn victoria_metrics_drops_what_is_far_away() {
    const DAY: i64 = 86_400;
    let receiver = play(Personality::VictoriaMetrics);
    let sent = [
        named("old", &[(-40 * DAY, 1.0)]),
        named("ahead", &[(3 * DAY, 1.0)]),
        named("kept", &[(-30 * DAY, 1.0)]),
    ];
    assert_eq!(write(&receiver, &sent).status, 204);
    let kept: Vec<_> = receiver.series().into_keys().collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["__name__"], "kept");
}

#[test]
fn a_series_can_be_refused_by_script() {
    let bad = series(&[("__name__", "bad"), ("a", "poison")], &[(0, 1.0)]);
    let sent = [bad, named("good", &[(0, 1.0)])];
    for (receiver, stored) in
        [(amp(), 1), (prometheus(10), 0), (play(Personality::VictoriaMetrics), 0)]
    {
        receiver.refuse_series("a", "poison");
        assert_eq!(write(&receiver, &sent).status, 400);
        assert_eq!(receiver.series().len(), stored);
        assert_eq!(receiver.violations(), Vec::<String>::new());
    }
}

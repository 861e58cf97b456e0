//! A spool of 10,000 bodies: a week of an outage, or an hour of a very large account.

use std::collections::BTreeMap;

use emulators::faults::{Fault, Rule};
use emulators::receivers::remote_write::proto::{Label, Sample, TimeSeries, WriteRequest};
use prost::Message;
use serde_json::json;
use series::Timestamp;
use tests::bootstrap::Bootstrap;
use tests::live::{Live, now};

use super::{MACKEREL, REMOTE_WRITE, TIMEOUT, assert_peak, ecs, error, number, report};

const BODIES: i64 = 10_000;
const SERIES: i64 = 20;
const PLACES: [&str; 2] = ["remote_write:bearer", "mackerel:production"];

/// Lambda's log takes no longer line, and the alarms read it.
const LONGEST_LINE: usize = 256 * 1024;

/// A run that drains for as long as it may, and those that follow.
const MOST_RUNS: usize = 8;

/// In MiB.
const PEAK: f64 = 36.0;

/// When the bodies were observed.
struct Outage {
    begun: Timestamp,
    /// The distance of two bodies, in milliseconds.
    step: i64,
}

impl Outage {
    /// So short a time ago that both sinks take all of it.
    fn recent() -> Self {
        Self { begun: Timestamp::from_secs(now().as_secs() - 2_400), step: 200 }
    }

    /// A body a minute: but for the last ones they are older than any sink takes.
    fn of_a_week() -> Self {
        Self { begun: Timestamp::from_secs(now().as_secs() - 60 * (BODIES + 10)), step: 60_000 }
    }

    /// The time of a body.
    fn at(&self, body: i64) -> Timestamp {
        Timestamp::from_millis(self.begun.as_millis() + self.step * body)
    }

    /// Puts the bodies where a function that could not deliver them would have left them.
    fn fill(&self, live: &Live, sink: usize) {
        for body in 0..BODIES {
            let at = self.at(body);
            let bytes = match sink {
                REMOTE_WRITE => remote_write_body(body, at),
                _ => mackerel_body(body, at),
            };
            let (place, run) = (PLACES[sink], Timestamp::from_secs(at.as_secs()));
            let n = body % (1_000 / self.step.min(1_000));
            let key = format!("spool/ecs/0-of-1/{place}/{run}-{n:05}-{SERIES}");
            live.aws.put_object("hostless", &key, bytes);
        }
        assert_eq!(waiting(live, sink), BODIES as usize, "each under a key of its own");
    }
}

fn remote_write_body(body: i64, at: Timestamp) -> Vec<u8> {
    let label = |name: &str, value: String| Label { name: name.to_owned(), value };
    let series = (0..SERIES).map(|n| TimeSeries {
        labels: vec![label("__name__", "kept".to_owned()), label("n", n.to_string())],
        samples: vec![Sample { value: body as f64, timestamp: at.as_millis() }],
        ..TimeSeries::default()
    });
    let message = WriteRequest { timeseries: series.collect(), metadata: Vec::new() };
    snap::raw::Encoder::new().compress_vec(&message.encode_to_vec()).expect("a short message")
}

fn mackerel_body(body: i64, at: Timestamp) -> Vec<u8> {
    let time = at.as_secs() - at.as_secs().rem_euclid(60);
    let point = |n: i64| json!({"name": format!("ecs.kept.{n}"), "time": time, "value": body});
    (0..SERIES).map(point).collect::<serde_json::Value>().to_string().into_bytes()
}

fn waiting(live: &Live, sink: usize) -> usize {
    let root = format!("spool/ecs/0-of-1/{}/", PLACES[sink]);
    live.aws.objects("hostless").iter().filter(|key| key.starts_with(&root)).count()
}

/// Invokes until nothing waits any more; the sums of what the sink took, and of what was given up for it.
fn drain(live: &Live, function: &Bootstrap, sink: usize) -> (u64, u64) {
    let (mut sent, mut rejected) = (0, 0);
    for run in 1..=MOST_RUNS {
        let report = report(function, &json!({}));
        let of_sink = |key: &str| number(&report, &format!("/sinks/{sink}/{key}"));
        let (took, left, time) =
            (of_sink("sent"), of_sink("pending"), number(&report, "/duration_ms"));
        eprintln!("limits: run {run}: {took} samples sent, {left} left, {time} ms");
        assert!(u128::from(time) < TIMEOUT.as_millis(), "{report}");
        assert!(took > 0 || of_sink("rejected") > 0, "it goes on: {report}");
        sent += took;
        rejected += of_sink("rejected");
        if left == 0 {
            assert_eq!(waiting(live, sink), 0);
            return (sent, rejected);
        }
    }
    panic!("{MOST_RUNS} runs were not enough: {} bodies are left", waiting(live, sink))
}

/// Two more runs, which have nothing to say but what is new.
fn goes_on(function: &Bootstrap) {
    for _ in 0..2 {
        let report = report(function, &json!({}));
        assert_eq!(report["errors"], json!([]), "{report}");
        for sink in [REMOTE_WRITE, MACKEREL] {
            assert_eq!(number(&report, &format!("/sinks/{sink}/pending")), 0, "{report}");
        }
    }
}

fn assert_short_lines(function: &Bootstrap) {
    let longest = function.process.output().lines().map(str::len).max().unwrap_or_default();
    assert!(longest < LONGEST_LINE, "a line of {longest} bytes");
}

#[test]
fn ten_thousand_bodies_go_out_once_and_in_order_to_a_sink_that_is_back() {
    let live = ecs();
    let outage = Outage::recent();
    outage.fill(&live, REMOTE_WRITE);
    let function = Bootstrap::start("ecs", &live.environment());
    let (sent, rejected) = drain(&live, &function, REMOTE_WRITE);
    assert!(sent >= (BODIES * SERIES) as u64, "{sent}");
    assert_eq!(rejected, 0);
    goes_on(&function);

    let held = live.receiver.samples(&[("__name__", "kept")]);
    let due: Vec<(i64, f64)> =
        (0..BODIES).map(|body| (outage.at(body).as_millis(), body as f64)).collect();
    let held: BTreeMap<&str, _> =
        held.iter().map(|(labels, samples)| (labels["n"].as_str(), samples)).collect();
    assert_eq!(held.len(), SERIES as usize);
    for (n, samples) in held {
        assert!(samples.iter().map(|(at, value)| (*at, *value)).eq(due.iter().copied()), "{n}");
    }
    assert_eq!(live.receiver.violations(), Vec::<String>::new());
    assert!(live.receiver.duplicates().is_empty(), "none twice");
    assert!(live.receiver.refused().is_empty(), "all in order");
    assert_short_lines(&function);
    assert_peak(&function, "ecs, 10,000 bodies drained", PEAK);
}

#[test]
fn ten_thousand_bodies_cost_a_run_nothing_while_their_sinks_are_down() {
    let live = ecs();
    let outage = Outage::recent();
    outage.fill(&live, REMOTE_WRITE);
    outage.fill(&live, MACKEREL);
    let sinks = [live.receiver.faults(), live.mackerel.faults()];
    sinks.iter().for_each(|faults| {
        faults.push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
    });
    let function = Bootstrap::start("ecs", &live.environment());
    for run in 1..=3 {
        let (kind, message) = error(&function, &json!({}), TIMEOUT);
        assert_eq!(kind, "DeliveryError");
        assert!(message.contains("nothing is lost: it waits in the spool"), "{message}");
        assert!(waiting(&live, REMOTE_WRITE) >= BODIES as usize + run);
        assert!(waiting(&live, MACKEREL) >= BODIES as usize + run);
    }
    assert!(live.receiver.requests().len() <= 3 * 4, "the head is tried, and nothing else");
    assert_short_lines(&function);
    assert_peak(&function, "ecs, 10,000 bodies wait for each of two sinks that are down", PEAK);
}

#[test]
fn ten_thousand_bodies_wait_for_sinks_that_never_answer() {
    let live = ecs();
    let outage = Outage::recent();
    outage.fill(&live, REMOTE_WRITE);
    outage.fill(&live, MACKEREL);
    for faults in [live.receiver.faults(), live.mackerel.faults()] {
        faults.push(Rule::on("", Fault::Hang).forever());
    }
    let function = Bootstrap::start("ecs", &live.environment());
    for run in 1..=2 {
        let (kind, _) = error(&function, &json!({}), TIMEOUT);
        assert_eq!(kind, "DeliveryError");
        assert!(waiting(&live, REMOTE_WRITE) >= BODIES as usize + run);
        assert!(waiting(&live, MACKEREL) >= BODIES as usize + run);
    }
    assert_short_lines(&function);
    assert_peak(&function, "ecs, 10,000 bodies wait for each of two sinks that are silent", PEAK);
}

/// Nobody takes a sample that is a week old. It is given up with the reason, in one sentence and not in ten thousand.
#[test]
fn a_week_of_bodies_is_given_up_in_one_sentence() {
    let live = ecs();
    Outage::of_a_week().fill(&live, REMOTE_WRITE);
    let function = Bootstrap::start("ecs", &live.environment());
    let (sent, rejected) = drain(&live, &function, REMOTE_WRITE);
    let (young, old) = (40 * SERIES as u64, (BODIES - 60) as u64 * SERIES as u64);
    assert!(sent > young / 2 && rejected > old, "{sent} sent, {rejected} given up");
    let said = function.process.output();
    let entries = said.matches("older than this sink takes").count();
    assert!(entries <= 2 * MOST_RUNS, "{entries} entries, in reports and at once");
    goes_on(&function);
    assert_short_lines(&function);
    assert_peak(&function, "ecs, 10,000 bodies that are too old", PEAK);
}

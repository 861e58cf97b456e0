//! The release `bootstrap`, killed (SIGKILL) in the middle of its invocations: after half an hour of events, of which many
//! killed their process, the receivers hold every sample.

mod cloudfront;
mod ecs;
mod probe;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::lambda::Outcome;
use serde_json::{Value, json};
use series::Timestamp;
use tests::bootstrap::Bootstrap;
use tests::laboratory::dice::Dice;
use tests::live::{Live, assert_no_secret, now};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Events, a minute of schedule apart. All of them lie in the past, less far than the receivers take.
struct Trial {
    function: &'static str,
    events: i64,
    /// Calls that an invocation makes of AWS, more or less: where it is killed.
    calls: i64,
    /// `HOSTLESS_INTERVAL`: an event that comes later than this is not observed any more.
    interval_seconds: u64,
    /// The events during which the emulated sinks are down.
    outage: Range<i64>,
    /// The time of the last event.
    newest: i64,
}

impl Trial {
    fn of(function: &'static str, events: i64, calls: i64) -> Self {
        let newest = now().floor(Duration::from_secs(60)).as_secs();
        Self { function, events, calls, interval_seconds: 60, outage: 0..0, newest }
    }

    /// The time of an event.
    fn time(&self, n: i64) -> Timestamp {
        Timestamp::from_secs(self.newest - 60 * (self.events - n))
    }

    fn event(&self, n: i64) -> Value {
        json!({ "time": self.time(n).to_string() })
    }

    /// Sends all events. The first and the last one are answered, and of the others about half; gives back which.
    fn run(&self, live: &Live, seed: u64) -> BTreeSet<i64> {
        let dice = &mut Dice::of(seed);
        let mut environment = live.environment();
        environment.push(("HOSTLESS_INTERVAL".to_owned(), self.interval_seconds.to_string()));
        self.sinks_are(live, 0);
        let mut function = Bootstrap::start(self.function, &environment);
        let mut answered = BTreeSet::new();
        for n in 0..=self.events {
            self.sinks_are(live, n);
            if (1..self.events).contains(&n) && dice.once_in(2) {
                let calls = live.aws.calls().len();
                let most = usize::try_from(dice.between(0..=self.calls)).expect("a few");
                function.api.push(self.event(n), TIMEOUT);
                // It may be over before so many calls: then it is killed a little later.
                look_until(|| live.aws.calls().len() >= calls + most);
                assert_no_secret(&function.process.output());
                // Dropping the child is SIGKILL.
                function = Bootstrap::start(self.function, &environment);
            } else {
                let outcome = function.invoke(&self.event(n), TIMEOUT);
                self.assert_answered(n, &outcome);
                answered.insert(n);
            }
        }
        assert_no_secret(&function.process.output());
        let killed = self.events + 1 - answered.len() as i64;
        assert!(killed > self.events / 4, "{killed}");
        answered
    }

    fn assert_answered(&self, n: i64, outcome: &Outcome) {
        match outcome {
            Outcome::Response(_) if !self.outage.contains(&n) => {}
            Outcome::Failed(error) if self.outage.contains(&n) => {
                assert_eq!(error.error_type, "DeliveryError", "{n}: {}", error.message);
            }
            other => panic!("{n}: {other:?}"),
        }
    }

    /// Slow enough for every call to be a place to be killed at; and the emulated sinks down, while they are.
    fn sinks_are(&self, live: &Live, n: i64) {
        let slow = Rule::on("", Fault::Delay(Duration::from_millis(10))).forever();
        let down = Rule::on("", Fault::Status(404, "gone".to_owned())).forever();
        let of_sinks = if self.outage.contains(&n) { &down } else { &slow };
        for (script, rule) in [
            (&live.aws.faults(), &slow),
            (live.receiver.faults(), of_sinks),
            (live.mackerel.faults(), of_sinks),
        ] {
            script.clear();
            script.push(rule.clone());
        }
    }
}

/// Bodies went into the spool and came out of it, and none is left.
#[track_caller]
fn assert_the_spool_was_used(live: &Live) {
    let calls = live.aws.calls();
    let of_spool = |operation: &str| {
        let names =
            calls.iter().filter(|call| call.operation == operation).flat_map(|call| &call.names);
        names.filter(|name| name.starts_with("hostless/spool/")).count()
    };
    assert!(of_spool("PutObject") > 6 && of_spool("GetObject") > 6, "the spool was in use");
    let objects = live.aws.objects("hostless");
    assert!(objects.iter().all(|key| key.starts_with("state/")), "nothing waits: {objects:?}");
}

/// The receivers found no fault with what they were sent; what came again was as it had been.
#[track_caller]
fn assert_all_went_by_the_rules(live: &Live) {
    assert_eq!(live.receiver.violations(), Vec::<String>::new());
    assert_eq!(live.mackerel.violations(), Vec::<String>::new());
    for repeat in live.receiver.duplicates() {
        assert_eq!(repeat.sent.to_bits(), repeat.stored.to_bits(), "{repeat:?}");
    }
}

/// Looks often, and not for long.
#[expect(clippy::disallowed_methods, reason = "a test waits for a process, not for a task")]
fn look_until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

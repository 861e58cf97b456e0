//! The release `bootstrap`, killed (SIGKILL) in the middle of its invocations: after half an hour of events, of which many
//! killed their process, the receivers hold every sample.

use std::collections::BTreeMap;
use std::time::Duration;

use emulators::faults::{Fault, Rule};
use emulators::lambda::Outcome;
use serde_json::json;
use series::Timestamp;
use tests::bootstrap::Bootstrap;
use tests::laboratory::dice::Dice;
use tests::live::{Live, assert_no_secret, now};
use tests::prometheus::Prometheus;

const FUNCTION: &str = "cloudfront";
const TIMEOUT: Duration = Duration::from_secs(60);

/// Events, a minute of schedule apart. All of them lie in the past, less far than the receivers take.
const EVENTS: i64 = 30;

/// Calls that an invocation makes of AWS, more or less: where it is killed.
const CALLS: i64 = 8;

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing() {
    let dice = &mut Dice::of(20);
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    let mut environment = live.environment();
    environment.push(("HOSTLESS_INTERVAL".to_owned(), "60".to_owned()));
    let newest = now().floor(Duration::from_secs(60)).as_secs();
    let time = |n: i64| Timestamp::from_secs(newest - 60 * (EVENTS - n));
    let event = |n: i64| json!({ "time": time(n).to_string() });

    // Slow enough for every call to be a place to be killed at.
    let slow = Rule::on("", Fault::Delay(Duration::from_millis(10))).forever();
    for script in [&live.aws.faults(), live.receiver.faults(), live.mackerel.faults()] {
        script.push(slow.clone());
    }
    let mut function = Bootstrap::start(FUNCTION, &environment);
    let begun = function.invoke(&event(0), TIMEOUT);
    assert!(matches!(begun, Outcome::Response(_)), "{begun:?}");
    let mut killed = 0;
    for n in 1..=EVENTS {
        if n < EVENTS && dice.once_in(2) {
            let calls = live.aws.calls().len();
            let most = usize::try_from(dice.between(0..=CALLS)).expect("a few");
            function.api.push(event(n), TIMEOUT);
            // It may be over before so many calls: then it is killed a little later.
            look_until(|| live.aws.calls().len() >= calls + most);
            assert_no_secret(&function.process.output());
            // Dropping the child is SIGKILL.
            function = Bootstrap::start(FUNCTION, &environment);
            killed += 1;
        } else {
            let outcome = function.invoke(&event(n), TIMEOUT);
            assert!(matches!(outcome, Outcome::Response(_)), "{n}: {outcome:?}");
        }
    }
    assert_no_secret(&function.process.output());
    assert!(killed > 8, "{killed}");
    let due = time(0).as_secs() - 180..time(EVENTS).as_secs() - 120;
    let truth = truth(&live, due);
    let held = |held: BTreeMap<BTreeMap<String, String>, Vec<(i64, f64)>>| -> Requests {
        held.into_iter()
            .map(|(labels, samples)| (labels["dimension_DistributionId"].clone(), samples))
            .collect()
    };
    assert_eq!(held(prometheus.raw("aws_cloudfront_requests_sum", "3h", now())), truth);
    let emulated = live.receiver.samples(&[("__name__", "aws_cloudfront_requests_sum")]);
    let seconds = |(ms, value): (i64, f64)| (ms / 1000, value);
    let emulated = emulated.into_iter();
    let emulated =
        emulated.map(|(labels, samples)| (labels, samples.into_iter().map(seconds).collect()));
    assert_eq!(held(emulated.collect()), truth);
    assert_eq!(live.receiver.violations(), Vec::<String>::new());
    assert_eq!(live.mackerel.violations(), Vec::<String>::new());
}

/// Looks often, and not for long.
#[expect(clippy::disallowed_methods, reason = "a test waits for a process, not for a task")]
fn look_until(condition: impl Fn() -> bool) {
    for _ in 0..300 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Requests by distribution.
type Requests = BTreeMap<String, Vec<(i64, f64)>>;

fn truth(live: &Live, window: std::ops::Range<i64>) -> Requests {
    let fleet = live.aws.fleet();
    let all = fleet.distributions.iter().map(|distribution| {
        let id = &distribution.id;
        (id.clone(), live.aws.expected(id, "Requests", "Sum", window.clone()))
    });
    all.filter(|(_, samples)| !samples.is_empty()).collect()
}

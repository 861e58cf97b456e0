//! A laboratory of faults: outages, answers in part, lost races, repeated, late and missing events, at random but from a
//! seed. Whatever happens, in the end each sink holds exactly what the distributions produced.

use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use emulators::faults::{Affected, Fault, Faults, Rule};
use runtime::{Invocation, RunError};
use serde_json::json;
use tests::{Setup, World, minute};

const RUNS: i64 = 40;

/// The dice: xorshift64*, so that a seed means the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % sides
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.roll(choices.len() as u64)).expect("an index")].clone()
    }
}

/// What may befall one run: where, and what. None of them makes a test wait for long.
fn mishaps() -> Vec<(&'static str, Fault)> {
    let gone = || Fault::Status(404, "gone".to_owned());
    let metric = |name: &str| Affected::Metric(name.to_owned());
    let denied = Fault::Status(403, r#"{"__type":"AccessDenied"}"#.to_owned());
    vec![
        ("remote_write:", gone()),
        ("remote_write:", gone()),
        ("remote_write:", Fault::Status(401, String::new())),
        ("mackerel:", gone()),
        ("mackerel:", gone()),
        ("mackerel:", Fault::Answer(307, Vec::new(), String::new())),
        ("cloudwatch:GetMetricData", denied.clone()),
        ("cloudwatch:GetMetricData", Fault::PartialData(metric("Requests"))),
        ("cloudwatch:GetMetricData", Fault::PartialData(Affected::Share(0.4))),
        ("cloudwatch:GetMetricData", Fault::InternalError(metric("BytesUploaded"))),
        ("cloudwatch:GetMetricData", Fault::InternalError(Affected::All)),
        ("cloudfront:", denied.clone()),
        ("ssm:", Fault::Status(400, r#"{"__type":"AccessDeniedException"}"#.to_owned())),
        ("s3:GetObject", denied.clone()),
        ("s3:PutObject", Fault::Conflict),
    ]
}

fn everywhere(world: &World) -> [Faults; 3] {
    [world.aws.faults(), world.receiver.faults().clone(), world.mackerel.faults().clone()]
}

async fn experiment(seed: u64) {
    let mut dice = Dice(seed);
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let mut fleet = (*world.aws.fleet()).clone();
    fleet.distributions.truncate(2);
    world.aws.set_fleet(fleet);
    let mut handler = world.handler().await;
    let mut story = format!("seed {seed}\n");
    // Where the first run begins is remembered from then on.
    world.run(&handler, minute(0)).await;
    for run in 1..=RUNS {
        if dice.roll(4) == 0 {
            everywhere(&world).iter().for_each(Faults::clear);
        }
        if dice.roll(3) == 0 {
            let (operation, fault) = dice.one_of(&mishaps());
            // In the middle of a run, or from its beginning; for a while, or until it is over.
            let mut rule = Rule::on(operation, fault).forever().skip(dice.one_of(&[0, 0, 0, 1, 2]));
            if matches!(rule.fault, Fault::Conflict) || dice.roll(2) == 0 {
                rule = rule.times(1 + u32::try_from(dice.roll(4)).expect("few"));
            }
            writeln!(story, "before {run}: {rule:?}").expect("a text grows");
            everywhere(&world).iter().for_each(|faults| faults.push(rule.clone()));
        }
        world.at(minute(run));
        let event = match dice.roll(8) {
            0 => continue,
            1 => json!({"time": minute(run - 3).to_string()}),
            _ => json!({"time": minute(run).to_string()}),
        };
        if dice.roll(10) == 0 {
            handler = world.handler().await;
        }
        for _ in 0..=dice.roll(6) / 5 {
            let invocation =
                Invocation { time_left: Some(Duration::from_millis(1_500)), keep_series: false };
            let outcome = handler.invoke(&event, invocation).await;
            let failure = outcome.failure.as_ref().map(RunError::error_type);
            writeln!(story, "{run}: {event} {failure:?}").expect("a text grows");
        }
    }
    everywhere(&world).iter().for_each(Faults::clear);
    let handler = world.handler().await;
    for run in RUNS + 1..=RUNS + 2 {
        let outcome = world.run(&handler, minute(run)).await;
        assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]), "{story}");
    }
    let compared = std::panic::catch_unwind(AssertUnwindSafe(|| world.assert_whole(-3..RUNS)));
    assert!(compared.is_ok(), "{story}");
}

/// Each seed is a test of its own, so that they run beside each other.
macro_rules! experiments {
    ($($name:ident: $seed:literal,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                experiment($seed).await;
            }
        )*
    };
}

experiments! {
    whatever_happens_each_sink_holds_exactly_the_truth_in_the_end: 1,
    whatever_happens_in_a_second_world: 2,
    whatever_happens_in_a_third_world: 3,
}

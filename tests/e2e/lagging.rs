//! A sink that lags far behind catches up in many runs, each within its budget, and delays nobody.

use std::time::Duration;

use emulators::faults::{Fault, Rule};
use tests::{Setup, World, minute};

/// Mackerel's default `catch_up`, in minutes.
const CATCH_UP: i64 = 23 * 60 + 30;

#[tokio::test]
async fn mackerel_a_day_behind_catches_up_slice_by_slice_while_remote_write_gets_each_minute() {
    let world = World::new(Setup { interval_seconds: 60, ..Setup::default() });
    let mut fleet = (*world.aws.fleet()).clone();
    fleet.distributions.truncate(3);
    world.aws.set_fleet(fleet);
    let handler = world.handler().await;
    world.run(&handler, minute(0)).await;
    // A day passes without Mackerel: one run is enough to say so.
    let now = CATCH_UP - 3;
    world.mackerel.faults().push(Rule::on("", Fault::Status(404, String::new())).forever());
    world.run(&handler, minute(now)).await;
    world.mackerel.faults().clear();
    // A hundred posts of half a second: more than one run has time for.
    let slow = Fault::Delay(Duration::from_millis(150));
    world.mackerel.faults().push(Rule::on("", slow).forever());
    let mut before = 0;
    let mut runs = 0;
    loop {
        runs += 1;
        let due = world.due_to_remote_write(now + runs - 3..now + runs - 2);
        let due: usize = due.values().map(|points| points.len()).sum();
        let time = Duration::from_secs(4);
        let outcome = world.run_within(&handler, minute(now + runs), time).await;
        assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
        assert!(outcome.report.duration_ms < 4_000);
        let [remote_write, mackerel] = &outcome.report.sinks[..] else { panic!("two sinks") };
        assert!(remote_write.sent >= due as u64, "run {runs}: {remote_write:?}");
        assert_eq!(remote_write.pending, 0);
        let held: usize = world.held_by_mackerel().values().map(|points| points.len()).sum();
        assert!(held > before, "run {runs} made no progress: {mackerel:?}");
        before = held;
        if mackerel.pending == 0 {
            break;
        }
        assert!(runs < 60, "{mackerel:?}");
    }
    assert!(runs > 2, "one run was not enough");
    let last = now + runs - 2;
    assert_eq!(world.held_by_mackerel(), world.due_to_mackerel(-3..last));
    assert_eq!(world.mackerel.violations(), Vec::<String>::new());
    let held = world.held_by_remote_write();
    for (series, points) in world.due_to_remote_write(now - 2..last) {
        for (at, value) in points {
            assert_eq!(held[&series].get(&at), Some(&value), "{series}");
        }
    }
}

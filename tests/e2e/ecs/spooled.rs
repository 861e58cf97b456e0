//! A sink that is down: what the API counted waits in the spool, what CloudWatch has is read again.

use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::EcsFleet;
use runtime::RunError;
use tests::{World, minute};

use super::{REGION, due, function, run, world};

const REMOTE_WRITE: usize = 0;
const MACKEREL: usize = 1;

fn bodies(world: &World) -> usize {
    world.aws.objects("hostless").iter().filter(|key| key.starts_with("spool/")).count()
}

async fn down_for_three_runs(sink: usize) {
    let world = world("{}", EcsFleet::demo());
    let handler = function(&world).await;
    run(&world, &handler, 5).await;
    let faults =
        if sink == REMOTE_WRITE { world.receiver.faults() } else { world.mackerel.faults() };
    faults.push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
    let mut spooled = 0;
    for at in [10, 15, 20] {
        let outcome = world.run(&handler, minute(at)).await;
        let Some(RunError::Delivery(_)) = &outcome.failure else {
            panic!("{}", outcome.report.to_json())
        };
        let report = &outcome.report.sinks[sink];
        let counts = world.ecs(REGION).counts(at - 5, [at]).remote_write().len() as u64;
        assert_eq!((report.sent, report.spooled), (0, counts), "the API's counts, and no more");
        spooled += counts;
        assert!(report.pending > spooled, "CloudWatch's minutes wait too");
        let other = &outcome.report.sinks[1 - sink];
        assert_eq!((other.spooled, other.pending), (0, 0));
    }
    assert!(bodies(&world) >= 3);
    faults.clear();
    let outcome = run(&world, &handler, 25).await;
    assert_eq!((outcome.report.sinks[sink].pending, bodies(&world)), (0, 0));
    run(&world, &handler, 30).await;
    world.assert_ecs(&due(&world, REGION, 5, 30));
}

#[tokio::test]
async fn remote_write_that_was_down_gets_everything_once_and_in_order() {
    down_for_three_runs(REMOTE_WRITE).await;
}

#[tokio::test]
async fn mackerel_that_was_down_gets_everything_once_and_in_order() {
    down_for_three_runs(MACKEREL).await;
}

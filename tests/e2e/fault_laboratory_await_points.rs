//! Wherever an invocation waits for something, its process may be killed, or stand still while others go on: each of
//! these places, one after the other. In the end each sink holds every sample, once.

use emulators::faults::{Fault, Rule};
use tests::laboratory::plan::{Fate, Minute, Peer, Place, Plan, Sent, Spell};
use tests::laboratory::trouble::Trouble;
use tests::laboratory::{Subject, experiment};

/// More than an invocation has, but for one that looks for new things; that it is more is checked.
const PLACES: u64 = 60;

/// Some minutes of the schedule for each place.
fn plan(peer: Peer, minutes: fn(Place) -> Vec<Minute>) -> Plan {
    Plan::by_hand(peer, (0..PLACES).map(Place::Poll).flat_map(minutes).collect())
}

fn nothing_is_lost(subject: Subject, plan: &Plan) {
    let verdict = experiment(subject, plan);
    assert_eq!(verdict.indictment(subject, plan), None);
    let last = verdict.stopped.range(PLACES - 10..).count();
    assert!(last <= 5, "{PLACES} places are not enough: {:?}", verdict.stopped);
    assert!(verdict.stopped.len() > 5, "it was stopped only here: {:?}", verdict.stopped);
}

/// The next run finds what the one before had done, and does the rest.
fn killed(place: Place) -> Vec<Minute> {
    vec![Minute::with(Fate::Dies(place)), Minute::with(Fate::Ends)]
}

/// The same with a process that had just started.
fn killed_at_its_start(place: Place) -> Vec<Minute> {
    let cold = Sent { cold: true, ..Sent::in_time(Fate::Dies(place)) };
    vec![Minute { sent: vec![cold], at_once: false }, Minute::with(Fate::Ends)]
}

/// Another container has delivered a newer minute when the first one goes on with its older view.
fn overtaken(place: Place) -> Vec<Minute> {
    vec![Minute::with(Fate::Freezes(place, 2)), Minute::with(Fate::Ends), Minute::default()]
}

/// The same event, twice: the second one is over when the first one goes on.
fn repeated(place: Place) -> Vec<Minute> {
    let sent = vec![Sent::in_time(Fate::Freezes(place, 1)), Sent::in_time(Fate::Ends)];
    vec![Minute { sent, at_once: false }, Minute::default()]
}

/// Both go on at once, the first one ahead by so much.
fn beside_each_other(place: Place) -> Vec<Minute> {
    vec![Minute::with(Fate::Freezes(place, 1)), Minute::with(Fate::Ends)]
}

/// Killed while what was observed goes into the spool, and killed while it comes out of it again.
fn spooled(place: Place) -> Vec<Minute> {
    let (dies, ends) = (Fate::Dies(place), Fate::Ends);
    [ends, dies, dies, ends].map(Minute::with).into()
}

/// Each is a test of its own, so that they run beside each other.
macro_rules! everywhere {
    ($($name:ident: $subject:ident, $peer:ident, $minutes:ident;)*) => {
        $(
            #[test]
            fn $name() {
                nothing_is_lost(Subject::$subject, &plan(Peer::$peer, $minutes));
            }
        )*
    };
}

everywhere! {
    cloudfront_may_be_killed_anywhere: CloudFront, Prometheus, killed;
    cloudfront_may_be_killed_anywhere_in_its_first_invocation: CloudFront, Amp, killed_at_its_start;
    cloudfront_may_be_overtaken_anywhere: CloudFront, Prometheus, overtaken;
    cloudfront_may_be_overtaken_anywhere_with_amp: CloudFront, Amp, overtaken;
    cloudfront_may_get_an_event_twice_wherever_the_first_one_is: CloudFront, Amp, repeated;
    cloudfront_may_run_twice_however_far_ahead_one_is: CloudFront, PatientPrometheus, beside_each_other;
    ecs_may_be_killed_anywhere: Ecs, Prometheus, killed;
    ecs_may_be_killed_anywhere_in_its_first_invocation: Ecs, Amp, killed_at_its_start;
    ecs_may_be_overtaken_anywhere: Ecs, Amp, overtaken;
    ecs_may_get_an_event_twice_wherever_the_first_one_is: Ecs, Prometheus, repeated;
    ecs_may_run_twice_however_far_ahead_one_is: Ecs, PatientPrometheus, beside_each_other;
    probe_may_be_killed_anywhere: Probe, Prometheus, killed;
    probe_may_be_killed_anywhere_in_its_first_invocation: Probe, Amp, killed_at_its_start;
    probe_may_be_overtaken_anywhere: Probe, Amp, overtaken;
    probe_may_get_an_event_twice_wherever_the_first_one_is: Probe, Prometheus, repeated;
    probe_may_run_twice_however_far_ahead_one_is: Probe, PatientPrometheus, beside_each_other;
}

/// For each place the sink is down for two minutes, the first of which is undisturbed.
fn spool_is_whole(subject: Subject, operation: &str) {
    let mut plan = plan(Peer::Prometheus, spooled);
    let down = || Trouble::Calls(Rule::on(operation, Fault::Status(404, String::new())).forever());
    let spell = |from| Spell { label: "sink down", trouble: down(), from, to: from + 2 };
    plan.troubles =
        (1..).step_by(4).take_while(|from| *from < 4 * PLACES as i64).map(spell).collect();
    nothing_is_lost(subject, &plan);
}

#[test]
fn the_spool_of_remote_write_is_whole_wherever_a_process_is_killed() {
    spool_is_whole(Subject::Ecs, "remote_write:");
}

#[test]
fn the_spool_of_mackerel_is_whole_wherever_a_process_is_killed() {
    spool_is_whole(Subject::Ecs, "mackerel:");
}

#[test]
fn the_spool_of_remote_write_is_whole_wherever_a_probing_process_is_killed() {
    spool_is_whole(Subject::Probe, "remote_write:");
}

#[test]
fn the_spool_of_mackerel_is_whole_wherever_a_probing_process_is_killed() {
    spool_is_whole(Subject::Probe, "mackerel:");
}

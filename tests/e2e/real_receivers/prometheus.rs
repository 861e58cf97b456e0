//! Prometheus, with its default of no sample out of order, and with a window for them.

use runtime::environment;
use serde_json::json;
use tests::prometheus::Prometheus;
use tests::samples::differences;
use tests::{Setup, World, minute};

use super::{
    CRASHED, HOUR, STATE, TWICE, VALUES, an_hour, an_hour_with_a_crash, by_series, truth, well,
    world,
};

/// The whole hour, to the last bit.
fn holds_the_hour(prometheus: &Prometheus, world: &World) {
    let held = by_series(prometheus.raw(VALUES, "3h", minute(70)));
    assert_eq!(differences(&held, &truth(world, HOUR), 0.0), Vec::<String>::new());
}

/// Whatever Prometheus warns of, it finds wrong with what it is sent.
fn has_no_complaint(prometheus: &Prometheus) {
    let log = prometheus.log();
    let complaints = log.lines().filter(|line| !line.contains("level=info"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
}

async fn an_hour_arrives(prometheus: &Prometheus, interval: i64) {
    let world = world(&prometheus.write_url(), interval);
    let handler = world.handler().await;
    an_hour(&world, &handler, interval).await;
    holds_the_hour(prometheus, &world);
    has_no_complaint(prometheus);
}

#[tokio::test]
async fn an_hour_arrives_minute_by_minute() {
    an_hour_arrives(&Prometheus::start(), 1).await;
}

#[tokio::test]
async fn an_hour_arrives_five_minutes_at_a_time() {
    an_hour_arrives(&Prometheus::start(), 5).await;
}

#[tokio::test]
async fn an_hour_arrives_minute_by_minute_where_samples_may_come_out_of_order() {
    an_hour_arrives(&Prometheus::with_out_of_order_window("10m"), 1).await;
}

#[tokio::test]
async fn an_hour_arrives_five_minutes_at_a_time_where_samples_may_come_out_of_order() {
    an_hour_arrives(&Prometheus::with_out_of_order_window("10m"), 5).await;
}

#[tokio::test]
async fn a_dashboard_shows_each_value_at_its_minute() {
    let prometheus = Prometheus::start();
    let world = world(&prometheus.write_url(), 5);
    let handler = world.handler().await;
    an_hour(&world, &handler, 5).await;
    let truth = truth(&world, HOUR);
    let steady = truth.iter().find(|(_, samples)| samples.len() == 60);
    let (series, samples) = steady.expect("a distribution with traffic in each minute");
    let selector = series.replace('{', r#"{dimension_DistributionId=""#).replace('}', r#""}"#);
    let shown = prometheus.each_minute(&selector, minute(-2), minute(57));
    assert_eq!(shown.into_values().flatten().collect::<Vec<_>>(), *samples);
    // Nothing of it is an older value that is still shown.
    let times = prometheus.each_minute(&format!("timestamp({selector})"), minute(-2), minute(57));
    let times: Vec<_> = times.into_values().flatten().collect();
    assert_eq!(times.len(), 60);
    assert!(times.iter().all(|(at, value)| *value == *at as f64), "{times:?}");
}

#[tokio::test]
async fn the_events_of_an_hour_once_more_send_nothing() {
    let prometheus = Prometheus::start();
    let world = world(&prometheus.write_url(), 5);
    let handler = world.handler().await;
    an_hour(&world, &handler, 5).await;
    for run in 1..=12 {
        let event = json!({ "time": minute(run * 5).to_string() });
        let outcome = world.send(&handler, &event).await;
        well(&outcome);
        assert_eq!(outcome.report.window, None);
        assert!(outcome.report.sinks.iter().all(|sink| sink.requests == 0));
    }
    holds_the_hour(&prometheus, &world);
    has_no_complaint(&prometheus);
}

#[tokio::test]
async fn what_is_delivered_again_after_a_crash_changes_nothing() {
    let prometheus = Prometheus::with_out_of_order_window("10m");
    let world = world(&prometheus.write_url(), 5);
    an_hour_with_a_crash(&world).await.iter().for_each(well);
    holds_the_hour(&prometheus, &world);
    has_no_complaint(&prometheus);
}

/// Prometheus calls what it has already out of order unless it is its newest sample: of the minutes that come twice it
/// refuses all, the new ones behind them arrive in the same run, and the report counts what was refused.
#[tokio::test]
async fn without_a_window_for_late_samples_a_crash_loses_nothing_and_is_reported() {
    let prometheus = Prometheus::start();
    let world = world(&prometheus.write_url(), 5);
    let outcomes = an_hour_with_a_crash(&world).await;
    for (run, outcome) in (1..).zip(&outcomes) {
        if run != CRASHED + 1 {
            well(outcome);
        }
    }
    let after = &outcomes[usize::try_from(CRASHED).expect("a small number")];
    assert_eq!(after.failure, None);
    let twice: u64 = truth(&world, TWICE).values().map(|samples| samples.len() as u64).sum();
    let rejected = after.report.sinks[0].rejected;
    assert!(0 < rejected && rejected <= twice, "{rejected} of {twice}");
    let said: Vec<_> = after.report.errors.iter().map(|error| error.message.as_str()).collect();
    let expected = format!(
        "{rejected} samples refused: out of order sample (status 400: out of order sample)"
    );
    assert_eq!(said, [expected]);
    holds_the_hour(&prometheus, &world);
}

/// The scheduler repeats an event whose first run was killed before it wrote its state: nothing in it is new.
#[tokio::test]
async fn a_repeated_event_after_a_crash_loses_nothing_and_fails_nothing() {
    for prometheus in [Prometheus::start(), Prometheus::with_out_of_order_window("10m")] {
        let world = world(&prometheus.write_url(), 5);
        let handler = world.handler().await;
        let (bucket, key) = STATE;
        for run in 1..=12 {
            let before = world.aws.object(bucket, key);
            well(&world.run(&handler, minute(run * 5)).await);
            if run == CRASHED {
                world.aws.put_object(bucket, key, before.expect("a state"));
                let repeated = world.run(&handler, minute(run * 5)).await;
                assert_eq!(repeated.failure, None, "{}", repeated.report.to_json());
            }
        }
        holds_the_hour(&prometheus, &world);
    }
}

/// What is repeated from behind the window Prometheus 2.42 answers with 500, as if it were down (with 400 from 2.50 on).
/// A state that is set back that far holds the sink up until `catch_up` has passed it by; then everything is there.
#[tokio::test]
async fn a_state_that_is_set_back_behind_the_window_costs_time_and_no_data() {
    let prometheus = Prometheus::with_out_of_order_window("10m");
    let config = format!(
        "cloudfront: {{}}\nremote_write: [{{url: '{}', name: receiver, catch_up: 20m}}]",
        prometheus.write_url()
    );
    let world = World::new(Setup { config, ..Setup::default() });
    let handler = world.handler_with(&[(environment::BUDGET, "1")]).await;
    let (bucket, key) = STATE;
    let mut failed = Vec::new();
    let mut early = None;
    for run in 1..=12 {
        let outcome = world.run(&handler, minute(run * 5)).await;
        match run {
            2 => early = world.aws.object(bucket, key),
            6 => world.aws.put_object(bucket, key, early.clone().expect("a state")),
            _ => {}
        }
        if let Some(failure) = outcome.failure {
            assert_eq!(failure.error_type(), "DeliveryError");
            assert!(failure.to_string().contains("status 500: too old sample"), "{failure}");
            failed.push(run);
        }
    }
    assert_eq!(failed, [7]);
    holds_the_hour(&prometheus, &world);
}

/// Two schedulers, say. Whoever comes second with a minute may be refused it as out of order, and says so; nothing is
/// missing, and what both delivered is there once.
#[tokio::test]
async fn two_invocations_for_each_event_leave_no_gap() {
    for prometheus in [Prometheus::start(), Prometheus::with_out_of_order_window("10m")] {
        let world = world(&prometheus.write_url(), 5);
        let (one, other) = (world.handler().await, world.handler().await);
        for run in 1..=12 {
            world.at(minute(run * 5));
            let event = json!({ "time": minute(run * 5).to_string() });
            let (one, other) = tokio::join!(world.send(&one, &event), world.send(&other, &event));
            assert!(one.failure.is_none() || other.failure.is_none(), "{one:?} {other:?}");
            let errors = one.report.errors.iter().chain(&other.report.errors);
            for error in errors {
                assert!(error.message.contains("out of order sample"), "{error:?}");
            }
        }
        holds_the_hour(&prometheus, &world);
    }
}

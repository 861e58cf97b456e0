//! What comes back when nothing goes wrong.

use emulators::traffic::Fleet;
use metric_data::{Answer, Query};
use series::Sample;

use crate::bench::{Bench, GET, MINUTE, default_queries, last_minutes, query};

#[tokio::test]
async fn every_point_comes_with_cloudwatchs_own_timestamp() {
    let fleet = Fleet::demo().with_additional_metrics();
    let mut queries = default_queries(&fleet);
    for distribution in &fleet.distributions {
        for statistic in ["p50", "p90", "p99"] {
            queries.push(query(&distribution.id, "OriginLatency", statistic));
        }
    }
    let bench = Bench::start(fleet).await;
    let window = last_minutes(60);
    let fetched = bench.fetch(&queries, window).await;
    assert_eq!(fetched.answers, bench.truths(&queries, window));
    assert!(
        fetched.answers.iter().any(|answer| matches!(answer, Answer::Complete(s) if s.len() == 60))
    );
    assert!(
        fetched.answers.contains(&Answer::Complete(Vec::new())),
        "one distribution has no traffic"
    );
    assert_eq!((fetched.errors, fetched.notices), (vec![], vec![]));
    assert_eq!(fetched.metrics_requested, queries.len() as u64);
    assert_eq!(bench.count(GET), 1);
}

#[tokio::test]
async fn three_thousand_series_take_exactly_six_calls() {
    let fleet = Fleet::sized(500);
    let queries = default_queries(&fleet);
    let bench = Bench::start(fleet).await;
    let window = last_minutes(5);
    let fetched = bench.fetch(&queries, window).await;
    assert_eq!(fetched.answers, bench.truths(&queries, window));
    assert_eq!(fetched.metrics_requested, 3_000);
    assert_eq!(bench.count(GET), 6);
}

#[tokio::test]
async fn a_long_window_comes_in_pages_that_are_joined() {
    let fleet = Fleet::sized(80);
    let queries: Vec<Query> =
        fleet.distributions.iter().map(|d| query(&d.id, "Requests", "Sum")).collect();
    let bench = Bench::start(fleet).await;
    // 80 × 1,441 points: the second page begins in the middle of a metric's points.
    let window = last_minutes(1_441);
    let fetched = bench.fetch(&queries, window).await;
    assert_eq!(fetched.answers, bench.truths(&queries, window));
    assert_eq!(bench.count(GET), 2);
    assert_eq!(fetched.metrics_requested, 160);
}

#[tokio::test]
async fn a_longer_period_is_asked_for_as_such() {
    let fleet = Fleet::sized(1);
    let minutes = query(&fleet.distributions[0].id, "Requests", "Sum");
    let hours = Query { period: MINUTE * 30, ..minutes.clone() };
    let bench = Bench::start(fleet).await;
    let window = last_minutes(60);
    let Answer::Complete(truth) = bench.truth(&minutes, window) else { panic!("it is complete") };
    let half = |samples: &[Sample]| Sample {
        at: samples[0].at,
        value: samples.iter().map(|sample| sample.value).sum(),
    };
    let expected = Answer::Complete(vec![half(&truth[..30]), half(&truth[30..])]);
    assert_eq!(bench.fetch(&[hours], window).await.answers, [expected]);
}

#[tokio::test]
async fn an_empty_window_or_no_query_makes_no_call() {
    let fleet = Fleet::sized(1);
    let queries = default_queries(&fleet);
    let bench = Bench::start(fleet).await;
    let fetched = bench.fetch(&queries, last_minutes(0)).await;
    assert_eq!(fetched.answers, vec![Answer::Complete(Vec::new()); 6]);
    assert_eq!(fetched.metrics_requested, 0);
    assert_eq!(bench.fetch(&[], last_minutes(5)).await.answers, []);
    assert_eq!(bench.count(GET), 0);
}

#[tokio::test]
async fn a_fetch_may_run_on_any_thread() {
    let fleet = Fleet::sized(1);
    let queries = default_queries(&fleet);
    let bench = Bench::start(fleet).await;
    let fetched = tokio::spawn(async move { bench.fetch(&queries, last_minutes(5)).await });
    assert_eq!(fetched.await.expect("it does not panic").errors, []);
}

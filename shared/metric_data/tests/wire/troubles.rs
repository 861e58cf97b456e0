//! Whatever goes wrong costs only the queries it happened to, and no series ever has a hole.

use std::time::Duration;

use emulators::faults::{Affected, Fault};
use emulators::traffic::Fleet;
use metric_data::{Answer, Fetched, Query};
use series::Window;

use crate::bench::{Bench, GET, complete, default_queries, last_minutes, messages, query};

/// One distribution with its six default metrics, and a window of ten minutes.
async fn small() -> (Bench, Vec<Query>, Window) {
    let fleet = Fleet::sized(1);
    let queries = default_queries(&fleet);
    (Bench::start(fleet).await, queries, last_minutes(10))
}

/// Every answer is complete, in spite of what the notices tell.
fn assert_recovered(bench: &Bench, queries: &[Query], window: Window, fetched: &Fetched) {
    assert_eq!(fetched.answers, bench.truths(queries, window));
    assert_eq!(fetched.errors, []);
    assert!(bench.emulator.faults().pending().is_empty(), "the script was played to its end");
}

#[tokio::test]
async fn passing_troubles_are_waited_out() {
    let table = [
        (Fault::Throttle, "Rate exceeded"),
        (Fault::Status(500, String::new()), "HTTP status 500"),
        (Fault::Status(503, "busy".to_owned()), "HTTP status 503"),
        (Fault::CutConnection, "dispatch failure: io error: "),
        (Fault::CutAfter, "dispatch failure: io error: "),
    ];
    for (fault, notice) in table {
        let (bench, queries, window) = small().await;
        bench.script(GET, fault.clone()).times(2);
        let fetched = bench.fetch(&queries, window).await;
        assert_recovered(&bench, &queries, window, &fetched);
        assert_eq!(bench.count(GET), 3, "{fault:?}");
        assert_eq!(fetched.metrics_requested, 6, "only what CloudWatch accepted is billed");
        let notices = messages(&fetched.notices);
        assert!(matches!(notices[..], [one] if one.contains(notice)), "{fault:?}: {notices:?}");
    }
}

/// That it ends with the budget too is tested where calls are tried, with a clock that stands still.
#[tokio::test]
async fn throttling_without_end_is_one_error_after_some_tries() {
    let fleet = Fleet::sized(200);
    let queries = default_queries(&fleet);
    let bench = Bench::start(fleet).await;
    bench.script(GET, Fault::Throttle).forever();
    let fetched = bench.fetch(&queries, last_minutes(5)).await;
    assert_eq!(complete(&fetched.answers), 0);
    assert_eq!(fetched.metrics_requested, 0);
    let [error] = &fetched.errors[..] else { panic!("one error: {:?}", fetched.errors) };
    assert_eq!(error.source, "cloudwatch:GetMetricData:us-east-1");
    assert!(error.message.contains("Rate exceeded (1200 queries unanswered"), "{}", error.message);
    assert_eq!(bench.count(GET), 3 * 6, "each of the three requests was tried six times");
}

#[tokio::test]
async fn partial_data_is_asked_for_again_and_only_that() {
    let (bench, queries, window) = small().await;
    bench.script(GET, Fault::PartialData(Affected::Share(0.5))).once();
    let fetched = bench.fetch(&queries, window).await;
    assert_recovered(&bench, &queries, window, &fetched);
    assert_eq!(bench.count(GET), 2);
    assert_eq!(fetched.metrics_requested, 6 + 3);
    assert_eq!(messages(&fetched.notices), ["PartialData"]);
}

#[tokio::test]
async fn an_internal_error_of_one_query_is_asked_for_again() {
    let (bench, queries, window) = small().await;
    bench.script(GET, Fault::InternalError(Affected::Ids(vec!["q4".to_owned()]))).times(2);
    let fetched = bench.fetch(&queries, window).await;
    assert_recovered(&bench, &queries, window, &fetched);
    assert_eq!(fetched.metrics_requested, 6 + 1 + 1);
}

#[tokio::test]
async fn a_query_that_stays_partial_does_not_hold_up_its_siblings() {
    let (bench, queries, window) = small().await;
    bench.script(GET, Fault::PartialData(Affected::Metric("Requests".to_owned()))).forever();
    let fetched = bench.fetch(&queries, window).await;
    assert_eq!(fetched.answers[0], Answer::Unanswered { reason: "PartialData".to_owned() });
    assert_eq!(fetched.answers[1..], bench.truths(&queries[1..], window));
    let expected = format!("PartialData (unanswered: {})", queries[0].key());
    assert_eq!(messages(&fetched.errors), [expected]);
    assert_eq!(bench.count(GET), 4, "asked a bounded number of times");
    assert_eq!(fetched.metrics_requested, 6 + 3);
}

#[tokio::test]
async fn forbidden_is_final() {
    let (bench, queries, window) = small().await;
    bench.script(GET, Fault::Forbidden(Affected::Metric("BytesUploaded".to_owned()))).forever();
    let fetched = bench.fetch(&queries, window).await;
    let reason = "Forbidden: You are not authorized to read this metric.".to_owned();
    assert_eq!(fetched.answers[2], Answer::Forbidden { reason });
    assert_eq!(complete(&fetched.answers), 5);
    assert_eq!(bench.count(GET), 1);
}

/// 80 distributions, of which the first page holds 69 whole and one in part.
async fn two_pages() -> (Bench, Vec<Query>, Window) {
    let fleet = Fleet::sized(80);
    let queries = fleet.distributions.iter().map(|d| query(&d.id, "Requests", "Sum")).collect();
    (Bench::start(fleet).await, queries, last_minutes(1_441))
}

#[tokio::test]
async fn a_lost_page_is_asked_for_again_with_its_token() {
    let (bench, queries, window) = two_pages().await;
    bench.script(GET, Fault::DropPage).once();
    let fetched = bench.fetch(&queries, window).await;
    assert_recovered(&bench, &queries, window, &fetched);
    assert_eq!(bench.count(GET), 3);
    assert_eq!(fetched.metrics_requested, 80 + 80);
}

#[tokio::test]
async fn a_page_that_stays_lost_costs_nothing_that_was_read() {
    let (bench, queries, window) = two_pages().await;
    bench.script(GET, Fault::DropPage).forever();
    let fetched = bench.fetch(&queries, window).await;
    let (read, lost) = fetched.answers.split_at(69);
    assert_eq!(read, bench.truths(&queries[..69], window));
    assert_eq!(lost.len(), 11);
    for answer in lost {
        let Answer::Unanswered { reason } = answer else { panic!("no hole: {answer:?}") };
        assert!(reason.contains("The request processing has failed."), "{reason}");
    }
    assert_eq!(fetched.errors.len(), 1);
    assert!(fetched.errors[0].message.contains("(11 queries unanswered, the first "));
}

#[tokio::test]
async fn a_request_that_cloudwatch_refuses_does_not_cost_the_others() {
    let fleet = Fleet::sized(100);
    let mut queries = default_queries(&fleet);
    let mut invalid = query("E0", "Requests", "Sum");
    invalid.period = Duration::from_secs(90);
    queries.insert(0, invalid);
    let bench = Bench::start(fleet).await;
    let window = last_minutes(5);
    let fetched = bench.fetch(&queries, window).await;
    assert_eq!(fetched.answers[500..], bench.truths(&queries[500..], window));
    assert_eq!(complete(&fetched.answers), 101);
    let [error] = &fetched.errors[..] else { panic!("one error: {:?}", fetched.errors) };
    assert!(error.message.starts_with("ValidationError: The value 90 for parameter Period"));
    assert_eq!(bench.count(GET), 2, "refused requests are not repeated");
}

#[tokio::test]
async fn a_key_that_cloudwatch_does_not_know_is_not_tried_again() {
    let (bench, queries, window) = small().await;
    bench.script(GET, Fault::WrongKey).forever();
    let fetched = bench.fetch(&queries, window).await;
    assert_eq!(complete(&fetched.answers), 0);
    assert!(fetched.answers.iter().all(|a| matches!(a, Answer::Unanswered { .. })), "still owed");
    assert_eq!(bench.count(GET), 1);
}

#[tokio::test]
async fn a_slow_answer_never_outlasts_the_budget() {
    let (bench, queries, window) = small().await;
    bench.script(GET, Fault::Delay(Duration::from_secs(3600))).forever();
    let started = clock::Budget::starting_now(Duration::ZERO);
    let fetched = bench.fetch_within(&queries, window, Duration::from_secs(2)).await;
    // Tries without a budget would take a minute.
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(
        fetched.answers,
        vec![Answer::Unanswered { reason: "no answer in time".to_owned() }; 6]
    );
}

#[tokio::test]
async fn when_the_budget_is_over_nothing_is_asked() {
    let (bench, queries, window) = small().await;
    let fetched = bench.fetch_within(&queries, window, Duration::ZERO).await;
    let reason = "no time was left to ask".to_owned();
    assert_eq!(fetched.answers, vec![Answer::Unanswered { reason }; 6]);
    assert_eq!(bench.count(GET), 0);
}

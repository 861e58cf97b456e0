//! ListMetrics: all pages, the filters, and what becomes of a page that stays out.

use std::collections::BTreeSet;
use std::time::Duration;

use clock::Budget;
use emulators::faults::{Fault, Rule};
use emulators::traffic::{DEFAULT_METRICS, Fleet};
use metric_data::{Listing, Metric, list_metrics};
use series::SourceError;

use crate::bench::{Bench, LIST, default_queries};

const ALL: Listing<'_> = Listing {
    namespace: "AWS/CloudFront",
    metric_name: None,
    dimensions: &[],
    recently_active: false,
};

async fn list(bench: &Bench, listing: Listing<'_>) -> (Vec<Metric>, Vec<SourceError>) {
    let budget = Budget::starting_now(Duration::from_secs(30));
    list_metrics(&bench.client, &listing, &bench.limiter, &budget).await
}

#[tokio::test]
async fn every_page_is_read() {
    let fleet = Fleet::sized(200);
    let expected: BTreeSet<Metric> =
        default_queries(&fleet).iter().map(|query| (*query.metric).clone()).collect();
    let bench = Bench::start(fleet).await;
    let (metrics, errors) = list(&bench, ALL).await;
    assert_eq!(errors, []);
    assert_eq!(metrics.len(), 1_200);
    assert_eq!(metrics.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(bench.count(LIST), 3);
}

#[tokio::test]
async fn filters_are_cloudwatchs() {
    let bench = Bench::start(Fleet::sized(3)).await;
    let id = bench.emulator.fleet().distributions[1].id.clone();
    let named = Listing { metric_name: Some("Requests"), ..ALL };
    assert_eq!(list(&bench, named).await.0.len(), 3);
    let dimensions = [("DistributionId".to_owned(), Some(id)), ("Region".to_owned(), None)];
    let of_one = Listing { dimensions: &dimensions, ..ALL };
    assert_eq!(list(&bench, of_one).await.0.len(), DEFAULT_METRICS.len());
    let elsewhere = Listing { namespace: "AWS/ECS", ..ALL };
    assert_eq!(list(&bench, elsewhere).await, (vec![], vec![]));
}

#[tokio::test]
async fn recently_active_leaves_out_what_is_still_listed() {
    let mut fleet = Fleet::sized(2);
    // About one request in four days: active in the last two weeks, not in the last hours.
    fleet.distributions[1].requests_per_minute = 0.000_17;
    let bench = Bench::start(fleet).await;
    let count =
        async |recently_active| list(&bench, Listing { recently_active, ..ALL }).await.0.len();
    assert_eq!((count(false).await, count(true).await), (12, 6));
}

#[tokio::test]
async fn a_throttled_page_is_tried_again() {
    let bench = Bench::start(Fleet::sized(100)).await;
    bench.emulator.faults().push(Rule::on(LIST, Fault::Throttle).skip(1).times(2));
    let (metrics, errors) = list(&bench, ALL).await;
    assert_eq!((metrics.len(), errors), (600, vec![]));
    assert_eq!(bench.count(LIST), 4);
}

#[tokio::test]
async fn a_page_that_stays_out_leaves_those_before_it() {
    let bench = Bench::start(Fleet::sized(100)).await;
    let refused = Fault::WrongKey;
    bench.emulator.faults().push(Rule::on(LIST, refused).skip(1).forever());
    let (metrics, errors) = list(&bench, ALL).await;
    assert_eq!(metrics.len(), 500);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].source, "cloudwatch:ListMetrics:us-east-1");
    assert!(errors[0].message.ends_with("(listed in part)"), "{}", errors[0].message);
}

//! Which queries go together in one GetMetricData request. Pure.
//!
//! CloudWatch takes [`MAX_QUERIES`] in a request. Up to five statistics of one metric are billed as one metric only if
//! they stand in the same request, so a metric's queries are never torn apart.

use std::collections::HashMap;

use crate::{Metric, Query};

/// The most queries that one GetMetricData request may hold.
pub const MAX_QUERIES: usize = 500;

/// The most datapoints that one page of GetMetricData holds.
pub const MAX_POINTS: u32 = 100_800;

/// The requests to make, each as the indexes of its queries, ascending. Every query is in exactly one of them. There
/// are ⌈queries / 500⌉ requests unless keeping each metric whole forces more.
pub fn plan(queries: &[Query]) -> Vec<Vec<usize>> {
    let mut requests = pack(whole_metrics(queries));
    for request in &mut requests {
        request.sort_unstable();
    }
    requests
}

/// How many periods a window may have so that `queries` queries, divided as [`plan`] divides them, fit each request's
/// answer into one page; at least 1.
pub fn periods_per_call(queries: usize) -> u32 {
    let together = u32::try_from(queries.clamp(1, MAX_QUERIES)).unwrap_or(MAX_POINTS);
    MAX_POINTS / together
}

/// The queries of each metric, in order of first appearance. A metric with more queries than a request may hold is
/// cut: nothing else could be done with it.
fn whole_metrics(queries: &[Query]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of: HashMap<&Metric, usize> = HashMap::new();
    for (at, query) in queries.iter().enumerate() {
        let group = *group_of.entry(&query.metric).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.iter().flat_map(|group| group.chunks(MAX_QUERIES).map(<[usize]>::to_vec)).collect()
}

/// First fit, largest first: metrics with one statistic come last and fill the gaps that the others leave.
fn pack(mut groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut requests: Vec<Vec<usize>> = Vec::new();
    let (mut size, mut first_with_room) = (0, 0);
    for group in groups {
        if group.len() != size {
            // A smaller group may fit where the larger ones no longer did.
            (size, first_with_room) = (group.len(), 0);
        }
        while requests.get(first_with_room).is_some_and(|r| r.len() + size > MAX_QUERIES) {
            first_with_room += 1;
        }
        match requests.get_mut(first_with_room) {
            Some(request) => request.extend(group),
            None => requests.push(group),
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;

    use crate::Statistic;

    /// One metric for each entry, with so many statistics.
    fn metrics(statistics: &[usize]) -> Vec<Query> {
        let metric = |at: usize| {
            Arc::new(Metric {
                namespace: "AWS/CloudFront".to_owned(),
                name: "Requests".to_owned(),
                dimensions: vec![("DistributionId".to_owned(), format!("E{at}"))],
            })
        };
        let queries = statistics.iter().enumerate().flat_map(|(at, count)| {
            let metric = metric(at);
            (0..*count).map(move |n| Query {
                metric: metric.clone(),
                statistic: format!("p{}", n % 101).parse().unwrap_or(Statistic::SUM),
                period: Duration::from_secs(60),
            })
        });
        queries.collect()
    }

    #[test]
    fn no_query_needs_no_request() {
        assert_eq!(plan(&[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn queries_of_one_statistic_fill_requests_in_order() {
        let plan = plan(&metrics(&[1; 1001]));
        assert_eq!(plan, [(0..500).collect::<Vec<_>>(), (500..1000).collect(), vec![1000]]);
    }

    #[test]
    fn a_hundred_thousand_distribution_metrics_take_exactly_two_hundred_requests() {
        let plan = plan(&metrics(&[1; 100_000]));
        assert_eq!(plan.len(), 200);
        assert!(plan.iter().all(|request| request.len() == MAX_QUERIES));
    }

    #[test]
    fn a_metric_with_three_statistics_is_not_torn_at_the_border() {
        // 14 metrics a distribution, OriginLatency with three statistics: 16 queries, and 500 is no multiple of 16.
        let mut distribution = [1; 14];
        distribution[7] = 3;
        let queries = metrics(&distribution.repeat(250));
        let plan = plan(&queries);
        assert_eq!(plan.len(), 8);
        assert_whole(&queries, &plan);
    }

    #[test]
    fn statistics_that_stand_far_apart_are_brought_together() {
        let mut queries = metrics(&[2; 600]);
        queries.sort_by(|a, b| a.statistic.cmp(&b.statistic));
        assert_whole(&queries, &plan(&queries));
    }

    #[test]
    fn whole_metrics_may_force_one_more_request() {
        // 166 metrics of three are 498 queries; the 167th does not fit in any more.
        assert_eq!(plan(&metrics(&[3; 333])).len(), 3);
    }

    #[test]
    fn a_metric_with_more_statistics_than_a_request_holds_is_cut() {
        let sizes: Vec<_> = plan(&metrics(&[501])).iter().map(Vec::len).collect();
        assert_eq!(sizes, [500, 1]);
    }

    #[test]
    fn a_full_request_leaves_room_for_201_periods() {
        assert_eq!(periods_per_call(0), MAX_POINTS);
        assert_eq!(periods_per_call(6), 16_800);
        assert_eq!(periods_per_call(500), 201);
        assert_eq!(periods_per_call(100_000), 201);
    }

    fn assert_whole(queries: &[Query], plan: &[Vec<usize>]) {
        let mut request_of: HashMap<&Metric, usize> = HashMap::new();
        for (at, request) in plan.iter().enumerate() {
            assert!(!request.is_empty() && request.len() <= MAX_QUERIES);
            for query in request {
                let first = *request_of.entry(&queries[*query].metric).or_insert(at);
                assert_eq!(first, at, "query {query} is not with its siblings");
            }
        }
    }

    proptest! {
        #[test]
        fn every_query_is_asked_once_and_no_metric_is_split(
            statistics in proptest::collection::vec(1usize..6, 0..900),
        ) {
            let queries = metrics(&statistics);
            let plan = plan(&queries);
            assert_whole(&queries, &plan);
            let asked: BTreeSet<_> = plan.iter().flatten().copied().collect();
            prop_assert_eq!(asked.len(), queries.len());
            prop_assert_eq!(plan.iter().map(Vec::len).sum::<usize>(), queries.len());
        }

        #[test]
        fn metrics_of_one_statistic_fill_what_the_others_leave(
            several in proptest::collection::vec(2usize..6, 0..400),
            singles in 200usize..800,
        ) {
            let mut statistics = several;
            statistics.extend(std::iter::repeat_n(1, singles));
            let queries = metrics(&statistics);
            prop_assert_eq!(plan(&queries).len(), queries.len().div_ceil(MAX_QUERIES));
        }
    }
}

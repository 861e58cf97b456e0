//! GetMetricData: asks for many queries at once and reads every page. What the answers mean is in [`crate::pages`].

use aws::{Failure, Remedy};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::builders::GetMetricDataFluentBuilder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use clock::Budget;
use futures::future::join_all;
use series::{Timestamp, Window};

use crate::answer::Asked;
use crate::attempt::{Caller, one_attempt};
use crate::limiter::Weight;
use crate::pages::{Pages, query_id};
use crate::{Answer, Fetched, Limiter, MAX_POINTS, Query, plan};

/// How often a query is asked that CloudWatch answers in part.
const ROUNDS: u32 = 4;

/// Asks CloudWatch for every query's points in the window.
///
/// One failing request or page costs nothing but the queries whose points it would have brought. Nothing runs on after
/// the budget is over.
pub async fn fetch(
    client: &Client,
    queries: &[Query],
    window: Window,
    limiter: &Limiter,
    budget: &Budget,
) -> Fetched {
    if window.is_empty() {
        let answers = vec![Answer::Complete(Vec::new()); queries.len()];
        return Fetched { answers, ..Fetched::default() };
    }
    let asking = Asking { client, queries, window, caller: Caller { limiter, budget } };
    let requests = join_all(plan(queries).into_iter().map(|request| asking.ask(request))).await;
    Fetched::join(&source(client, "GetMetricData"), queries, requests)
}

/// `cloudwatch:GetMetricData:eu-west-1`.
pub(crate) fn source(client: &Client, operation: &str) -> String {
    match client.config().region() {
        Some(region) => format!("cloudwatch:{operation}:{region}"),
        None => format!("cloudwatch:{operation}"),
    }
}

struct Asking<'a> {
    client: &'a Client,
    queries: &'a [Query],
    window: Window,
    caller: Caller<'a>,
}

impl Asking<'_> {
    /// Asks these queries, and those of them again that stay open.
    async fn ask(&self, request: Vec<usize>) -> Asked {
        let mut pages = Pages::new(request, self.window);
        let mut metrics_requested = 0;
        for round in 0.. {
            let open = pages.open();
            let end = self.read_pages(&open, &mut pages, &mut metrics_requested).await;
            let may_help = match &end {
                Ok(()) => true,
                Err(failure) => {
                    pages.cut_off(&failure.message);
                    failure.remedy == Remedy::FromStart
                }
            };
            let last = round + 1 == ROUNDS || pages.open().is_empty();
            if last || !may_help || !self.caller.pause(round, Remedy::Again).await {
                break;
            }
            pages.restart();
        }
        let (answers, remarks) = pages.finish();
        Asked { answers, remarks, metrics_requested }
    }

    /// One request for these queries, from its first page to its last.
    async fn read_pages(
        &self,
        queries: &[usize],
        pages: &mut Pages,
        metrics_requested: &mut u64,
    ) -> Result<(), Failure> {
        let weight = self.weight(queries);
        let mut token = None;
        loop {
            let send = || {
                self.request(queries, token.clone())
                    .customize()
                    .config_override(one_attempt())
                    .send()
            };
            let page = self.caller.call(weight, send, |trouble| pages.remark(trouble)).await?;
            *metrics_requested += queries.len() as u64;
            match pages.read(page) {
                None => return Ok(()),
                next if next == token => return Err(Failure::endless()),
                next => token = next,
            }
        }
    }

    fn weight(&self, queries: &[usize]) -> Weight {
        let points = queries.iter().map(|query| self.window.points(self.queries[*query].period));
        // A page holds no more, whatever the window.
        Weight::Data { from: self.window.from, points: points.sum::<u64>().min(MAX_POINTS.into()) }
    }

    fn request(&self, queries: &[usize], token: Option<String>) -> GetMetricDataFluentBuilder {
        let queries = queries.iter().map(|query| data_query(*query, &self.queries[*query]));
        self.client
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(date_time(self.window.from))
            .end_time(date_time(self.window.to))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token)
    }
}

fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millis())
}

fn data_query(index: usize, query: &Query) -> MetricDataQuery {
    let dimensions = query.metric.dimensions.iter();
    let dimensions =
        dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(&query.metric.namespace)
        .metric_name(&query.metric.name)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let statistic = MetricStat::builder()
        .metric(metric)
        .period(query.period_seconds())
        .stat(query.statistic.as_str())
        .build();
    MetricDataQuery::builder().id(query_id(index)).metric_stat(statistic).build()
}

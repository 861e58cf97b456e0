//! ListMetrics: which metrics there are. Every page is read.
//!
//! CloudWatch lists a new metric up to 15 minutes late, and none without data in the last two weeks
//! ([ListMetrics](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html)).

use aws::Failure;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::list_metrics::builders::ListMetricsFluentBuilder;
use aws_sdk_cloudwatch::types::{DimensionFilter, RecentlyActive};
use clock::Budget;
use series::SourceError;

use crate::attempt::{Caller, one_attempt};
use crate::fetch::source;
use crate::limiter::Weight;
use crate::{Limiter, Metric};

/// Which metrics to list.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// The namespace, exactly.
    pub namespace: &'a str,
    /// The metric's name, exactly; absent: every one.
    pub metric_name: Option<&'a str>,
    /// Dimensions that a metric must have, among others: a name, and a value unless any will do.
    pub dimensions: &'a [(String, Option<String>)],
    /// Only metrics with data in the last three hours (and, says CloudWatch, up to 50 minutes more).
    pub recently_active: bool,
}

/// Lists the metrics, in CloudWatch's order. When a page stays out: those before it, and the error.
pub async fn list_metrics(
    client: &Client,
    listing: &Listing<'_>,
    limiter: &Limiter,
    budget: &Budget,
) -> (Vec<Metric>, Vec<SourceError>) {
    let mut metrics = Vec::new();
    let read = read_pages(client, listing, Caller { limiter, budget }, &mut metrics).await;
    let error = |failure: Failure| {
        let what = if metrics.is_empty() { "nothing listed" } else { "listed in part" };
        SourceError::new(source(client, "ListMetrics"), format!("{} ({what})", failure.message))
    };
    let errors = read.err().map(error).into_iter().collect();
    (metrics, errors)
}

async fn read_pages(
    client: &Client,
    listing: &Listing<'_>,
    caller: Caller<'_>,
    metrics: &mut Vec<Metric>,
) -> Result<(), Failure> {
    let mut token: Option<String> = None;
    loop {
        let send = || {
            let request = request(client, listing).set_next_token(token.clone());
            request.customize().config_override(one_attempt()).send()
        };
        let page = caller.call(Weight::Listing, send, |_trouble| ()).await?;
        metrics.extend(page.metrics.unwrap_or_default().into_iter().filter_map(metric));
        match page.next_token.filter(|token| !token.is_empty()) {
            None => return Ok(()),
            next if next == token => return Err(Failure::endless()),
            next => token = next,
        }
    }
}

fn request(client: &Client, listing: &Listing<'_>) -> ListMetricsFluentBuilder {
    let Listing { namespace, metric_name, dimensions, recently_active } = *listing;
    let filters = dimensions.iter().map(|(name, value)| {
        DimensionFilter::builder().name(name).set_value(value.clone()).build()
    });
    client
        .list_metrics()
        .namespace(namespace)
        .set_metric_name(metric_name.map(str::to_owned))
        .set_dimensions((!dimensions.is_empty()).then(|| filters.collect()))
        .set_recently_active(recently_active.then_some(RecentlyActive::Pt3H))
}

/// A metric without namespace or name cannot be asked for.
fn metric(metric: aws_sdk_cloudwatch::types::Metric) -> Option<Metric> {
    let dimensions = metric.dimensions.unwrap_or_default().into_iter();
    Some(Metric {
        namespace: metric.namespace?,
        name: metric.metric_name?,
        dimensions: dimensions.filter_map(|d| Some((d.name?, d.value?))).collect(),
    })
}

//! ListMetrics: which metrics had points lately.
//!
//! All pages tell of one moment: a listing is made with its first page and kept for the others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{CLOUDFRONT_REGION, Metric};
use crate::aws::error::ServiceError;
use crate::aws::front::Context;
use crate::aws::protocol::node::{Node, map};
use crate::faults::locked;
use crate::traffic::ecs::{AWS_ECS, CONTAINER_INSIGHTS};
use crate::traffic::{Distribution, MINUTE};

const PAGE: usize = 500;
/// `PT3H` may include what was active up to 50 minutes before.
const RECENTLY_ACTIVE: i64 = (3 * 60 + 50) * 60;
const LISTED_FOR: i64 = 14 * 86_400;

/// So many listings are kept for those who read on.
const KEPT: usize = 32;

/// The listings that somebody may still be reading.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    made: u64,
    listings: VecDeque<(u64, Arc<Vec<Metric>>)>,
}

impl Listings {
    /// Keeps a listing under a number of its own.
    fn keep(&self, listing: Arc<Vec<Metric>>) -> u64 {
        let mut kept = locked(&self.kept);
        kept.made += 1;
        let number = kept.made;
        kept.listings.push_back((number, listing));
        let surplus = kept.listings.len().saturating_sub(KEPT);
        kept.listings.drain(..surplus);
        number
    }

    fn get(&self, wanted: u64) -> Option<Arc<Vec<Metric>>> {
        let kept = locked(&self.kept);
        let (_, listing) = kept.listings.iter().find(|(number, _)| *number == wanted)?;
        Some(Arc::clone(listing))
    }
}

/// Where a page begins.
struct Token {
    listing: u64,
    start: usize,
}

pub(super) fn list(context: &Context<'_>, request: &Node) -> Result<Node, ServiceError> {
    let filter = Filter::read(request)?;
    let listings = &context.world.listings;
    let (metrics, token) = match request.text("NextToken")? {
        None => {
            let all = all(context, &filter).into_iter();
            let metrics: Arc<Vec<_>> = Arc::new(all.filter(|one| filter.takes(one)).collect());
            let listing = listings.keep(Arc::clone(&metrics));
            (metrics, Token { listing, start: 0 })
        }
        Some(token) => {
            let token = Token::read(token)?;
            (listings.get(token.listing).ok_or_else(invalid_token)?, token)
        }
    };
    let page: Vec<&Metric> = metrics.iter().skip(token.start).take(PAGE).collect();
    let end = token.start + page.len();
    let next = (end < metrics.len()).then(|| Token { start: end, ..token }.write());
    let owners = request
        .boolean("IncludeLinkedAccounts")?
        .unwrap_or(false)
        .then(|| page.iter().map(|_| context.caller.account.as_str()).collect::<Node>());
    Ok(map([
        ("Metrics", page.into_iter().map(Metric::node).collect()),
        ("NextToken", next.into()),
        ("OwningAccounts", owners.into()),
    ]))
}

/// What the caller wants to see.
struct Filter {
    namespace: Option<String>,
    name: Option<String>,
    /// A metric must have these among its dimensions, where given with this value.
    dimensions: Vec<(String, Option<String>)>,
    /// Seconds.
    active_within: i64,
}

impl Filter {
    fn read(request: &Node) -> Result<Self, ServiceError> {
        let text = |name| Ok(request.text(name)?.map(str::to_owned));
        let dimensions = request.list("Dimensions")?;
        if dimensions.len() > 10 {
            let message = "The collection Dimensions must not have a size greater than 10.";
            return Err(ServiceError::sender("InvalidParameterValue", message));
        }
        let dimensions = dimensions
            .iter()
            .map(|filter| {
                Ok((
                    filter.required_text("Name")?.to_owned(),
                    filter.text("Value")?.map(str::to_owned),
                ))
            })
            .collect::<Result<_, _>>()?;
        let active_within = match request.text("RecentlyActive")? {
            None => LISTED_FOR,
            Some("PT3H") => RECENTLY_ACTIVE,
            Some(other) => {
                let message = format!(
                    "Value '{other}' at 'recentlyActive' must satisfy enum value set: [PT3H]"
                );
                return Err(ServiceError::sender("InvalidParameterValue", message));
            }
        };
        Ok(Self {
            namespace: text("Namespace")?,
            name: text("MetricName")?,
            dimensions,
            active_within,
        })
    }

    fn takes(&self, metric: &Metric) -> bool {
        let is = |wanted: &Option<String>, actual: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == actual)
        };
        is(&self.namespace, &metric.namespace)
            && is(&self.name, &metric.name)
            && self.dimensions.iter().all(|(name, value)| {
                metric.dimensions.get(name).is_some_and(|actual| is(value, actual))
            })
    }
}

/// Every metric of the caller's account and region that had a point lately enough for the filter.
fn all(context: &Context<'_>, filter: &Filter) -> Vec<Metric> {
    let now = context.world.now();
    let within = filter.active_within;
    let mut metrics = Vec::new();
    if context.caller.region == CLOUDFRONT_REGION {
        let fleet = context.world.fleet(&context.caller.account);
        for distribution in &fleet.distributions {
            if was_active(distribution, now, within) {
                metrics.extend(
                    distribution
                        .metrics()
                        .map(|name| Metric::of_distribution(&distribution.id, name)),
                );
            }
        }
    }
    metrics.extend(of_ecs(context, filter, now));
    metrics.extend(context.world.custom_metrics.active(&context.caller, now - within..=now));
    metrics
}

/// What ECS published; a new metric is not listed at once.
fn of_ecs(context: &Context<'_>, filter: &Filter, now: i64) -> Vec<Metric> {
    let is_ecs = |namespace: &String| [AWS_ECS, CONTAINER_INSIGHTS].contains(&namespace.as_str());
    if filter.namespace.as_ref().is_some_and(|namespace| !is_ecs(namespace)) {
        return Vec::new();
    }
    let fleet = context.world.ecs_fleet(&context.caller.account, &context.caller.region);
    let window = now - filter.active_within..now - context.world.listing_lag();
    let wants = |namespace: &str, name: &str| {
        let is = |wanted: &Option<String>, actual| {
            wanted.as_deref().is_none_or(|wanted| wanted == actual)
        };
        is(&filter.namespace, namespace) && is(&filter.name, name)
    };
    let listed = fleet.listed(&window, wants).into_iter();
    listed
        .map(|(namespace, name, dimensions)| Metric {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions,
        })
        .collect()
}

/// Looks back from now, so that a busy distribution is found at once.
fn was_active(distribution: &Distribution, now: i64, within: i64) -> bool {
    if !distribution.traffic {
        return false;
    }
    let newest = now - now.rem_euclid(MINUTE) - MINUTE;
    (0..within / MINUTE)
        .any(|back| distribution.datum("Requests", newest - back * MINUTE).is_some())
}

impl Token {
    fn read(text: &str) -> Result<Self, ServiceError> {
        let bytes = BASE64.decode(text).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let parse = |text: &str| {
            let (listing, start) = text.strip_prefix("metrics:")?.split_once(':')?;
            Some(Self { listing: listing.parse().ok()?, start: start.parse().ok()? })
        };
        text.as_deref().and_then(parse).ok_or_else(invalid_token)
    }

    fn write(&self) -> String {
        BASE64.encode(format!("metrics:{}:{}", self.listing, self.start))
    }
}

fn invalid_token() -> ServiceError {
    ServiceError::sender("InvalidParameterValue", "Request parameter NextToken is invalid.")
}

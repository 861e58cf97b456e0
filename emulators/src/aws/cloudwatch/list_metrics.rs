//! ListMetrics: which metrics had points lately.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{CLOUDFRONT_REGION, Metric};
use crate::aws::error::ServiceError;
use crate::aws::front::Context;
use crate::aws::protocol::node::{Node, map};
use crate::traffic::{Distribution, MINUTE};

const PAGE: usize = 500;
/// `PT3H` may include what was active up to 50 minutes before.
const RECENTLY_ACTIVE: i64 = (3 * 60 + 50) * 60;
const LISTED_FOR: i64 = 14 * 86_400;

pub(super) fn list(context: &Context<'_>, request: &Node) -> Result<Node, ServiceError> {
    let filter = Filter::read(request)?;
    let start = match request.text("NextToken")? {
        None => 0,
        Some(token) => read_token(token)?,
    };
    let metrics: Vec<Metric> = all(context, filter.active_within)
        .into_iter()
        .filter(|metric| filter.takes(metric))
        .collect();
    let page: Vec<&Metric> = metrics.iter().skip(start).take(PAGE).collect();
    let end = start + page.len();
    let next = (end < metrics.len()).then(|| BASE64.encode(format!("metrics:{end}")));
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

/// Every metric of the caller's account and region that had a point in the last `within` seconds.
fn all(context: &Context<'_>, within: i64) -> Vec<Metric> {
    let now = context.world.now();
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
    metrics.extend(context.world.custom_metrics.active(&context.caller, now - within..=now));
    metrics
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

fn read_token(token: &str) -> Result<usize, ServiceError> {
    BASE64
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok()?.strip_prefix("metrics:")?.parse().ok())
        .ok_or_else(|| {
            ServiceError::sender("InvalidParameterValue", "Request parameter NextToken is invalid.")
        })
}

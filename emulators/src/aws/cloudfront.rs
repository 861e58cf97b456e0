//! CloudFront's REST XML API, version 2020-05-31: ListDistributions, ListTagsForResource,
//! GetMonitoringSubscription.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};

use super::error::ServiceError;
use super::front::{Context, Incoming};
use super::protocol::node::{Node, map, repeated, time};
use super::protocol::{CLOUDFRONT_NAMESPACE, request_id, xml};
use crate::traffic::Distribution;

const PATH: &str = "/2020-05-31";
const DEFAULT_MAX_ITEMS: usize = 100;

/// The operation that a request stands for.
pub(super) fn operation(parts: &Parts) -> String {
    let path = parts.uri.path().strip_prefix(PATH).unwrap_or_default();
    let is_get = parts.method == axum::http::Method::GET;
    match path {
        "/distribution" if is_get => "ListDistributions".to_owned(),
        "/tagging" if is_get => "ListTagsForResource".to_owned(),
        path if is_get && subscription_of(path).is_some() => "GetMonitoringSubscription".to_owned(),
        path => format!("{} {path}", parts.method),
    }
}

/// The distribution id in `/distributions/{id}/monitoring-subscription`; with or without the slash
/// at the end, which clients differ about.
fn subscription_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/distributions/")?.trim_end_matches('/');
    rest.strip_suffix("/monitoring-subscription")
}

pub(super) fn call(
    context: &Context<'_>,
    incoming: &Incoming,
) -> Result<Response<Body>, ServiceError> {
    let (root, node) = match incoming.operation.as_str() {
        "ListDistributions" => ("DistributionList", list_distributions(context, &incoming.parts)?),
        "ListTagsForResource" => ("Tags", list_tags(context, &incoming.parts)?),
        "GetMonitoringSubscription" => {
            ("MonitoringSubscription", monitoring_subscription(context, &incoming.parts)?)
        }
        other => return Err(ServiceError::unknown_operation(other)),
    };
    let body = xml::document(root, Some(CLOUDFRONT_NAMESPACE), &node);
    Ok(incoming.protocol.response(StatusCode::OK, &request_id(), body))
}

fn list_distributions(context: &Context<'_>, parts: &Parts) -> Result<Node, ServiceError> {
    let marker = parameter(parts, "Marker").unwrap_or_default();
    let max_items = match parameter(parts, "MaxItems") {
        None => DEFAULT_MAX_ITEMS,
        Some(text) => {
            text.parse().ok().filter(|count| (1..=DEFAULT_MAX_ITEMS).contains(count)).ok_or_else(
                || ServiceError::sender("InvalidArgument", format!("MaxItems is invalid: {text}")),
            )?
        }
    };
    let account = &context.caller.account;
    let fleet = context.world.fleet(account);
    // The marker is the id of the last distribution of the page before.
    let start = match marker.as_str() {
        "" => 0,
        marker => fleet
            .distributions
            .iter()
            .position(|distribution| distribution.id == marker)
            .map(|last| last + 1)
            .ok_or_else(|| {
                ServiceError::sender("InvalidArgument", "The parameter Marker is invalid.")
            })?,
    };
    let page: Vec<&Distribution> = fleet.distributions.iter().skip(start).take(max_items).collect();
    let is_truncated = start + page.len() < fleet.distributions.len();
    let next = page.last().filter(|_| is_truncated).map(|last| last.id.as_str());
    let items = page.iter().map(|distribution| summary(distribution, account));
    Ok(map([
        ("Marker", marker.as_str().into()),
        ("NextMarker", next.into()),
        ("MaxItems", max_items.into()),
        ("IsTruncated", is_truncated.into()),
        ("Quantity", page.len().into()),
        // An account without distributions has no Items at all.
        (
            "Items",
            if page.is_empty() { Node::Null } else { repeated("DistributionSummary", items) },
        ),
    ]))
}

/// All members that the API promises, in their order in its model.
fn summary(distribution: &Distribution, account: &str) -> Node {
    map([
        ("Id", distribution.id.as_str().into()),
        ("ARN", distribution.arn(account).into()),
        ("Status", "Deployed".into()),
        ("LastModifiedTime", time(1_700_000_000)),
        ("DomainName", distribution.domain_name.as_str().into()),
        (
            "Aliases",
            quantity("CNAME", distribution.aliases.iter().map(|alias| alias.as_str().into())),
        ),
        ("Origins", quantity("Origin", [origin()])),
        ("OriginGroups", quantity("OriginGroup", [])),
        ("DefaultCacheBehavior", default_cache_behavior()),
        ("CacheBehaviors", quantity("CacheBehavior", [])),
        ("CustomErrorResponses", quantity("CustomErrorResponse", [])),
        ("Comment", distribution.comment.as_str().into()),
        ("PriceClass", "PriceClass_All".into()),
        ("Enabled", distribution.enabled.into()),
        ("ViewerCertificate", viewer_certificate()),
        (
            "Restrictions",
            map([(
                "GeoRestriction",
                map([("RestrictionType", "none".into()), ("Quantity", 0.into())]),
            )]),
        ),
        ("WebACLId", "".into()),
        ("HttpVersion", "http2".into()),
        ("IsIPV6Enabled", true.into()),
        ("Staging", false.into()),
    ])
}

fn origin() -> Node {
    map([
        ("Id", "origin".into()),
        ("DomainName", "origin.example.com".into()),
        ("OriginPath", "".into()),
        ("CustomHeaders", quantity("OriginCustomHeader", [])),
        ("ConnectionAttempts", 3.into()),
        ("ConnectionTimeout", 10.into()),
    ])
}

fn default_cache_behavior() -> Node {
    map([
        ("TargetOriginId", "origin".into()),
        ("ViewerProtocolPolicy", "redirect-to-https".into()),
        ("SmoothStreaming", false.into()),
        ("Compress", true.into()),
        ("FieldLevelEncryptionId", "".into()),
    ])
}

fn viewer_certificate() -> Node {
    map([
        ("CloudFrontDefaultCertificate", true.into()),
        ("MinimumProtocolVersion", "TLSv1".into()),
        ("CertificateSource", "cloudfront".into()),
    ])
}

/// `<Quantity>` with `<Items>`, which are left out when there are none.
fn quantity(name: &str, items: impl IntoIterator<Item = Node>) -> Node {
    let items: Vec<Node> = items.into_iter().collect();
    let count = items.len().into();
    let items = if items.is_empty() { Node::Null } else { repeated(name, items) };
    map([("Quantity", count), ("Items", items)])
}

fn list_tags(context: &Context<'_>, parts: &Parts) -> Result<Node, ServiceError> {
    let resource = parameter(parts, "Resource").ok_or_else(|| {
        ServiceError::sender("InvalidArgument", "The parameter Resource is required.")
    })?;
    let account = &context.caller.account;
    let fleet = context.world.fleet(account);
    let distribution = fleet
        .distributions
        .iter()
        .find(|distribution| distribution.arn(account) == resource)
        .ok_or_else(|| {
            let message = "The specified resource does not exist.";
            ServiceError::new(StatusCode::NOT_FOUND, "NoSuchResource", message)
        })?;
    let tags = distribution
        .tags
        .iter()
        .map(|(key, value)| map([("Key", key.as_str().into()), ("Value", value.as_str().into())]));
    Ok(map([("Items", repeated("Tag", tags))]))
}

fn monitoring_subscription(context: &Context<'_>, parts: &Parts) -> Result<Node, ServiceError> {
    let path = parts.uri.path().strip_prefix(PATH).unwrap_or_default();
    let id = subscription_of(path).unwrap_or_default();
    let not_found = |code, message: &str| ServiceError::new(StatusCode::NOT_FOUND, code, message);
    let fleet = context.world.fleet(&context.caller.account);
    let distribution = fleet.get(id).ok_or_else(|| {
        not_found("NoSuchDistribution", "The specified distribution does not exist.")
    })?;
    if !distribution.additional_metrics {
        let message = "A monitoring subscription does not exist for the specified distribution.";
        return Err(not_found("NoSuchMonitoringSubscription", message));
    }
    Ok(map([(
        "RealtimeMetricsSubscriptionConfig",
        map([("RealtimeMetricsSubscriptionStatus", "Enabled".into())]),
    )]))
}

fn parameter(parts: &Parts, name: &str) -> Option<String> {
    url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
        .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

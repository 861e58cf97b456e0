//! Elastic Container Service: the four pairs of List and Describe operations that read clusters,
//! services, tasks and container instances (API version 2014-11-13, awsJson 1.1).
//!
//! One file for each pair; `page` cuts the lists, `place` knows ARNs and clusters, `throttle` has
//! the buckets, `memo` what was worked out lately. They know the fleet at the emulator's now and no bytes.

mod clusters;
mod instances;
mod memo;
mod page;
mod place;
mod services;
mod tasks;
mod throttle;

use super::Service;
use super::error::ServiceError;
use super::front::Context;
use super::protocol::node::{Node, map};
use place::Place;

pub(crate) use memo::Memo;
pub(crate) use place::clusters_named;
pub(crate) use throttle::Throttle;
pub use throttle::{EcsRates, Rate};

pub(super) fn call(
    context: &Context<'_>,
    operation: &str,
    request: &Node,
) -> Result<Node, ServiceError> {
    let caller = &context.caller;
    if !context.world.ecs_throttle.admits(&caller.account, &caller.region, operation) {
        return Err(ServiceError::throttled(Service::Ecs));
    }
    let place = Place::of(context);
    match operation {
        "ListClusters" => clusters::list(&place, request),
        "DescribeClusters" => clusters::describe(&place, request),
        "ListServices" => services::list(&place, request),
        "DescribeServices" => services::describe(&place, request),
        "ListTasks" => tasks::list(context, &place, request),
        "DescribeTasks" => tasks::describe(context, &place, request),
        "ListContainerInstances" => instances::list(&place, request),
        "DescribeContainerInstances" => instances::describe(&place, request),
        other => Err(ServiceError::unknown_operation(other)),
    }
}

/// A parameter that ECS does not take.
fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::sender("InvalidParameterException", message)
}

/// What a Describe operation is asked for: at least one identifier and at most `limit`.
fn identifiers<'r>(
    request: &'r Node,
    member: &str,
    what: &str,
    limit: usize,
) -> Result<Vec<&'r str>, ServiceError> {
    let identifiers = request.texts(member)?;
    if identifiers.is_empty() {
        let mut what = what.to_owned();
        what[..1].make_ascii_uppercase();
        return Err(invalid(format!("{what} cannot be empty.")));
    }
    if identifiers.len() > limit {
        return Err(invalid(format!("{what} can have at most {limit} items.")));
    }
    Ok(identifiers)
}

/// The answer of a Describe operation: what was found, and what was not.
fn described(member: &str, found: Vec<Result<Node, String>>) -> Node {
    let (found, missing): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
    let missing = missing.into_iter().filter_map(Result::err);
    let failures =
        missing.map(|arn| map([("arn", arn.into()), ("reason", "MISSING".into())])).collect();
    map([(member, found.into_iter().filter_map(Result::ok).collect()), ("failures", failures)])
}

/// Whether the caller wants this optional part of the answer.
fn includes(request: &Node, part: &str) -> Result<bool, ServiceError> {
    Ok(request.texts("include")?.contains(&part))
}

/// `[{key, value}]`, or as ECS has it in places, `[{name, value}]`.
fn pairs<'a>(name: &str, pairs: impl IntoIterator<Item = (&'a str, String)>) -> Node {
    let pair = |(key, value): (&str, String)| map([(name, key.into()), ("value", value.into())]);
    pairs.into_iter().map(pair).collect()
}

fn count(value: u32) -> Node {
    Node::Integer(value.into())
}

fn none() -> Node {
    Node::List(Vec::new())
}

/// A time with its milliseconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit into 53 bits")]
fn time_ms(milliseconds: i64) -> Node {
    Node::Time(milliseconds as f64 / 1000.0)
}

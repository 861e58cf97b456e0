//! What a call names, as the client wrote it: objects, parameters, roles, resources. It goes into
//! the log of calls, for whoever compares a role with what was done with it.

use super::front::Incoming;
use super::protocol::node::Node;
use super::{Service, s3};

/// The names in a call; none where the operation knows no resources.
pub(super) fn named(incoming: &Incoming) -> Vec<String> {
    match (incoming.service, &incoming.request) {
        (Service::S3, _) => s3::named(incoming),
        (Service::CloudFront, _) => tagged(incoming),
        (Service::Ssm | Service::Sts, Ok(request)) => members(request),
        _ => Vec::new(),
    }
}

/// The ARN whose tags are asked for.
fn tagged(incoming: &Incoming) -> Vec<String> {
    let query = incoming.parts.uri.query().unwrap_or_default();
    let fields = url::form_urlencoded::parse(query.as_bytes());
    fields.filter(|(name, _)| name == "Resource").map(|(_, arn)| arn.into_owned()).collect()
}

fn members(request: &Node) -> Vec<String> {
    let one = ["Name", "Path", "RoleArn"].into_iter().filter_map(|name| request.text(name).ok()?);
    let many = request.texts("Names").unwrap_or_default();
    one.chain(many).map(str::to_owned).collect()
}

//! Pages of ARNs. ECS promises no order, so the emulator's looks random; a page begins behind the
//! last ARN of the page before, whatever came and went meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::invalid;
use crate::aws::error::ServiceError;
use crate::aws::protocol::node::{Node, map};
use crate::sigv4::sha256_hex;

/// The largest page.
const MAX_RESULTS: usize = 100;

/// One page of `arns` under `member`; `default` is its size unless the request says otherwise.
pub(super) fn cut(
    member: &str,
    arns: impl IntoIterator<Item = String>,
    default: usize,
    request: &Node,
) -> Result<Node, ServiceError> {
    let size = match request.integer("maxResults")? {
        None => default,
        Some(wanted) => usize::try_from(wanted)
            .ok()
            .filter(|size| (1..=MAX_RESULTS).contains(size))
            .ok_or_else(|| {
                invalid(format!("maxResults must be from 1 to 100, but was {wanted}"))
            })?,
    };
    let question = question(member, request);
    let after = match request.text("nextToken")? {
        None | Some("") => None,
        Some(token) => Some(read(token, &question)?),
    };
    let mut keyed: Vec<(String, String)> =
        arns.into_iter().map(|arn| (sha256_hex(arn.as_bytes()), arn)).collect();
    keyed.sort();
    let start = after.map_or(0, |after| keyed.partition_point(|(key, _)| *key <= after));
    let page = &keyed[start..keyed.len().min(start + size)];
    let has_more = start + page.len() < keyed.len();
    let next =
        page.last().filter(|_| has_more).map(|(key, _)| BASE64.encode(format!("{question}:{key}")));
    let arns = page.iter().map(|(_, arn)| arn.as_str()).collect();
    Ok(map([(member, arns), ("nextToken", next.into())]))
}

/// Everything of a request that must be the same on every page.
fn question(member: &str, request: &Node) -> String {
    let Node::Map(members) = request else {
        return member.to_owned();
    };
    let mut filters: Vec<_> =
        members.iter().filter(|(name, _)| name != "nextToken" && name != "maxResults").collect();
    filters.sort_by_key(|(name, _)| name);
    sha256_hex(format!("{member} {filters:?}").as_bytes())
}

/// The key that the page before ended with.
fn read(token: &str, question: &str) -> Result<String, ServiceError> {
    let text = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .and_then(|text| text.strip_prefix(question)?.strip_prefix(':'))
        .map(str::to_owned)
        .ok_or_else(|| invalid("Invalid token"))
}

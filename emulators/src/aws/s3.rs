//! S3, path style, as far as an object store client goes: objects with conditional writes, and
//! lists.

mod buckets;
mod delete;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response, StatusCode, header, request::Parts};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::error::ServiceError;
use super::front::{Context, Incoming};
use super::protocol::node::{Node, map};
use super::protocol::{request_id, xml};
use crate::faults::Fault;
pub(crate) use buckets::Buckets;
use buckets::{Condition, Object};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const MAX_KEYS: usize = 1000;

/// The operation that a request stands for.
pub(super) fn operation(parts: &Parts) -> String {
    let (_, key) = bucket_and_key(parts);
    let asks = |name| parameter(parts, name).is_some();
    let name = match (&parts.method, key.is_empty()) {
        (&Method::GET, true) if asks("list-type") => "ListObjectsV2",
        (&Method::POST, true) if asks("delete") => "DeleteObjects",
        (&Method::GET, false) => "GetObject",
        (&Method::HEAD, false) => "HeadObject",
        (&Method::PUT, false) if parts.headers.contains_key("x-amz-copy-source") => "CopyObject",
        (&Method::PUT, false) if !asks("uploadId") => "PutObject",
        (&Method::DELETE, false) if !asks("uploadId") => "DeleteObject",
        (method, _) => return format!("{method} {}", parts.uri.path()),
    };
    name.to_owned()
}

/// The objects that a call names, as `bucket/key`; of a list `bucket/prefix`.
pub(super) fn named(incoming: &Incoming) -> Vec<String> {
    let (bucket, key) = bucket_and_key(&incoming.parts);
    let keys = match incoming.operation.as_str() {
        "ListObjectsV2" => vec![parameter(&incoming.parts, "prefix").unwrap_or_default()],
        "DeleteObjects" => delete::keys(&incoming.body).unwrap_or_default(),
        _ => vec![key],
    };
    keys.into_iter().map(|key| format!("{bucket}/{key}")).collect()
}

pub(super) fn call(
    context: &Context<'_>,
    incoming: &Incoming,
) -> Result<Response<Body>, ServiceError> {
    let (bucket, key) = bucket_and_key(&incoming.parts);
    let buckets = &context.world.buckets;
    let headers = &incoming.parts.headers;
    if !buckets.exists(&bucket) {
        let message = "The specified bucket does not exist";
        return Err(ServiceError::new(StatusCode::NOT_FOUND, "NoSuchBucket", message));
    }
    match incoming.operation.as_str() {
        "GetObject" => get(buckets, &bucket, &key, headers, true),
        "HeadObject" => get(buckets, &bucket, &key, headers, false),
        "PutObject" => put(context, &bucket, &key, incoming),
        "DeleteObject" => {
            buckets.delete(&bucket, &key);
            Ok(bare(StatusCode::NO_CONTENT))
        }
        "DeleteObjects" => {
            let keys = delete::keys(&incoming.body)?;
            keys.iter().for_each(|key| buckets.delete(&bucket, key));
            Ok(document(incoming, "DeleteResult", &delete::result(&keys)))
        }
        "ListObjectsV2" => {
            let listing = list(buckets, &bucket, &incoming.parts)?;
            Ok(document(incoming, "ListBucketResult", &listing))
        }
        other => {
            let message = format!("the emulator has no operation {other}");
            Err(ServiceError::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message))
        }
    }
}

fn get(
    buckets: &Buckets,
    bucket: &str,
    key: &str,
    headers: &HeaderMap,
    with_body: bool,
) -> Result<Response<Body>, ServiceError> {
    let object = buckets.get(bucket, key).ok_or_else(no_such_key)?;
    let response = Response::builder()
        .header(header::ETAG, &object.etag)
        .header(header::LAST_MODIFIED, http_date(object.modified))
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header("x-amz-request-id", request_id());
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|etag| etag.as_bytes() == object.etag.as_bytes())
    {
        let response = response.status(StatusCode::NOT_MODIFIED);
        return Ok(response.body(Body::empty()).expect("headers of our own"));
    }
    if let Some(wanted) = headers.get(header::IF_MATCH)
        && wanted.as_bytes() != object.etag.as_bytes()
    {
        return Err(precondition_failed());
    }
    let response = response.header(header::CONTENT_LENGTH, object.body.len());
    let body = if with_body { Body::from(object.body) } else { Body::empty() };
    Ok(response.body(body).expect("headers of our own"))
}

fn put(
    context: &Context<'_>,
    bucket: &str,
    key: &str,
    incoming: &Incoming,
) -> Result<Response<Body>, ServiceError> {
    let headers = &incoming.parts.headers;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let condition = match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None, None) => Condition::None,
        (Some(etag), None) => Condition::Matches(etag.to_owned()),
        (None, Some("*")) => Condition::Absent,
        _ => {
            let message = "A header you provided implies functionality that is not implemented";
            return Err(ServiceError::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message));
        }
    };
    if context.fault == Some(Fault::Conflict) && condition != Condition::None {
        let message = "The conditional request cannot succeed due to a conflicting operation against this resource.";
        return Err(ServiceError::new(StatusCode::CONFLICT, "ConditionalRequestConflict", message));
    }
    let etag = context.world.buckets.put_if(bucket, key, incoming.body.to_vec(), &condition)?;
    let mut response = bare(StatusCode::OK);
    response.headers_mut().insert(header::ETAG, etag.parse().expect("a hexadecimal etag"));
    Ok(response)
}

/// A page of keys; what lies behind the next delimiter is rolled up into common prefixes.
fn list(buckets: &Buckets, bucket: &str, parts: &Parts) -> Result<Node, ServiceError> {
    let prefix = parameter(parts, "prefix").unwrap_or_default();
    let delimiter = parameter(parts, "delimiter").filter(|delimiter| !delimiter.is_empty());
    let max_keys = match parameter(parts, "max-keys") {
        None => MAX_KEYS,
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| {
                ServiceError::sender("InvalidArgument", "Provided max-keys not an integer")
            })?
            .min(MAX_KEYS),
    };
    let after = match parameter(parts, "continuation-token") {
        None => parameter(parts, "start-after").unwrap_or_default(),
        Some(token) => decode_token(&token)?,
    };

    // Entries are ordered by name, common prefixes among the keys; a prefix counts once.
    let mut entries: Vec<(String, Option<Object>)> = Vec::new();
    for (key, object) in buckets.under(bucket, &prefix) {
        let rolled_up = delimiter.as_ref().and_then(|delimiter| {
            let end =
                key[prefix.len()..].find(delimiter.as_str())? + prefix.len() + delimiter.len();
            Some(key[..end].to_owned())
        });
        match rolled_up {
            Some(common) if entries.last().is_some_and(|(last, _)| *last == common) => {}
            Some(common) => entries.push((common, None)),
            None => entries.push((key, Some(object))),
        }
    }
    entries.retain(|(name, _)| *name > after);
    let is_truncated = entries.len() > max_keys;
    entries.truncate(max_keys);
    let next = entries.last().filter(|_| is_truncated).map(|(name, _)| BASE64.encode(name));

    let mut members = vec![
        ("Name".to_owned(), bucket.into()),
        ("Prefix".to_owned(), prefix.as_str().into()),
        ("MaxKeys".to_owned(), max_keys.into()),
        ("KeyCount".to_owned(), entries.len().into()),
        ("IsTruncated".to_owned(), is_truncated.into()),
    ];
    members.extend(next.map(|token| ("NextContinuationToken".to_owned(), token.into())));
    members.extend(entries.into_iter().map(|(name, object)| listed(&name, object.as_ref())));
    Ok(Node::Map(members))
}

fn listed(name: &str, object: Option<&Object>) -> (String, Node) {
    match object {
        None => ("CommonPrefixes".to_owned(), map([("Prefix", name.into())])),
        Some(object) => (
            "Contents".to_owned(),
            map([
                ("Key", name.into()),
                ("LastModified", super::protocol::node::time(object.modified)),
                ("ETag", object.etag.as_str().into()),
                ("Size", object.body.len().into()),
                ("StorageClass", "STANDARD".into()),
            ]),
        ),
    }
}

fn decode_token(token: &str) -> Result<String, ServiceError> {
    let decoded = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| {
        ServiceError::sender("InvalidArgument", "The continuation token provided is incorrect")
    })
}

/// `/bucket/key`, percent escapes resolved.
fn bucket_and_key(parts: &Parts) -> (String, String) {
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let decode =
        |text: &str| String::from_utf8_lossy(&crate::sigv4::percent_decode(text)).into_owned();
    (decode(bucket), decode(key))
}

fn parameter(parts: &Parts, name: &str) -> Option<String> {
    url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
        .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

fn document(incoming: &Incoming, root: &str, node: &Node) -> Response<Body> {
    let body = xml::document(root, Some(NAMESPACE), node);
    incoming.protocol.response(StatusCode::OK, &request_id(), body)
}

fn bare(status: StatusCode) -> Response<Body> {
    let response = Response::builder().status(status).header("x-amz-request-id", request_id());
    response.body(Body::empty()).expect("headers of our own")
}

fn no_such_key() -> ServiceError {
    ServiceError::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
}

fn precondition_failed() -> ServiceError {
    let message = "At least one of the pre-conditions you specified did not hold";
    ServiceError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message)
}

/// `Fri, 20 Nov 2026 09:26:00 GMT`.
fn http_date(seconds: i64) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .expect("a time of this era")
}

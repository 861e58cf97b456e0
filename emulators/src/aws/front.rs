//! What happens to every request before a service sees it: identification, signature, call log,
//! faults.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Response, StatusCode, request::Parts};

use super::error::ServiceError;
use super::named::named;
use super::protocol::Protocol;
use super::protocol::node::Node;
use super::world::World;
use super::{Service, cloudfront, cloudwatch, ecs, s3, ssm, sts};
use crate::connection::Connection;
use crate::faults::{Attempt, Call, Fault};
use crate::long_body::with_long_body;
use crate::sigv4::{Caller, SignedRequest};

/// Larger than any request that a client of ours may send.
const MAX_BODY_BYTES: usize = 64 << 20;

/// A request that was understood as a call of an operation.
pub(crate) struct Incoming {
    pub(crate) service: Service,
    pub(crate) protocol: Protocol,
    pub(crate) operation: String,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    /// The request as a tree; empty in the REST protocols.
    pub(crate) request: Result<Node, ServiceError>,
}

/// What a service gets to see of a call.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a World,
    pub(crate) caller: Caller,
    /// A fault that only the service itself can act out.
    pub(crate) fault: Option<Fault>,
}

/// Answers one request.
pub(super) async fn handle(
    State(world): State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is cut off or too large");
    };
    let incoming = match identify(parts, body) {
        Ok(incoming) => incoming,
        Err(unknown) => return plain(StatusCode::NOT_FOUND, unknown),
    };
    let caller = admit(&world, &incoming);
    let (account, region) = caller
        .as_ref()
        .map_or(("", ""), |caller| (caller.account.as_str(), caller.region.as_str()));
    let fault = world.faults.next(Attempt {
        operation: &format!("{}:{}", incoming.service.name(), incoming.operation),
        account,
        region,
        resources: &resources(&incoming),
        is_later_page: is_later_page(&incoming),
    });
    match caller {
        Ok(caller) => answer(&world, &connection, &incoming, caller, fault).await,
        Err(refused) => incoming.protocol.failure(&refused),
    }
}

/// Checks the signature and writes the call down, refused or not.
fn admit(world: &World, incoming: &Incoming) -> Result<Caller, ServiceError> {
    let Parts { method, uri, headers, .. } = &incoming.parts;
    let signed = SignedRequest { method, uri, headers, body: &incoming.body };
    let verified = world.verifier.verify(signed, incoming.service.signing_name());
    let caller = verified.as_ref().ok();
    world.calls.record(Call {
        service: incoming.service.name().to_owned(),
        operation: incoming.operation.clone(),
        region: caller.map(|caller| caller.region.clone()).unwrap_or_default(),
        account: caller.map(|caller| caller.account.clone()).unwrap_or_default(),
        names: named(incoming),
        at: crate::wall_clock::now(),
    });
    // CloudFront's own endpoint takes us-east-1 alone; for an endpoint given by URL, the clients
    // sign with their region.
    verified.map_err(|error| ServiceError::signature(incoming.service, &error))
}

/// Acts out faults that are the same everywhere; leaves the rest to the service.
async fn answer(
    world: &World,
    connection: &Connection,
    incoming: &Incoming,
    caller: Caller,
    fault: Option<Fault>,
) -> Response<Body> {
    let service = incoming.service;
    let mut context = Context { world, caller, fault: None };
    match fault {
        None => {}
        Some(Fault::Throttle) => {
            return incoming.protocol.failure(&ServiceError::throttled(service));
        }
        Some(Fault::AccessDenied) => {
            let principal = world.principal(&context.caller.access_key);
            let error = ServiceError::denied(service, &principal, &incoming.operation);
            return incoming.protocol.failure(&error);
        }
        Some(Fault::DropPage) => return incoming.protocol.failure(&ServiceError::internal()),
        Some(Fault::WrongKey) => {
            let error = ServiceError::signature(service, &crate::sigv4::SigV4Error::UnknownKey);
            return incoming.protocol.failure(&error);
        }
        Some(Fault::Status(status, body)) => return scripted(status, &[], body),
        Some(Fault::Answer(status, headers, body)) => return scripted(status, &headers, body),
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::CutConnection) => {
            connection.cut();
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "cut");
        }
        Some(Fault::CutAfter) => connection.cut(),
        Some(Fault::LongBody(bytes)) => return with_long_body(plain(StatusCode::OK, ""), bytes),
        Some(fault @ Fault::CutInBody) => {
            return plain(
                StatusCode::NOT_IMPLEMENTED,
                format!("AWS services do not act out {fault:?}"),
            );
        }
        Some(
            fault @ (Fault::PartialData(_)
            | Fault::InternalError(_)
            | Fault::Forbidden(_)
            | Fault::LateData(_)
            | Fault::Conflict),
        ) => context.fault = Some(fault),
    }
    serve(&context, incoming).unwrap_or_else(|error| incoming.protocol.failure(&error))
}

fn serve(context: &Context<'_>, incoming: &Incoming) -> Result<Response<Body>, ServiceError> {
    let request = incoming.request.as_ref().map_err(Clone::clone)?;
    let operation = incoming.operation.as_str();
    let result = match incoming.service {
        Service::CloudWatch => cloudwatch::call(context, operation, request)?,
        Service::Ecs => ecs::call(context, operation, request)?,
        Service::Ssm => ssm::call(context, operation, request)?,
        Service::Sts => sts::call(context, operation, request)?,
        Service::CloudFront => return cloudfront::call(context, incoming),
        Service::S3 => return s3::call(context, incoming),
    };
    Ok(incoming.protocol.success(operation, &result))
}

/// Tells service, protocol and operation from path and headers.
fn identify(parts: Parts, body: Bytes) -> Result<Incoming, String> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let path = parts.uri.path();
    let (service, protocol, operation) = if header("smithy-protocol") == Some("rpc-v2-cbor") {
        let operation = path
            .strip_prefix("/service/GraniteServiceVersion20100801/operation/")
            .ok_or_else(|| format!("no service speaks CBOR at {path}"))?;
        (Service::CloudWatch, Protocol::Cbor, operation.to_owned())
    } else if let Some(target) = header("x-amz-target") {
        match target.split_once('.') {
            Some(("GraniteServiceVersion20100801", operation)) => {
                (Service::CloudWatch, Protocol::Json10, operation.to_owned())
            }
            Some(("AmazonEC2ContainerServiceV20141113", operation)) => {
                (Service::Ecs, Protocol::Json11, operation.to_owned())
            }
            Some(("AmazonSSM", operation)) => {
                (Service::Ssm, Protocol::Json11, operation.to_owned())
            }
            _ => return Err(format!("no service has the target {target}")),
        }
    } else if path.starts_with("/2020-05-31/") {
        (Service::CloudFront, Protocol::RestXml, cloudfront::operation(&parts))
    } else if path == "/" && parts.method == axum::http::Method::POST {
        query(&body)?
    } else {
        (Service::S3, Protocol::S3, s3::operation(&parts))
    };
    let request = protocol.decode(&body);
    Ok(Incoming { service, protocol, operation, parts, body, request })
}

/// The services that take forms are told apart by their version.
fn query(body: &[u8]) -> Result<(Service, Protocol, String), String> {
    let field = |wanted: &str| {
        url::form_urlencoded::parse(body)
            .find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let operation = field("Action").ok_or("a form without Action")?;
    match field("Version").as_deref() {
        Some("2010-08-01") => {
            Ok((Service::CloudWatch, Protocol::Query(cloudwatch::NAMESPACE), operation))
        }
        Some("2011-06-15") => Ok((Service::Sts, Protocol::Query(sts::NAMESPACE), operation)),
        version => Err(format!("no service has the version {version:?}")),
    }
}

/// Whether the call goes on where an earlier page ended.
fn is_later_page(incoming: &Incoming) -> bool {
    let in_query = url::form_urlencoded::parse(incoming.parts.uri.query().unwrap_or("").as_bytes())
        .any(|(name, value)| {
            matches!(name.as_ref(), "Marker" | "continuation-token") && !value.is_empty()
        });
    let has_token = |request: &Node| {
        ["NextToken", "nextToken"].into_iter().any(|member| request.get(member).is_some())
    };
    in_query || incoming.request.as_ref().is_ok_and(has_token)
}

/// What the call is about, for rules that mean only that.
fn resources(incoming: &Incoming) -> Vec<String> {
    match (incoming.service, &incoming.request) {
        (Service::Ecs, Ok(request)) => ecs::clusters_named(&incoming.operation, request),
        _ => Vec::new(),
    }
}

fn scripted(status: u16, headers: &[(String, String)], body: String) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).expect("a status and headers that the test made up")
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    scripted(status.as_u16(), &[], text.into())
}

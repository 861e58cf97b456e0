//! How requests are read and answers are written: five ways to say the same things.
//!
//! A protocol knows bytes, headers and [`node::Node`] trees, and no operation.

mod cbor;
mod json;
pub(crate) mod node;
mod query;
pub(crate) mod xml;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{Response, StatusCode, header};

use super::error::ServiceError;
use node::{Node, map};

/// How a caller speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Smithy RPC v2 CBOR: the AWS SDKs with CloudWatch.
    Cbor,
    /// awsJson 1.0, with the error header of services that once spoke Query.
    Json10,
    /// awsJson 1.1.
    Json11,
    /// AWS Query, under this XML namespace.
    Query(&'static str),
    /// REST XML of CloudFront.
    RestXml,
    /// REST XML of S3, whose errors look different.
    S3,
}

impl Protocol {
    /// Reads a request body, for the protocols whose bodies are trees.
    pub(crate) fn decode(self, body: &[u8]) -> Result<Node, ServiceError> {
        let decoded = match self {
            Self::Cbor => cbor::decode(body),
            Self::Json10 | Self::Json11 => json::decode(body),
            Self::Query(_) => Ok(query::decode(body)),
            Self::RestXml | Self::S3 => Ok(Node::Map(Vec::new())),
        };
        decoded.map_err(|reason| ServiceError::sender("SerializationException", reason))
    }

    /// The answer to `operation`. REST protocols have no envelope: their operations write documents
    /// of their own.
    pub(crate) fn success(self, operation: &str, node: &Node) -> Response<Body> {
        let request_id = request_id();
        let body = match self {
            Self::Cbor => cbor::encode(node),
            Self::Json10 | Self::Json11 => json::encode(node),
            Self::Query(namespace) => query::encode(operation, namespace, &request_id, node),
            Self::RestXml | Self::S3 => xml::document(operation, None, node),
        };
        self.response(StatusCode::OK, &request_id, body)
    }

    /// The service's own way to say what is wrong.
    pub(crate) fn failure(self, error: &ServiceError) -> Response<Body> {
        let request_id = request_id();
        let message = || error.message.as_str().into();
        let body = match self {
            Self::Cbor => {
                cbor::encode(&map([("__type", error.shape().into()), ("message", message())]))
            }
            Self::Json10 | Self::Json11 => {
                json::encode(&map([("__type", error.shape().into()), ("message", message())]))
            }
            Self::Query(_) | Self::RestXml => self.xml_error(error, &request_id),
            Self::S3 => xml::document(
                "Error",
                None,
                &map([
                    ("Code", error.code.as_str().into()),
                    ("Message", message()),
                    ("RequestId", request_id.as_str().into()),
                ]),
            ),
        };
        let mut response = self.response(error.status, &request_id, body);
        if matches!(self, Self::Cbor | Self::Json10) {
            // awsQueryCompatible: the code that callers knew before the protocol changed.
            let header = format!("{};{}", error.code, error.fault());
            let header = header.parse().expect("an error code is plain text");
            response.headers_mut().insert("x-amzn-query-error", header);
        }
        response
    }

    fn xml_error(self, error: &ServiceError, request_id: &str) -> Vec<u8> {
        let namespace = match self {
            Self::Query(namespace) => namespace,
            _ => CLOUDFRONT_NAMESPACE,
        };
        let detail = map([
            ("Type", error.fault().into()),
            ("Code", error.code.as_str().into()),
            ("Message", error.message.as_str().into()),
        ]);
        let body = map([("Error", detail), ("RequestId", request_id.into())]);
        xml::document("ErrorResponse", Some(namespace), &body)
    }

    /// A response in this protocol's content type.
    pub(crate) fn response(
        self,
        status: StatusCode,
        request_id: &str,
        body: Vec<u8>,
    ) -> Response<Body> {
        let content_type = match self {
            Self::Cbor => "application/cbor",
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Query(_) | Self::RestXml => "text/xml",
            Self::S3 => "application/xml",
        };
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, content_type)
            .header("x-amzn-requestid", request_id);
        if self == Self::Cbor {
            response = response.header("smithy-protocol", "rpc-v2-cbor");
        }
        response.body(Body::from(body)).expect("headers of our own")
    }
}

/// CloudFront's XML namespace.
pub(crate) const CLOUDFRONT_NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

/// A request id that looks like one and tells calls apart.
pub(crate) fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("00000000-0000-4000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

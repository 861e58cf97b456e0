//! What goes wrong in a service, before a protocol writes it down.

use axum::http::StatusCode;

use super::Service;
use crate::sigv4::SigV4Error;

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ServiceError {
    /// The sender's mistake: 400.
    pub(crate) fn sender(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    /// A parameter that CloudWatch does not take.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::sender("ValidationError", message)
    }

    pub(crate) fn missing(member: &str) -> Self {
        Self::validation(format!("The parameter {member} is required."))
    }

    pub(crate) fn wrong_type(member: &str) -> Self {
        Self::sender(
            "SerializationException",
            format!("member {member} has a value of the wrong type"),
        )
    }

    pub(crate) fn unknown_operation(operation: &str) -> Self {
        Self::sender(
            "UnknownOperationException",
            format!("the emulator has no operation {operation}"),
        )
    }

    /// The service's own way to say that it is called too often.
    pub(crate) fn throttled(service: Service) -> Self {
        match service {
            Service::S3 => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "SlowDown",
                "Please reduce your request rate.",
            ),
            Service::Ssm | Service::Ecs => Self::sender("ThrottlingException", "Rate exceeded"),
            Service::CloudWatch | Service::CloudFront | Service::Sts => {
                Self::sender("Throttling", "Rate exceeded")
            }
        }
    }

    /// What the caller's policy does not allow.
    pub(crate) fn denied(service: Service, principal: &str, operation: &str) -> Self {
        let action = format!("{}:{operation}", service.name());
        let message = format!(
            "User: {principal} is not authorized to perform: {action} on resource: * because no identity-based policy allows the {action} action"
        );
        match service {
            Service::Ssm | Service::Ecs => Self::sender("AccessDeniedException", message),
            Service::S3 | Service::CloudWatch | Service::CloudFront | Service::Sts => {
                Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
            }
        }
    }

    /// A page that got lost inside the service.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "The request processing has failed.",
        )
    }

    /// A refused signature, under the code that this service uses for it.
    pub(crate) fn signature(service: Service, error: &SigV4Error) -> Self {
        // Services that speak awsJson answer 400 with exception names, the older ones 403 with
        // codes.
        let (status, [missing, unknown, token, mismatch, skewed]) = match service {
            Service::Ssm | Service::Ecs => (
                StatusCode::BAD_REQUEST,
                [
                    "MissingAuthenticationTokenException",
                    "UnrecognizedClientException",
                    "UnrecognizedClientException",
                    "InvalidSignatureException",
                    "InvalidSignatureException",
                ],
            ),
            Service::S3 => (
                StatusCode::FORBIDDEN,
                [
                    "AccessDenied",
                    "InvalidAccessKeyId",
                    "InvalidToken",
                    "SignatureDoesNotMatch",
                    "RequestTimeTooSkewed",
                ],
            ),
            Service::CloudWatch | Service::CloudFront | Service::Sts => (
                StatusCode::FORBIDDEN,
                [
                    "MissingAuthenticationToken",
                    "InvalidClientTokenId",
                    "InvalidClientTokenId",
                    "SignatureDoesNotMatch",
                    "SignatureDoesNotMatch",
                ],
            ),
        };
        let code = match error {
            SigV4Error::Missing => missing,
            SigV4Error::UnknownKey => unknown,
            SigV4Error::SessionToken => token,
            SigV4Error::Skewed { .. } => skewed,
            SigV4Error::Malformed(_)
            | SigV4Error::Scope(_)
            | SigV4Error::UnsignedHeader(_)
            | SigV4Error::PayloadHash
            | SigV4Error::Mismatch { .. } => mismatch,
        };
        Self::new(status, code, error.to_string())
    }

    /// `Sender` or `Receiver`: whose fault it is.
    pub(crate) fn fault(&self) -> &'static str {
        if self.status.is_server_error() { "Receiver" } else { "Sender" }
    }

    /// The name of the error's shape, which for some is not the code that Query callers know.
    pub(crate) fn shape(&self) -> String {
        let shape = match self.code.as_str() {
            "Throttling" => "com.amazon.coral.availability#ThrottlingException",
            "InvalidParameterValue" => {
                "com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterValueException"
            }
            "InvalidParameterCombination" => {
                "com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterCombinationException"
            }
            "MissingParameter" => {
                "com.amazonaws.cloudwatch.v2010_08_01#MissingRequiredParameterException"
            }
            "InvalidNextToken" => "com.amazonaws.cloudwatch.v2010_08_01#InvalidNextToken",
            code => code,
        };
        shape.to_owned()
    }
}

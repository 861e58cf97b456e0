//! What the outcome of one call to AWS means: one table from the SDK's error to what to do about it. Pure.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::reason::reason;

/// A call that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What may help.
    pub remedy: Remedy,
    /// What the service calls it, such as `ThrottlingException`; absent where it was not the service that said no.
    pub code: Option<String>,
    /// `ThrottlingException: Rate exceeded`.
    pub message: String,
}

/// What may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nobody knows why, or it is passing: the same call again, later.
    Again,
    /// All workers together are too fast.
    Slower,
    /// The token of the next page is worth nothing: from the first page.
    FromStart,
    /// Asking again gives the same answer.
    None,
}

impl Failure {
    /// The run's time was over before the call could be made.
    pub fn out_of_time() -> Self {
        Self::on_the_way(Remedy::None, "no time was left to ask")
    }

    /// The answer did not come within the time that one try has.
    pub fn slow() -> Self {
        Self::on_the_way(Remedy::Again, "no answer in time")
    }

    /// The next page's token is the one that this page was asked for with: the pages would never end.
    pub fn endless() -> Self {
        Self::on_the_way(Remedy::FromStart, "the same NextToken came back")
    }

    fn on_the_way(remedy: Remedy, message: impl Into<String>) -> Self {
        Self { remedy, code: None, message: message.into() }
    }

    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self.remedy, Remedy::Again | Remedy::Slower)
    }

    /// Reads the SDK's error.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(refused) => {
                let status = refused.raw().status().as_u16();
                let (code, message) = (refused.err().code(), refused.err().message());
                let remedy = remedy(status, code.unwrap_or_default(), message.unwrap_or_default());
                // A proxy's page, or nothing at all.
                let is_silent = code.is_none() && message.is_none();
                let status = is_silent.then(|| format!("HTTP status {status}"));
                let message = status.unwrap_or_else(|| reason(error));
                Self { remedy, code: code.map(str::to_owned), message }
            }
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
                Self::on_the_way(Remedy::Again, reason(error))
            }
            SdkError::DispatchFailure(lost) => {
                let passing = lost.is_io() || lost.is_timeout() || lost.as_other().is_some();
                let remedy = if passing { Remedy::Again } else { Remedy::None };
                Self::on_the_way(remedy, reason(error))
            }
            _ => Self::on_the_way(Remedy::None, reason(error)),
        }
    }
}

fn remedy(status: u16, code: &str, message: &str) -> Remedy {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "LimitExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown" => Remedy::Slower,
        "InvalidNextToken" => Remedy::FromStart,
        "InternalServiceFault"
        | "InternalServiceError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException" => Remedy::Again,
        _ if status == 429 || message.contains("Rate exceeded") => Remedy::Slower,
        _ if status >= 500 => Remedy::Again,
        _ => Remedy::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_remedy() {
        let table = [
            (400, "Throttling", "Rate exceeded", Remedy::Slower),
            (400, "ThrottlingException", "", Remedy::Slower),
            (400, "", "Rate exceeded", Remedy::Slower),
            (429, "", "", Remedy::Slower),
            (500, "InternalServiceFault", "", Remedy::Again),
            (400, "InternalFailure", "", Remedy::Again),
            (503, "", "", Remedy::Again),
            (400, "InvalidNextToken", "", Remedy::FromStart),
            (400, "ValidationError", "p101", Remedy::None),
            (403, "AccessDenied", "", Remedy::None),
            (400, "ExpiredToken", "", Remedy::None),
            (404, "", "", Remedy::None),
        ];
        for (status, code, message, expected) in table {
            assert_eq!(remedy(status, code, message), expected, "{status} {code} {message}");
        }
    }
}

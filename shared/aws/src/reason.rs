//! Why an SDK call failed, in the few words that fit into a report.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What the service said (`ThrottlingException: Rate exceeded`), else what went wrong on the way there. The SDK's
/// own Display says "service error" and leaves the rest to whoever walks the chain.
pub fn reason<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error().map(|service| (service.code(), service.message())) {
        Some((Some(code), Some(message))) if !message.is_empty() => format!("{code}: {message}"),
        Some((Some(code), _)) => code.to_owned(),
        Some((None, Some(message))) if !message.is_empty() => message.to_owned(),
        _ => describe(error),
    }
}

/// An error and its sources, each once.
pub fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        let next_text = next.to_string();
        if !text.ends_with(&next_text) {
            text.push_str(": ");
            text.push_str(&next_text);
        }
        source = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ssm::operation::get_parameter::GetParameterError;
    use aws_smithy_types::error::ErrorMetadata;

    fn service_error(code: Option<&str>, message: Option<&str>) -> SdkError<GetParameterError, ()> {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        if let Some(message) = message {
            metadata = metadata.message(message);
        }
        SdkError::service_error(GetParameterError::generic(metadata.build()), ())
    }

    #[test]
    fn a_service_error_is_its_code_and_its_message() {
        let error = service_error(Some("ThrottlingException"), Some("Rate exceeded"));
        assert_eq!(reason(&error), "ThrottlingException: Rate exceeded");
        assert_eq!(reason(&service_error(Some("AccessDenied"), None)), "AccessDenied");
        assert_eq!(reason(&service_error(None, Some("no"))), "no");
    }

    #[test]
    fn a_failure_on_the_way_there_names_its_sources_once() {
        let cause = std::io::Error::other("connection refused");
        let error: SdkError<GetParameterError, ()> = SdkError::timeout_error(cause);
        assert_eq!(reason(&error), "request has timed out: connection refused");
    }
}

//! Why an invocation fails, and the Lambda error shape of it.

use lambda_runtime::Diagnostic;

/// Why an invocation fails: loudly, even where nothing is lost, so that the alarm that everybody has fires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The configuration or the event is wrong: somebody has to change it.
    #[error("{0}")]
    Config(String),
    /// Every source failed.
    #[error("{0}")]
    Source(String),
    /// The state cannot be read or written.
    #[error("{0}")]
    State(String),
    /// A sink could not be delivered to.
    #[error("{0}")]
    Delivery(String),
}

impl RunError {
    /// The stable `errorType` of Lambda's error shape.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Config(_) => "ConfigError",
            Self::Source(_) => "SourceError",
            Self::State(_) => "StateError",
            Self::Delivery(_) => "DeliveryError",
        }
    }
}

impl From<RunError> for Diagnostic {
    fn from(error: RunError) -> Self {
        Self { error_type: error.error_type().to_owned(), error_message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_types_are_stable() {
        let types = [RunError::Config, RunError::Source, RunError::State, RunError::Delivery]
            .map(|make| Diagnostic::from(make("why".to_owned())))
            .map(|diagnostic| (diagnostic.error_type, diagnostic.error_message));
        let expected = ["ConfigError", "SourceError", "StateError", "DeliveryError"];
        assert_eq!(types, expected.map(|name| (name.to_owned(), "why".to_owned())));
    }
}

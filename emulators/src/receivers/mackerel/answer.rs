//! Answers of the Mackerel API and the shapes of their bodies.

use serde::Serialize;
use serde_json::{Value, json};

/// A status and a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The text of the body; errors are here in their nested shape.
    pub body: String,
}

impl Answer {
    /// 200 with `body`.
    ///
    /// # Panics
    /// When `body` has no JSON form; those of this module have one.
    #[must_use]
    pub fn ok(body: impl Serialize) -> Self {
        let body = serde_json::to_string(&body).expect("a body that has a JSON form");
        Self { status: 200, body }
    }

    /// `{"success":true}`
    #[must_use]
    pub fn success() -> Self {
        Self::ok(json!({"success": true}))
    }

    /// `{"error":{"message":…}}`, the shape that the service has today.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        Self { status, body: json!({"error": {"message": message}}).to_string() }
    }

    /// The same error in the older shape, `{"error":…}`, which some endpoints still give.
    #[must_use]
    pub fn flattened(self) -> Self {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        match body.pointer("/error/message") {
            Some(message) => Self { body: json!({"error": message}).to_string(), ..self },
            None => self,
        }
    }
}

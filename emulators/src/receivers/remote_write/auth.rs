//! What a receiver asks for before it takes a request.

use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::receivers::present::Present;
use crate::sigv4::{SignedRequest, Verifier};

/// The signing name of AMP.
const SERVICE: &str = "aps";

/// The credentials that are asked for.
#[derive(Clone, Default)]
pub enum Auth {
    /// None.
    #[default]
    Open,
    /// A name and a password, or 401.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token, or 401.
    Bearer(String),
    /// A signature for the service `aps`, or 403.
    SigV4(SigV4),
}

/// Whose signatures are taken.
#[derive(Clone, Debug, Default)]
pub struct SigV4 {
    /// The keys. Clones share them, so that a test can take one away.
    pub verifier: Verifier,
    /// The region of the workspace.
    pub region: String,
    /// The time that signatures are checked against: the machine's, unless the signer's is set too.
    pub now: Present,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Open => "Open",
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
            Self::SigV4(_) => "SigV4",
        })
    }
}

impl Auth {
    /// Does the request carry what is asked for?
    ///
    /// # Errors
    /// The status and the body of the refusal.
    pub fn check(&self, parts: &Parts, body: &[u8]) -> Result<(), (u16, String)> {
        let expected = match self {
            Self::Open => return Ok(()),
            Self::SigV4(sigv4) => return sigv4.check(parts, body),
            Self::Basic { username, password } => {
                format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
            }
            Self::Bearer(token) => format!("Bearer {token}"),
        };
        let sent = parts.headers.get("authorization").map(|value| value.as_bytes());
        if sent == Some(expected.as_bytes()) {
            Ok(())
        } else {
            Err((401, "unauthorized".to_owned()))
        }
    }
}

impl SigV4 {
    fn check(&self, parts: &Parts, body: &[u8]) -> Result<(), (u16, String)> {
        let refused = |why: &str| (403, json!({"message": why}).to_string());
        let request =
            SignedRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body };
        let verified = self.verifier.verify_at(request, SERVICE, self.now.seconds());
        let caller = verified.map_err(|error| refused(&error.to_string()))?;
        if caller.region == self.region {
            Ok(())
        } else {
            Err(refused(&format!("credential should be scoped to region '{}'", self.region)))
        }
    }
}

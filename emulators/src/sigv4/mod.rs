//! A verifier of AWS Signature Version 4, written from the specification.
//!
//! It shares no line with the signer that the product uses: one that did would agree with the
//! signer's mistakes. Follows "Create a signed AWS API request" of the IAM user guide; header-based
//! signatures only (no presigned URLs, no chunked uploads). It knows keys and bytes, not services:
//! how a refusal looks on the wire is the caller's business.

mod canonical;
mod credential;
#[cfg(test)]
mod vectors;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, Method, Uri};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::faults::locked;
use canonical::CanonicalRequest;
pub(crate) use canonical::decode as percent_decode;
use credential::Authorization;

/// How far the signer's clock may be off, in seconds.
const MAX_SKEW_SECONDS: i64 = 15 * 60;

/// An access key as the service knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// What the credential scope starts with.
    pub access_key: String,
    /// The secret that both sides know.
    pub secret: String,
    /// Temporary keys come with a token that every request must carry.
    pub session_token: Option<String>,
    /// The account that calls made with this key act in.
    pub account: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Key")
            .field("access_key", &self.access_key)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Who made a request, once its signature was found to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key that signed.
    pub access_key: String,
    /// The key's account.
    pub account: String,
    /// The region of the credential scope.
    pub region: String,
    /// The service of the credential scope.
    pub service: String,
}

/// Why a signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigV4Error {
    /// There is no `Authorization` header.
    #[error("request is missing authentication token")]
    Missing,
    /// The `Authorization` or date header does not read as the specification says.
    #[error("{0}")]
    Malformed(String),
    /// Nobody has this access key.
    #[error("the security token included in the request is invalid")]
    UnknownKey,
    /// The key is temporary and its token is missing or another one.
    #[error("the session token included in the request is invalid")]
    SessionToken,
    /// The scope's date, service or terminator is not what the request needs.
    #[error("{0}")]
    Scope(String),
    /// The signer's clock is more than 15 minutes off.
    #[error(
        "signature expired or not yet current: signed at {signed_at}, it is {now} (epoch seconds)"
    )]
    Skewed {
        /// When the signer says it signed.
        signed_at: i64,
        /// The verifier's time.
        now: i64,
    },
    /// A header that must be signed is not.
    #[error("header {0:?} must be signed")]
    UnsignedHeader(String),
    /// `x-amz-content-sha256` is not the hash of the body, or of a kind that this service does not
    /// take.
    #[error("the provided x-amz-content-sha256 header does not match what was computed")]
    PayloadHash,
    /// The signature is another one. The canonical string shows what the server signed.
    #[error(
        "the request signature we calculated does not match the signature you provided; canonical request:\n{canonical_request}"
    )]
    Mismatch {
        /// What the verifier hashed, for the developer who has to find the difference.
        canonical_request: String,
    },
}

/// A request as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// Path and query exactly as sent.
    pub uri: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body as sent (compressed, if it was).
    pub body: &'a [u8],
}

/// Checks signatures against a set of keys; clones share the keys.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    keys: Arc<Mutex<BTreeMap<String, Key>>>,
}

impl Verifier {
    /// A verifier that knows these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Self {
        let verifier = Self::default();
        for key in keys {
            verifier.add(key);
        }
        verifier
    }

    /// Makes a key known; a key of the same id is replaced.
    pub fn add(&self, key: Key) {
        locked(&self.keys).insert(key.access_key.clone(), key);
    }

    /// Makes a key unknown, as after its rotation.
    pub fn remove(&self, access_key: &str) {
        locked(&self.keys).remove(access_key);
    }

    /// Checks the signature of `request` for `service` (its signing name: `monitoring`, `ssm`,
    /// `aps`, …) against real time.
    ///
    /// # Errors
    /// Why the signature is refused; the first reason in the order in which AWS checks.
    pub fn verify(&self, request: SignedRequest<'_>, service: &str) -> Result<Caller, SigV4Error> {
        self.verify_at(request, service, crate::wall_clock::now())
    }

    /// [`Verifier::verify`] at a given time (epoch seconds).
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_at(
        &self,
        request: SignedRequest<'_>,
        service: &str,
        now: i64,
    ) -> Result<Caller, SigV4Error> {
        let authorization = Authorization::of(request.headers)?;
        authorization.check_scope(service)?;
        let key = self.key(&authorization, request.headers)?;
        let signed_at = authorization.signed_at;
        if (now - signed_at).abs() > MAX_SKEW_SECONDS {
            return Err(SigV4Error::Skewed { signed_at, now });
        }
        authorization.check_signed_headers(request.headers)?;

        let canonical = CanonicalRequest::of(request, &authorization)?;
        let expected = signature(&key.secret, &authorization, &canonical.0);
        // No timing attacker sits on loopback: plain comparison will do.
        if expected != authorization.signature {
            return Err(SigV4Error::Mismatch { canonical_request: canonical.0 });
        }
        Ok(Caller {
            access_key: key.access_key,
            account: key.account,
            region: authorization.region,
            service: authorization.service,
        })
    }

    fn key(&self, authorization: &Authorization, headers: &HeaderMap) -> Result<Key, SigV4Error> {
        let key = locked(&self.keys)
            .get(&authorization.access_key)
            .cloned()
            .ok_or(SigV4Error::UnknownKey)?;
        let token = headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        if token == key.session_token.as_deref() { Ok(key) } else { Err(SigV4Error::SessionToken) }
    }
}

/// The signature over a canonical request: the string to sign, under the key derived for its scope.
fn signature(secret: &str, authorization: &Authorization, canonical_request: &str) -> String {
    let string_to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{}\n{}",
        authorization.timestamp,
        authorization.scope(),
        sha256_hex(canonical_request.as_bytes())
    );
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [
        authorization.date.as_str(),
        authorization.region.as_str(),
        authorization.service.as_str(),
        "aws4_request",
    ] {
        key = hmac(&key, part.as_bytes());
    }
    hex(&hmac(&key, string_to_sign.as_bytes()))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

//! The `Authorization` header and what must hold before anything is hashed.

use axum::http::HeaderMap;
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::SigV4Error;

/// A parsed `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, with the
/// request's date.
#[derive(Debug)]
pub(super) struct Authorization {
    pub(super) access_key: String,
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    terminator: String,
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    /// `X-Amz-Date` as sent.
    pub(super) timestamp: String,
    /// The same in epoch seconds.
    pub(super) signed_at: i64,
}

impl Authorization {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, SigV4Error> {
        let header = text(headers, "authorization").ok_or(SigV4Error::Missing)?;
        let fields = header
            .strip_prefix("AWS4-HMAC-SHA256")
            .ok_or_else(|| malformed("unsupported authorization type"))?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| {
                    malformed(format!("authorization header requires '{name}' parameter"))
                })
        };
        // An access key has no slash, so the scope's five parts are plain.
        let scope: Vec<&str> = field("Credential")?.split('/').collect();
        let [access_key, date, region, service, terminator] = scope[..] else {
            return Err(malformed("credential must have exactly 5 slash-delimited elements"));
        };
        let timestamp = text(headers, "x-amz-date").ok_or_else(|| {
            malformed("authorization header requires the existence of an 'X-Amz-Date' header")
        })?;
        Ok(Self {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            terminator: terminator.to_owned(),
            signed_headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature")?.to_owned(),
            signed_at: epoch_seconds(timestamp)?,
            timestamp: timestamp.to_owned(),
        })
    }

    /// `date/region/service/aws4_request`.
    pub(super) fn scope(&self) -> String {
        format!("{}/{}/{}/{}", self.date, self.region, self.service, self.terminator)
    }

    pub(super) fn check_scope(&self, service: &str) -> Result<(), SigV4Error> {
        let wrong = |reason: String| Err(SigV4Error::Scope(reason));
        if self.terminator != "aws4_request" {
            return wrong(
                "credential should be scoped with a valid terminator: 'aws4_request'".into(),
            );
        }
        if self.service != service {
            return wrong(format!("credential should be scoped to correct service: '{service}'"));
        }
        if !self.timestamp.starts_with(&self.date) {
            return wrong(format!("date in credential scope does not match {}", self.timestamp));
        }
        if self.region.is_empty() {
            return wrong("credential should be scoped to a valid region".into());
        }
        Ok(())
    }

    /// `host` and every `x-amz-*` header that is there must be signed, and the list must be in
    /// order.
    pub(super) fn check_signed_headers(&self, headers: &HeaderMap) -> Result<(), SigV4Error> {
        if !self.signed_headers.is_sorted() {
            return Err(malformed("signed headers must be sorted"));
        }
        let must_be_signed = headers
            .keys()
            .map(axum::http::HeaderName::as_str)
            .filter(|name| name.starts_with("x-amz-"))
            .chain(["host"]);
        for name in must_be_signed {
            if !self.signed_headers.iter().any(|signed| signed == name) {
                return Err(SigV4Error::UnsignedHeader(name.to_owned()));
            }
        }
        Ok(())
    }
}

fn epoch_seconds(timestamp: &str) -> Result<i64, SigV4Error> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    PrimitiveDateTime::parse(timestamp, format)
        .map(|moment| moment.assume_utc().unix_timestamp())
        .map_err(|_| malformed(format!("date must be in ISO-8601 'basic format': {timestamp:?}")))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn malformed(reason: impl Into<String>) -> SigV4Error {
    SigV4Error::Malformed(reason.into())
}

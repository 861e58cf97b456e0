//! The status of a call, from whatever came of it. Pure. Where nothing of gRPC came back the codes are those that grpc-go gives.
//! ([codes](https://github.com/grpc/grpc/blob/master/doc/statuscodes.md))

use h2::Reason;
use http1::{HeaderMap, StatusCode};
use percent_encoding::percent_decode;

/// How a call ended: 0 is success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) code: u32,
    pub(super) message: String,
    /// The peer said so; else the connection or the answer was of no use.
    pub(super) is_told: bool,
}

pub(super) const OK: u32 = 0;
pub(super) const DEADLINE_EXCEEDED: u32 = 4;
pub(super) const INTERNAL: u32 = 13;
pub(super) const UNAVAILABLE: u32 = 14;
const CANCELLED: u32 = 1;
pub(super) const UNKNOWN: u32 = 2;
const PERMISSION_DENIED: u32 = 7;
pub(super) const RESOURCE_EXHAUSTED: u32 = 8;
const UNIMPLEMENTED: u32 = 12;
const UNAUTHENTICATED: u32 = 16;

impl Status {
    /// A status that the peer told.
    pub(super) fn told(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), is_told: true }
    }

    /// A status that was concluded from what went wrong.
    pub(super) fn concluded(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), is_told: false }
    }

    /// What trailers say, or headers that are all there is.
    pub(super) fn of_trailers(trailers: &HeaderMap) -> Option<Self> {
        let code = trailers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
        let message = trailers
            .get("grpc-message")
            .map(|message| percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned());
        Some(Self::told(code, message.unwrap_or_default()))
    }

    /// What an answer means that is HTTP and not gRPC.
    pub(super) fn of_http(status: StatusCode, content_type: &str) -> Self {
        let code = match status.as_u16() {
            400 => INTERNAL,
            401 => UNAUTHENTICATED,
            403 => PERMISSION_DENIED,
            404 => UNIMPLEMENTED,
            429 | 502 | 503 | 504 => UNAVAILABLE,
            _ => UNKNOWN,
        };
        Self::told(
            code,
            format!("an HTTP answer, status {}, content type {content_type:?}", status.as_u16()),
        )
    }

    /// What a broken stream or connection means.
    pub(super) fn of_broken(error: &h2::Error) -> Self {
        let code = match error.reason().filter(|_| error.is_reset()) {
            Some(Reason::CANCEL) => CANCELLED,
            Some(Reason::ENHANCE_YOUR_CALM) => RESOURCE_EXHAUSTED,
            Some(Reason::INADEQUATE_SECURITY) => PERMISSION_DENIED,
            Some(Reason::REFUSED_STREAM) | None => UNAVAILABLE,
            Some(_) => INTERNAL,
        };
        Self::concluded(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_hold_a_code_and_perhaps_a_message() {
        let trailers = |pairs: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.insert(*name, value.parse().expect("a value"));
            }
            Status::of_trailers(&map)
        };
        assert_eq!(trailers(&[("grpc-status", "0")]), Some(Status::told(0, "")));
        let told = trailers(&[("grpc-status", "5"), ("grpc-message", "no%20such%E2%82%AC")]);
        assert_eq!(told, Some(Status::told(5, "no such€")));
        for wrong in ["", "x", "-1", "99999999999"] {
            assert_eq!(trailers(&[("grpc-message", "x"), ("grpc-status", wrong)]), None, "{wrong}");
        }
    }

    #[test]
    fn an_answer_that_is_only_http_has_the_codes_of_grpc_go() {
        for (status, code) in [
            (200, 2),
            (400, 13),
            (401, 16),
            (403, 7),
            (404, 12),
            (429, 14),
            (500, 2),
            (502, 14),
            (503, 14),
            (504, 14),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Status::of_http(status, "text/html").code, code, "{status}");
        }
    }
}

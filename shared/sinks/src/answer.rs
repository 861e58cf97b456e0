//! What an answer means for what is done next: one table for all sinks. Pure.
//!
//! | answer | what is done |
//! |---|---|
//! | 2xx | the samples are taken; the body is ignored |
//! | no answer, 429, 5xx | the same request again, with backoff, honouring `Retry-After`, while the budget lasts |
//! | 400 | some sample is bad: its halves, until it is found |
//! | 413 | its halves |
//! | 401, 403 | the credentials are fetched again, once; then as an outage |
//! | 3xx, any other 4xx | an outage: nothing is given up, somebody has to look |
//!
//! Prometheus drops what a 4xx refuses. Nothing is dropped here that the receiver did not refuse as a sample: a wrong
//! path or an expired key must not cost data that can be sent once it is put right.

use std::time::{Duration, UNIX_EPOCH};

use aws::SecretError;
use http::SendError;
use series::Timestamp;

/// Texts of receivers are cut to this many bytes.
const TEXT_LIMIT: usize = 256;

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: the samples are taken.
    Delivered,
    /// Again, not before `after` has passed if the receiver said so.
    Retry {
        /// The receiver's `Retry-After`.
        after: Option<Duration>,
    },
    /// The request is split to find the bad samples in it.
    Split,
    /// The request is too large as it is.
    Halve,
    /// The credentials may have changed.
    Credentials,
    /// Stop here; nothing is given up.
    Outage,
}

impl Kind {
    /// The table. Statuses below 200 and above 599 have no meaning and count as an outage.
    pub(crate) fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            200..=299 => Self::Delivered,
            400 => Self::Split,
            401 | 403 => Self::Credentials,
            413 => Self::Halve,
            429 | 500..=599 => Self::Retry { after: retry_after },
            _ => Self::Outage,
        }
    }
}

/// The same for a request that got no answer. What lies on the way (a name, a connection, the token's or the key's
/// place) may be back in a moment; what lies in the configuration will not.
pub(crate) fn of_error(error: &SendError) -> Kind {
    match error {
        SendError::Timeout
        | SendError::Connect(_)
        | SendError::Broken(_)
        | SendError::Credentials(SecretError::Unavailable { .. })
        | SendError::Token(_)
        | SendError::Signature(_) => Kind::Retry { after: None },
        SendError::Tls(_) | SendError::Invalid(_) | SendError::Credentials(_) => Kind::Outage,
    }
}

/// Reads `Retry-After`: seconds or an HTTP date ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#name-retry-after)).
/// A date that has passed asks for nothing, and neither does a text that is neither.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let date = Timestamp::from_millis(i64::try_from(date.as_millis()).ok()?);
    Some(date.since(now)).filter(|wait| !wait.is_zero())
}

/// An answer in one line: the status and what the receiver said, after `mask` has taken out what must not be shown.
pub(crate) fn describe(status: u16, body: &[u8], mask: impl Fn(&str) -> String) -> String {
    let said = said(body, mask);
    let separator = if said.is_empty() { "" } else { ": " };
    format!("status {status}{separator}{said}")
}

/// What a receiver said: the message of a JSON error (`{"error":{"message":…}}`, `{"error":…}`, `{"message":…}`), else the
/// first line that is not empty. Without control characters, and cut.
fn said(body: &[u8], mask: impl Fn(&str) -> String) -> String {
    let text = json_message(body).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    // Masked before it is cut: the beginning of a secret would not be known as one.
    let clean: String = mask(line).chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    let mut cut = clean.floor_char_boundary(TEXT_LIMIT);
    if cut < clean.len() {
        cut = clean.floor_char_boundary(TEXT_LIMIT - "…".len());
        return format!("{}…", &clean[..cut]);
    }
    clean
}

/// Control characters would end a log line or colour a terminal; U+202A and its like turn the text around.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn json_message(body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    [&json["error"]["message"], &json["error"], &json["message"]]
        .into_iter()
        .find_map(|message| message.as_str())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_status_has_one_meaning() {
        let second = Some(Duration::from_secs(1));
        let table = [
            (200, Kind::Delivered),
            (202, Kind::Delivered),
            (204, Kind::Delivered),
            (301, Kind::Outage),
            (307, Kind::Outage),
            (400, Kind::Split),
            (401, Kind::Credentials),
            (403, Kind::Credentials),
            (404, Kind::Outage),
            (409, Kind::Outage),
            (413, Kind::Halve),
            (415, Kind::Outage),
            (422, Kind::Outage),
            (429, Kind::Retry { after: second }),
            (500, Kind::Retry { after: second }),
            (501, Kind::Retry { after: second }),
            (502, Kind::Retry { after: second }),
            (503, Kind::Retry { after: second }),
            (504, Kind::Retry { after: second }),
            (101, Kind::Outage),
            (999, Kind::Outage),
        ];
        for (status, kind) in table {
            assert_eq!(Kind::of_status(status, second), kind, "{status}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_lies_in_the_configuration_is_not() {
        let reference = config::SecretRef::Parameter("/key".into());
        let unavailable =
            SecretError::Unavailable { reference: reference.clone(), reason: "down".into() };
        let again = Kind::Retry { after: None };
        let table = [
            (SendError::Timeout, again),
            (SendError::Connect("refused".into()), again),
            (SendError::Broken("reset".into()), again),
            (SendError::Token("status 503".into()), again),
            (SendError::Signature("no credentials".into()), again),
            (SendError::Credentials(unavailable), again),
            (SendError::Credentials(SecretError::NotFound(reference)), Kind::Outage),
            (SendError::Tls("unknown issuer".into()), Kind::Outage),
            (SendError::Invalid("no client".into()), Kind::Outage),
        ];
        for (error, kind) in table {
            assert_eq!(of_error(&error), kind, "{error:?}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse_rfc3339("2026-11-20T09:26:00Z").expect("a time");
        let table = [
            ("120", Some(Duration::from_secs(120))),
            (" 0 ", Some(Duration::ZERO)),
            ("Fri, 20 Nov 2026 09:26:30 GMT", Some(Duration::from_secs(30))),
            ("Fri, 20 Nov 2026 09:25:00 GMT", None),
            ("-5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
        ];
        for (value, expected) in table {
            assert_eq!(retry_after(value, now), expected, "{value:?}");
        }
    }

    #[test]
    fn an_answer_is_one_line_whatever_the_body_holds() {
        let table: [(u16, &[u8], &str); 8] = [
            (204, b"", "status 204"),
            (400, b"out of order sample\n", "status 400: out of order sample"),
            (400, b"\n \n  second line\nthird", "status 400: second line"),
            (
                401,
                br#"{"error":{"message":"Authentication failed. Please try with valid Api Key."}}"#,
                "status 401: Authentication failed. Please try with valid Api Key.",
            ),
            (404, br#"{"error":"Service not found."}"#, "status 404: Service not found."),
            (429, br#"{"message":"Rate exceeded"}"#, "status 429: Rate exceeded"),
            (500, b"\x1b[31mred\xff\x07", "status 500:  [31mred\u{fffd} "),
            (500, br#"{"code":7}"#, r#"status 500: {"code":7}"#),
        ];
        for (status, body, expected) in table {
            assert_eq!(describe(status, body, str::to_owned), expected);
        }
    }

    proptest! {
        #[test]
        fn any_body_comes_out_short_and_on_one_line(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let text = said(&body, str::to_owned);
            prop_assert!(text.len() <= TEXT_LIMIT);
            prop_assert!(text.chars().all(is_printable));
        }

        #[test]
        fn any_text_is_cut_between_characters(body in "\\PC{0,400}") {
            prop_assert!(said(body.as_bytes(), str::to_owned).len() <= TEXT_LIMIT);
        }
    }
}

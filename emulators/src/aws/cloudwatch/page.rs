//! Pages of GetMetricData: a page ends after so many points, also in the middle of a metric's
//! points.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::metric_data::Answer;
use super::query::Request;
use crate::aws::error::ServiceError;

/// Where a page begins. Callers see it as an opaque text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    /// The moment that all pages tell of.
    pub(super) now: i64,
    /// The first answer that is not finished, and how many of its points were given.
    answer: usize,
    point: usize,
    /// A token serves the request that it was given for.
    request: String,
}

/// One page.
pub(super) struct Page<'a> {
    pub(super) slices: Vec<Slice<'a>>,
    pub(super) next: Option<Token>,
}

/// What one page holds of one answer.
pub(super) struct Slice<'a> {
    pub(super) answer: &'a Answer<'a>,
    pub(super) points: &'a [(i64, f64)],
    /// No later page has more of it.
    pub(super) is_last: bool,
}

impl Token {
    pub(super) fn first(request: &Request, now: i64) -> Self {
        Self { now, answer: 0, point: 0, request: fingerprint(request) }
    }

    pub(super) fn read(text: &str) -> Result<Self, ServiceError> {
        BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(invalid)
    }

    pub(super) fn check(self, request: &Request) -> Result<Self, ServiceError> {
        if self.request == fingerprint(request) { Ok(self) } else { Err(invalid()) }
    }

    pub(super) fn write(&self) -> String {
        BASE64.encode(serde_json::to_vec(self).expect("numbers and a text"))
    }
}

impl<'a> Page<'a> {
    /// The page that begins at `token` and holds at most `limit` points.
    pub(super) fn cut(answers: &'a [Answer<'a>], token: &Token, limit: usize) -> Self {
        let mut slices = Vec::new();
        let mut room = limit;
        let mut point = token.point;
        for (index, answer) in answers.iter().enumerate().skip(token.answer) {
            let rest = answer.points.get(point..).unwrap_or_default();
            // An answer without points needs no room.
            if room == 0 && !rest.is_empty() {
                return Self {
                    slices,
                    next: Some(Token { answer: index, point, ..token.clone() }),
                };
            }
            let (points, left) = rest.split_at(rest.len().min(room));
            slices.push(Slice { answer, points, is_last: left.is_empty() });
            if !left.is_empty() {
                let next = Token { answer: index, point: point + points.len(), ..token.clone() };
                return Self { slices, next: Some(next) };
            }
            room -= points.len();
            point = 0;
        }
        Self { slices, next: None }
    }
}

/// Everything of a request that must be the same on every page.
fn fingerprint(request: &Request) -> String {
    let Request { queries, start, end, newest_first, max_datapoints: _ } = request;
    let text = format!("{queries:?} {start} {end} {newest_first}");
    crate::sigv4::sha256_hex(text.as_bytes())
}

fn invalid() -> ServiceError {
    ServiceError::sender("InvalidNextToken", "The next token specified is invalid.")
}

//! The HTTP side: one request from the socket to its verdict, and the journal of them all.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use prost::Message;

use super::head::Head;
use super::personality::{Circumstances, Verdict};
use super::proto::WriteRequest;
use super::{Options, WRITE, rules};
use crate::connection::Connection;
use crate::faults::locked;
use crate::receivers::scripted;
use crate::wall_clock;

/// What no test means to send: more would only fill the memory.
const READ_AT_MOST: usize = 256 * 1024 * 1024;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, from 1.
    pub number: usize,
    /// When it arrived by the machine's clock, in milliseconds: for the pauses between attempts.
    pub arrived_ms: i64,
    /// The time that the receiver went by, in milliseconds.
    pub now_ms: i64,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as sent, compressed.
    pub body: Bytes,
    /// The message, where the body holds one.
    pub decoded: Option<WriteRequest>,
    /// What became of it; `None` where a scripted fault came before that.
    pub verdict: Option<Verdict>,
}

impl Request {
    /// Was it carried out and answered with success? (The answer may yet have been cut off by script.)
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.status < 300)
    }
}

/// The options and all that has happened.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) options: Options,
    state: Mutex<Happened>,
}

#[derive(Debug, Default)]
pub(super) struct Happened {
    pub(super) head: Head,
    pub(super) requests: Vec<Request>,
    pub(super) violations: Vec<String>,
    pub(super) poisoned: Vec<(String, String)>,
    pub(super) too_large_over: Option<usize>,
}

pub(super) fn router(intake: Arc<Intake>) -> Router {
    Router::new().fallback(take).with_state(intake)
}

async fn take(
    State(intake): State<Arc<Intake>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = read(body).await else {
        // The sender has gone away, or sends without end.
        return scripted::plain(400, "the body cannot be read\n".to_owned());
    };
    let number = intake.arrive(&parts, &body);
    let serve = || intake.serve(number, &parts, &body);
    scripted::answer(&intake.options.faults, WRITE, &connection, serve).await
}

async fn read(body: Body) -> Result<Bytes, axum::Error> {
    to_bytes(body, READ_AT_MOST).await
}

impl Intake {
    pub(super) fn new(options: Options) -> Self {
        Self { options, state: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, Happened> {
        locked(&self.state)
    }

    /// Writes a request into the journal, with its breaches, before anything is done with it.
    fn arrive(&self, parts: &Parts, body: &Bytes) -> usize {
        let now_ms = self.options.now.ms();
        let mut breaches = rules::header_breaches(&parts.headers);
        if body.len() > self.options.max_body_bytes {
            breaches.push(format!("the body has {} bytes", body.len()));
        }
        let decoded = decode(body);
        match &decoded {
            Ok(request) => breaches.extend(rules::request_breaches(request, now_ms)),
            Err(why) => breaches.push(why.clone()),
        }
        let mut state = self.state();
        let number = state.requests.len() + 1;
        state.violations.extend(breaches.iter().map(|b| format!("request {number}: {b}")));
        state.requests.push(Request {
            number,
            arrived_ms: wall_clock::now_ms(),
            now_ms,
            headers: parts.headers.clone(),
            body: body.clone(),
            decoded: decoded.ok(),
            verdict: None,
        });
        number
    }

    fn serve(&self, number: usize, parts: &Parts, body: &Bytes) -> Response {
        let mut state = self.state();
        let verdict = match self.admit(parts, body, state.too_large_over) {
            Err(refusal) => refusal,
            Ok(()) => self.ingest(&mut state, number),
        };
        let response = scripted::plain(verdict.status, verdict.body.clone());
        state.requests[number - 1].verdict = Some(verdict);
        response
    }

    /// All that is looked at before the message.
    fn admit(&self, parts: &Parts, body: &Bytes, over: Option<usize>) -> Result<(), Verdict> {
        if parts.uri.path() != self.options.path {
            return Err(refusal(404, "no such path"));
        }
        if parts.method != Method::POST {
            return Err(refusal(405, "only POST is taken"));
        }
        self.options.auth.check(parts, body).map_err(|(status, why)| refusal(status, &why))?;
        for (name, value) in &self.options.required_headers {
            if parts.headers.get(name).is_none_or(|sent| sent.as_bytes() != value.as_bytes()) {
                return Err(refusal(400, &format!("header {name} is required")));
            }
        }
        if body.len() > over.unwrap_or(usize::MAX).min(self.options.max_body_bytes) {
            return Err(refusal(413, "the body is too large"));
        }
        Ok(())
    }

    fn ingest(&self, state: &mut Happened, number: usize) -> Verdict {
        let Happened { head, requests, poisoned, .. } = state;
        let Request { decoded, now_ms, .. } = &requests[number - 1];
        match decoded {
            None => refusal(400, "the body is no write request in a snappy block"),
            Some(request) => {
                let around = Circumstances { now_ms: *now_ms, poisoned };
                self.options.personality.ingest(head, request, around)
            }
        }
    }
}

fn decode(body: &[u8]) -> Result<WriteRequest, String> {
    let message = snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(|e| format!("the body is no snappy block: {e}"))?;
    WriteRequest::decode(message.as_slice())
        .map_err(|e| format!("the body holds no write request: {e}"))
}

fn refusal(status: u16, why: &str) -> Verdict {
    Verdict { status, body: format!("{why}\n"), ..Verdict::accepted(status, 0) }
}

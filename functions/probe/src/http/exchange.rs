//! One request goes out, the head of its answer comes back.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use clock::Stopwatch;
use dial::Session;
use http_body_util::Full;
use http1::header::{CONTENT_LENGTH, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http1::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::{http1 as hyper1, http2 as hyper2};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;

use super::connection::{Connection, Wire};
use super::phases::Roundtrip;
use super::proxy;
use super::request::{Draft, Form};
use crate::frame::{Failure, Probe, Reason};

/// The longest head of an answer. Go reads 10 MiB; servers send a few kilobytes.
const LONGEST_HEAD: usize = 256 * 1024;
/// What may come before an answer. hyper reads hints (1xx) without a pause for as long as there are some, and would keep
/// every other probe waiting.
const BEFORE_ANSWER: usize = 4 * LONGEST_HEAD;
/// The most fields in one.
const MOST_FIELDS: usize = 1_000;
/// What a server may send ahead of the reader over HTTP/2.
const WINDOW: u32 = 1024 * 1024;

const STEP: &str = "wait for the answer";

/// The head of an answer, and the way to its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    /// As announced; -1 where it was not.
    pub(super) content_length: i64,
    /// Of the connection that it came over.
    pub(super) session: Option<Session>,
    pub(super) body: Incoming,
    /// Runs since the request could be sent.
    pub(super) ready: Stopwatch,
    /// What drives the connection; it ends with the answer.
    _running: Running,
}

/// Sends a request over a fresh connection, which serves no other: Go's probes keep none alive.
pub(super) async fn send(
    draft: &Draft,
    headers: &HeaderMap,
    connection: Connection,
    times: &mut Roundtrip,
    probe: &Probe<'_>,
) -> Result<Answer, Failure> {
    let Connection { wire, session, is_http2, reader, ready } = connection;
    let running = Running::default();
    let response = if is_http2 {
        let request = draft.for_http2(headers)?;
        let answered = send_http2(request, wire, &running.0);
        let answered = probe.within(STEP, answered).await;
        times.first_byte = matches!(answered, Ok(Ok(_))).then(|| ready.elapsed());
        answered?
    } else {
        let form = if reader.is_some() { Form::Absolute } else { Form::Origin };
        let mut request = draft.for_http1(headers, form)?;
        let authorization = reader.as_ref().map(proxy::authorization).transpose()?.flatten();
        if let Some(authorization) = authorization {
            request.headers_mut().append(PROXY_AUTHORIZATION, authorization);
        }
        let first_byte = Arc::new(OnceLock::new());
        let room = Arc::new(AtomicUsize::new(BEFORE_ANSWER));
        let stamped =
            Stamped { wire, ready, first_byte: Arc::clone(&first_byte), room: Arc::clone(&room) };
        let answered = probe.within(STEP, send_http1(request, stamped, &running.0)).await;
        room.store(usize::MAX, Ordering::Relaxed);
        times.first_byte = first_byte.get().copied();
        answered?
    };
    let response = response
        .map_err(|error| Failure::new(Reason::Protocol, format!("{STEP}: {}", reason(&error))))?;
    let content_length = content_length(&draft.method, &response);
    let (head, body) = response.into_parts();
    Ok(Answer {
        status: head.status,
        version: head.version,
        headers: head.headers,
        content_length,
        session,
        body,
        ready,
        _running: running,
    })
}

async fn send_http1(
    request: Request<Full<Bytes>>,
    wire: Stamped,
    tasks: &Tasks,
) -> hyper::Result<Response<Incoming>> {
    let mut builder = hyper1::Builder::new();
    builder
        .title_case_headers(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .max_headers(MOST_FIELDS)
        .max_header_size(LONGEST_HEAD);
    let (mut sender, driving) = builder.handshake(TokioIo::new(wire)).await?;
    tasks.spawn(async move {
        // What goes wrong is said to whoever waits for the answer or its body.
        drop(driving.await);
    });
    sender.send_request(request).await
}

async fn send_http2(
    request: Request<Full<Bytes>>,
    wire: Box<dyn Wire>,
    tasks: &Tasks,
) -> hyper::Result<Response<Incoming>> {
    let mut builder = hyper2::Builder::new(tasks.clone());
    let longest = u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX);
    builder
        .max_header_list_size(longest)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let (mut sender, driving) = builder.handshake(TokioIo::new(wire)).await?;
    tasks.spawn(async move {
        drop(driving.await);
    });
    sender.send_request(request).await
}

/// The length that Go's `Response.ContentLength` has.
fn content_length(method: &Method, response: &Response<Incoming>) -> i64 {
    let headers = response.headers();
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|value| value.trim().parse().ok());
    if *method == Method::HEAD {
        return announced.unwrap_or(-1);
    }
    if response.version() == Version::HTTP_2 {
        let unknown = if response.body().is_end_stream() { 0 } else { -1 };
        return announced.unwrap_or(unknown);
    }
    match response.status().as_u16() {
        100..200 | 204 | 304 => 0,
        _ if is_chunked(headers) => -1,
        _ => announced.unwrap_or(-1),
    }
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let says_chunked = |value: &HeaderValue| {
        value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("chunked"))
    };
    headers.get_all(TRANSFER_ENCODING).iter().any(says_chunked)
}

/// What hyper has to say, with what was behind it.
pub(super) fn reason(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "the server closed the connection early".to_owned();
    }
    let mut reason = if error.is_parse() {
        format!("the server does not keep to HTTP: {error}")
    } else {
        error.to_string()
    };
    if let Some(source) = std::error::Error::source(error) {
        reason = format!("{reason}: {source}");
    }
    reason
}

/// Takes note of when the first byte comes, and ends a connection over which no answer comes.
struct Stamped {
    wire: Box<dyn Wire>,
    ready: Stopwatch,
    first_byte: Arc<OnceLock<Duration>>,
    /// Bytes that may still come.
    room: Arc<AtomicUsize>,
}

impl AsyncRead for Stamped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.wire).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 {
            self.first_byte.get_or_init(|| self.ready.elapsed());
        }
        match self.room.load(Ordering::Relaxed) {
            usize::MAX => {}
            room if came > room => return Poll::Ready(Err(io::Error::other("no answer comes"))),
            room => self.room.store(room - came, Ordering::Relaxed),
        }
        polled
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

/// Where hyper and we leave what has to run beside an exchange.
#[derive(Debug, Clone, Default)]
struct Tasks(Arc<Mutex<Vec<AbortHandle>>>);

/// Ends the tasks of an exchange, so that nothing of a probe outlives it.
#[derive(Debug, Default)]
struct Running(Tasks);

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let handles = std::mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        handles.iter().for_each(AbortHandle::abort);
    }
}

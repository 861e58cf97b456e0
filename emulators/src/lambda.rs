//! Lambda's Runtime API: what a function's binary (`bootstrap`) asks for events and tells its answers.
//!
//! A test or a benchmark starts one [`RuntimeApi`] for each process of a function, starts the binary with
//! [`RuntimeApi::environment`], and pushes events. Unlike the emulators of the usual tools, the deadline that comes
//! with an event is a true one. The process itself is the caller's: nothing here starts or stops one.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::server::Server;
use crate::wall_clock;

/// How long Lambda waits for a function to ask for its first event.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The longest answer that Lambda takes, in bytes.
pub const RESPONSE_LIMIT: usize = 6_291_556;

/// What a function may send all the same, to be told that it is too long.
const READ_AT_MOST: usize = 256 * 1024 * 1024;

const FUNCTION: &str = "hostless";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "ap-northeast-1";

/// The Runtime API of one process of a function.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function's answer.
    Response(Value),
    /// The function failed, and said how.
    Failed(FunctionError),
    /// Nothing came before the deadline. Lambda would end the process now.
    TimedOut,
    /// Nobody asked for the event within [`INIT_LIMIT`]; it is withdrawn.
    NotTaken,
}

/// Lambda's error shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// `errorType`: stable, for alarms and retries to look at.
    pub error_type: String,
    /// `errorMessage`: for people.
    pub message: String,
}

/// An event that was pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    id: String,
    timeout: Duration,
}

/// When what happened; comparable with the system's time in other processes of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// The function was ready: its first request for an event arrived.
    pub first_next: Option<SystemTime>,
    /// The last response or error arrived.
    pub last_answer: Option<SystemTime>,
}

#[derive(Debug, Default)]
struct Shared {
    record: Mutex<Record>,
    /// Wakes the function's request for an event.
    pushed: Notify,
    /// Wakes whoever waits for the function.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Record {
    count: usize,
    queue: VecDeque<Event>,
    /// Events that were handed out, each with its outcome once there is one.
    taken: BTreeMap<String, Option<Outcome>>,
    init_errors: Vec<FunctionError>,
    times: Times,
}

#[derive(Debug)]
struct Event {
    id: String,
    payload: Value,
    timeout: Duration,
}

impl RuntimeApi {
    /// Starts an API with no event.
    #[must_use]
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let invocation = "/2018-06-01/runtime/invocation";
        let router = Router::new()
            .route(&format!("{invocation}/next"), get(next))
            .route(&format!("{invocation}/{{id}}/response"), post(response))
            .route(&format!("{invocation}/{{id}}/error"), post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(READ_AT_MOST))
            .with_state(Arc::clone(&shared));
        Self { server: Server::start(router), shared }
    }

    /// Where the API listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The variables that Lambda sets for a function and that its runtime cannot do without.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_LAMBDA_RUNTIME_API", self.addr().to_string().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", FUNCTION),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Invokes the function and waits for what comes of it. `timeout` is the function's own: it starts when the
    /// function takes the event, and its end is the deadline that the function is told.
    pub fn invoke(&self, event: Value, timeout: Duration) -> Outcome {
        let pushed = self.push(event, timeout);
        self.wait(&pushed)
    }

    /// Queues an event and does not wait.
    pub fn push(&self, payload: Value, timeout: Duration) -> Pushed {
        let mut record = self.shared.record();
        record.count += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", record.count);
        record.queue.push_back(Event { id: id.clone(), payload, timeout });
        drop(record);
        self.shared.pushed.notify_one();
        Pushed { id, timeout }
    }

    /// Waits for the outcome of an event. Blocks the thread.
    #[must_use]
    pub fn wait(&self, pushed: &Pushed) -> Outcome {
        let id = &pushed.id;
        let record = self.shared.record();
        let mut record =
            self.shared.wait_while(record, INIT_LIMIT, |record| !record.taken.contains_key(id));
        if !record.taken.contains_key(id) {
            record.queue.retain(|event| event.id != *id);
            return Outcome::NotTaken;
        }
        let unanswered = |record: &Record| record.taken.get(id).is_some_and(Option::is_none);
        let record = self.shared.wait_while(record, pushed.timeout, unanswered);
        record.taken.get(id).cloned().flatten().unwrap_or(Outcome::TimedOut)
    }

    /// When the function was ready, and when it last answered.
    #[must_use]
    pub fn times(&self) -> Times {
        self.shared.record().times
    }

    /// What the function said of itself when it could not start.
    #[must_use]
    pub fn init_errors(&self) -> Vec<FunctionError> {
        self.shared.record().init_errors.clone()
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &self,
        record: MutexGuard<'a, Record>,
        limit: Duration,
        condition: impl Fn(&Record) -> bool,
    ) -> MutexGuard<'a, Record> {
        let waited = self.changed.wait_timeout_while(record, limit, |record| condition(record));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Takes an answer. An invocation that nobody handed out is answered as Lambda does.
    fn answer(&self, id: &str, outcome: Outcome) -> StatusCode {
        let mut record = self.record();
        record.times.last_answer = Some(wall_clock::present());
        let status = match record.taken.get_mut(id) {
            Some(place) if place.is_none() => {
                *place = Some(outcome);
                StatusCode::ACCEPTED
            }
            _ => StatusCode::BAD_REQUEST,
        };
        self.changed.notify_all();
        status
    }
}

impl Record {
    fn take(&mut self) -> Option<Event> {
        let event = self.queue.pop_front()?;
        self.taken.insert(event.id.clone(), None);
        Some(event)
    }
}

impl FunctionError {
    fn read(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        Self { error_type: text("errorType"), message: text("errorMessage") }
    }
}

/// Waits, as Lambda does, until there is an event. A function that goes away meanwhile takes none along.
async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.record().times.first_next.get_or_insert_with(wall_clock::present);
    loop {
        let pushed = shared.pushed.notified();
        let taken = shared.record().take();
        if let Some(event) = taken {
            shared.changed.notify_all();
            return handed_out(event);
        }
        pushed.await;
    }
}

fn handed_out(event: Event) -> Response {
    let timeout = i64::try_from(event.timeout.as_millis()).unwrap_or(i64::MAX);
    let deadline = wall_clock::now_ms().saturating_add(timeout);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-6b000000-000000000000000000000001;Sampled=0".to_owned(),
        ),
    ];
    (headers, event.payload.to_string()).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    let failed = |error_type: &str, message: String| {
        let error = FunctionError { error_type: error_type.to_owned(), message };
        shared.answer(&id, Outcome::Failed(error))
    };
    if body.len() > RESPONSE_LIMIT {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        );
        failed("Function.ResponseSizeTooLarge", message);
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    match serde_json::from_slice(&body) {
        Ok(value) => shared.answer(&id, Outcome::Response(value)),
        Err(_) => failed("Runtime.InvalidResponse", "the response is no JSON".to_owned()),
    }
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    shared.answer(&id, Outcome::Failed(FunctionError::read(&body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    shared.record().init_errors.push(FunctionError::read(&body));
    shared.changed.notify_all();
    (StatusCode::ACCEPTED, json!({ "status": "OK" }).to_string()).into_response()
}

//! What the process that started the emulators asks them: what has arrived, and to run a function's binary.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use emulators::lambda::{Outcome, Pushed, RuntimeApi, Times};
use emulators::site::Door;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Emulators, MACKEREL_SERVICE};

/// The site's doors by name.
pub(crate) const DOORS: [(&str, Door); 5] = [
    ("http", Door::Http),
    ("https", Door::Https),
    ("tcp", Door::Tcp),
    ("dns", Door::Dns),
    ("silent", Door::Silent),
];

/// `/calls`: AWS calls by name; `/remote_write` and `/mackerel`: what was delivered there; `/site`: how
/// long the site was busy with each guest, since somebody last asked. Posting an event to
/// `/runtime?timeout_ms=…` starts a Runtime API for one process of a function, `/runtime/outcome` waits for what comes of it.
pub(crate) fn router(emulators: Arc<Emulators>) -> Router {
    let observations = Router::new()
        .route("/calls", get(calls))
        .route("/remote_write", get(remote_write))
        .route("/remote_write/values", get(values))
        .route("/mackerel", get(mackerel))
        .route("/site", get(site))
        .with_state(emulators);
    let runtime = Router::new()
        .route("/runtime", post(start_runtime))
        .route("/runtime/outcome", get(outcome))
        .with_state(Arc::default());
    observations.merge(runtime)
}

async fn calls(State(emulators): State<Arc<Emulators>>) -> String {
    json!(emulators.aws.call_log().counts()).to_string()
}

async fn remote_write(State(emulators): State<Arc<Emulators>>) -> String {
    let receiver = &emulators.remote_write;
    let series = receiver.series();
    json!({
        "requests": receiver.requests().len(),
        "bytes": receiver.bytes(),
        "series": series.len(),
        "samples": series.values().map(|samples| samples.len()).sum::<usize>(),
        "violations": receiver.violations(),
    })
    .to_string()
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
}

/// The newest value of each series of this name.
async fn values(
    State(emulators): State<Arc<Emulators>>,
    Query(Wanted { name }): Query<Wanted>,
) -> String {
    let wanted = emulators.remote_write.samples(&[("__name__", &name)]);
    let newest = wanted.values().filter_map(|samples| samples.values().next_back());
    Value::from_iter(newest.copied()).to_string()
}

async fn mackerel(State(emulators): State<Arc<Emulators>>) -> String {
    let api = &emulators.mackerel;
    let metrics = api.metrics(MACKEREL_SERVICE);
    json!({
        "requests": api.requests().len(),
        "bytes": api.bytes(),
        "metrics": metrics.len(),
        "points": metrics.values().map(|points| points.len()).sum::<usize>(),
        "violations": api.violations(),
    })
    .to_string()
}

/// Nanoseconds, by door.
async fn site(State(emulators): State<Arc<Emulators>>) -> String {
    let served = emulators.site.served();
    let of = |wanted: Door| -> Vec<u64> {
        let durations = served.iter().filter(|(door, _)| *door == wanted);
        durations.map(|(_, took)| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)).collect()
    };
    let by_door: serde_json::Map<String, Value> =
        DOORS.into_iter().map(|(name, door)| (name.to_owned(), json!(of(door)))).collect();
    Value::from(by_door).to_string()
}

/// The function that runs now, and the one event that it gets.
type Running = Arc<Mutex<Option<Arc<(RuntimeApi, Pushed)>>>>;

#[derive(Deserialize)]
struct Limits {
    timeout_ms: u64,
}

/// The event lies ready before the process starts, as it does in Lambda. A new API for each process: a request that the
/// last one has left open cannot take the event.
async fn start_runtime(
    State(running): State<Running>,
    Query(Limits { timeout_ms }): Query<Limits>,
    event: Bytes,
) -> Result<String, (StatusCode, String)> {
    let event: Value = serde_json::from_slice(&event)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let api = RuntimeApi::start();
    let environment: serde_json::Map<String, Value> =
        api.environment().into_iter().map(|(name, value)| (name, value.into())).collect();
    let pushed = api.push(event, Duration::from_millis(timeout_ms));
    let before = lock(&running).replace(Arc::new((api, pushed)));
    drop(before);
    Ok(json!({ "environment": environment }).to_string())
}

async fn outcome(State(running): State<Running>) -> String {
    let Some(run) = lock(&running).clone() else {
        return json!({ "error": "no event was posted" }).to_string();
    };
    let waited = tokio::task::spawn_blocking(move || {
        let (api, pushed) = &*run;
        (api.wait(pushed), api.times())
    });
    let (outcome, times) = waited.await.expect("waiting does not panic");
    described(outcome, times).to_string()
}

fn described(outcome: Outcome, Times { first_next, last_answer }: Times) -> Value {
    let mut answer = match outcome {
        Outcome::Response(response) => json!({ "response": response }),
        Outcome::Failed(error) => {
            json!({ "error": format!("{}: {}", error.error_type, error.message) })
        }
        Outcome::TimedOut => json!({ "error": "the deadline passed without an answer" }),
        Outcome::NotTaken => json!({ "error": "nobody asked for the event" }),
    };
    answer["first_next_ns"] = nanoseconds(first_next);
    answer["answered_ns"] = nanoseconds(last_answer);
    answer
}

/// Since the epoch, for another process to compare with its own clock.
fn nanoseconds(time: Option<SystemTime>) -> Value {
    let since_epoch = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since_epoch.and_then(|elapsed| u64::try_from(elapsed.as_nanos()).ok()).into()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

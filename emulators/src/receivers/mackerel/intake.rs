//! The HTTP side: one request from the socket to its answer, and the journal of them all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;

use super::organization::Organization;
use super::routes::{Call, needs_write, route};
use super::{Access, Answer, Options, POST_SERVICE_METRICS, etiquette, points};
use crate::connection::Connection;
use crate::faults::locked;
use crate::receivers::scripted;
use crate::wall_clock;

/// What no test means to send: more would only fill the memory.
const READ_AT_MOST: usize = 64 * 1024 * 1024;
const MINUTE_MS: i64 = 60_000;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, from 1.
    pub number: usize,
    /// When it arrived by the machine's clock, in milliseconds: for the pauses between attempts.
    pub arrived_ms: i64,
    /// The time that the API went by, in milliseconds.
    pub now_ms: i64,
    /// The method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as sent.
    pub body: Bytes,
    /// What was answered; `None` where a scripted fault came before that.
    pub answer: Option<Answer>,
}

/// The options and all that has happened.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) options: Options,
    state: Mutex<Happened>,
}

#[derive(Debug)]
pub(super) struct Happened {
    pub(super) organization: Organization,
    pub(super) api_keys: BTreeMap<String, Access>,
    pub(super) requests: Vec<Request>,
    pub(super) violations: Vec<String>,
    pub(super) poisoned: BTreeSet<String>,
    pub(super) too_large_over: Option<usize>,
    /// When each service was posted to, by the API's time.
    posts: BTreeMap<String, Vec<i64>>,
}

/// The parts of a request that a call works on.
struct Input<'a> {
    number: usize,
    now_ms: i64,
    query: BTreeMap<String, String>,
    body: &'a [u8],
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
    let Ok(body) = to_bytes(body, READ_AT_MOST).await else {
        // The sender has gone away, or sends without end.
        return scripted::plain(400, String::new());
    };
    let call = route(parts.method.as_str(), parts.uri.path());
    let operation = match &call {
        Some(Call::PostMetrics(_)) => POST_SERVICE_METRICS.to_owned(),
        _ => format!("mackerel:{} {}", parts.method, parts.uri.path()),
    };
    let number = intake.arrive(&parts, &body, call.as_ref());
    let serve = || intake.serve(number, &parts, &body, call);
    scripted::answer(&intake.options.faults, &operation, &connection, serve).await
}

impl Intake {
    pub(super) fn new(options: Options) -> Self {
        let state = Happened {
            organization: Organization::new(&options.organization, &options.services),
            api_keys: options.api_keys.clone(),
            requests: Vec::new(),
            violations: Vec::new(),
            poisoned: BTreeSet::new(),
            too_large_over: None,
            posts: BTreeMap::new(),
        };
        Self { options, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, Happened> {
        locked(&self.state)
    }

    /// Writes a request into the journal, with its violations, before anything is done with it.
    fn arrive(&self, parts: &Parts, body: &Bytes, call: Option<&Call>) -> usize {
        let mut state = self.state();
        let number = state.requests.len() + 1;
        for violation in etiquette::violations(parts, body, call) {
            state.violations.push(format!("request {number}: {violation}"));
        }
        state.requests.push(Request {
            number,
            arrived_ms: wall_clock::now_ms(),
            now_ms: self.options.now.ms(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            body: body.clone(),
            answer: None,
        });
        number
    }

    fn serve(&self, number: usize, parts: &Parts, body: &Bytes, call: Option<Call>) -> Response {
        let mut state = self.state();
        let now_ms = state.requests[number - 1].now_ms;
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = query.into_owned().collect();
        let input = Input { number, now_ms, query, body };
        let answer = self
            .route_and_admit(&state, parts, call)
            .and_then(|call| self.carry_out(&mut state, call, &input));
        let answer = answer.unwrap_or_else(|refusal| refusal);
        let answer = if self.options.flat_errors { answer.flattened() } else { answer };
        let response = self.response(&answer);
        state.requests[number - 1].answer = Some(answer);
        response
    }

    /// Routing comes before authentication.
    fn route_and_admit(
        &self,
        state: &Happened,
        parts: &Parts,
        call: Option<Call>,
    ) -> Result<Call, Answer> {
        let call = call.ok_or_else(|| Answer::error(404, "Not found."))?;
        let key = parts.headers.get("x-api-key").and_then(|key| key.to_str().ok());
        match key.and_then(|key| state.api_keys.get(key)) {
            None => {
                Err(Answer::error(401, "Authentication failed. Please try with valid Api Key."))
            }
            Some(Access::Read) if needs_write(parts.method.as_str()) => {
                Err(Answer::error(403, "The API key does not have the required permission."))
            }
            Some(_) => Ok(call),
        }
    }

    fn carry_out(
        &self,
        state: &mut Happened,
        call: Call,
        input: &Input<'_>,
    ) -> Result<Answer, Answer> {
        let Input { query, .. } = input;
        let organization = &mut state.organization;
        match call {
            Call::Organization => Ok(organization.describe()),
            Call::ListServices => Ok(organization.list_services()),
            Call::CreateService => organization.create_service(&json(input.body)?),
            Call::DeleteService(s) => organization.delete_service(&s),
            Call::ListRoles(s) => Ok(organization.service(&s)?.list_roles()),
            Call::CreateRole(s) => organization.service_mut(&s)?.create_role(&json(input.body)?),
            Call::DeleteRole(s, role) => organization.service_mut(&s)?.delete_role(&role),
            Call::GetMetrics(s) => organization.service(&s)?.get_metrics(query),
            Call::MetricNames(s) => Ok(organization.service(&s)?.metric_names()),
            Call::DeleteGraph(s, graph) => organization.service_mut(&s)?.delete_graph(&graph),
            Call::PostMetrics(s) => self.post_metrics(state, &s, input),
            Call::CreateAnnotation => {
                let body = json(input.body)?;
                organization.service(body["service"].as_str().unwrap_or_default())?;
                organization.annotations.create(&body)
            }
            Call::ListAnnotations => organization.annotations.list(query),
            Call::UpdateAnnotation(id) => organization.annotations.update(&id, &json(input.body)?),
            Call::DeleteAnnotation(id) => organization.annotations.delete(&id),
            Call::Foreign(_) => Ok(Answer::success()),
        }
    }

    fn post_metrics(
        &self,
        state: &mut Happened,
        service: &str,
        input: &Input<'_>,
    ) -> Result<Answer, Answer> {
        state.organization.service(service)?;
        let longest = state.too_large_over.unwrap_or(usize::MAX).min(self.options.max_body_bytes);
        if input.body.len() > longest {
            return Err(Answer::error(413, "The request is too large."));
        }
        self.count_post(state, service, input.now_ms)?;
        let is_poisoned = |points: &[points::Point]| {
            points.iter().any(|point| state.poisoned.contains(&point.name))
        };
        if points::parse(input.body).is_ok_and(|points| is_poisoned(&points)) {
            return Err(Answer::error(400, "refused by script"));
        }
        let service = state.organization.service_mut(service)?;
        let (answer, points) = service.post_metrics(input.body, input.now_ms.div_euclid(1000))?;
        for breach in points::lint(&points) {
            state.violations.push(format!("request {}: {breach}", input.number));
        }
        Ok(answer)
    }

    /// Refused posts do not count (assumed).
    fn count_post(&self, state: &mut Happened, service: &str, now_ms: i64) -> Result<(), Answer> {
        let posts = state.posts.entry(service.to_owned()).or_default();
        posts.retain(|at| *at > now_ms - MINUTE_MS && *at <= now_ms);
        if self.options.posts_per_minute.is_some_and(|limit| posts.len() >= limit) {
            return Err(Answer::error(429, "Too many requests."));
        }
        posts.push(now_ms);
        Ok(())
    }

    fn response(&self, answer: &Answer) -> Response {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let (429, Some(seconds)) = (answer.status, self.options.retry_after) {
            headers.push(("retry-after".to_owned(), seconds.to_string()));
        }
        scripted::with_headers(answer.status, &headers, answer.body.clone())
    }
}

fn json(body: &[u8]) -> Result<Value, Answer> {
    serde_json::from_slice(body).map_err(|error| Answer::error(400, &error.to_string()))
}

//! The Mackerel API: keys, limits, and what no client of ours may call.

use emulators::receivers::mackerel::{Access, MackerelApi};
use serde_json::json;

use crate::client::exchange;
use crate::mackerel::{AGENT, JSON, KEY, T, TSDB, ask, get, post, start};

const AUTHENTICATION_FAILED: &str =
    r#"{"error":{"message":"Authentication failed. Please try with valid Api Key."}}"#;

fn one_point() -> String {
    json!([{"name": "a.b", "time": T, "value": 1}]).to_string()
}

fn with_key(api: &MackerelApi, method: &str, target: &str, key: &str) -> (u16, String) {
    let headers = [("x-api-key", key), JSON, AGENT];
    let body = one_point();
    let answer = exchange(api.addr(), method, target, &headers, body.as_bytes());
    let answer = answer.expect("an answer");
    (answer.status, answer.text())
}

#[test]
fn routing_precedes_authentication_and_permission_follows() {
    let api = start(|_| {});
    let not_found = (404, r#"{"error":{"message":"Not found."}}"#.to_owned());
    assert_eq!(with_key(&api, "GET", "/api/v0/foobarpiyo", ""), not_found);
    assert_eq!(with_key(&api, "POST", "/tsdb", KEY), not_found);
    assert_eq!(with_key(&api, "PATCH", TSDB, KEY), not_found);
    let unauthenticated = (401, AUTHENTICATION_FAILED.to_owned());
    assert_eq!(with_key(&api, "POST", TSDB, ""), unauthenticated);
    assert_eq!(with_key(&api, "POST", "/api/v0/services/none/tsdb", "wrong"), unauthenticated);
    let (status, body) = with_key(&api, "POST", TSDB, "read-only");
    assert_eq!(status, 403);
    assert!(body.starts_with(r#"{"error":{"message":"#), "{body}");
    assert_eq!(with_key(&api, "GET", "/api/v0/services", "read-only").0, 200);
    assert!(api.metrics("web").is_empty());
    let unsent = exchange(api.addr(), "GET", "/api/v0/org", &[AGENT], b"").expect("an answer");
    assert_eq!(unsent.status, 401);
}

#[test]
fn a_key_can_be_rotated() {
    let api = start(|_| {});
    assert_eq!(with_key(&api, "POST", TSDB, "next").0, 401);
    api.set_key("next", Some(Access::ReadWrite));
    api.set_key(KEY, None);
    assert_eq!(with_key(&api, "POST", TSDB, "next").0, 200);
    assert_eq!(with_key(&api, "POST", TSDB, KEY).0, 401);
}

#[test]
fn posts_to_one_service_are_limited_by_the_minute() {
    let api = start(|options| options.posts_per_minute = Some(1));
    assert_eq!(post(&api, &one_point()).status, 200);
    let refused = post(&api, &one_point());
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
    let other = ask(&api, "POST", "/api/v0/services/My-Service/tsdb", &one_point());
    assert_eq!(other.status, 200, "another service has a limit of its own");
    api.now().set_ms(T * 1000 + 59_999);
    assert_eq!(post(&api, &one_point()).status, 429);
    api.now().set_ms(T * 1000 + 60_000);
    assert_eq!(post(&api, &one_point()).status, 200);
}

#[test]
fn a_429_may_say_when_to_come_back() {
    let api = start(|options| {
        options.posts_per_minute = Some(0);
        options.retry_after = Some(42);
    });
    let refused = post(&api, &one_point());
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("42")));
}

#[test]
fn long_bodies_are_impolite_and_then_refused() {
    let point = r#"{"name":"a.b","time":1795166700,"value":1}"#;
    let padded = |bytes: usize| format!("[{point}{}]", " ".repeat(bytes - point.len() - 2));
    let api = start(|_| {});
    assert_eq!(post(&api, &padded(100 * 1024)).status, 200);
    assert_eq!(api.violations(), Vec::<String>::new());
    assert_eq!(post(&api, &padded(100 * 1024 + 1)).status, 200);
    assert_eq!(api.violations(), [format!("request 2: POST {TSDB} has a body of 102401 bytes")]);
    assert_eq!(post(&api, &padded(1024 * 1024 + 1)).status, 413);
    api.answer_413_over(Some(50));
    assert_eq!(post(&api, &padded(51)).status, 413);
    assert_eq!(api.violations().len(), 2);
}

#[test]
fn headers_that_are_missing_or_wrong_are_violations() {
    let api = start(|_| {});
    let body = one_point();
    let send = |headers: &[(&str, &str)]| {
        let headers = [&[("x-api-key", KEY)], headers].concat();
        exchange(api.addr(), "POST", TSDB, &headers, body.as_bytes()).expect("an answer").status
    };
    assert_eq!(send(&[AGENT, ("content-type", "application/json; charset=utf-8")]), 200);
    assert_eq!(send(&[AGENT]), 200);
    assert_eq!(send(&[AGENT, ("content-type", "text/plain")]), 200);
    assert_eq!(send(&[JSON]), 200);
    let expected = [
        format!(r#"request 2: POST {TSDB} has Content-Type """#),
        format!(r#"request 3: POST {TSDB} has Content-Type "text/plain""#),
        format!("request 4: POST {TSDB} has no User-Agent"),
    ];
    assert_eq!(api.violations(), expected);
}

#[test]
fn hosts_and_deletions_are_none_of_our_business() {
    let calls = [
        ("POST", "/api/v0/hosts", "is about hosts"),
        ("PUT", "/api/v0/hosts/abc", "is about hosts"),
        ("POST", "/api/v0/tsdb", "is about hosts"),
        ("POST", "/api/v0/graph-defs/create", "is none of our business"),
        ("POST", "/api/v0/monitoring/checks/report", "is none of our business"),
        ("DELETE", "/api/v0/services/web", "deletes all its metrics"),
        ("GET", "/api/v0/nothing", "is no call that is known here"),
    ];
    for (method, path, why) in calls {
        let api = start(|_| {});
        let status = ask(&api, method, path, "{}").status;
        assert_eq!(status, if path.ends_with("nothing") { 404 } else { 200 }, "{path}");
        assert_eq!(api.violations(), [format!("request 1: {method} {path} {why}")]);
    }
}

#[test]
fn errors_can_come_in_the_older_shape() {
    let api = start(|options| options.flat_errors = true);
    let (status, body) = with_key(&api, "POST", TSDB, "wrong");
    let flat = r#"{"error":"Authentication failed. Please try with valid Api Key."}"#;
    assert_eq!((status, body.as_str()), (401, flat));
    assert_eq!(post(&api, &one_point()).text(), r#"{"success":true}"#);
}

#[test]
fn a_metric_can_be_refused_by_script() {
    let api = start(|_| {});
    api.refuse_metric("a.bad");
    let bad =
        json!([{"name": "a.bad", "time": T, "value": 1}, {"name": "a.b", "time": T, "value": 1}]);
    assert_eq!(post(&api, &bad.to_string()).status, 400);
    assert!(api.metrics("web").is_empty());
    assert_eq!(post(&api, &one_point()).status, 200);
    assert_eq!(api.violations(), Vec::<String>::new());
}

#[test]
fn the_journal_has_every_request() {
    let api = start(|_| {});
    get(&api, "/api/v0/org?x=1");
    post(&api, &one_point());
    let requests = api.requests();
    assert_eq!(requests.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("GET", "/api/v0/org"));
    assert_eq!(requests[1].headers["x-api-key"], KEY);
    assert_eq!(requests[1].now_ms, T * 1000);
    assert_eq!(requests[1].body, one_point().as_bytes());
    assert_eq!(requests[1].answer.as_ref().map(|answer| answer.status), Some(200));
    assert_eq!(api.bytes(), one_point().len());
}

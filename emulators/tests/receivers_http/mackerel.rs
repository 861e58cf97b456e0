//! The Mackerel API: the table of a post of service metrics, and reading back.

use std::collections::BTreeMap;

use emulators::receivers::mackerel::{Access, MackerelApi, Options};
use emulators::receivers::present::Present;
use serde_json::json;

use crate::client::{Answer, NOW, exchange};

pub(crate) const KEY: &str = "key-of-the-test";
pub(crate) const TSDB: &str = "/api/v0/services/web/tsdb";
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const AGENT: (&str, &str) = ("user-agent", "test/1.0");
/// [`NOW`] in seconds; a whole minute.
pub(crate) const T: i64 = NOW / 1000;

pub(crate) fn start(change: impl FnOnce(&mut Options)) -> MackerelApi {
    let mut options = Options::new(&["web", "My-Service"], KEY);
    options.now = Present::fixed_ms(NOW);
    options.api_keys.insert("read-only".to_owned(), Access::Read);
    change(&mut options);
    MackerelApi::start(options)
}

pub(crate) fn ask(api: &MackerelApi, method: &str, target: &str, body: &str) -> Answer {
    let headers = [("x-api-key", KEY), JSON, AGENT];
    exchange(api.addr(), method, target, &headers, body.as_bytes()).expect("an answer")
}

pub(crate) fn get(api: &MackerelApi, target: &str) -> Answer {
    ask(api, "GET", target, "")
}

pub(crate) fn post(api: &MackerelApi, body: &str) -> Answer {
    ask(api, "POST", TSDB, body)
}

fn point(name: &str, time: impl Into<serde_json::Value>, value: f64) -> serde_json::Value {
    json!({"name": name, "time": time.into(), "value": value})
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn points_are_recorded_by_the_minute_and_the_last_write_wins() {
    let api = start(|_| {});
    let answer = post(&api, &json!([point("a.b", T - 60, 1.0), point("a.c", T, 2.5)]).to_string());
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"success":true}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    post(
        &api,
        &json!([point("a.b", T - 1, 3.0), point("a.c", (T as f64) + 59.9, 4.0)]).to_string(),
    );
    let expected = BTreeMap::from([
        ("a.b".to_owned(), BTreeMap::from([(T - 60, 3.0)])),
        ("a.c".to_owned(), BTreeMap::from([(T, 4.0)])),
    ]);
    assert_eq!(api.metrics("web"), expected);
    assert!(api.metrics("My-Service").is_empty());
    assert_eq!(api.violations(), none());
}

#[test]
fn points_more_than_a_day_off_are_dropped_with_success() {
    const DAY: i64 = 86_400;
    let api = start(|_| {});
    let times = [-DAY - 1, -DAY, 0, DAY, DAY + 1];
    let points: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(i, seconds)| point(&format!("a.p{i}"), T + seconds, 1.0))
        .collect();
    assert_eq!(post(&api, &json!(points).to_string()).text(), r#"{"success":true}"#);
    let kept: Vec<String> = api.metrics("web").into_keys().collect();
    assert_eq!(kept, ["a.p1", "a.p2", "a.p3"]);
    assert_eq!(api.violations(), none());
}

#[test]
fn a_bad_element_refuses_the_whole_body() {
    let good = r#"{"name":"a.good","time":1795166700,"value":1}"#;
    let bad = [
        r#"{"name":"a b","time":1795166700,"value":1}"#,
        r#"{"name":"","time":1795166700,"value":1}"#,
        r#"{"name":"日本","time":1795166700,"value":1}"#,
        r#"{"name":1,"time":1795166700,"value":1}"#,
        r#"{"name":"a.b","time":"1795166700","value":1}"#,
        r#"{"name":"a.b","time":1795166700,"value":null}"#,
        r#"{"name":"a.b","time":1795166700,"value":"1"}"#,
        r#"{"name":"a.b","time":1795166700,"value":NaN}"#,
        r#"{"name":"a.b","time":1795166700}"#,
        r#"{"time":1795166700,"value":1}"#,
        r#"{"name":"a.b","value":1}"#,
        "7",
    ];
    let bodies = bad.map(|bad| format!("[{good},{bad}]")).into_iter().chain([
        good.to_owned(),
        "null".to_owned(),
        "[".to_owned(),
        String::new(),
    ]);
    let api = start(|options| options.posts_per_minute = None);
    for body in bodies {
        let answer = post(&api, &body);
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.json();
        assert!(message["error"]["message"].is_string(), "{body}: {message}");
    }
    assert!(api.metrics("web").is_empty());
}

#[test]
fn what_is_taken_but_must_not_be_sent_is_a_violation() {
    let long = "n".repeat(129);
    let cases = [
        (json!([]), "the array is empty".to_owned()),
        (
            json!([point("a.b", T, 1.0), point("a.b", T + 59, 2.0)]),
            format!("a.b has two values for {T} in one request"),
        ),
        (json!([point(".a", T, 1.0)]), r#"".a" has a dot in a wrong place"#.to_owned()),
        (json!([point("a.", T, 1.0)]), r#""a." has a dot in a wrong place"#.to_owned()),
        (json!([point("a..b", T, 1.0)]), r#""a..b" has a dot in a wrong place"#.to_owned()),
        (json!([point(&long, T, 1.0)]), format!("{long:?} has 129 characters")),
    ];
    for (body, expected) in cases {
        let api = start(|_| {});
        assert_eq!(post(&api, &body.to_string()).status, 200, "{body}");
        assert_eq!(api.violations(), [format!("request 1: {expected}")]);
    }
}

#[test]
fn of_two_values_for_a_minute_in_one_request_the_last_wins() {
    let api = start(|_| {});
    post(&api, &json!([point("a.b", T, 1.0), point("a.b", T, 2.0)]).to_string());
    assert_eq!(api.metrics("web")["a.b"], BTreeMap::from([(T, 2.0)]));
}

#[test]
fn values_are_read_back_in_order_within_inclusive_bounds() {
    let api = start(|_| {});
    let points = [(0, 3.0), (-120, 1.0), (-60, 2.0)].map(|(s, v)| point("a.b", T + s, v));
    post(&api, &json!(points).to_string());
    let read = |from: i64, to: i64| {
        get(&api, &format!("/api/v0/services/web/metrics?name=a.b&from={from}&to={to}"))
    };
    let expected =
        json!({"metrics": [{"time": T - 120, "value": 1.0}, {"time": T - 60, "value": 2.0}]});
    assert_eq!(read(T - 120, T - 60).json(), expected);
    assert_eq!(read(T + 60, T + 120).json(), json!({"metrics": []}));
    let names = get(&api, "/api/v0/services/web/metric-names").json();
    assert_eq!(names, json!({"names": ["a.b"]}));
    for (target, status) in [
        ("/api/v0/services/web/metrics?name=a.none&from=0&to=1", 404),
        ("/api/v0/services/none/metrics?name=a.b&from=0&to=1", 404),
        ("/api/v0/services/web/metrics?name=a.b", 400),
        ("/api/v0/services/none/metric-names", 404),
    ] {
        assert_eq!(get(&api, target).status, status, "{target}");
    }
}

#[test]
fn an_unknown_service_is_not_found() {
    let api = start(|_| {});
    for service in ["unknown", "a", "-web", "we%20b"] {
        let answer = ask(&api, "POST", &format!("/api/v0/services/{service}/tsdb"), "[]");
        assert_eq!(answer.status, 404, "{service}");
        assert_eq!(answer.json(), json!({"error": {"message": "Service not found."}}));
    }
}

#[test]
fn services_are_made_listed_and_named_by_rule() {
    let api = start(|_| {});
    let create = |name: &str| {
        ask(&api, "POST", "/api/v0/services", &json!({"name": name, "memo": "m"}).to_string())
    };
    let long = "n".repeat(63);
    assert_eq!(create("new_1").json(), json!({"name": "new_1", "memo": "m", "roles": []}));
    assert_eq!(create(&long).status, 200);
    for bad in ["a", "-ab", "_ab", "a b", "new_1", &"n".repeat(64)] {
        assert_eq!(create(bad).status, 400, "{bad:?}");
    }
    let listed = get(&api, "/api/v0/services").json();
    let names: Vec<_> =
        listed["services"].as_array().expect("a list").iter().map(|s| &s["name"]).collect();
    assert_eq!(names, ["My-Service", "new_1", &long, "web"]);
    assert_eq!(api.violations(), none());
}

#[test]
fn monitors_look_at_the_newest_value_only() {
    let api = start(|options| options.posts_per_minute = None);
    post(&api, &json!([point("a.b", T - 120, 9.0), point("a.b", T - 60, 1.0)]).to_string());
    post(&api, &json!([point("a.b", T - 180, 9.0)]).to_string());
    post(&api, &json!([point("a.old", T - 1260, 9.0)]).to_string());
    post(&api, &json!([point("a.b", T, 2.0)]).to_string());
    let seen: Vec<_> = api.evaluations("web").iter().map(|e| (e.time, e.value.as_f64())).collect();
    assert_eq!(seen, [(T - 60, Some(1.0)), (T, Some(2.0))]);
}

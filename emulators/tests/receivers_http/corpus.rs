//! The corpus of the Mackerel API: exchanges of its official client, live answers, documented endpoints.
//!
//! Without a corpus the behaviour is still covered by the cases of the other files here.

use emulators::receivers::mackerel::MackerelApi;
use emulators::receivers::present::Present;
use serde_json::{Value, json};

use crate::client::{Answer, exchange};
use crate::mackerel::{AGENT, JSON, KEY, ask, start};

/// A file of the corpus; `None` where there is no corpus.
fn corpus(file: &str) -> Option<Value> {
    cases::corpus::json(&format!("mackerel/{file}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().expect("a list")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text")
}

/// Is all of `expected` in `actual`? Lists must be equal in length.
fn includes(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| actual.get(key).is_some_and(|found| includes(found, value))),
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len()
                && actual.iter().zip(expected).all(|(a, e)| includes(a, e))
        }
        (actual, expected) => actual == expected,
    }
}

/// Brings about, through the API itself, what the double of an exchange had.
fn prepare(api: &MackerelApi, id: &str) {
    let done = |method, path: &str, body: Value| {
        let answer = ask(api, method, path, &body.to_string());
        assert_eq!(answer.status, 200, "{id}: {method} {path}: {}", answer.text());
    };
    let service = |name: &str| {
        done("POST", "/api/v0/services", json!({"name": name, "memo": "hello"}));
    };
    let role = |service: &str, role: &str| {
        done("POST", &format!("/api/v0/services/{service}/roles"), json!({"name": role}));
    };
    let points = |service: &str, points: Value| {
        done("POST", &format!("/api/v0/services/{service}/tsdb"), points);
    };
    match id {
        "TestPostServiceMetricValues" => service("My-Service"),
        "TestFetchServiceMetricValues" => {
            service("123456ABCD");
            let values = [(1_450_000_800, 0.12), (1_450_000_860, 0.14), (1_450_000_920, 0.16)];
            let name = "custom.access_latency.avg";
            let point = |(time, value)| json!({"name": name, "time": time, "value": value});
            api.now().set_ms(1_450_001_000_000);
            points("123456ABCD", values.map(point).into_iter().collect());
        }
        "TestFindServices" => {
            service("My-Service");
            role("My-Service", "db-master");
            role("My-Service", "db-slave");
        }
        "TestDeleteService" => {
            service("My-Service");
            role("My-Service", "ancient-role");
        }
        "TestListServiceMetricNames" => {
            service("my-service");
            let names = ["access.api", "access.web"];
            points(
                "my-service",
                names.map(|n| json!({"name": n, "time": 1, "value": 1})).into_iter().collect(),
            );
        }
        "TestDeleteServiceGraphDef" => {
            service("my-service");
            points("my-service", json!([{"name": "graph-name.a", "time": 1, "value": 1}]));
        }
        "TestCreateGraphAnnotation" => service("My-Blog"),
        "TestFindGraphAnnotations" => {
            service("My-Blog");
            done("POST", "/api/v0/graph-annotations", annotation());
        }
        _ => {}
    }
}

fn annotation() -> Value {
    json!({
        "service": "My-Blog", "roles": ["Role1", "Role2"], "from": 1_485_675_275,
        "to": 1_485_675_299, "title": "Deployed", "description": "Deployed my blog"
    })
}

/// The exchanges about what the emulator models, except those on an annotation with an id of the double.
const EXCHANGES: [&str; 10] = [
    "TestPostServiceMetricValues",
    "TestFetchServiceMetricValues",
    "TestFindServices",
    "TestCreateService",
    "TestDeleteService",
    "TestListServiceMetricNames",
    "TestDeleteServiceGraphDef",
    "TestCreateGraphAnnotation",
    "TestFindGraphAnnotations",
    "TestDeleteGraphAnnotations_NotFound",
];

fn empty() -> MackerelApi {
    start(|options| {
        options.services.clear();
        options.now = Present::fixed_ms(0);
    })
}

fn send(api: &MackerelApi, request: &Value) -> Answer {
    let query = request["query"].as_array().into_iter().flatten();
    let pairs =
        query.map(|pair| (pair[0].as_str().expect("name"), pair[1].as_str().expect("value")));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let target = format!("{}?{query}", text(request, "path"));
    let body = [&request["body"], &request["body_includes"]].into_iter().find(|b| !b.is_null());
    let body = body.map(Value::to_string).unwrap_or_default();
    ask(api, text(request, "method"), target.trim_end_matches('?'), &body)
}

#[test]
fn exchanges_of_the_official_client_are_answered_as_by_its_double() {
    let Some(corpus) = corpus("client_exchanges.json") else {
        return;
    };
    let mut run = Vec::new();
    for case in list(&corpus, "cases") {
        let id = text(case, "id");
        if !EXCHANGES.contains(&id) {
            continue;
        }
        let api = empty();
        prepare(&api, id);
        let answer = send(&api, &case["request"]);
        let expected = &case["response"];
        assert_eq!(Some(u64::from(answer.status)), expected["status"].as_u64(), "{id}");
        assert!(includes(&answer.json(), &expected["body"]), "{id}: {}", answer.text());
        run.push(id.to_owned());
    }
    assert_eq!(run.len(), EXCHANGES.len(), "{run:?}");
}

#[test]
fn every_call_of_the_official_client_is_a_known_path() {
    let Some(corpus) = corpus("client_exchanges.json") else {
        return;
    };
    let api = empty();
    for case in list(&corpus, "cases") {
        let answer = send(&api, &case["request"]);
        assert_ne!(answer.text(), r#"{"error":{"message":"Not found."}}"#, "{}", case["id"]);
    }
    let about_hosts = api.violations().iter().filter(|v| v.ends_with("is about hosts")).count();
    assert_eq!(about_hosts, 18);
}

#[test]
fn annotations_go_through_their_life() {
    let api = start(|options| options.services.push("My-Blog".to_owned()));
    let made = ask(&api, "POST", "/api/v0/graph-annotations", &annotation().to_string()).json();
    let path = format!("/api/v0/graph-annotations/{}", text(&made, "id"));
    let changed = json!({"title": "Changed", "service": "My-Blog", "from": 1, "to": 2});
    assert_eq!(ask(&api, "PUT", &path, &changed.to_string()).json()["title"], "Changed");
    let listed = ask(&api, "GET", "/api/v0/graph-annotations?service=My-Blog&from=2&to=9", "");
    assert_eq!(listed.json()["graphAnnotations"][0]["title"], "Changed");
    assert_eq!(ask(&api, "DELETE", &path, "").json()["title"], "Changed");
    assert_eq!(ask(&api, "DELETE", &path, "").status, 404);
    let backwards = json!({"title": "t", "service": "My-Blog", "from": 2, "to": 1}).to_string();
    let long = json!({"title": "t".repeat(251), "service": "My-Blog", "from": 1, "to": 2});
    let elsewhere = json!({"title": "t", "service": "none", "from": 1, "to": 2}).to_string();
    for (body, status) in [(backwards, 400), (long.to_string(), 400), (elsewhere, 404)] {
        assert_eq!(ask(&api, "POST", "/api/v0/graph-annotations", &body).status, status, "{body}");
    }
}

#[test]
fn live_answers_are_given_to_the_letter() {
    let Some(corpus) = corpus("live_answers.json") else {
        return;
    };
    let api = start(|_| {});
    for case in list(&corpus, "cases") {
        let fill = |text: &str| {
            text.replace("{valid}", KEY).replace("{service}", "web").replace("{org}", "emulated")
        };
        let request = &case["request"];
        let headers = request["headers"].as_object().expect("headers").iter();
        let headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.clone(), fill(value.as_str().expect("a value"))))
            .collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = request["body_text"].as_str().unwrap_or_default();
        let path = fill(text(request, "path"));
        let answer =
            exchange(api.addr(), text(request, "method"), &path, &headers, body.as_bytes());
        let answer = answer.expect("an answer");
        let expected = &case["response"];
        assert_eq!(Some(u64::from(answer.status)), expected["status"].as_u64(), "{}", case["id"]);
        assert_eq!(answer.text(), fill(text(expected, "body_text")), "{}", case["id"]);
    }
}

#[test]
fn documented_endpoints_are_there_and_ask_for_the_documented_permission() {
    let Some(corpus) = corpus("documented.json") else {
        return;
    };
    let endpoints = list(&corpus, "endpoints");
    assert_eq!(endpoints.len(), 39);
    let api = start(|_| {});
    for endpoint in endpoints {
        let id = text(endpoint, "id");
        let path = text(endpoint, "path").replace("<serviceName>", "web").replace(['<', '>'], "");
        let ask = |key: &str| {
            let headers = [("x-api-key", key), JSON, AGENT];
            exchange(api.addr(), text(endpoint, "method"), &path, &headers, b"{}")
                .expect("an answer")
        };
        assert_eq!(ask("").status, 401, "{id}");
        let writes = list(endpoint, "permissions").contains(&json!("write"));
        assert_eq!(ask("read-only").status == 403, writes, "{id}");
    }
}

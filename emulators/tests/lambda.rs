//! The Runtime API, asked as a function's binary asks it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use emulators::lambda::{FunctionError, Outcome, RuntimeApi};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(30);
const INVOCATION: &str = "/2018-06-01/runtime/invocation";

struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).expect("a status line")
    }

    fn header(&self, name: &str) -> &str {
        let named = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        named.unwrap_or_else(|| panic!("{name} in {}", self.head))
    }

    fn request_id(&self) -> &str {
        self.header("lambda-runtime-aws-request-id")
    }
}

fn ask(addr: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(addr).expect("a connection");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: lambda\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    Answer { head: head.to_owned(), body: body.to_owned() }
}

fn next(addr: SocketAddr) -> Answer {
    ask(addr, "GET", &format!("{INVOCATION}/next"), "")
}

fn tell(addr: SocketAddr, id: &str, kind: &str, body: &Value) -> Answer {
    ask(addr, "POST", &format!("{INVOCATION}/{id}/{kind}"), &body.to_string())
}

/// A function that answers one event.
fn function(api: &RuntimeApi, kind: &'static str, answer: Value) -> JoinHandle<Answer> {
    let addr = api.addr();
    std::thread::spawn(move || {
        let event = next(addr);
        assert_eq!(tell(addr, event.request_id(), kind, &answer).status(), "202");
        event
    })
}

#[expect(clippy::disallowed_methods, reason = "a deadline is a time of the clock on the wall")]
fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since_epoch.as_millis()).expect("a clock before the year 584 million")
}

#[test]
fn an_event_comes_with_a_true_deadline_and_its_response_comes_back() {
    let api = RuntimeApi::start();
    let function = function(&api, "response", json!({ "samples": 60 }));
    let before = now_ms();
    let outcome = api.invoke(json!({ "dry_run": true }), LONG);
    assert_eq!(outcome, Outcome::Response(json!({ "samples": 60 })));
    let event = function.join().expect("a function that answers");
    assert_eq!(event.body, r#"{"dry_run":true}"#);
    let deadline: u64 = event.header("lambda-runtime-deadline-ms").parse().expect("a number");
    assert!((before + 30_000..=now_ms() + 30_000).contains(&deadline), "{before} and {deadline}");
    assert!(event.header("lambda-runtime-invoked-function-arn").starts_with("arn:aws:lambda:"));
    assert!(event.header("lambda-runtime-trace-id").starts_with("Root=1-"));
    let times = api.times();
    assert!(times.first_next.expect("a first request") <= times.last_answer.expect("an answer"));
}

#[test]
fn a_failure_comes_back_with_its_type() {
    let api = RuntimeApi::start();
    let error = json!({ "errorType": "ConfigError", "errorMessage": "no sink" });
    let function = function(&api, "error", error);
    let outcome = api.invoke(json!({}), LONG);
    let expected =
        FunctionError { error_type: "ConfigError".to_owned(), message: "no sink".to_owned() };
    assert_eq!(outcome, Outcome::Failed(expected));
    function.join().expect("a function that answers");
}

#[test]
fn a_function_waits_until_there_is_an_event() {
    let api = RuntimeApi::start();
    let function = function(&api, "response", json!(null));
    while api.times().first_next.is_none() {
        std::thread::yield_now();
    }
    assert_eq!(api.invoke(json!({}), LONG), Outcome::Response(json!(null)));
    function.join().expect("a function that answers");
}

#[test]
fn silence_until_the_deadline_is_a_timeout() {
    let api = RuntimeApi::start();
    let pushed = api.push(json!({}), Duration::from_millis(50));
    let taken = next(api.addr());
    assert_eq!(api.wait(&pushed), Outcome::TimedOut);
    let late = tell(api.addr(), taken.request_id(), "response", &json!({}));
    assert_eq!(late.status(), "202", "Lambda would have ended the process; nobody is confused");
}

#[test]
fn events_are_handed_out_in_their_order_and_answered_once() {
    let api = RuntimeApi::start();
    let (first, second) = (api.push(json!(1), LONG), api.push(json!(2), LONG));
    let (one, two) = (next(api.addr()), next(api.addr()));
    assert_eq!((one.body.as_str(), two.body.as_str()), ("1", "2"));
    assert_eq!(tell(api.addr(), two.request_id(), "response", &json!("b")).status(), "202");
    assert_eq!(tell(api.addr(), one.request_id(), "response", &json!("a")).status(), "202");
    assert_eq!(tell(api.addr(), one.request_id(), "response", &json!("c")).status(), "400");
    assert_eq!(api.wait(&first), Outcome::Response(json!("a")));
    assert_eq!(api.wait(&second), Outcome::Response(json!("b")));
}

#[test]
fn what_cannot_start_says_so() {
    let api = RuntimeApi::start();
    let error = json!({ "errorType": "Runtime.InitError", "errorMessage": "no roots" });
    let answer = ask(api.addr(), "POST", "/2018-06-01/runtime/init/error", &error.to_string());
    assert_eq!(answer.status(), "202");
    let message = "no roots".to_owned();
    let expected = FunctionError { error_type: "Runtime.InitError".to_owned(), message };
    assert_eq!(api.init_errors(), [expected]);
}

#[test]
fn the_environment_is_what_the_runtime_asks_for() {
    let api = RuntimeApi::start();
    let environment = api.environment();
    let get = |name: &str| {
        environment.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    };
    assert_eq!(get("AWS_LAMBDA_RUNTIME_API"), Some(api.addr().to_string().as_str()));
    for name in ["FUNCTION_NAME", "FUNCTION_MEMORY_SIZE", "FUNCTION_VERSION"] {
        assert!(get(&format!("AWS_LAMBDA_{name}")).is_some(), "{name}");
    }
}

//! What a server sees of a probe, byte for byte, and what a probe says of a plain answer.

use serde_json::json;

use super::server::{Reply, Server};
use super::{equipment, phases, probe, probe_with, reason};
use crate::frame::{Reason, USER_AGENT};

async fn ok() -> Server {
    Server::start(|_| Reply::whole(200, &[], b"fine")).await
}

#[tokio::test]
async fn requests_look_like_gos() {
    let agent = format!("User-Agent: {USER_AGENT}");
    let close = "Connection: close";
    let table = [
        (
            "a plain one",
            json!({}),
            "/a/../b?x=1#f",
            vec!["GET /a/../b?x=1 HTTP/1.1", "HOST", &agent, close],
        ),
        ("no path", json!({}), "", vec!["GET / HTTP/1.1", "HOST", &agent, close]),
        (
            "a path of blanks and bytes",
            json!({}),
            "/ä b/%41?q=ä",
            vec!["GET /%C3%A4%20b/A?q=%C3%A4 HTTP/1.1", "HOST", &agent, close],
        ),
        (
            "headers, sorted",
            json!({"headers": {"x-api-KEY": "k", "Accept": "*/*", "Host": "v.example", "Content-Length": "9"}}),
            "/",
            vec!["GET / HTTP/1.1", "Host: v.example", &agent, "Accept: */*", "X-Api-Key: k", close],
        ),
        (
            "an agent of one's own",
            json!({"headers": {"user-agent": "me"}}),
            "/",
            vec!["GET / HTTP/1.1", "HOST", "User-Agent: me", close],
        ),
        (
            "no agent",
            json!({"headers": {"User-Agent": ""}}),
            "/",
            vec!["GET / HTTP/1.1", "HOST", close],
        ),
        (
            "a body",
            json!({"method": "PATCH", "body": "{}", "headers": {"Content-Type": "application/json"}}),
            "/",
            vec![
                "PATCH / HTTP/1.1",
                "HOST",
                &agent,
                "Content-Length: 2",
                "Content-Type: application/json",
                close,
            ],
        ),
        (
            "a POST without a body",
            json!({"method": "POST"}),
            "/",
            vec!["POST / HTTP/1.1", "HOST", &agent, "Content-Length: 0", close],
        ),
        (
            "http_headers beside headers",
            json!({"headers": {"X-A": "1"}, "http_headers": {"X-A": {"values": ["2"], "secrets": ["3"]}}}),
            "/",
            vec!["GET / HTTP/1.1", "HOST", &agent, "X-A: 1", "X-A: 2", "X-A: 3", close],
        ),
    ];
    for (what, section, path, expected) in table {
        let server = ok().await;
        let outcome = probe(section, &server.url(path)).await;
        assert_eq!(outcome.result, Ok(()), "{what}");
        let host = format!("Host: {}", server.address);
        let seen = server.seen();
        let lines: Vec<&str> = seen[0].head.trim_end().split("\r\n").collect();
        let expected: Vec<&str> = expected
            .into_iter()
            .map(|line| if line == "HOST" { host.as_str() } else { line })
            .collect();
        assert_eq!(lines, expected, "{what}");
    }
}

#[tokio::test]
async fn a_target_needs_a_host() {
    let table = [
        ("", json!({}), Reason::Target),
        ("http://", json!({}), Reason::Target),
        ("http:///path", json!({}), Reason::Target),
        ("http://a b/", json!({}), Reason::Target),
        ("http://h:port/", json!({}), Reason::Target),
        ("http://127.0.0.1:99999/", json!({}), Reason::Target),
        ("http://h/%zz", json!({}), Reason::Target),
        ("invalid://127.0.0.1/", json!({}), Reason::Resolve),
        ("http://127.0.0.1/", json!({"headers": {"a b": "c"}}), Reason::Module),
        ("http://127.0.0.1/", json!({"method": "G ET"}), Reason::Module),
        ("http://127.0.0.1/", json!({"body_file": "/nowhere/to/be/found"}), Reason::Credentials),
        ("http://name.invalid/", json!({}), Reason::Resolve),
    ];
    for (target, section, expected) in table {
        let outcome = probe(section, target).await;
        assert_eq!(reason(&outcome), Some(expected), "{target} {:?}", outcome.result);
        assert_eq!(outcome.value("probe_http_status_code"), Some(0.0), "{target}");
        assert_eq!(outcome.value("probe_failed_due_to_cel"), None, "{target}");
    }
}

#[tokio::test]
async fn the_hostname_parameter_is_the_host_header() {
    let server = ok().await;
    for section in [json!({}), json!({"headers": {"Host": "named.example"}})] {
        let outcome =
            probe_with(&equipment(), section, &server.url("/"), Some("named.example")).await;
        assert_eq!(outcome.result, Ok(()));
    }
    for seen in server.seen() {
        assert_eq!(seen.header("host"), Some("named.example"));
    }
}

#[tokio::test]
async fn phases_are_there_as_far_as_the_probe_came() {
    let unresolved = probe(json!({}), "http://name.invalid/").await;
    assert_eq!(phases(&unresolved), ["resolve"]);
    let server = ok().await;
    let answered = probe(json!({}), &server.url("/")).await;
    assert_eq!(phases(&answered), ["resolve", "connect", "tls", "processing", "transfer"]);
    assert!(answered.says("Making HTTP request url=http://127.0.0.1:"));
    assert!(answered.says("Received HTTP response status_code=200"));
    assert!(answered.says("Response timings for roundtrip roundtrip=0"));
}

#[tokio::test]
async fn heads_are_read_as_go_reads_them() {
    let modified = ("Last-Modified", "Thu, 01 Jan 1970 00:01:40 GMT");
    let table = [
        ("HTTP/1.0 200 OK\r\n\r\nabc".to_owned(), "GET", 1.0, -1.0, 3.0, None),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_owned(),
            "GET",
            1.1,
            -1.0,
            3.0,
            None,
        ),
        ("HTTP/1.1 204 No\r\n\r\n".to_owned(), "GET", 1.1, 0.0, 0.0, None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".to_owned(), "HEAD", 1.1, 7.0, 0.0, None),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), "HEAD", 1.1, -1.0, 0.0, None),
        (
            "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
            "GET",
            1.1,
            0.0,
            0.0,
            None,
        ),
        (
            format!("HTTP/1.1 200\r\n{}: {}\r\nContent-Length: 0\r\n\r\n", modified.0, modified.1),
            "GET",
            1.1,
            0.0,
            0.0,
            Some(100.0),
        ),
    ];
    for (answer, method, version, length, read, modified) in table {
        let bytes = answer.clone();
        let server = Server::start(move |_| Reply::raw(bytes.as_bytes())).await;
        let outcome = probe(json!({ "method": method }), &server.url("/")).await;
        assert_eq!(outcome.result, Ok(()), "{answer}");
        assert_eq!(outcome.value("probe_http_version"), Some(version), "{answer}");
        assert_eq!(outcome.value("probe_http_content_length"), Some(length), "{answer}");
        assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(read), "{answer}");
        assert_eq!(
            outcome.value("probe_http_last_modified_timestamp_seconds"),
            modified,
            "{answer}"
        );
    }
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let body = br#"{"a": 1}"#;
    let table = [
        (
            "a bad status hides expressions",
            json!({"valid_status_codes": [201], "fail_if_body_matches_regexp": ["a"]}),
            Reason::Status,
            0.0,
            None,
        ),
        (
            "a header hides the body",
            json!({"fail_if_header_matches": [{"header": "x", "regexp": "y"}], "fail_if_body_matches_regexp": ["a"]}),
            Reason::Header,
            1.0,
            None,
        ),
        (
            "expressions leave nothing for CEL",
            json!({"fail_if_body_not_matches_regexp": ["a"], "fail_if_body_json_matches_cel": "body.a == 2"}),
            Reason::Cel,
            0.0,
            Some(1.0),
        ),
        (
            "expressions that fail hide CEL",
            json!({"fail_if_body_matches_regexp": ["a"], "fail_if_body_json_matches_cel": "body.a == 1"}),
            Reason::Body,
            1.0,
            Some(0.0),
        ),
        ("a version", json!({"valid_http_versions": ["HTTP/2.0"]}), Reason::Version, 0.0, None),
    ];
    let server = Server::start(move |_| Reply::whole(200, &[("X", "xyz")], body)).await;
    for (what, section, expected, regex, cel) in table {
        let outcome = probe(section, &server.url("/")).await;
        assert_eq!(reason(&outcome), Some(expected), "{what}");
        assert_eq!(outcome.value("probe_failed_due_to_regex"), Some(regex), "{what}");
        assert_eq!(outcome.value("probe_failed_due_to_cel"), cel, "{what}");
        assert_eq!(outcome.value("probe_http_status_code"), Some(200.0), "{what}");
        assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(8.0), "{what}");
    }
}

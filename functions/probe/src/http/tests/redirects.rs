//! Chains of redirects: what the next request carries, and what is left behind.

use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{knowing, phases, probe, probe_with, reason};
use crate::frame::Reason;

/// Redirects everything but `/ok`, and sets a cookie.
async fn redirecting(status: u16, to: &'static str) -> Server {
    Server::start(move |seen| match seen.path() {
        "/ok" => Reply::whole(200, &[], b"fine"),
        _ => {
            let to = to.replace("{host}", seen.header("host").unwrap_or_default());
            let to = to.replace("{port}", &seen.port.to_string());
            Reply::whole(status, &[("Location", &to), ("Set-Cookie", "set=1; Path=/")], b"moved")
        }
    })
    .await
}

/// A probe of `a.example`, which redirects once; the second request.
async fn second(section: Value, status: u16, to: &'static str) -> Seen {
    let server = redirecting(status, to).await;
    let target = format!("http://a.example:{}/first", server.address.port());
    let equipment = knowing(&["a.example", "b.example", "sub.a.example"]);
    let outcome = probe_with(&equipment, section, &target, None).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
    assert_eq!(outcome.value("probe_http_redirects"), Some(1.0));
    assert_eq!(phases(&outcome), ["resolve", "connect", "tls", "processing", "transfer"]);
    server.seen().pop().expect("two requests")
}

fn posting() -> Value {
    json!({
        "method": "POST",
        "body": "text",
        "headers": {"Authorization": "mine", "X-A": "kept", "Cookie": "own=1; set=0"},
    })
}

#[tokio::test]
async fn methods_and_bodies_follow_the_status() {
    let table = [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (302, "HEAD", "HEAD", ""),
        (307, "POST", "POST", "text"),
        (308, "PUT", "PUT", "text"),
    ];
    for (status, method, expected, body) in table {
        let section = json!({"method": method, "body": "text", "valid_status_codes": [200]});
        let seen = second(section, status, "/ok").await;
        assert_eq!((seen.method(), seen.body.as_slice()), (expected, body.as_bytes()), "{status}");
    }
}

#[tokio::test]
async fn a_relative_redirect_keeps_everything() {
    let seen = second(posting(), 307, "/ok").await;
    assert_eq!(seen.header("authorization"), Some("mine"));
    assert_eq!(seen.header("x-a"), Some("kept"));
    assert_eq!(seen.header("cookie"), Some("own=1; set=1"));
    assert!(seen.header("host").is_some_and(|host| host.starts_with("a.example:")));
    let referer = seen.header("referer").expect("a referer");
    assert!(referer.starts_with("http://127.0.0.1:") && referer.ends_with("/first"), "{referer}");
}

#[tokio::test]
async fn the_targets_own_name_is_another_host_than_its_address() {
    let seen = second(posting(), 302, "http://{host}/ok").await;
    assert_eq!((seen.method(), seen.body.len()), ("GET", 0));
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.header("x-a"), Some("kept"));
    // Cookies are kept by the name in the Host header; those of the module are left behind.
    assert_eq!(seen.header("cookie"), Some("set=1"));
    assert!(seen.header("referer").is_some_and(|referer| referer.starts_with("http://127.0.0.1:")));
}

#[tokio::test]
async fn cookies_stay_with_their_host() {
    let seen = second(json!({}), 302, "http://b.example:{port}/ok").await;
    assert_eq!(seen.header("cookie"), None);
    assert!(seen.header("host").is_some_and(|host| host.starts_with("b.example:")));
}

#[tokio::test]
async fn a_host_header_goes_along_until_another_host_is_named() {
    let section = json!({"headers": {"Host": "v.example:1"}});
    assert_eq!(second(section.clone(), 302, "/ok").await.header("host"), Some("v.example:1"));
    let seen = second(section, 302, "http://a.example:{port}/ok").await;
    assert_ne!(seen.header("host"), None);
}

#[tokio::test]
async fn a_modules_credentials_stay_at_home() {
    let table = [
        ("/ok", true),
        ("http://a.example:{port}/ok", true),
        ("http://127.0.0.1:{port}/ok", true),
        ("http://sub.a.example:{port}/ok", true),
        ("http://b.example:{port}/ok", false),
    ];
    let kinds = [
        (json!({"basic_auth": {"username": "u", "password": "p"}}), "Basic dTpw"),
        (json!({"authorization": {"type": "Token", "credentials": "c"}}), "Token c"),
        (json!({"bearer_token": "t"}), "Bearer t"),
    ];
    for (to, stays) in table {
        for (section, expected) in &kinds {
            let seen = second(section.clone(), 302, to).await;
            assert_eq!(seen.header("authorization"), stays.then_some(*expected), "{to}");
        }
        let section =
            json!({"http_headers": {"Cookie": {"secrets": ["s=1"]}, "X-B": {"values": ["1"]}}});
        let seen = second(section, 302, to).await;
        assert_eq!(seen.head.contains("Cookie: s=1\r\n"), stays, "{to}");
        assert_eq!(seen.header("x-b"), Some("1"), "{to}");
    }
}

#[tokio::test]
async fn what_is_abroad_once_stays_so() {
    let server = Server::start(|seen| {
        let port = seen.port;
        match seen.path() {
            "/1" => Reply::redirect(302, &format!("http://b.example:{port}/2")),
            "/2" => Reply::redirect(302, &format!("http://a.example:{port}/3")),
            _ => Reply::whole(200, &[], b""),
        }
    })
    .await;
    let target = format!("http://a.example:{}/1", server.address.port());
    let section = json!({"basic_auth": {"username": "u", "password": "p"}});
    let outcome = probe_with(&knowing(&["a.example", "b.example"]), section, &target, None).await;
    assert_eq!(outcome.result, Ok(()));
    let authorized: Vec<bool> =
        server.seen().iter().map(|seen| seen.header("authorization").is_some()).collect();
    assert_eq!(authorized, [true, false, false]);
}

#[tokio::test]
async fn credentials_in_the_target_are_basic_authorization() {
    let server = redirecting(302, "/ok").await;
    let target = format!("http://us%40er:pass@{}/x", server.address);
    let outcome = probe(json!({}), &target).await;
    assert_eq!(outcome.result, Ok(()));
    for seen in server.seen() {
        assert_eq!(seen.header("authorization"), Some("Basic dXNAZXI6cGFzcw=="));
        assert!(seen.header("referer").is_none_or(|referer| !referer.contains("pass")));
    }
    assert!(!format!("{outcome:?}").contains("pass@"), "{outcome:?}");
}

#[tokio::test]
async fn the_eleventh_redirect_is_the_answer() {
    let server = Server::start(|_| Reply::whole(302, &[("Location", "/again")], b"moved")).await;
    for (section, success, redirects, requests) in [
        (json!({}), Some(Reason::Status), 11.0, 11),
        (json!({"valid_status_codes": [302]}), None, 11.0, 11),
        (json!({"follow_redirects": false}), Some(Reason::Status), 1.0, 1),
        (json!({"no_follow_redirects": true, "valid_status_codes": [302]}), None, 1.0, 1),
        (
            json!({"follow_redirects": false, "valid_status_codes": [302], "fail_if_body_matches_regexp": ["x"]}),
            Some(Reason::Body),
            1.0,
            1,
        ),
    ] {
        let before = server.seen().len();
        let outcome = probe(section.clone(), &server.url("/")).await;
        assert_eq!(reason(&outcome), success, "{section}");
        assert_eq!(outcome.value("probe_http_redirects"), Some(redirects), "{section}");
        assert_eq!(outcome.value("probe_http_status_code"), Some(302.0), "{section}");
        assert_eq!(outcome.value("probe_http_content_length"), Some(5.0), "{section}");
        assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(0.0), "{section}");
        assert_eq!(server.seen().len() - before, requests, "{section}");
        assert!(outcome.says("Not following redirect"));
    }
}

#[tokio::test]
async fn redirects_that_are_none_are_answers_or_failures() {
    let table = [
        ("HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n", Some(Reason::Status)),
        ("HTTP/1.1 302 X\r\nLocation: \r\nContent-Length: 0\r\n\r\n", Some(Reason::Status)),
        ("HTTP/1.1 304 X\r\nLocation: /ok\r\n\r\n", Some(Reason::Status)),
        (
            "HTTP/1.1 302 X\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
            Some(Reason::Redirect),
        ),
        (
            "HTTP/1.1 302 X\r\nLocation: ftp://h/\r\nContent-Length: 0\r\n\r\n",
            Some(Reason::Redirect),
        ),
        (
            "HTTP/1.1 302 X\r\nLocation: http:ok\r\nContent-Length: 0\r\n\r\n",
            Some(Reason::Redirect),
        ),
        (
            "HTTP/1.1 302 X\r\nLocation: http://h:99999/\r\nContent-Length: 0\r\n\r\n",
            Some(Reason::Target),
        ),
        (
            "HTTP/1.1 302 X\r\nLocation: http://name.invalid/\r\nContent-Length: 0\r\n\r\n",
            Some(Reason::Resolve),
        ),
    ];
    for (answer, expected) in table {
        let server = Server::start(move |_| Reply::raw(answer)).await;
        let outcome = probe(json!({}), &server.url("/")).await;
        assert_eq!(reason(&outcome), expected, "{answer} {:?}", outcome.result);
    }
}

#[tokio::test]
async fn another_host_is_tried_at_all_its_addresses() {
    let server = redirecting(302, "http://both.example:{port}/ok").await;
    let mut equipment = knowing(&[]);
    // Nobody listens at the first one.
    let addresses = ["::1", "127.0.0.1"].map(|address| address.parse().unwrap());
    let hosts = [("both.example".to_owned(), addresses.to_vec())];
    equipment.dialer = equipment.dialer.with_hosts(hosts.into());
    let outcome = probe_with(&equipment, json!({}), &server.url("/"), None).await;
    assert_eq!(outcome.result, Ok(()), "{:#?}", outcome.steps);
}

#[tokio::test]
async fn of_several_addresses_the_firsts_failure_is_told() {
    // Nobody listens at any of them.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let both = [&["127.0.0.2", "127.0.0.3"][..], &["127.0.0.2", "::1", "127.0.0.3"]];
    for addresses in both {
        let server =
            Server::start(move |_| Reply::redirect(302, &format!("http://many.example:{port}/ok")))
                .await;
        let mut equipment = knowing(&[]);
        let known = addresses.iter().map(|address| address.parse().unwrap()).collect();
        equipment.dialer = equipment.dialer.with_hosts([("many.example".to_owned(), known)].into());
        let outcome = probe_with(&equipment, json!({}), &server.url("/"), None).await;
        assert_eq!(reason(&outcome), Some(Reason::Connect));
        let message = outcome.result.unwrap_err().message;
        assert!(message.contains(&format!("connect to 127.0.0.2:{port}: ")), "{message}");
    }
}

#[tokio::test]
async fn a_body_from_a_file_is_not_sent_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, b"\xffbytes\n").unwrap();
    let section = json!({"method": "POST", "body_file": file.to_str().unwrap()});
    let server = redirecting(307, "/ok").await;
    let outcome = probe(section.clone(), &server.url("/")).await;
    assert_eq!(reason(&outcome), Some(Reason::Status));
    assert_eq!(server.seen()[0].body, b"\xffbytes\n");
    assert_eq!(server.seen().len(), 1);
    let server = redirecting(303, "/ok").await;
    assert_eq!(probe(section, &server.url("/")).await.result, Ok(()));
}

//! Servers that do not keep to anything.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::server::{Reply, Server};
use super::{LONG, equipment, probe, probe_for, probe_with, reason};
use crate::frame::{Bodies, Equipment, Reason};

#[tokio::test]
async fn nonsense_is_a_failure_with_a_reason() {
    let fields = "A: b\r\n".repeat(2_000);
    let long = format!("A: {}\r\n", "b".repeat(400 * 1024));
    let head = "HTTP/1.1 200 OK\r\n";
    let table = [
        ("nothing", String::new(), Reason::Protocol),
        ("garbage", "\u{1}\u{2}garbage\r\n\r\n".to_owned(), Reason::Protocol),
        ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n".to_owned(), Reason::Protocol),
        (
            "an endless status line",
            "HTTP/1.1 200 ".to_owned() + &"x".repeat(1024 * 1024),
            Reason::Protocol,
        ),
        ("half a head", format!("{head}Content-Le"), Reason::Protocol),
        ("too many fields", format!("{head}{fields}\r\n"), Reason::Protocol),
        ("too long a field", format!("{head}{long}\r\n"), Reason::Protocol),
        ("a length that is none", format!("{head}Content-Length: x\r\n\r\n"), Reason::Protocol),
        (
            "two lengths",
            format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            Reason::Protocol,
        ),
        ("half a body", format!("{head}Content-Length: 10\r\n\r\nabc"), Reason::Protocol),
        (
            "chunks that are none",
            format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
            Reason::Protocol,
        ),
        ("a status that is none", "HTTP/1.1 9999 X\r\n\r\n".to_owned(), Reason::Protocol),
        (
            "a protocol that nobody asked for",
            "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_owned(),
            Reason::Status,
        ),
    ];
    for (what, answer, expected) in table {
        let server = Server::start(move |_| Reply::raw(answer.as_bytes())).await;
        let outcome = probe(json!({}), &server.url("/")).await;
        assert_eq!(reason(&outcome), Some(expected), "{what}: {:?}", outcome.result);
        assert_eq!(outcome.value("probe_http_redirects"), Some(0.0), "{what}");
    }
}

#[tokio::test]
async fn a_connection_that_nobody_takes_is_a_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = probe(json!({}), &format!("http://{address}/")).await;
    assert_eq!(reason(&outcome), Some(Reason::Connect));
}

#[tokio::test]
async fn time_ends_whatever_does_not() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    let silent = Reply { stays: true, ..Reply::default() };
    let stuck = Reply { stays: true, ..Reply::raw(head.as_slice()) };
    let endless =
        Reply { is_endless: true, ..Reply::raw([head.as_slice(), &[b'x'; 64 * 1024]].concat()) };
    let table = [("silence", silent, 0.0), ("half", stuck, 200.0), ("endless", endless, 200.0)];
    let probes = table.map(|(what, reply, status)| async move {
        let server = Server::start(move |_| reply.clone()).await;
        // Long enough for the head to come on a busy machine.
        let time = Duration::from_secs(5);
        let outcome = probe_for(time, &equipment(), json!({}), &server.url("/"), None).await;
        assert_eq!(reason(&outcome), Some(Reason::Timeout), "{what}: {:?}", outcome.result);
        assert_eq!(outcome.value("probe_http_status_code"), Some(status), "{what}");
    });
    futures::future::join_all(probes).await;
}

#[tokio::test]
async fn what_is_kept_of_a_body_is_bounded() {
    let server = Server::start(|_| Reply::whole(200, &[], &vec![b'x'; 11 << 20])).await;
    let outcome = probe(json!({"fail_if_body_matches_regexp": ["y"]}), &server.url("/")).await;
    assert_eq!(reason(&outcome), Some(Reason::BodySize));
    assert_eq!(outcome.value("probe_failed_due_to_regex"), Some(1.0));
    let section = json!({"fail_if_body_matches_regexp": ["y"], "body_size_limit": "12MB"});
    assert_eq!(probe(section, &server.url("/")).await.result, Ok(()));
    let outcome = probe(json!({}), &server.url("/")).await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(outcome.value("probe_http_uncompressed_body_length"), Some(f64::from(11 << 20)));
}

#[tokio::test]
async fn what_cel_looks_at_is_bounded_whatever_the_module_says() {
    let zeros = |size: usize| format!("[0{}]", ",0".repeat((size - 3) / 2));
    let section =
        json!({"fail_if_body_json_not_matches_cel": "size(body) > 9", "body_size_limit": "12MB"});
    for (size, expected) in [((256 << 10) - 1, None), ((256 << 10) + 1, Some(Reason::BodySize))] {
        let body = zeros(size);
        assert_eq!(body.len(), size);
        let server = Server::start(move |_| Reply::whole(200, &[], body.as_bytes())).await;
        let outcome = probe(section.clone(), &server.url("/")).await;
        assert_eq!(reason(&outcome), expected, "{size}: {:?}", outcome.result);
        let failed = f64::from(u8::from(expected.is_some()));
        assert_eq!(outcome.value("probe_failed_due_to_cel"), Some(failed), "{size}");
    }
}

#[tokio::test]
async fn an_expression_waits_for_its_turn_no_longer_than_its_probe_has_time() {
    let server = Server::start(|_| Reply::whole(200, &[], b"{}")).await;
    let section = json!({"fail_if_body_json_matches_cel": "has(body.a)"});
    let equipment = equipment();
    let busy = equipment.evaluation.lock().await;
    // Long enough for the body to come on a busy machine.
    let time = Duration::from_secs(3);
    let outcome = probe_for(time, &equipment, section.clone(), &server.url("/"), None).await;
    assert_eq!(reason(&outcome), Some(Reason::Timeout), "{:?}", outcome.result);
    assert_eq!(outcome.value("probe_http_status_code"), Some(200.0));
    let other = probe_with(&equipment, json!({}), &server.url("/"), None).await;
    assert_eq!(other.result, Ok(()));
    drop(busy);
    let outcome = probe_with(&equipment, section, &server.url("/"), None).await;
    assert_eq!(outcome.result, Ok(()));
}

#[tokio::test]
async fn what_is_kept_of_all_bodies_is_bounded_and_given_back() {
    let server = Server::start(|seen| {
        let size = if seen.path() == "/large" { 256 << 10 } else { 100 << 10 };
        Reply::whole(200, &[], &vec![b'x'; size])
    })
    .await;
    let equipment = Equipment { bodies: Bodies::of_size(128 << 10), ..equipment() };
    let section = json!({"fail_if_body_matches_regexp": ["y"]});
    for (path, expected) in
        [("/", None), ("/large", Some(Reason::BodySize)), ("/", None), ("/", None)]
    {
        let outcome = probe_with(&equipment, section.clone(), &server.url(path), None).await;
        assert_eq!(reason(&outcome), expected, "{path}: {:?}", outcome.result);
    }
    // Nobody looks at it: it takes no room.
    let outcome = probe_with(&equipment, json!({}), &server.url("/large"), None).await;
    assert_eq!(outcome.result, Ok(()));
}

#[tokio::test]
async fn stray_bytes_are_matched_and_do_no_harm() {
    let answer =
        b"HTTP/1.1 200 OK\r\nX: a\xffb\r\nSet-Cookie: \xff=\xfe\r\nContent-Length: 3\r\n\r\na\xffb";
    let server = Server::start(move |_| Reply::raw(answer.as_slice())).await;
    let section = json!({
        "fail_if_header_not_matches": [{"header": "x", "regexp": "^a.b$"}],
        "fail_if_body_not_matches_regexp": ["^a.b$"],
    });
    assert_eq!(probe(section, &server.url("/")).await.result, Ok(()));
    let outcome =
        probe(json!({"fail_if_body_json_matches_cel": "body.a == 1"}), &server.url("/")).await;
    assert_eq!(reason(&outcome), Some(Reason::Cel));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is answered, a probe ends before its time is over, and says how.
    #[test]
    fn any_answer_is_survived(
        start in prop::sample::select(vec![
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 302 X\r\nLocation: ",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: ",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..200),
        compression in prop::sample::select(vec!["", "gzip", "br", "deflate", "identity"]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let answer = [start.as_bytes(), &rest].concat();
            let server = Server::start(move |_| Reply::raw(answer.clone())).await;
            let section = json!({"compression": compression, "fail_if_body_matches_regexp": ["x"]});
            let outcome = probe_for(LONG, &equipment(), section, &server.url("/"), None).await;
            assert_ne!(reason(&outcome), Some(Reason::Timeout), "{outcome:?}");
        });
    }
}

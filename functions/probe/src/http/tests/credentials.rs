//! Secrets: where they come from, and what happens when they are not taken.

use serde_json::json;

use super::server::{Reply, Server};
use super::{equipment, probe, probe_with, reason};
use crate::frame::Reason;

#[tokio::test]
async fn a_token_is_asked_for_once_a_probe() {
    let tokens = Server::start(|_| {
        let answer = br#"{"access_token": "t", "token_type": "bearer", "expires_in": 3600}"#;
        Reply::whole(200, &[("Content-Type", "application/json")], answer)
    })
    .await;
    let server = Server::start(|seen| match seen.path() {
        "/ok" => Reply::whole(200, &[], b""),
        _ => Reply::redirect(302, "/ok"),
    })
    .await;
    let section = json!({"oauth2": {
        "client_id": "id", "client_secret": "secret", "token_url": tokens.url("/token"), "scopes": ["a", "b"],
    }});
    let outcome = probe(section, &server.url("/")).await;
    assert_eq!(outcome.result, Ok(()));
    let authorized = server.seen();
    assert!(authorized.iter().all(|seen| seen.header("authorization") == Some("Bearer t")));
    assert_eq!((authorized.len(), tokens.seen().len()), (2, 1));
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_the_reason() {
    let refusing =
        Server::start(|_| Reply::whole(401, &[], br#"{"error": "invalid_client"}"#)).await;
    let server = Server::start(|_| Reply::whole(200, &[], b"")).await;
    let missing = "/nowhere/to/be/found";
    let oauth2 =
        json!({"client_id": "id", "client_secret": "s3cr3t", "token_url": refusing.url("/")});
    let table = [
        json!({ "oauth2": oauth2 }),
        json!({"basic_auth": {"username": "u", "password_file": missing}}),
        json!({"authorization": {"credentials_file": missing}}),
        json!({"bearer_token_file": missing}),
        json!({"http_headers": {"X-A": {"files": [missing]}}}),
    ];
    for section in table {
        let outcome = probe(section.clone(), &server.url("/")).await;
        assert_eq!(reason(&outcome), Some(Reason::Credentials), "{section} {:?}", outcome.result);
        assert!(!format!("{outcome:?}").contains("s3cr3t"));
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_refused_secret_is_read_again_for_the_next_probe() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "old\n").unwrap();
    let section = json!({"bearer_token_file": file.to_str().unwrap()});
    let server = Server::start(|seen| match seen.header("authorization") {
        Some("Bearer new") => Reply::whole(200, &[], b""),
        _ => Reply::whole(401, &[], b""),
    })
    .await;
    let equipment = equipment();
    let first = probe_with(&equipment, section.clone(), &server.url("/"), None).await;
    assert_eq!(reason(&first), Some(Reason::Status));
    std::fs::write(&file, "new\n").unwrap();
    // The value is read in the background, so that it may take some probes.
    for _ in 0..100 {
        let next = probe_with(&equipment, section.clone(), &server.url("/"), None).await;
        if next.result.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the new secret was never used");
}

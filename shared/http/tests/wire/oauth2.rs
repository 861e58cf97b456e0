//! OAuth2 tokens from a server that looks at what it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use config::{Auth, HttpClient, OAuth2, Proxy, Tls};
use http::{Client, SendError};
use secrecy::SecretString;

use crate::server::{Received, Reply, Server};
use crate::{NOW, client, inline, request};

/// `a client:p w/d`, each part form-encoded, in base 64.
const HEADER: &str = "Basic YStjbGllbnQ6cCt3JTJGZA==";

/// Gets its tokens from the server's `/token`.
pub(crate) fn oauth2(server: &Server) -> HttpClient {
    let oauth2 = OAuth2 {
        client_id: "a client".to_owned(),
        client_secret: inline("p w/d"),
        token_url: server.url("http", "/token").into(),
        scopes: vec!["read".to_owned(), "write".to_owned()],
        endpoint_params: vec![("audience".to_owned(), SecretString::from("the api"))],
        tls: Tls::default(),
        proxy: Proxy::Direct,
    };
    HttpClient { auth: Some(Auth::OAuth2(Box::new(oauth2))), ..HttpClient::default() }
}

/// Answers `/token` with numbered tokens, and everything else with 200.
async fn server(token: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Server {
    let asked = Arc::new(AtomicUsize::new(0));
    Server::plain(move |received| match received.line.contains(" /token ") {
        true => token(received, asked.fetch_add(1, Ordering::Relaxed) + 1),
        false => Reply::status(200),
    })
    .await
}

fn granted(number: usize, more: &str) -> Reply {
    Reply::json(&format!(r#"{{"access_token":"token{number}","token_type":"bearer"{more}}}"#))
}

async fn send_at(client: &Client, server: &Server, seconds: u64) -> Result<String, SendError> {
    let now = NOW + Duration::from_secs(seconds);
    client.send(request(server.url("http", "/write")), now, Duration::from_secs(10)).await?;
    let received = server.received();
    Ok(received.last().expect("it arrived").header("authorization").expect("authorized"))
}

fn asked(server: &Server) -> Vec<Received> {
    server.received().into_iter().filter(|it| it.line.contains(" /token ")).collect()
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_standard_has_it() {
    let server = server(|_, number| granted(number, "")).await;
    let authorization = send_at(&client(&oauth2(&server)), &server, 0).await.expect("sent");
    assert_eq!(authorization, "Bearer token1");
    let asked = asked(&server);
    assert_eq!(asked[0].header("authorization").as_deref(), Some(HEADER));
    let form = "grant_type=client_credentials&scope=read+write&audience=the+api";
    assert_eq!(asked[0].text(), form);
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    for expires in [r#","expires_in":60"#, r#","expires_in":"60""#] {
        let server = server(move |_, number| granted(number, expires)).await;
        let client = client(&oauth2(&server));
        assert_eq!(send_at(&client, &server, 0).await.expect("sent"), "Bearer token1");
        assert_eq!(send_at(&client, &server, 49).await.expect("sent"), "Bearer token1");
        assert_eq!(send_at(&client, &server, 50).await.expect("sent"), "Bearer token2");
        assert_eq!(asked(&server).len(), 2);
    }
}

#[tokio::test]
async fn a_token_without_an_end_is_kept_until_it_is_refused() {
    let server = server(|_, number| granted(number, "")).await;
    let client = client(&oauth2(&server));
    send_at(&client, &server, 0).await.expect("sent");
    assert_eq!(send_at(&client, &server, 1_000_000).await.expect("sent"), "Bearer token1");
    client.refresh_credentials().await.expect("refreshed");
    assert_eq!(send_at(&client, &server, 1_000_000).await.expect("sent"), "Bearer token2");
}

#[tokio::test]
async fn a_server_that_wants_the_secret_in_the_form_gets_it_there_from_then_on() {
    let server =
        server(|received, number| match received.text().contains("client_secret=p+w%2Fd") {
            true => granted(number, r#","expires_in":1"#),
            false => Reply::Answer(401, Vec::new(), br#"{"error":"invalid_client"}"#.to_vec()),
        })
        .await;
    let client = client(&oauth2(&server));
    assert_eq!(send_at(&client, &server, 0).await.expect("sent"), "Bearer token2");
    assert_eq!(send_at(&client, &server, 60).await.expect("sent"), "Bearer token3");
    let with_header: Vec<bool> =
        asked(&server).iter().map(|it| it.header("authorization").is_some()).collect();
    assert_eq!(with_header, [true, false, false]);
}

#[tokio::test]
async fn a_token_in_a_form_is_read_too() {
    let server = server(|_, _| {
        let form = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        Reply::Answer(200, form, b"access_token=from+a+form&token_type=MAC".to_vec())
    })
    .await;
    let sent = send_at(&client(&oauth2(&server)), &server, 0).await.expect("sent");
    assert_eq!(sent, "MAC from a form");
}

#[tokio::test]
async fn a_refusal_says_its_code_and_nothing_that_was_sent() {
    let body = br#"{"error":"invalid_client","error_description":"p w/d is wrong"}"#;
    let server = server(|_, _| Reply::Answer(401, Vec::new(), body.to_vec())).await;
    let refused = send_at(&client(&oauth2(&server)), &server, 0).await.expect_err("refused");
    let text = format!("{refused} {refused:?}");
    assert!(text.contains("401") && text.contains("invalid_client"), "{text}");
    assert!(!text.contains("p w/d"), "{text}");
}

#[tokio::test]
async fn an_answer_without_a_token_is_an_error() {
    let server = server(|_, _| Reply::json("{}")).await;
    let refused = send_at(&client(&oauth2(&server)), &server, 0).await.expect_err("refused");
    assert!(matches!(refused, SendError::Token(_)), "{refused:?}");
}

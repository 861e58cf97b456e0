//! What authorizes a request, as the other side sees it.

use aws::Aws;
use clock::Clock;
use config::{Auth, HttpClient, SigV4};
use emulators::aws::{AwsEmulator, Options, Role};
use emulators::sigv4::{Key, SignedRequest, Verifier};
use http::SendError;
use secrecy::SecretString;
use url::Url;

use crate::server::{Received, Reply, Server};
use crate::{NOW, client, client_with_aws, factory, file, inline, send};

fn with(auth: Auth) -> HttpClient {
    HttpClient { auth: Some(auth), ..HttpClient::default() }
}

async fn authorization(config: &HttpClient, url: impl Fn(&Server) -> Url) -> Option<String> {
    let server = Server::plain(|_| Reply::status(200)).await;
    send(&client(config), url(&server)).await.expect("an answer");
    server.only().header("authorization")
}

#[tokio::test]
async fn basic_and_bearer_stand_in_the_header() {
    let url = |server: &Server| server.url("http", "/");
    let basic = Auth::Basic { username: inline("Aladdin"), password: inline("open sesame") };
    let expected = Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned());
    assert_eq!(authorization(&with(basic), url).await, expected);
    let bearer = Auth::Authorization { scheme: "Bearer".to_owned(), credentials: inline("abc") };
    assert_eq!(authorization(&with(bearer), url).await, Some("Bearer abc".to_owned()));
}

#[tokio::test]
async fn a_newline_at_the_end_of_a_file_is_no_part_of_the_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    std::fs::write(&path, "abc\n").expect("written");
    let auth = Auth::Authorization { scheme: "Token".to_owned(), credentials: file(&path) };
    let sent = authorization(&with(auth), |server| server.url("http", "/")).await;
    assert_eq!(sent, Some("Token abc".to_owned()));
}

#[tokio::test]
async fn credentials_in_the_url_are_used_where_nothing_else_is_given() {
    let url = |server: &Server| {
        let mut url = server.url("http", "/");
        url.set_username("us er").expect("a host");
        url.set_password(Some("p%40ss")).expect("a host");
        url
    };
    // us er:p@ss
    let expected = Some("Basic dXMgZXI6cEBzcw==".to_owned());
    assert_eq!(authorization(&HttpClient::default(), url).await, expected);
    let bearer = Auth::Authorization { scheme: "Bearer".to_owned(), credentials: inline("abc") };
    assert_eq!(authorization(&with(bearer), url).await, Some("Bearer abc".to_owned()));
}

#[tokio::test]
async fn a_replaced_secret_is_used_after_a_refresh() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    std::fs::write(&path, "old").expect("written");
    let server = Server::plain(|_| Reply::status(401)).await;
    let auth = Auth::Authorization { scheme: "Bearer".to_owned(), credentials: file(&path) };
    let client = client(&with(auth));
    send(&client, server.url("http", "/")).await.expect("an answer");
    std::fs::write(&path, "new").expect("written");
    send(&client, server.url("http", "/")).await.expect("an answer");
    client.refresh_credentials().await.expect("refreshed");
    send(&client, server.url("http", "/")).await.expect("an answer");
    let sent: Vec<_> = server.received().iter().map(|it| it.header("authorization")).collect();
    assert_eq!(sent, ["Bearer old", "Bearer old", "Bearer new"].map(|it| Some(it.to_owned())));
}

#[tokio::test]
async fn a_secret_that_is_missing_or_cannot_be_sent_is_found_before_anything_is() {
    let missing = Auth::Authorization {
        scheme: "Bearer".to_owned(),
        credentials: file(std::path::Path::new("/nonexistent/token")),
    };
    let error = client(&with(missing)).prepare().await.expect_err("missing");
    assert_eq!(error.to_string(), "read secret /nonexistent/token: it does not exist");
    let server = Server::plain(|_| Reply::status(200)).await;
    let broken =
        Auth::Authorization { scheme: "Bearer".to_owned(), credentials: inline("hunter\n2") };
    let error = send(&client(&with(broken)), server.url("http", "/")).await.expect_err("unusable");
    assert!(matches!(error, SendError::Credentials(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
}

async fn aws() -> Aws {
    let lookup = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some("AKIAOWN".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("own-secret".to_owned()),
        "AWS_SESSION_TOKEN" => Some("own-token".to_owned()),
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        _ => None,
    };
    Aws::load(factory().sdk_client(), Clock::manual(NOW), &lookup).await
}

fn verify(verifier: &Verifier, received: &Received, port: u16) -> emulators::sigv4::Caller {
    let uri: http1::Uri = "/api/v1/remote_write?a=b%20c".parse().expect("a URI");
    assert!(received.line.starts_with(&format!("POST {uri} ")), "{}", received.line);
    assert_eq!(received.header("host"), Some(format!("127.0.0.1:{port}")));
    let headers = received
        .headers
        .iter()
        .map(|(name, value)| {
            let name: http1::HeaderName = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        })
        .collect();
    let (method, body) = (&http1::Method::POST, received.body.as_slice());
    let request = SignedRequest { method, uri: &uri, headers: &headers, body };
    verifier.verify_at(request, "aps", NOW.as_secs()).expect("a right signature")
}

fn key(access_key: &str, secret: &str, session_token: Option<&str>) -> Key {
    Key {
        access_key: access_key.to_owned(),
        secret: secret.to_owned(),
        session_token: session_token.map(str::to_owned),
        account: "123456789012".to_owned(),
    }
}

#[tokio::test]
async fn sigv4_signs_with_the_processs_credentials_for_its_region() {
    let server = Server::plain(|_| Reply::status(200)).await;
    let client = client_with_aws(&with(Auth::SigV4(SigV4::default())), Some(&aws().await));
    send(&client, server.url("http", "/api/v1/remote_write?a=b%20c")).await.expect("an answer");
    let verifier = Verifier::new([key("AKIAOWN", "own-secret", Some("own-token"))]);
    let caller = verify(&verifier, &server.only(), server.port());
    assert_eq!((caller.access_key.as_str(), caller.region.as_str()), ("AKIAOWN", "eu-west-1"));
}

#[tokio::test]
async fn a_session_token_that_comes_back_is_masked_and_the_date_is_not() {
    let server = Server::plain(|_| Reply::status(403)).await;
    let client = client_with_aws(&with(Auth::SigV4(SigV4::default())), Some(&aws().await));
    let response = send(&client, server.url("http", "/")).await.expect("an answer");
    let sent = server.only();
    let header = |name: &str| sent.header(name).expect("it was sent");
    let (token, date) = (header("x-amz-security-token"), header("x-amz-date"));
    assert_eq!(token, "own-token");
    let said =
        format!("x-amz-date:{date} x-amz-security-token:{token} {}", header("authorization"));
    let shown = format!("x-amz-date:{date} x-amz-security-token:<secret> <secret>");
    assert_eq!(response.mask(&said), shown);
}

#[tokio::test]
async fn sigv4_signs_with_the_given_key_for_the_given_region() {
    let server = Server::plain(|_| Reply::status(200)).await;
    let sigv4 = SigV4 {
        region: Some("us-west-2".to_owned()),
        access_key: Some("AKIAGIVEN".to_owned()),
        secret_key: Some(SecretString::from("given-secret")),
        ..SigV4::default()
    };
    let client = client_with_aws(&with(Auth::SigV4(sigv4)), Some(&aws().await));
    send(&client, server.url("http", "/api/v1/remote_write?a=b%20c")).await.expect("an answer");
    let verifier = Verifier::new([key("AKIAGIVEN", "given-secret", None)]);
    let caller = verify(&verifier, &server.only(), server.port());
    assert_eq!(caller.region, "us-west-2");
}

#[tokio::test]
async fn sigv4_without_aws_is_refused() {
    let config = with(Auth::SigV4(SigV4::default()));
    let refused = factory().client(&config, &crate::secrets(), None);
    assert!(matches!(refused, Err(SendError::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn sigv4_signs_as_the_role_and_assumes_it_anew_after_a_refusal() {
    let role_arn = "arn:aws:iam::210987654321:role/writer";
    let role = Role {
        arn: role_arn.to_owned(),
        external_id: Some("outside".to_owned()),
        fleet: emulators::traffic::Fleet::demo(),
        ecs: std::collections::BTreeMap::new(),
    };
    let emulator = AwsEmulator::start(Options { roles: vec![role], ..Options::default() });
    let environment: std::collections::BTreeMap<_, _> =
        emulator.environment().into_iter().collect();
    let lookup = |name: &str| environment.get(name).cloned();
    // The emulator checks the date of the call for the role; what is signed with it carries the tests' own date.
    let aws = Aws::load(factory().sdk_client(), Clock::System, &lookup).await;
    let sigv4 = SigV4 {
        role_arn: Some(role_arn.to_owned()),
        external_id: Some("outside".to_owned()),
        ..SigV4::default()
    };
    let server = Server::plain(|_| Reply::status(403)).await;
    let client = client_with_aws(&with(Auth::SigV4(sigv4)), Some(&aws));
    let url = server.url("http", "/api/v1/remote_write?a=b%20c");
    send(&client, url.clone()).await.expect("an answer");
    send(&client, url.clone()).await.expect("an answer");
    assert_eq!(aws.calls().snapshot()["sts:AssumeRole"], 1);
    client.refresh_credentials().await.expect("refreshed");
    send(&client, url).await.expect("an answer");
    assert_eq!(aws.calls().snapshot()["sts:AssumeRole"], 2);
    for received in server.received() {
        let caller = verify(&emulator.verifier(), &received, server.port());
        assert_eq!(caller.account, "210987654321");
    }
}

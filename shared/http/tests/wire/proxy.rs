//! Through proxies, and past them.

use config::{Header, HttpClient, Proxy, Tls};
use http::{Factory, SendError};
use url::Url;

use crate::certificates::{Authority, server};
use crate::server::{Reply, Server};
use crate::{client, error, inline, secrets, send, status};

fn through(proxy: &Server, no_proxy: Option<&str>) -> Proxy {
    let mut url = proxy.url("http", "/");
    url.set_username("user").expect("a host");
    url.set_password(Some("pass word")).expect("a host");
    let connect_headers =
        vec![Header { name: "X-Connect".to_owned(), values: vec![inline("one"), inline("two")] }];
    Proxy::Url { url: url.into(), no_proxy: no_proxy.map(str::to_owned), connect_headers }
}

#[tokio::test]
async fn https_goes_through_a_tunnel_that_the_proxy_is_asked_for_with_the_headers_for_it() {
    let authority = Authority::new();
    let target = Server::tls(server(&authority.sign("127.0.0.1")), |_| Reply::status(204)).await;
    let proxy = Server::plain(|_| Reply::status(500)).await;
    let config = HttpClient {
        tls: Tls { ca: Some(inline(&authority.pem)), ..Tls::default() },
        proxy: through(&proxy, None),
        ..HttpClient::default()
    };
    assert_eq!(status(&config, target.url("https", "/write")).await, 204);
    let connect = proxy.only();
    assert_eq!(connect.line, format!("CONNECT 127.0.0.1:{} HTTP/1.1", target.port()));
    assert_eq!(connect.header("x-connect").as_deref(), Some("one, two"));
    // user:pass word
    assert_eq!(
        connect.header("proxy-authorization").as_deref(),
        Some("Basic dXNlcjpwYXNzIHdvcmQ=")
    );
    let arrived = target.only();
    assert_eq!(arrived.header("x-connect"), None, "for the proxy alone");
    assert_eq!(arrived.header("proxy-authorization"), None, "for the proxy alone");
}

#[tokio::test]
async fn plain_http_is_forwarded_by_the_proxy_without_the_headers_for_tunnels() {
    let proxy = Server::plain(|_| Reply::status(202)).await;
    let config = HttpClient { proxy: through(&proxy, None), ..HttpClient::default() };
    let url = Url::parse("http://receiver.test/write").expect("a URL");
    assert_eq!(status(&config, url).await, 202);
    let forwarded = proxy.only();
    assert_eq!(forwarded.line, "POST http://receiver.test/write HTTP/1.1");
    assert_eq!(forwarded.header("x-connect"), None);
    assert!(forwarded.header("proxy-authorization").is_some());
}

#[tokio::test]
async fn a_proxy_that_repeats_its_credentials_is_masked_too() {
    let proxy = Server::plain(|received| {
        let said = received.header("proxy-authorization").unwrap_or_default();
        Reply::Answer(407, Vec::new(), format!("{said} is pass word").into_bytes())
    })
    .await;
    let config = HttpClient { proxy: through(&proxy, None), ..HttpClient::default() };
    let url = Url::parse("http://receiver.test/write").expect("a URL");
    let response = send(&client(&config), url).await.expect("an answer");
    assert_eq!(&response.body[..], b"Basic dXNlcjpwYXNzIHdvcmQ= is pass word");
    let said = std::str::from_utf8(&response.body).expect("a text");
    assert_eq!(response.mask(said), "Basic <secret> is <secret>");
}

#[tokio::test]
async fn what_no_proxy_names_is_reached_directly() {
    let target = Server::plain(|_| Reply::status(200)).await;
    let proxy = Server::plain(|_| Reply::status(500)).await;
    let past = through(&proxy, Some("10.0.0.0/8,127.0.0.1"));
    let config = HttpClient { proxy: past, ..HttpClient::default() };
    assert_eq!(status(&config, target.url("http", "/")).await, 200);
    assert!(proxy.received().is_empty());
}

#[tokio::test]
async fn the_environment_names_proxies_for_those_who_ask() {
    let proxy = Server::plain(|_| Reply::status(202)).await;
    let address = proxy.url("http", "/").to_string();
    let environment = |name: &str| (name == "HTTP_PROXY").then(|| address.clone());
    let factory = Factory::new(&environment).expect("a factory");
    let asks = Proxy::Environment { connect_headers: Vec::new() };
    let config = HttpClient { proxy: asks, ..HttpClient::default() };
    let client = factory.client(&config, &secrets(), None).expect("a client");
    let url = Url::parse("http://receiver.test/").expect("a URL");
    assert_eq!(send(&client, url.clone()).await.expect("an answer").status, 202);
    // Prometheus goes directly unless it is told otherwise.
    let client = factory.client(&HttpClient::default(), &secrets(), None).expect("a client");
    let direct = send(&client, url).await.expect_err("no such host");
    assert!(matches!(direct, SendError::Connect(_)), "{direct:?}");
    assert_eq!(proxy.received().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_refuses_a_tunnel_is_no_connection() {
    let target = Url::parse("https://receiver.test/").expect("a URL");
    let proxy = Server::plain(|_| Reply::status(407)).await;
    let config = HttpClient { proxy: through(&proxy, None), ..HttpClient::default() };
    let refused = error(&config, target).await;
    assert!(matches!(refused, SendError::Connect(_)), "{refused:?}");
    assert!(!refused.to_string().contains("pass word"), "{refused}");
}

#[tokio::test]
async fn a_socks_proxy_is_refused_by_name() {
    let url = Url::parse("socks5://127.0.0.1:1080").expect("a URL");
    let proxy = Proxy::Url { url: url.into(), no_proxy: None, connect_headers: Vec::new() };
    let config = HttpClient { proxy, ..HttpClient::default() };
    let reason = client(&config).prepare().await.expect_err("unknown").to_string();
    assert!(reason.contains("a socks5 proxy is not supported"), "{reason}");
}

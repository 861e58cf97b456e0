//! Through proxies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use super::server::{Identity, Reply, Server};
use super::{equipment, knowing, phases, probe, probe_with, reason};
use crate::corpus;
use crate::frame::{Reason, USER_AGENT};

/// A proxy that gives tunnels.
struct Tunnels {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    accepting: AbortHandle,
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Tunnels {
    async fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, tls) = (Arc::clone(&noted), tls.clone());
                serving.spawn(async move {
                    match tls {
                        None => tunnel(stream, &noted).await,
                        Some(tls) => match TlsAcceptor::from(tls).accept(stream).await {
                            Ok(stream) => tunnel(stream, &noted).await,
                            Err(_) => None,
                        },
                    };
                });
            }
        });
        Self { address, seen, accepting: accepting.abort_handle() }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn tunnel(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    noted: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    noted.lock().unwrap().push(head.clone());
    let to = head.split(' ').nth(1)?.to_owned();
    let mut there = TcpStream::connect(to).await.ok()?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut stream, &mut there).await.ok()?;
    Some(())
}

#[tokio::test]
async fn plain_requests_go_to_the_proxy_with_the_whole_url() {
    let proxy = Server::start(|_| Reply::whole(200, &[], b"")).await;
    let section = json!({"proxy_url": format!("http://us%40er:pass@{}", proxy.address)});
    let outcome =
        probe_with(&knowing(&["a.example"]), section, "http://a.example:81/x?y", None).await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(phases(&outcome), ["resolve", "connect", "tls", "processing", "transfer"]);
    let expected = format!(
        "GET http://a.example:81/x?y HTTP/1.1\r\nHost: a.example:81\r\nUser-Agent: {USER_AGENT}\r\n\
         Connection: close\r\nProxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n\r\n"
    );
    assert_eq!(proxy.seen()[0].head, expected);
    assert!(!format!("{outcome:?}").contains("pass"), "{outcome:?}");
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let identity = Identity::of(&["a.example", "127.0.0.1"]);
    let server = Server::over(Some(identity.config(&[])), |_| Reply::whole(200, &[], b"")).await;
    for over_tls in [false, true] {
        let proxy = Tunnels::start(over_tls.then(|| identity.config(&[b"http/1.1"]))).await;
        let scheme = if over_tls { "https" } else { "http" };
        let section = json!({
            "proxy_url": format!("{scheme}://u:p@{}", proxy.address),
            "proxy_connect_header": {"X-Proxy": ["secret"]},
            "tls_config": {"ca": identity.pem},
        });
        let target = format!("https://a.example:{}/", server.address.port());
        let outcome = probe_with(&knowing(&["a.example"]), section, &target, None).await;
        assert_eq!(outcome.result, Ok(()), "{scheme}: {:#?}", outcome.steps);
        assert_eq!(outcome.value("probe_ssl_last_chain_info"), Some(1.0));
        let to = server.address;
        let expected = format!(
            "CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nX-Proxy: secret\r\nUser-Agent: {USER_AGENT}\r\n\
             Proxy-Authorization: Basic dTpw\r\n\r\n"
        );
        assert_eq!(proxy.seen(), [expected]);
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("proxy-authorization"), None);
        assert_eq!(seen.server_name.as_deref(), Some("a.example"));
    }
}

#[tokio::test]
async fn the_name_is_left_to_the_proxy_where_that_is_wished() {
    let proxy = Server::start(|_| Reply::whole(200, &[], b"")).await;
    let section = json!({
        "proxy_url": proxy.url("/"), "skip_resolve_phase_with_proxy": true,
    });
    let outcome = probe(section, "http://nobody.knows.invalid/").await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(phases(&outcome), ["connect", "tls", "processing", "transfer"]);
    assert_eq!(outcome.value("probe_ip_protocol"), None);
}

#[tokio::test]
async fn a_proxy_that_does_not_help_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let refusing = Server::start(|_| Reply::raw("HTTP/1.1 407 No\r\n\r\n")).await;
    let strange = Server::start(|_| Reply::raw("SSH-2.0\r\n\r\n")).await;
    let endless = Server::start(|_| Reply { is_endless: true, ..Reply::raw("x") }).await;
    let gone = Server::start(|_| Reply::default()).await;
    let table = [
        ("nobody listens", format!("http://{nobody}"), Reason::Proxy),
        ("it refuses", refusing.url(""), Reason::Proxy),
        ("it speaks something else", strange.url(""), Reason::Proxy),
        ("it does not stop", endless.url(""), Reason::Proxy),
        ("it hangs up", gone.url(""), Reason::Proxy),
    ];
    for (what, url, expected) in table {
        let outcome = probe(json!({ "proxy_url": url }), "https://127.0.0.1/").await;
        assert_eq!(reason(&outcome), Some(expected), "{what}: {:?}", outcome.result);
    }
}

#[tokio::test]
async fn a_proxys_certificate_is_not_the_targets() {
    let (own, unknown) = (Identity::of(&["127.0.0.1"]), Identity::of(&["127.0.0.1"]));
    let answering = |identity: &Identity| {
        let config = identity.config(&[]);
        Server::over(Some(config), |_| Reply::whole(200, &[], b""))
    };
    let (believed, refused) = (answering(&own).await, answering(&unknown).await);
    let table = [
        ("a plain target through a proxy with TLS", &believed, "http", None),
        ("a proxy that is not believed", &refused, "http", Some(Reason::Proxy)),
        ("a proxy that is not believed, for a tunnel", &refused, "https", Some(Reason::Proxy)),
    ];
    for (what, proxy, scheme, expected) in table {
        let section = json!({
            "proxy_url": format!("https://{}", proxy.address), "tls_config": {"ca": own.pem},
        });
        let outcome = probe(section, &format!("{scheme}://127.0.0.1:1/")).await;
        assert_eq!(reason(&outcome), expected, "{what}: {:?}", outcome.result);
        if let Err(failure) = &outcome.result {
            let named = format!("reach the proxy {}: TLS handshake", proxy.address);
            assert!(failure.message.starts_with(&named), "{what}: {failure}");
        }
        let of_tls = |name: &str| name.starts_with("probe_ssl_") || name.starts_with("probe_tls_");
        assert!(outcome.gauges.iter().all(|gauge| !of_tls(gauge.metric.name)), "{what}");
        // The handshake with the proxy is no handshake with the target.
        let times = outcome.steps.iter().find(|step| step.starts_with("Response timings"));
        assert!(times.is_some_and(|times| times.contains(" tls=- ")), "{what}: {times:?}");
    }
}

#[tokio::test]
async fn some_go_past_the_proxy() {
    let server = Server::start(|_| Reply::whole(200, &[], b"")).await;
    let proxy = Server::start(|_| Reply::whole(200, &[], b"")).await;
    let through = |section: Value| {
        let target = server.url("/");
        async move {
            let environment =
                BTreeMap::from([("HTTP_PROXY".to_owned(), "http://127.0.0.1:1".to_owned())]);
            let equipment = if section.get("proxy_url").is_some() {
                equipment()
            } else {
                corpus::equipment(&environment)
            };
            probe_with(&equipment, section, &target, None).await.result
        }
    };
    assert_eq!(through(json!({"proxy_url": proxy.url("")})).await, Ok(()));
    assert_eq!((proxy.seen().len(), server.seen().len()), (1, 0));
    assert_eq!(
        through(json!({"proxy_url": proxy.url(""), "no_proxy": "127.0.0.0/8"})).await,
        Ok(())
    );
    assert_eq!((proxy.seen().len(), server.seen().len()), (1, 1));
    // The environment's proxies are never for this machine itself.
    assert_eq!(through(json!({"proxy_from_environment": true})).await, Ok(()));
    assert_eq!((proxy.seen().len(), server.seen().len()), (1, 2));
}

//! A server that answers as it is told, byte for byte, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Request line and headers, as they came.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// The name that the client announced in TLS.
    pub(super) server_name: Option<String>,
    /// The server's own port.
    pub(super) port: u16,
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) delay: Duration,
    /// Whether the connection stays open afterwards, saying nothing.
    pub(super) stays: bool,
    /// Whether the bytes are sent again and again.
    pub(super) is_endless: bool,
}

/// Stops with its value.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    accepting: AbortHandle,
}

/// A certificate for servers, and its PEM.
pub(super) struct Identity {
    pub(super) pem: String,
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    /// Signed by itself.
    pub(super) fn of(names: &[&str]) -> Self {
        Self::with(names, |_| {})
    }

    pub(super) fn with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { pem: certificate.pem(), certificate: certificate.der().clone(), key }
    }

    pub(super) fn config(&self, protocols: &[&[u8]]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .expect("a certificate with its key");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }
}

impl Reply {
    /// These bytes, then the end.
    pub(super) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), ..Self::default() }
    }

    /// A whole answer.
    pub(super) fn whole(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        Self::raw([head.as_bytes(), body].concat())
    }

    pub(super) fn redirect(status: u16, to: &str) -> Self {
        Self::whole(status, &[("Location", to)], b"")
    }
}

impl Seen {
    pub(super) fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::over(None, answer).await
    }

    pub(super) async fn over(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let noted = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, answer, tls) = (Arc::clone(&noted), Arc::clone(&answer), tls.clone());
                serving.spawn(async move {
                    let Some(tls) = tls else {
                        return serve(stream, None, address.port(), &noted, &*answer).await;
                    };
                    let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await else { return };
                    let name = stream.get_ref().1.server_name().map(str::to_owned);
                    serve(stream, name, address.port(), &noted, &*answer).await;
                });
            }
        });
        Self { address, seen, accepting: accepting.abort_handle() }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    server_name: Option<String>,
    port: u16,
    noted: &Mutex<Vec<Seen>>,
    answer: &(dyn Fn(&Seen) -> Reply + Send + Sync),
) {
    let Some(mut seen) = read(&mut stream).await else { return };
    (seen.server_name, seen.port) = (server_name, port);
    noted.lock().unwrap().push(seen.clone());
    let reply = answer(&seen);
    tokio::time::sleep(reply.delay).await;
    loop {
        if stream.write_all(&reply.bytes).await.is_err() || !reply.is_endless {
            break;
        }
    }
    if reply.stays {
        std::future::pending::<()>().await;
    }
    // Whoever has gone already is not waited for.
    drop(stream.shutdown().await);
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut seen = Seen { head, body: Vec::new(), server_name: None, port: 0 };
    let length =
        seen.header("content-length").map_or(0, |length| length.parse().expect("a length"));
    seen.body.resize(length, 0);
    stream.read_exact(&mut seen.body).await.ok()?;
    Some(seen)
}

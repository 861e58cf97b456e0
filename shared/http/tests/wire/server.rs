//! A peer on loopback that reads what is sent to it, byte for byte, and answers as told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
    /// `POST /path HTTP/1.1`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// All values of a header, joined.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text body")
    }
}

/// What the peer does with a request.
pub(crate) enum Reply {
    /// Status, headers and body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Cuts the connection.
    Cut,
    /// Cuts the connection after this much of an answer.
    CutAfter(&'static str),
    /// Says nothing any more.
    Silence,
    /// Goes on for as long as it is listened to.
    Endless(Endless),
}

/// An answer without an end.
pub(crate) struct Endless {
    /// Where it begins, up to any byte of it.
    pub(crate) head: &'static str,
    /// What follows, again and again.
    pub(crate) piece: Vec<u8>,
    /// How long it waits before each.
    pub(crate) pause: Duration,
    /// Is told how many bytes went out, once nobody listens any more.
    pub(crate) ended: UnboundedSender<usize>,
}

impl Endless {
    async fn write(self, stream: &mut (impl AsyncWrite + Unpin)) {
        let Self { head, piece, pause, ended } = self;
        let mut written = 0;
        let mut next = head.as_bytes();
        while stream.write_all(next).await.is_ok() && stream.flush().await.is_ok() {
            written += next.len();
            next = &piece;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        // A test that does not care has gone on.
        ended.send(written).ok();
    }
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), Vec::new())
    }

    pub(crate) fn json(body: &str) -> Self {
        let json = vec![("content-type", "application/json".to_owned())];
        Self::Answer(200, json, body.as_bytes().to_vec())
    }
}

type Respond = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

/// A running peer; dropping it stops it.
pub(crate) struct Server {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn plain(
        respond: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, Arc::new(respond)).await
    }

    pub(crate) async fn tls(
        config: rustls::ServerConfig,
        respond: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::start(Some(acceptor), Arc::new(respond)).await
    }

    async fn start(acceptor: Option<TlsAcceptor>, respond: Respond) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let received = Arc::default();
        let log = Arc::clone(&received);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (acceptor, respond, log) =
                    (acceptor.clone(), respond.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    let serve = Serve { connection, respond, log };
                    // A handshake that fails is the client's to report.
                    match acceptor {
                        None => serve.run(stream).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve.run(stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { address, received, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `scheme://127.0.0.1:port/path`.
    pub(crate) fn url(&self, scheme: &str, path: &str) -> url::Url {
        url::Url::parse(&format!("{scheme}://{}{path}", self.address)).expect("a URL")
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The one request that arrived.
    pub(crate) fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "one request");
        received.remove(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Serve {
    connection: usize,
    respond: Respond,
    log: Arc<Mutex<Vec<Received>>>,
}

impl Serve {
    async fn run(self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let received = read_request(&mut stream, self.connection).await?;
            self.log.lock().unwrap_or_else(PoisonError::into_inner).push(received.clone());
            if let Some(target) = received.line.strip_prefix("CONNECT ") {
                let target = target.split(' ').next()?;
                let mut upstream = TcpStream::connect(target).await.ok()?;
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
                tokio::io::copy_bidirectional(&mut stream, &mut upstream).await.ok()?;
                return None;
            }
            match (self.respond)(&received) {
                Reply::Cut => return None,
                Reply::CutAfter(begun) => {
                    stream.write_all(begun.as_bytes()).await.ok()?;
                    stream.shutdown().await.ok()?;
                    return None;
                }
                Reply::Silence => std::future::pending().await,
                Reply::Endless(endless) => {
                    endless.write(&mut stream).await;
                    return None;
                }
                Reply::Answer(status, headers, body) => {
                    let mut head =
                        format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                    for (name, value) in headers {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                    head.push_str("\r\n");
                    stream.write_all(head.as_bytes()).await.ok()?;
                    stream.write_all(&body).await.ok()?;
                    stream.flush().await.ok()?;
                }
            }
        }
    }
}

async fn read_request(
    stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    connection: usize,
) -> Option<Received> {
    let line = read_line(stream).await.filter(|line| !line.is_empty())?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { connection, line, headers, body })
}

async fn read_line(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    Some(line.trim_end().to_owned())
}

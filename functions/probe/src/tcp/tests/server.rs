//! A server that follows a script: one connection, step by step, in plain or inside TLS.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the server does next.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// Reads a line, its end included.
    ReadLine,
    /// Shakes hands as a TLS server.
    Tls,
    Close,
}

/// A server. It is gone when this is.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    running: JoinHandle<Vec<String>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Scripted {
    /// Listens on 127.0.0.1, for one connection. A script without [`Act::Close`] ends in silence, until the peer closes.
    pub(crate) async fn start(script: Vec<Act>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let running = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            follow(&script, stream, tls).await
        });
        Self { address, running }
    }

    /// The same on one port of 127.0.0.1 and ::1; nothing where there is no ::1.
    pub(crate) async fn start_on_both(script: Vec<Act>) -> Option<Self> {
        let (listeners, address) = bind_both().await?;
        let running = tokio::spawn(async move {
            let accepted = tokio::select! {
                accepted = listeners[0].accept() => accepted,
                accepted = listeners[1].accept() => accepted,
            };
            follow(&script, accepted.expect("a connection").0, None).await
        });
        Some(Self { address, running })
    }

    /// Waits for the end of the script. Gives the lines that were read.
    pub(crate) async fn lines(mut self) -> Vec<String> {
        (&mut self.running).await.expect("the server does not fail")
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Listeners on one port of both loopback addresses, and the address of the first.
pub(crate) async fn bind_both() -> Option<([TcpListener; 2], SocketAddr)> {
    // The port may be taken on the other address.
    for _ in 0..20 {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = first.local_addr().expect("it is bound");
        match TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await {
            Ok(second) => return Some(([first, second], address)),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(_) => return None,
        }
    }
    None
}

async fn follow(script: &[Act], stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut stream: Box<dyn Stream> = Box::new(stream);
    for act in script {
        match act {
            Act::Send(bytes) => stream.write_all(bytes).await.expect("the peer reads"),
            Act::ReadLine => lines.push(read_line(&mut stream).await),
            Act::Tls => {
                let tls = TlsAcceptor::from(tls.clone().expect("a certificate"));
                // A probe that does not believe the certificate goes away in the middle.
                match tls.accept(stream).await {
                    Ok(secured) => stream = Box::new(secured),
                    Err(_) => return lines,
                }
            }
            Act::Close => {
                stream.shutdown().await.unwrap_or_default();
                return lines;
            }
        }
    }
    let mut rest = Vec::new();
    // However the peer ends it.
    stream.read_to_end(&mut rest).await.unwrap_or_default();
    lines
}

/// Byte by byte, so that nothing is read ahead of a handshake.
async fn read_line(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut line = Vec::new();
    let mut reader = BufReader::with_capacity(1, stream);
    reader.read_until(b'\n', &mut line).await.expect("the peer sends a line");
    String::from_utf8(line).expect("UTF-8")
}

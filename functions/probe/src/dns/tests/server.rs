//! A DNS server that answers what it is told to, over UDP, TCP or TLS.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What comes back for a query: messages in turn, or silence. Over TCP the connection is closed after them.
pub(super) type Answering = Arc<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync>;

/// A server. It is gone when this is.
pub(super) struct DnsServer {
    pub(super) address: SocketAddr,
    running: Vec<JoinHandle<()>>,
}

impl DnsServer {
    pub(super) async fn udp(answering: Answering) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        Self { address, running: vec![tokio::spawn(serve_datagrams(socket, answering))] }
    }

    pub(super) async fn tcp(answering: Answering, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        Self { address, running: vec![tokio::spawn(serve_streams(listener, answering, tls))] }
    }

    /// UDP and TCP on one port of 127.0.0.1 and ::1; nothing where there is no ::1.
    pub(super) async fn on_both(answering: &Answering) -> Option<Self> {
        for _ in 0..20 {
            let (listeners, address) = crate::tcp::tests::server::bind_both().await?;
            let first = UdpSocket::bind(address).await;
            let second = UdpSocket::bind((Ipv6Addr::LOCALHOST, address.port())).await;
            // The port may be taken for UDP.
            let (Ok(first), Ok(second)) = (first, second) else { continue };
            let mut running = Vec::new();
            for socket in [first, second] {
                running.push(tokio::spawn(serve_datagrams(socket, answering.clone())));
            }
            for listener in listeners {
                running.push(tokio::spawn(serve_streams(listener, answering.clone(), None)));
            }
            return Some(Self { address, running });
        }
        None
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.running.iter().for_each(JoinHandle::abort);
    }
}

async fn serve_datagrams(socket: UdpSocket, answering: Answering) {
    let mut buffer = [0; 2048];
    // A probe that is gone makes itself felt as an error of a later read.
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        for message in answering(&buffer[..length]) {
            socket.send_to(&message, peer).await.expect("it is sent");
        }
    }
}

async fn serve_streams(
    listener: TcpListener,
    answering: Answering,
    tls: Option<Arc<ServerConfig>>,
) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        match &tls {
            None => serve_stream(stream, &answering).await,
            Some(tls) => {
                let accepted = TlsAcceptor::from(tls.clone()).accept(stream).await;
                // A probe that does not believe the certificate goes away in the middle.
                if let Ok(stream) = accepted {
                    serve_stream(stream, &answering).await;
                }
            }
        }
    }
}

async fn serve_stream(mut stream: impl AsyncRead + AsyncWrite + Unpin, answering: &Answering) {
    let Ok(length) = stream.read_u16().await else { return };
    let mut query = vec![0; usize::from(length)];
    if stream.read_exact(&mut query).await.is_err() {
        return;
    }
    let answers = answering(&query);
    let is_silent = answers.is_empty();
    for message in answers {
        let length = u16::try_from(message.len()).expect("it fits").to_be_bytes();
        stream.write_all(&[&length, &message[..]].concat()).await.unwrap_or_default();
    }
    if is_silent {
        // Until the probe gives up.
        stream.read_u8().await.unwrap_or_default();
    }
    stream.shutdown().await.unwrap_or_default();
}

//! A websocket server that follows a script, in plain or inside TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use http1::HeaderMap;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// What the server does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Send(Message),
    /// A text that must come.
    Read(String),
    Close,
}

/// A server. It is gone when this is. A script without [`Act::Close`] ends in silence.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<HeaderMap>>,
    running: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(script: Vec<Act>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::default());
        let shared = Arc::clone(&seen);
        let running = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            match tls {
                None => follow(script, stream, &shared).await,
                Some(tls) => {
                    // A client that does not believe us hangs up.
                    if let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await {
                        follow(script, stream, &shared).await;
                    }
                }
            }
        });
        Self { address, seen, running }
    }

    /// The headers of the request that asked for the upgrade.
    pub(super) fn seen(&self) -> HeaderMap {
        self.seen.lock().expect("no test has failed yet").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn follow<S>(script: Vec<Act>, stream: S, seen: &Mutex<HeaderMap>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let note = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        *seen.lock().expect("no test has failed yet") = request.headers().clone();
        Ok(response)
    };
    let upgraded = tokio_tungstenite::accept_hdr_async(stream, note).await;
    let mut socket = upgraded.expect("an upgrade");
    for act in script {
        match act {
            Act::Send(message) => socket.send(message).await.expect("it is sent"),
            Act::Close => return,
            Act::Read(expected) => {
                let mut message = socket.next().await.expect("a message").expect("a whole one");
                while message.is_pong() {
                    message = socket.next().await.expect("a message").expect("a whole one");
                }
                assert_eq!(message.into_text().expect("text").as_str(), expected);
            }
        }
    }
    while let Some(Ok(_)) = socket.next().await {}
}

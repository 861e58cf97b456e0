//! A health server, good or odd, over HTTP/2 in plain text or TLS.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::SendResponse;
use http1::{HeaderMap, Request, Response};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a server answers.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// The state of each service; NOT_FOUND for others.
    Health(BTreeMap<String, u8>),
    /// Only trailers, with this status.
    Trailers(u32, &'static str),
    /// HTTP, and no gRPC.
    Http(u16, &'static str),
    /// A gRPC answer of these bytes, with a status of 0 behind.
    Bytes(Vec<u8>),
    /// Nothing, ever.
    Silence,
    /// The stream is reset.
    Reset(h2::Reason),
}

/// A server. It is gone when this is.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request<()>>>>,
    running: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(
        address: &str,
        answer: Answer,
        tls: Option<Arc<ServerConfig>>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let seen = Arc::default();
        let running = tokio::spawn(listen(listener, answer, tls, Arc::clone(&seen)));
        Ok(Self { address, seen, running })
    }

    /// The requests that came.
    pub(super) fn seen(&self) -> Vec<Request<()>> {
        std::mem::take(&mut self.seen.lock().expect("no test has failed yet"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn listen(
    listener: TcpListener,
    answer: Answer,
    tls: Option<Arc<ServerConfig>>,
    seen: Arc<Mutex<Vec<Request<()>>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        match &tls {
            None => serve(stream, &answer, &seen).await,
            Some(tls) => {
                // A client that does not believe us hangs up.
                if let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await {
                    serve(stream, &answer, &seen).await;
                }
            }
        }
    }
}

async fn serve<S>(stream: S, answer: &Answer, seen: &Mutex<Vec<Request<()>>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let mut kept = Vec::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (head, mut body) = request.into_parts();
        seen.lock().expect("no test has failed yet").push(Request::from_parts(head, ()));
        // The body comes only while the connection is asked to move.
        let message = tokio::select! {
            message = body.data() => message.and_then(Result::ok).unwrap_or_default(),
            _ = std::future::poll_fn(|context| connection.poll_closed(context)) => return,
        };
        kept.extend(reply(answer, &message, respond));
    }
}

/// Answers; gives back what must not be dropped, since that would be an answer, too.
fn reply(
    answer: &Answer,
    message: &[u8],
    mut respond: SendResponse<Bytes>,
) -> Option<SendResponse<Bytes>> {
    match answer {
        Answer::Silence => return Some(respond),
        Answer::Reset(reason) => respond.send_reset(*reason),
        Answer::Trailers(code, text) => trailers_only(&mut respond, *code, text),
        Answer::Http(status, content_type) => {
            let response =
                Response::builder().status(*status).header("content-type", *content_type);
            let response = response.body(()).expect("a response");
            respond.send_response(response, true).map(drop).expect("it is sent");
        }
        Answer::Bytes(bytes) => whole(&mut respond, bytes.clone()),
        Answer::Health(services) => {
            let name = message.get(7..).unwrap_or_default();
            let name = String::from_utf8(name.to_vec()).expect("a name");
            match services.get(&name) {
                Some(state) => whole(&mut respond, vec![0, 0, 0, 0, 2, 8, *state]),
                None => trailers_only(&mut respond, 5, "unknown%20service"),
            }
        }
    }
    None
}

fn whole(respond: &mut SendResponse<Bytes>, bytes: Vec<u8>) {
    let response = Response::builder().header("content-type", "application/grpc");
    let response = response.body(()).expect("a response");
    let mut stream = respond.send_response(response, false).expect("it is sent");
    stream.send_data(bytes.into(), false).expect("it is sent");
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().expect("a value"));
    stream.send_trailers(trailers).expect("they are sent");
}

fn trailers_only(respond: &mut SendResponse<Bytes>, code: u32, text: &str) {
    let response = Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", code.to_string())
        .header("grpc-message", text);
    let response = response.body(()).expect("a response");
    respond.send_response(response, true).map(drop).expect("it is sent");
}

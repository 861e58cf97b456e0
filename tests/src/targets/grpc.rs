//! The health service of gRPC by hand (<https://github.com/grpc/grpc/blob/master/doc/health-checking.md>), over plain HTTP/2 or
//! TLS. The messages are two: a name, and a number.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http1::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::Targets;

/// `grpc.health.v1.HealthCheckResponse.ServingStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// Nobody knows.
    Unknown = 0,
    /// It serves.
    Serving = 1,
    /// It does not.
    NotServing = 2,
}

/// What a server says when it is asked for the health of a service.
#[derive(Debug, Clone)]
pub enum Health {
    /// By service; of any other it says that it is not found (5).
    Of(BTreeMap<String, Serving>),
    /// It has no such method (12).
    Unimplemented,
    /// It never answers.
    Silent,
}

/// A server and the metadata that it was sent.
#[derive(Debug, Clone)]
pub struct Grpc {
    /// Where it is.
    pub addr: SocketAddr,
    requests: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Grpc {
    /// The headers of all requests so far.
    pub fn requests(&self) -> Vec<HeaderMap> {
        self.requests.lock().expect("nobody panics here").clone()
    }
}

impl Targets {
    /// A server with the health service, inside TLS where there is something to speak it with.
    pub fn grpc(&self, health: Health, tls: Option<TlsAcceptor>) -> Grpc {
        let (requests, health) = (Arc::<Mutex<Vec<HeaderMap>>>::default(), Arc::new(health));
        let seen = Arc::clone(&requests);
        let addr = self.tcp(move |stream| {
            let (health, seen, tls) = (Arc::clone(&health), Arc::clone(&seen), tls.clone());
            async move {
                match tls {
                    None => converse(stream, health, seen).await,
                    Some(tls) => converse(tls.accept(stream).await?, health, seen).await,
                }
            }
        });
        Grpc { addr, requests }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    health: Arc<Health>,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
) -> io::Result<()> {
    let mut connection = h2::server::handshake(stream).await.map_err(io::Error::other)?;
    while let Some(asked) = connection.accept().await {
        let (request, respond) = asked.map_err(io::Error::other)?;
        seen.lock().expect("nobody panics here").push(request.headers().clone());
        let health = Arc::clone(&health);
        tokio::spawn(async move { answer(request, respond, &health).await });
    }
    Ok(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    health: &Health,
) -> Result<(), h2::Error> {
    let is_check = request.uri().path() == "/grpc.health.v1.Health/Check";
    let mut body = request.into_body();
    let mut message = Vec::new();
    while let Some(data) = body.data().await {
        message.extend(data?);
    }
    let (code, said) = match health {
        Health::Silent => return std::future::pending().await,
        Health::Of(services) if is_check => match services.get(&service(&message)) {
            Some(serving) => ("0", Some(*serving)),
            None => ("5", None),
        },
        Health::Of(_) | Health::Unimplemented => ("12", None),
    };
    let mut response = Response::new(());
    let content = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", content);
    let Some(serving) = said else {
        response.headers_mut().insert("grpc-status", HeaderValue::from_static(code));
        respond.send_response(response, true)?;
        return Ok(());
    };
    let mut stream = respond.send_response(response, false)?;
    // Five bytes of frame (not compressed, four bytes of length), then field 1 as a varint; 0 is left out.
    let message: &[u8] = match serving {
        Serving::Unknown => &[0, 0, 0, 0, 0],
        Serving::Serving => &[0, 0, 0, 0, 2, 0x08, 1],
        Serving::NotServing => &[0, 0, 0, 0, 2, 0x08, 2],
    };
    stream.send_data(Bytes::from_static(message), false)?;
    let trailers = [("grpc-status", code)].into_iter();
    let trailers = trailers.map(|(name, value)| {
        (name.parse().expect("a header name"), HeaderValue::from_static(value))
    });
    stream.send_trailers(trailers.collect())
}

/// Field 1 of the message behind five bytes of frame: a name of less than 128 bytes, or none.
fn service(message: &[u8]) -> String {
    match message.get(5..) {
        Some([0x0a, length, name @ ..]) if name.len() >= usize::from(*length) => {
            String::from_utf8_lossy(&name[..usize::from(*length)]).into_owned()
        }
        _ => String::new(),
    }
}

//! The websocket prober: asks for an upgrade over our own TCP and TLS, then leads the module's dialogue in messages.
//!
//! `request` reads the target and makes the request; the handshake and the frames are tungstenite's. Other than in the original
//! the module's timeout holds for the dialogue, too, and what the certificates say is recorded.

mod request;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use clock::Stopwatch;
use dial::Handshake;
use futures::{SinkExt, StreamExt};
use http1::{HeaderMap, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::frame::{Failure, Probe, Reason, metric};
use crate::module::{Exchange, Expect, Websocket};
use crate::query_response::{Found, outgoing};
use request::Target;

/// HTTP/1.1 in ALPN: what an upgrade is made from.
const HTTP1: &[u8] = b"http/1.1";

/// No message that a pattern is meant for is larger; the original has no limit.
const LARGEST: usize = 4 << 20;
const BUFFER: usize = 4 << 10;

pub(crate) async fn probe(module: &Websocket, probe: &Probe<'_>) -> Result<(), Failure> {
    let record = probe.record;
    record.set(&metric::WEBSOCKET_UPGRADED, 0.0);
    record.set(&metric::WEBSOCKET_STATUS_CODE, 0.0);
    record.set(&metric::WEBSOCKET_FAILED_DUE_TO_REGEX, 0.0);
    let target = Target::read(probe.target)?;
    let (address, took) = probe.resolve(&target.host, module.preference).await?;
    phase(probe, "resolve", took);
    let headers = request::headers(module, &probe.equipment.secrets);
    let headers = probe.within("read secrets", headers).await??;
    let stopwatch = Stopwatch::start();
    let connected = probe.connect(SocketAddr::new(address, target.port)).await;
    let connecting = stopwatch.elapsed();
    let stream = connected.inspect_err(|_| phase(probe, "processing", connecting))?;
    phase(probe, "connect", connecting);
    upgrade(module, probe, &target, headers, stream).await
}

/// TLS where the target asks for it, and the rest over what that gives.
async fn upgrade(
    module: &Websocket,
    probe: &Probe<'_>,
    target: &Target,
    headers: HeaderMap,
    stream: TcpStream,
) -> Result<(), Failure> {
    let request = target.request(headers)?;
    let stopwatch = Stopwatch::start();
    if !target.is_tls {
        return converse(module, probe, request, stream, stopwatch).await;
    }
    let wanted = Handshake { name: &target.host, protocols: &[HTTP1] };
    let secured = probe.secure(&module.tls, stream, wanted).await;
    let secured = secured.inspect_err(|_| phase(probe, "processing", stopwatch.elapsed()))?;
    converse(module, probe, request, secured.stream, stopwatch).await
}

async fn converse<S>(
    module: &Websocket,
    probe: &Probe<'_>,
    request: Request<()>,
    stream: S,
    stopwatch: Stopwatch,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let upgraded = client_async_with_config(request, stream, Some(config));
    let upgraded = probe.within("upgrade", upgraded).await;
    phase(probe, "processing", stopwatch.elapsed());
    let (mut socket, answer) = upgraded?.map_err(|error| refused(probe, error))?;
    probe.record.set(&metric::WEBSOCKET_STATUS_CODE, f64::from(answer.status().as_u16()));
    probe.record.set(&metric::WEBSOCKET_UPGRADED, 1.0);
    probe.record.step(format_args!("Connection upgraded"));
    if module.query_response.is_empty() {
        return Ok(());
    }
    let stopwatch = Stopwatch::start();
    let led = dialogue(module, probe, &mut socket).await;
    phase(probe, "transfer", stopwatch.elapsed());
    led.inspect_err(|_| probe.record.set(&metric::WEBSOCKET_FAILED_DUE_TO_REGEX, 1.0))
}

fn phase(probe: &Probe<'_>, phase: &str, took: Duration) {
    probe.record.set_with(&metric::WEBSOCKET_DURATION, &[("phase", phase)], took.as_secs_f64());
}

/// What a handshake that failed means; a status that came is recorded.
fn refused(probe: &Probe<'_>, error: Error) -> Failure {
    let status = match &error {
        Error::Http(answer) => Some(answer.status().as_u16()),
        // These are looked at only in an answer that has switched protocols.
        Error::Protocol(
            ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::SecWebSocketAcceptKeyMismatch
            | ProtocolError::SecWebSocketSubProtocolError(_),
        ) => Some(101),
        _ => None,
    };
    if let Some(status) = status {
        probe.record.set(&metric::WEBSOCKET_STATUS_CODE, f64::from(status));
    }
    match error {
        Error::Http(answer) => {
            Failure::new(Reason::Status, format!("bad handshake: HTTP status {}", answer.status()))
        }
        other => Failure::new(Reason::Protocol, format!("bad handshake: {other}")),
    }
}

async fn dialogue<S>(
    module: &Websocket,
    probe: &Probe<'_>,
    socket: &mut WebSocketStream<S>,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for exchange in &module.query_response {
        probe.within("wait for a message", step(exchange, probe, socket)).await??;
    }
    Ok(())
}

/// One step: a message that must match, then one that is sent. Of a step the original knows nothing else here.
async fn step<S>(
    exchange: &Exchange,
    probe: &Probe<'_>,
    socket: &mut WebSocketStream<S>,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let send = match &exchange.expect {
        Some(Expect::Regex(regex)) => {
            let message = receive(socket).await?;
            let Some(found) = Found::search(regex, &message) else {
                probe.record.step(format_args!("Regexp did not match regexp={}", regex.as_str()));
                let why = format!("a message does not match {:?}", regex.as_str());
                return Err(Failure::new(Reason::Body, why));
            };
            probe.record.step(format_args!("regexp matched regexp={}", regex.as_str()));
            outgoing(exchange, Some(&found))
        }
        Some(Expect::Bytes(_)) | None => outgoing(exchange, None),
    };
    let Some(send) = send else { return Ok(()) };
    let sent = socket.send(text(send)).await;
    sent.map_err(|error| Failure::new(Reason::Protocol, format!("send a message: {error}")))
}

/// The next message that holds something; pings are answered on the way.
async fn receive<S>(socket: &mut WebSocketStream<S>) -> Result<Bytes, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let why = match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.into()),
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(_))) | None => "the server closed the connection".to_owned(),
            Some(Err(error)) => error.to_string(),
        };
        return Err(Failure::new(Reason::Protocol, format!("read a message: {why}")));
    }
}

/// A text message, as the original sends it. Bytes that are no text go as they are, in a binary message: a text message may
/// not hold them.
fn text(bytes: Vec<u8>) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes.into()),
    }
}

//! One exchange of messages: over UDP, TCP or TLS. Connecting and asking are two steps, so that each can be timed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use dial::Handshake;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::answer::Answer;
use super::query::Query;
use crate::frame::{Failure, Probe, Reason};
use crate::module::{Dns, Transport};

/// A way to the server.
pub(super) enum Channel {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>),
}

/// Something that messages with lengths go over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects. `host` is the server as the target has it, whose certificate is asked for.
pub(super) async fn connect(
    module: &Dns,
    probe: &Probe<'_>,
    host: &str,
    server: SocketAddr,
) -> Result<Channel, Failure> {
    let refused =
        |error: io::Error| Failure::new(Reason::Connect, format!("connect to {server}: {error}"));
    if module.transport == Transport::Udp {
        return udp(server).await.map(Channel::Datagrams).map_err(refused);
    }
    let stream = probe.equipment.dialer.connect(server).await.map_err(refused)?;
    if !module.over_tls {
        return Ok(Channel::Stream(Box::new(stream)));
    }
    probe.prepare(&module.tls).await?;
    let wanted = Handshake { name: host, protocols: &[] };
    let (dialer, secrets) = (&probe.equipment.dialer, &probe.equipment.secrets);
    let secured = module.tls.handshake(stream, wanted, dialer, secrets).await.map_err(|error| {
        let reason = if error.is_certificate { Reason::Certificate } else { Reason::Tls };
        Failure::new(reason, format!("TLS with {server}: {error}"))
    })?;
    Ok(Channel::Stream(Box::new(secured.stream)))
}

async fn udp(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    Ok(socket)
}

impl Channel {
    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        match self {
            Self::Datagrams(socket) => ask_by_datagram(socket, query).await,
            Self::Stream(stream) => ask_by_stream(stream, query).await,
        }
    }
}

/// Datagrams of other transactions are passed over: an earlier probe's late answer, or somebody's forgery.
async fn ask_by_datagram(socket: &UdpSocket, query: &Query) -> Result<Answer, Failure> {
    const LARGEST: usize = 65_535;
    socket.send(&query.to_bytes()).await.map_err(|error| broken(&error))?;
    // Room that nobody touches costs nothing.
    let mut buffer = Vec::with_capacity(LARGEST);
    loop {
        buffer.clear();
        socket.recv_buf(&mut buffer).await.map_err(|error| broken(&error))?;
        let answer = read(&buffer)?;
        if answer.id == query.id {
            return fitting(answer, query);
        }
    }
}

async fn ask_by_stream(stream: &mut dyn Stream, query: &Query) -> Result<Answer, Failure> {
    let message = query.to_bytes();
    // A name is at most 255 octets.
    let length = (message.len() as u16).to_be_bytes();
    let sent = stream.write_all(&[&length, message.as_slice()].concat()).await;
    sent.map_err(|error| broken(&error))?;
    stream.flush().await.map_err(|error| broken(&error))?;
    let length = stream.read_u16().await.map_err(|error| broken(&error))?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await.map_err(|error| broken(&error))?;
    let answer = read(&message)?;
    if answer.id != query.id {
        return Err(protocol("what came back belongs to another transaction"));
    }
    fitting(answer, query)
}

fn read(message: &[u8]) -> Result<Answer, Failure> {
    Answer::read(message)
        .map_err(|error| protocol(&format!("what came back is no DNS message: {error}")))
}

fn fitting(answer: Answer, query: &Query) -> Result<Answer, Failure> {
    match answer.mismatch(query) {
        Some(what) => Err(protocol(what)),
        None => Ok(answer),
    }
}

fn protocol(message: &str) -> Failure {
    Failure::new(Reason::Protocol, message)
}

/// Where nobody listens for datagrams, that is known only when one has been sent.
fn broken(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::new(Reason::Connect, error.to_string()),
        io::ErrorKind::UnexpectedEof => {
            protocol("the server closed the connection without an answer")
        }
        _ => protocol(&error.to_string()),
    }
}

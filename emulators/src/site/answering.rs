//! The site's side of each conversation.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::{Addresses, Door, Shared, dns};
use crate::wall_clock::uptime;

/// A request is never longer.
const LONGEST_REQUEST: usize = 16 * 1024;

const PAGE: &str = "<!doctype html><title>Example</title><p>All is well.</p>\n";

/// Guests that may stand before a door at one time: one that is turned away comes back a second later.
const QUEUE: u32 = 1024;

/// The sockets, listening.
struct Doors {
    http: TcpListener,
    https: TcpListener,
    tcp: TcpListener,
    silent: TcpListener,
    dns: UdpSocket,
}

impl Doors {
    async fn open() -> io::Result<(Self, Addresses)> {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let tcp = || {
            let socket = TcpSocket::new_v4()?;
            socket.bind(free)?;
            socket.listen(QUEUE)
        };
        let (http, https, plain, silent) = (tcp()?, tcp()?, tcp()?, tcp()?);
        let dns = UdpSocket::bind(free).await?;
        let addresses = Addresses {
            http: http.local_addr()?,
            https: https.local_addr()?,
            tcp: plain.local_addr()?,
            dns: dns.local_addr()?,
            silent: silent.local_addr()?,
        };
        Ok((Self { http, https, tcp: plain, silent, dns }, addresses))
    }
}

/// Opens the doors, says where they are, and serves until it is told to stop.
pub(super) fn serve(
    opened: Sender<Addresses>,
    acceptor: TlsAcceptor,
    shared: &Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the site");
    runtime.block_on(async move {
        let (doors, addresses) = Doors::open().await.expect("loopback ports");
        opened.send(addresses).expect("somebody who wants to know");
        let Doors { http, https, tcp, silent, dns } = doors;
        let tls = move |stream| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(stream).await }
        };
        tokio::select! {
            () = listen(http, Door::Http, shared, |shared, stream| page(shared, async move { Ok(stream) })) => {}
            () = listen(https, Door::Https, shared, move |shared, stream| page(shared, tls(stream))) => {}
            () = listen(tcp, Door::Tcp, shared, |_, stream| wait_for_the_end(stream)) => {}
            () = listen(silent, Door::Silent, shared, |_, stream| wait_for_the_end(stream)) => {}
            () = answer_questions(dns, shared) => {}
            _ = stopped => {}
        }
    });
    runtime.shutdown_background();
}

/// Has each guest served in a task of its own, and writes down how long that took.
async fn listen<F>(
    listener: TcpListener,
    door: Door,
    shared: &Arc<Shared>,
    serve: impl Fn(Arc<Shared>, TcpStream) -> F,
) where
    F: Future<Output = io::Result<Duration>> + Send + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let began = uptime();
        // Where the option cannot be set, answers are only slower.
        stream.set_nodelay(true).ok();
        let (own, served) = (Arc::clone(shared), serve(Arc::clone(shared), stream));
        tokio::spawn(async move {
            if let Ok(ended) = served.await {
                own.note(door, ended.saturating_sub(began));
            }
        });
    }
}

/// Reads a request, sends the page, and says when that was done; then waits for the guest to leave.
async fn page<S: AsyncRead + AsyncWrite + Unpin>(
    shared: Arc<Shared>,
    stream: impl Future<Output = io::Result<S>>,
) -> io::Result<Duration> {
    let mut stream = stream.await?;
    read_request(&mut stream).await?;
    let status = shared.status.load(Ordering::Relaxed);
    let answer = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    let done = uptime();
    stream.shutdown().await?;
    Ok(done)
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut request = Vec::with_capacity(1024);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() > LONGEST_REQUEST || stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(())
}

/// The service of a port that says nothing is done when the connection is there.
async fn wait_for_the_end(mut stream: TcpStream) -> io::Result<Duration> {
    let done = uptime();
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(done)
}

async fn answer_questions(socket: UdpSocket, shared: &Arc<Shared>) {
    let mut question = [0; 512];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut question).await else { continue };
        let began = uptime();
        if let Some(answer) = dns::answer(&question[..length])
            && socket.send_to(&answer, from).await.is_ok()
        {
            shared.note(Door::Dns, uptime().saturating_sub(began));
        }
    }
}

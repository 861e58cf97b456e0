//! A loopback HTTP server for one emulator, on a thread and a tokio runtime of its own.
//!
//! The emulator never shares an executor with the code under test: a blocking test, a
//! `current_thread` runtime or a child process can all talk to it, and a busy emulator does not
//! delay the timers of the code that is measured. A handler that takes `ConnectInfo<Connection>`
//! can cut the connection it answers on ([`Connection`]). The harness knows routers and sockets,
//! and nothing about AWS, Prometheus or Mackerel.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::connection::{Connection, CuttableListener};

/// A running server; dropping it closes the socket and joins the thread.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` on a free loopback port. The socket listens when this returns.
    ///
    /// # Panics
    /// When no loopback port or no thread can be had: nothing that uses an emulator could go on.
    #[must_use]
    pub fn start(router: Router) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), router)
    }

    /// Serves `router` on `addr`, for a receiver that has to come back on the port it had.
    ///
    /// # Panics
    /// When `addr` cannot be bound.
    #[must_use]
    pub fn start_on(addr: SocketAddr, router: Router) -> Self {
        let listener = bind(addr).expect("a loopback address to listen on");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(format!("emulator-{}", addr.port()))
            .spawn(move || serve(listener, router, stopped))
            .expect("a thread for the emulator");
        Self { addr, stop: Some(stop), thread: Some(thread) }
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL, without a trailing slash: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either end may be gone already when the thread panicked; there is nothing left to stop
        // then.
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Binds without a runtime, so that a port conflict shows in the caller's thread.
fn bind(addr: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Runs until `stopped` fires or its sender is gone. Open connections are cut, not drained:
/// dropping the runtime drops their tasks, as a server that goes down would.
fn serve(listener: std::net::TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the emulator");
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener).expect("a socket for the runtime");
        let service = router.into_make_service_with_connect_info::<Connection>();
        tokio::select! {
            served = axum::serve(CuttableListener(listener), service) => served.expect("the accept loop runs until it is stopped"),
            _ = stopped => {}
        }
    });
    // A handler that blocks must not hang the test that drops the server.
    runtime.shutdown_background();
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use axum::routing::get;

    use super::*;

    fn ask(addr: SocketAddr) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: emulator\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn answers_a_blocking_client_and_is_gone_after_drop() {
        let server = Server::start(Router::new().route("/", get(|| async { "here" })));
        let addr = server.addr();
        assert!(ask(addr).expect("an answer").ends_with("here"));
        drop(server);
        assert!(ask(addr).is_err(), "the port is closed");
    }

    #[test]
    fn comes_back_on_the_port_it_had() {
        let router = || Router::new().route("/", get(|| async { "back" }));
        let first = Server::start(router());
        let addr = first.addr();
        drop(first);
        let second = Server::start_on(addr, router());
        assert!(ask(second.addr()).expect("an answer").ends_with("back"));
        assert_eq!(second.url(), format!("http://{addr}"));
    }
}

//! Small servers to be probed, for what real ones do not do: garbage, endless answers, broken certificates, dialogues as a
//! test writes them down.
//!
//! [`Targets`] is a runtime on a thread of its own, like that of an emulator: neither a blocking test nor the function under
//! test share it. All servers listen on free loopback ports and are gone when it is dropped.

pub mod certificates;
pub mod dns;
pub mod grpc;
pub mod script;
pub mod tls;
pub mod web;
pub mod websocket;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::{Builder, Runtime};

/// A place for servers.
#[derive(Debug)]
pub struct Targets {
    runtime: Option<Runtime>,
}

impl Default for Targets {
    fn default() -> Self {
        Self::new()
    }
}

impl Targets {
    /// An empty place.
    pub fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self { runtime: Some(runtime.expect("a runtime for targets")) }
    }

    /// Serves every connection by itself. What goes wrong with one is the client's business.
    pub fn tcp<F, S>(&self, serve: S) -> SocketAddr
    where
        S: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = bound(std::net::TcpListener::bind(ANY));
        listener.set_nonblocking(true).expect("a socket for a runtime");
        let addr = listener.local_addr().expect("a bound socket has an address");
        self.runtime().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket for the runtime");
            loop {
                // A connection that is gone before it is taken is no reason to stop.
                let Ok((stream, _)) = listener.accept().await else { continue };
                stream.set_nodelay(true).ok();
                tokio::spawn(serve(stream));
            }
        });
        addr
    }

    /// Serves datagrams with one task that has the socket to itself.
    pub fn udp<F, S>(&self, serve: S) -> SocketAddr
    where
        S: FnOnce(UdpSocket) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let socket = bound(std::net::UdpSocket::bind(ANY));
        socket.set_nonblocking(true).expect("a socket for a runtime");
        let addr = socket.local_addr().expect("a bound socket has an address");
        self.runtime().spawn(async move {
            serve(UdpSocket::from_std(socket).expect("a socket for the runtime")).await
        });
        addr
    }

    /// An address where nobody listens.
    pub fn nobody(&self) -> SocketAddr {
        let listener = bound(std::net::TcpListener::bind(ANY));
        listener.local_addr().expect("a bound socket has an address")
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A test that is async itself may not wait here.
            runtime.shutdown_background();
        }
    }
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn bound<T>(socket: io::Result<T>) -> T {
    socket.expect("a loopback port for a target")
}

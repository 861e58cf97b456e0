//! A site to be probed: HTTP, HTTPS with a chain of three certificates, a port that greets nobody, a DNS server, and one that
//! takes connections and never says a word. On a thread and a runtime of its own, as all emulators are.
//!
//! It writes down how long it was busy with each guest ([`Site::served`]), from accepting a connection (receiving a question) to
//! the last byte of the answer: what a probe reports above that is the probe's own.

mod answering;
mod certificates;
mod dns;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

pub use certificates::Certificates;

/// What a guest came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// HTTP/1.1 in the clear.
    Http,
    /// HTTP/1.1 inside TLS.
    Https,
    /// Takes connections, says nothing, and leaves when the guest does.
    Tcp,
    /// Answers every question with one address.
    Dns,
    /// Takes connections and whatever comes, and never answers.
    Silent,
}

/// A running site; dropping it closes its sockets and joins the thread.
#[derive(Debug)]
pub struct Site {
    addresses: Addresses,
    certificates: Certificates,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Clone, Copy)]
struct Addresses {
    http: SocketAddr,
    https: SocketAddr,
    tcp: SocketAddr,
    dns: SocketAddr,
    silent: SocketAddr,
}

/// What the thread and its owner share.
#[derive(Debug)]
struct Shared {
    /// The status of every page.
    status: AtomicU16,
    served: Mutex<Vec<(Door, Duration)>>,
}

impl Site {
    /// A site under the name `localhost`, on free loopback ports, that answers 200.
    ///
    /// # Panics
    /// When no loopback port or no thread can be had: nothing that uses an emulator could go on.
    #[must_use]
    pub fn start(certificates: Certificates) -> Self {
        let shared = Arc::new(Shared { status: AtomicU16::new(200), served: Mutex::default() });
        let (stop, stopped) = oneshot::channel();
        let (opened, addresses) = mpsc::channel();
        let acceptor = certificates.acceptor();
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("site".to_owned())
            .spawn(move || answering::serve(opened, acceptor, &own, stopped))
            .expect("a thread for the site");
        let addresses = addresses.recv().expect("loopback ports");
        Self { addresses, certificates, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Where a door is.
    #[must_use]
    pub fn addr(&self, door: Door) -> SocketAddr {
        let Addresses { http, https, tcp, dns, silent } = self.addresses;
        match door {
            Door::Http => http,
            Door::Https => https,
            Door::Tcp => tcp,
            Door::Dns => dns,
            Door::Silent => silent,
        }
    }

    /// The root of its certificates, PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.certificates.authority
    }

    /// From now on every page has this status.
    pub fn set_status(&self, status: u16) {
        self.shared.status.store(status, Ordering::Relaxed);
    }

    /// How long the site was busy with each guest since somebody last asked.
    #[must_use]
    pub fn served(&self) -> Vec<(Door, Duration)> {
        std::mem::take(&mut self.shared.served())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Either end may be gone already when the thread panicked; there is nothing left to stop then.
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Shared {
    fn served(&self) -> std::sync::MutexGuard<'_, Vec<(Door, Duration)>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, door: Door, took: Duration) {
        self.served().push((door, took));
    }
}

//! A connection that may become a TLS session on the way, once or more often.

use std::io;
use std::net::SocketAddr;

use dial::{Handshake, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::frame::{Failure, Probe, Reason};

/// What bytes go over, in plain or inside TLS.
pub(super) struct Connection {
    /// Absent only while hands are shaken, and where that failed.
    stream: Option<Box<dyn Stream>>,
}

/// Something to read from and write to.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Connection {
    /// Connects to an address.
    pub(super) async fn open(probe: &Probe<'_>, server: SocketAddr) -> Result<Self, Failure> {
        Ok(Self { stream: Some(Box::new(probe.connect(server).await?)) })
    }

    /// Goes on inside TLS, with a server that has to have this name.
    pub(super) async fn secure(
        &mut self,
        tls: &Tls,
        probe: &Probe<'_>,
        name: &str,
    ) -> Result<(), Failure> {
        let plain = self.stream.take().ok_or_else(gone)?;
        let secured = probe.secure(tls, plain, Handshake { name, protocols: &[] }).await?;
        self.stream = Some(Box::new(secured.stream));
        Ok(())
    }

    /// Where to read from and write to.
    pub(super) fn stream(&mut self) -> Result<&mut dyn Stream, Failure> {
        match &mut self.stream {
            Some(stream) => Ok(stream),
            None => Err(gone()),
        }
    }

    /// What one read gives, at most so many bytes; nothing at the end.
    pub(super) async fn read_once(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut data = vec![0; most];
        let read = self.stream()?.read(&mut data).await.map_err(|error| broken(&error))?;
        data.truncate(read);
        Ok(data)
    }

    /// Sends all of it.
    pub(super) async fn send(&mut self, data: &[u8]) -> Result<(), Failure> {
        let stream = self.stream()?;
        stream.write_all(data).await.map_err(|error| broken(&error))?;
        stream.flush().await.map_err(|error| broken(&error))
    }

    /// Says goodbye, as far as time allows. Nothing hangs on whether it is heard.
    pub(super) async fn close(mut self, deadline: Instant) {
        if let Some(stream) = &mut self.stream {
            drop(timeout_at(deadline, stream.shutdown()).await);
        }
    }
}

fn gone() -> Failure {
    Failure::new(Reason::Protocol, "the connection is gone")
}

/// A connection that broke.
pub(super) fn broken(error: &io::Error) -> Failure {
    Failure::new(Reason::Protocol, format!("the connection broke: {error}"))
}

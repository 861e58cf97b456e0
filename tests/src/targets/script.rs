//! Dialogues over TCP as a test writes them down: banners, STARTTLS, servers that say nothing.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::Targets;

/// What a server does next.
#[derive(Clone)]
pub enum Line {
    /// It says this.
    Say(Vec<u8>),
    /// It waits for a line, and ends the connection if it is another one (without its end).
    Hear(&'static str),
    /// It shakes hands.
    Secure(TlsAcceptor),
    /// It says this again and again.
    Repeat(Vec<u8>),
    /// It says nothing more and stays.
    Stay,
}

/// Text that a server says.
pub fn say(text: &str) -> Line {
    Line::Say(text.as_bytes().to_vec())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Targets {
    /// A server that goes through the lines with everybody, and ends the connection behind the last one.
    pub fn script(&self, lines: Vec<Line>) -> std::net::SocketAddr {
        let lines: Arc<[Line]> = lines.into();
        self.tcp(move |stream| {
            let lines = Arc::clone(&lines);
            async move { perform(Box::new(stream), &lines).await }
        })
    }
}

async fn perform(mut stream: Box<dyn Stream>, lines: &[Line]) -> io::Result<()> {
    for line in lines {
        match line {
            Line::Say(bytes) => {
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
            Line::Hear(expected) => {
                if hear(&mut stream).await? != expected.as_bytes() {
                    return Ok(());
                }
            }
            Line::Secure(tls) => stream = Box::new(tls.accept(stream).await?),
            Line::Repeat(bytes) => loop {
                stream.write_all(bytes).await?;
            },
            Line::Stay => std::future::pending().await,
        }
    }
    stream.shutdown().await
}

async fn hear(stream: &mut Box<dyn Stream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => return Ok(line),
            b'\r' => {}
            byte => line.push(byte),
        }
    }
}

//! A server that upgrades, says a line, and echoes what it hears.

use std::io;
use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use super::Targets;

impl Targets {
    /// A server whose first message is `greeting`.
    pub fn websocket(&self, greeting: &'static str) -> SocketAddr {
        self.tcp(move |stream| async move {
            let mut socket = accept_async(stream).await.map_err(io::Error::other)?;
            socket.send(Message::text(greeting)).await.map_err(io::Error::other)?;
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() {
                    socket.send(message).await.map_err(io::Error::other)?;
                }
            }
            Ok(())
        })
    }
}

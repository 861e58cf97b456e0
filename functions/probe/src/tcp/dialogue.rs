//! `query_response` over a connection, step by step: wait, send, change to TLS.

use super::connection::{Connection, broken};
use super::lines::{LineError, Lines};
use crate::frame::{Failure, Probe, Reason, metric};
use crate::module::{Exchange, Expect, Tcp};
use crate::query_response::{Found, outgoing};
use series::go_regex::GoBytesRegex;

/// Holds the dialogue to its end, or to the first step that fails.
pub(super) async fn hold(
    module: &Tcp,
    probe: &Probe<'_>,
    connection: &mut Connection,
    server_name: &str,
) -> Result<(), Failure> {
    let mut lines = Lines::default();
    for (number, exchange) in module.query_response.iter().enumerate() {
        probe.record.step(format_args!("Processing query response entry entry_number={number}"));
        let mut step = Step { exchange, probe, connection, lines: &mut lines };
        let sent = step.wait().await?;
        step.send(sent).await?;
        if exchange.starttls {
            start_tls(module, probe, connection, server_name).await?;
            // What was read ahead in plain is not believed any more.
            lines = Lines::default();
        }
    }
    Ok(())
}

struct Step<'s, 'p> {
    exchange: &'s Exchange,
    probe: &'s Probe<'p>,
    connection: &'s mut Connection,
    lines: &'s mut Lines,
}

impl Step<'_, '_> {
    /// Waits for what is expected. Gives what is to be sent then.
    async fn wait(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match &self.exchange.expect {
            None => Ok(outgoing(self.exchange, None)),
            Some(Expect::Bytes(expected)) => {
                self.wait_for_bytes(expected).await?;
                Ok(outgoing(self.exchange, None))
            }
            Some(Expect::Regex(regex)) => self.wait_for_line(regex).await,
        }
    }

    /// Reads lines until one matches.
    async fn wait_for_line(&mut self, regex: &GoBytesRegex) -> Result<Option<Vec<u8>>, Failure> {
        let Self { exchange, probe, connection, lines } = self;
        let record = probe.record;
        loop {
            let next = probe.within("read a line", lines.next(connection.stream()?)).await;
            let next = next.and_then(|next| next.map_err(LineError::into_failure));
            let line = next.inspect_err(|failure| {
                record.step(format_args!("Error reading from connection err={failure}"));
            })?;
            let Some(line) = line else { break };
            let text = String::from_utf8_lossy(&line);
            record.step(format_args!("Read line line={text}"));
            if let Some(found) = Found::search(regex, &line) {
                record.step(format_args!("Regexp matched regexp={} line={text}", regex.as_str()));
                record.set(&metric::FAILED_DUE_TO_REGEX, 0.0);
                found.record_labels(exchange, record);
                return Ok(outgoing(exchange, Some(&found)));
            }
        }
        record.set(&metric::FAILED_DUE_TO_REGEX, 1.0);
        record.step(format_args!("Regexp did not match regexp={}", regex.as_str()));
        let message = format!("expect: no line matched {:?} before the end", regex.as_str());
        Err(Failure::new(Reason::Body, message))
    }

    /// Reads once. Fewer bytes than expected fail the probe, even if the others are on their way: so does the original.
    async fn wait_for_bytes(&mut self, expected: &[u8]) -> Result<(), Failure> {
        let record = self.probe.record;
        let read = self.connection.read_once(expected.len());
        let read = self.probe.within("read bytes", read).await.and_then(|read| read);
        let read = read.and_then(|read| match read.len() {
            0 => Err(Failure::new(Reason::Protocol, "the connection was closed: EOF")),
            _ => Ok(read),
        });
        let read = read.inspect_err(|failure| {
            record.step(format_args!("Error reading from connection err={failure}"));
        })?;
        let (expected_text, text) = (expected.escape_ascii(), read.escape_ascii());
        record.step(format_args!("Read bytes bytes={text}"));
        if read.len() < expected.len() {
            let step = "Read less data than expected";
            record.step(format_args!("{step} expected={expected_text} bytes={text}"));
            let message = format!("expect_bytes: {} of {} bytes came", read.len(), expected.len());
            return Err(Failure::new(Reason::Body, message));
        }
        if read != expected {
            record.set(&metric::FAILED_DUE_TO_BYTES, 1.0);
            let step = "Bytes did not match";
            record.step(format_args!("{step} expected={expected_text} bytes={text}"));
            return Err(Failure::new(Reason::Body, "expect_bytes: other bytes came"));
        }
        record.step(format_args!("Bytes matched expected={expected_text} bytes={text}"));
        record.set(&metric::FAILED_DUE_TO_BYTES, 0.0);
        Ok(())
    }

    /// Sends a line. Its end is put behind it even where the text has one.
    async fn send(&mut self, text: Option<Vec<u8>>) -> Result<(), Failure> {
        let Some(mut line) = text else { return Ok(()) };
        let record = self.probe.record;
        // A password may be in it.
        record.step(format_args!("Sending line bytes={}", line.len()));
        line.push(b'\n');
        let sent = self.probe.within("send", self.connection.send(&line)).await;
        sent.and_then(|sent| sent).inspect_err(|failure| {
            record.step(format_args!("Failed to send err={failure}"));
        })
    }
}

async fn start_tls(
    module: &Tcp,
    probe: &Probe<'_>,
    connection: &mut Connection,
    server_name: &str,
) -> Result<(), Failure> {
    let record = probe.record;
    connection.secure(&module.tls, probe, server_name).await.inspect_err(|failure| {
        record.step(format_args!("TLS Handshake (client) failed err={failure}"));
    })?;
    record.step(format_args!("TLS Handshake (client) succeeded."));
    Ok(())
}

impl LineError {
    fn into_failure(self) -> Failure {
        match self {
            Self::TooLong => {
                let message = "a line is longer than 64 KiB (bufio.Scanner: token too long)";
                Failure::new(Reason::Protocol, message)
            }
            Self::Io(error) => broken(&error),
        }
    }
}

//! The tcp prober: a connection, TLS if the module has it, and a dialogue. After blackbox_exporter's `prober/tcp.go` and
//! `prober/query_response.go`.

mod connection;
mod dialogue;
mod lines;

#[cfg(test)]
pub(crate) mod tests;

use std::net::SocketAddr;

use self::connection::Connection;
use crate::frame::{Failure, Probe, Reason, metric};
use crate::host_port::HostPort;
use crate::module::Tcp;

pub(crate) async fn probe(module: &Tcp, probe: &Probe<'_>) -> Result<(), Failure> {
    if module.has_source_address {
        let message = "source_ip_address: a Lambda function cannot choose its address";
        return Err(Failure::new(Reason::Unsupported, message));
    }
    let record = probe.record;
    let dialed = dial(module, probe).await;
    let (mut connection, server_name) = dialed
        .inspect_err(|failure| record.step(format_args!("Error dialing TCP err={failure}")))?;
    record.step(format_args!("Successfully dialed"));
    // Said only of targets that could be reached.
    record.set(&metric::FAILED_DUE_TO_REGEX, 0.0);
    record.set(&metric::FAILED_DUE_TO_BYTES, 0.0);
    let outcome = dialogue::hold(module, probe, &mut connection, server_name).await;
    connection.close(probe.deadline).await;
    outcome
}

/// Connects, with TLS if it is there from the beginning. Also says what name a certificate has to have.
async fn dial<'a>(module: &Tcp, probe: &Probe<'a>) -> Result<(Connection, &'a str), Failure> {
    let record = probe.record;
    let target = HostPort::split(probe.target).map_err(|error| {
        record.step(format_args!("Error splitting target address and port err={error}"));
        Failure::new(Reason::Target, error.to_string())
    })?;
    let (ip, _) = probe.resolve(target.host, module.preference).await.inspect_err(|failure| {
        record.step(format_args!("Error resolving address err={failure}"));
    })?;
    let port = target.number();
    let port = port.map_err(|error| Failure::new(Reason::Target, error.to_string()))?;
    let server = SocketAddr::new(ip, port);
    record.step(format_args!("Dialing TCP {} TLS", if module.is_tls { "with" } else { "without" }));
    let mut connection = Connection::open(probe, server).await?;
    let server_name = probe.hostname.filter(|name| !name.is_empty() && !module.has_server_name);
    let server_name = server_name.unwrap_or(target.host);
    if module.is_tls {
        connection.secure(&module.tls, probe, server_name).await?;
    }
    Ok((connection, server_name))
}

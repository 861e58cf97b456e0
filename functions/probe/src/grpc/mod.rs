//! The grpc prober: asks the standard health service over HTTP/2, in plain text or TLS.
//!
//! `target` says whom, `health` writes and reads the messages, `status` knows what an ending means, `call` makes the call. Only
//! `call` and this file do I/O. As in the original `preferred_ip_protocol` says which address is reported and tried first, and
//! any other address of the name will do; other than there the module's timeout holds for the call, too.

mod call;
mod health;
mod status;
mod target;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use clock::Stopwatch;
use dial::Handshake;
use tokio::net::TcpStream;

use crate::frame::{Failure, Probe, Reason, metric};
use crate::module::Grpc;
use call::Call;
use status::{DEADLINE_EXCEEDED, OK, Status, UNAVAILABLE};
use target::Target;

/// HTTP/2 in ALPN. A server that does not choose it speaks no gRPC.
const H2: &[u8] = b"h2";

pub(crate) async fn probe(module: &Grpc, probe: &Probe<'_>) -> Result<(), Failure> {
    let record = probe.record;
    record.set_with(&metric::GRPC_DURATION, &[("phase", "resolve")], 0.0);
    record.set(&metric::GRPC_SSL, 0.0);
    record.set(&metric::GRPC_STATUS_CODE, 0.0);
    let target = Target::read(probe.target, module.is_tls)?;
    let (address, took) = probe.resolve(target.host, module.preference).await?;
    record.set_with(&metric::GRPC_DURATION, &[("phase", "resolve")], took.as_secs_f64());
    let stopwatch = Stopwatch::start();
    let checked = check(module, probe, &target, address).await;
    let seconds = stopwatch.elapsed().as_secs_f64();
    record.set_with(&metric::GRPC_DURATION, &[("phase", "check")], seconds);
    let (code, state) = match &checked {
        Ok(state) => (OK, state.as_str()),
        Err((code, _)) => (*code, ""),
    };
    for known in health::STATES {
        record.set_with(&metric::GRPC_HEALTHCHECK_RESPONSE, &[("serving_status", known)], 0.0);
    }
    if !state.is_empty() {
        record.set_with(&metric::GRPC_HEALTHCHECK_RESPONSE, &[("serving_status", state)], 1.0);
    }
    record.set(&metric::GRPC_STATUS_CODE, f64::from(code));
    match checked {
        Ok(state) if state == "SERVING" => Ok(()),
        Ok(state) => Err(Failure::new(Reason::Unhealthy, format!("the service is {state}"))),
        Err((_, failure)) => Err(failure),
    }
}

/// The state of the service, or the code and the reason for which there is none.
async fn check(
    module: &Grpc,
    probe: &Probe<'_>,
    target: &Target<'_>,
    address: IpAddr,
) -> Result<String, (u32, Failure)> {
    let unreachable = |failure: Failure| {
        let is_late = failure.reason == Reason::Timeout;
        (if is_late { DEADLINE_EXCEEDED } else { UNAVAILABLE }, failure)
    };
    let stream = connect(probe, target, address).await.map_err(unreachable)?;
    let authority = target.authority(module.is_tls);
    let call = Call {
        is_tls: module.is_tls,
        authority: &authority,
        service: &module.service,
        metadata: &module.metadata,
    };
    let made = match module.is_tls {
        false => probe.within("check", call.make(stream)).await,
        true => {
            let wanted = Handshake { name: target.host, protocols: &[H2] };
            let secured = probe.secure(&module.tls, stream, wanted).await.map_err(unreachable)?;
            probe.record.set(&metric::GRPC_SSL, 1.0);
            if secured.session.protocol.as_deref() != Some(H2) {
                let why = "the server did not choose h2 by ALPN, so it speaks no gRPC";
                return Err(unreachable(Failure::new(Reason::Tls, why)));
            }
            probe.within("check", call.make(secured.stream)).await
        }
    };
    made.map_err(|failure| (DEADLINE_EXCEEDED, failure))?.map_err(failed)
}

fn failed(status: Status) -> (u32, Failure) {
    let Status { code, message, is_told } = status;
    let reason = if is_told { Reason::Status } else { Reason::Protocol };
    (code, Failure::new(reason, format!("gRPC status {code}: {message}")))
}

/// A connection to the address that was chosen, else to any other one of the name.
async fn connect(
    probe: &Probe<'_>,
    target: &Target<'_>,
    chosen: IpAddr,
) -> Result<TcpStream, Failure> {
    let failure = match probe.connect(SocketAddr::new(chosen, target.port)).await {
        Ok(stream) => return Ok(stream),
        Err(failure) => failure,
    };
    let others = probe.equipment.dialer.resolve_all(target.host);
    let others = probe.within("resolve", others).await?.unwrap_or_default();
    for other in others.into_iter().filter(|other| *other != chosen) {
        probe.record.step(format_args!("Trying another address ip={other} err={failure}"));
        if let Ok(stream) = probe.connect(SocketAddr::new(other, target.port)).await {
            return Ok(stream);
        }
    }
    Err(failure)
}

//! The dns prober: one query, one answer, and what the module says about it. After blackbox_exporter's `prober/dns.go`.
//!
//! `query` is what goes out and `answer` what comes back (`wire` reads it, `record` and its fields print it as miekg/dns
//! does), `transport` is how, `rules` judge.

pub(crate) mod names;

mod answer;
mod escape;
mod field;
mod opt;
mod query;
mod rare;
mod record;
mod rules;
mod svcb;
mod transport;
mod wire;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use clock::Stopwatch;

use self::answer::Answer;
use self::query::Query;
use crate::frame::{Failure, Probe, Reason, Record, metric};
use crate::host_port::HostPort;
use crate::module::{Dns, Transport};

/// The type whose answer has a serial number.
const SOA: u16 = 6;

pub(crate) async fn probe(module: &Dns, probe: &Probe<'_>) -> Result<(), Failure> {
    let record = probe.record;
    for phase in ["resolve", "connect", "request"] {
        record.set_with(&metric::DNS_DURATION, &[("phase", phase)], 0.0);
    }
    record.set(&metric::DNS_ANSWER_RRS, 0.0);
    record.set(&metric::DNS_AUTHORITY_RRS, 0.0);
    record.set(&metric::DNS_ADDITIONAL_RRS, 0.0);
    record.set(&metric::DNS_QUERY_SUCCEEDED, 0.0);
    if module.has_source_address {
        let message = "source_ip_address: a Lambda function cannot choose its address";
        return Err(Failure::new(Reason::Unsupported, message));
    }
    if let Transport::Unknown(other) = &module.transport {
        return Err(misconfigured("Expected transport protocol udp or tcp", other, record));
    }
    let (host, port) = target(module, probe.target)?;
    let (ip, took) = probe.resolve(host, module.preference).await?;
    record.add(&metric::DNS_DURATION, &[("phase", "resolve")], took.as_secs_f64());
    if module.over_tls && module.transport == Transport::Udp {
        return Err(misconfigured("Expected transport protocol tcp for DoT", "udp", record));
    }
    let answer = exchange(module, probe, host, SocketAddr::new(ip, port)).await?;
    record_answer(&answer, module, record);
    judge(&answer, module, record)
}

/// The texts of all records of a message; nothing where it cannot be read.
pub(crate) fn texts(message: &[u8]) -> Option<Vec<String>> {
    let Answer { answer, authority, additional, .. } = Answer::read(message).ok()?;
    let records = [answer, authority, additional].into_iter().flatten();
    Some(records.map(|record| record.text).collect())
}

/// What a module asks of a transport, and cannot have: found out while probing, in the original's words.
fn misconfigured(what: &str, protocol: &str, record: &Record) -> Failure {
    let message = format!("Configuration error: {what} protocol={protocol}");
    record.step(format_args!("{message}"));
    Failure::new(Reason::Module, message)
}

/// Host and port of the server. A target that cannot be split is a host, whose port is the usual one.
fn target<'a>(module: &Dns, target: &'a str) -> Result<(&'a str, u16), Failure> {
    match HostPort::split(target) {
        Ok(split) => {
            let port = split.number();
            let port = port.map_err(|error| Failure::new(Reason::Target, error.to_string()))?;
            Ok((split.host, port))
        }
        Err(_) => Ok((target, if module.over_tls { 853 } else { 53 })),
    }
}

/// Asks and is answered, each step with its time, also where it fails.
async fn exchange(
    module: &Dns,
    probe: &Probe<'_>,
    host: &str,
    server: SocketAddr,
) -> Result<Answer, Failure> {
    let record = probe.record;
    let question = (module.query_type, module.query_class);
    let query =
        Query::new(fastrand::u16(..), &module.query_name, question, module.recursion_desired);
    let query = query.map_err(|error| {
        let message =
            format!("query_name: {:?} cannot be asked for: {}", module.query_name, error.0);
        Failure::new(Reason::Module, message)
    })?;
    record.step(format_args!(
        "Making DNS query target={server} dial_protocol={}{}{} query={} type={} class={}",
        if module.transport == Transport::Udp { "udp" } else { "tcp" },
        if server.is_ipv4() { 4 } else { 6 },
        if module.over_tls { "-tls" } else { "" },
        module.query_name,
        module.query_type,
        module.query_class,
    ));
    let mut stopwatch = Stopwatch::start();
    let channel = probe.within("connect", transport::connect(module, probe, host, server)).await;
    let took = stopwatch.lap().as_secs_f64();
    record.set_with(&metric::DNS_DURATION, &[("phase", "connect")], took);
    let failed = |failure: &Failure| {
        record.step(format_args!("Error while sending a DNS query err={failure}"));
    };
    let mut channel = channel.and_then(|channel| channel).inspect_err(failed)?;
    let answer = probe.within("request", channel.ask(&query)).await;
    let took = stopwatch.lap().as_secs_f64();
    record.set_with(&metric::DNS_DURATION, &[("phase", "request")], took);
    answer.and_then(|answer| answer).inspect_err(failed)
}

fn record_answer(answer: &Answer, module: &Dns, record: &Record) {
    let rcode = names::rcode_text(answer.rcode);
    let counts = [&answer.answer, &answer.authority, &answer.additional].map(Vec::len);
    let [answers, authorities, additionals] = counts;
    record.step(format_args!(
        "Got response rcode={rcode} answer={answers} authority={authorities} additional={additionals}"
    ));
    record.set(&metric::DNS_ANSWER_RRS, answers as f64);
    record.set(&metric::DNS_AUTHORITY_RRS, authorities as f64);
    record.set(&metric::DNS_ADDITIONAL_RRS, additionals as f64);
    record.set(&metric::DNS_QUERY_SUCCEEDED, 1.0);
    if module.query_type == SOA {
        record.set(&metric::DNS_SERIAL, f64::from(answer.serial()));
    }
}

fn judge(answer: &Answer, module: &Dns, record: &Record) -> Result<(), Failure> {
    rules::check_rcode(answer.rcode, &module.valid_rcodes, record)?;
    rules::check_records("Answer", &answer.answer, &module.answer, record)?;
    rules::check_records("Authority", &answer.authority, &module.authority, record)?;
    rules::check_records("Additional", &answer.additional, &module.additional, record)
}

//! One probe from beginning to end: the only place that owns its time, its outcome and its duration.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use tokio::time::{Instant, timeout_at};

use crate::frame::{Asked, Equipment, Failure, Gauge, Probe, Reason, Record, Step, metric};
use crate::module::Prober;
use crate::{dns, grpc, http, tcp, websocket};

/// How a probe ended, and what it leaves behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) result: Result<(), Failure>,
    pub(crate) gauges: Vec<Gauge>,
    /// Empty unless somebody looks on.
    pub(crate) steps: Vec<Step>,
    pub(crate) took: Duration,
}

/// Probes, for `timeout` at most. What was recorded until then is there however the prober ends: with its answer, at its
/// deadline, or by a mistake of ours, which costs this one probe its success and the others nothing.
pub(crate) async fn run(
    asked: &Asked<'_>,
    timeout: Duration,
    equipment: &Equipment,
    with_steps: bool,
) -> Outcome {
    let record = Record::start(with_steps);
    record.set(&metric::SUCCESS, 0.0);
    record.set(&metric::DURATION, 0.0);
    record.set(&metric::TIMEOUT, timeout.as_secs_f64());
    let prober = &asked.module.prober;
    let seconds = timeout.as_secs_f64();
    record.step(format_args!("Beginning probe probe={} timeout_seconds={seconds}", name(prober)));
    let deadline = record.began().started() + timeout;
    let Asked { target, module: _, hostname } = asked;
    let probe = Probe { target, hostname: *hostname, deadline, equipment, record: &record };
    let result = settle(dispatch(prober, &probe), deadline).await;
    finish(record, result)
}

/// What a prober answers, or that it did not: it broke down, or did not keep to its deadline.
async fn settle(
    probing: impl Future<Output = Result<(), Failure>>,
    deadline: Instant,
) -> Result<(), Failure> {
    let probing = AssertUnwindSafe(probing).catch_unwind();
    match timeout_at(deadline, probing).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure::new(Reason::Internal, "the prober itself broke down")),
        Err(_) => Err(Failure::timeout("probe")),
    }
}

/// The probers differ in size by far, and all of a run's probes are held at once: each is as large as it has to be.
fn dispatch<'a>(prober: &'a Prober, probe: &'a Probe<'a>) -> BoxFuture<'a, Result<(), Failure>> {
    match prober {
        Prober::Http(module) => http::probe(module, probe).boxed(),
        Prober::Tcp(module) => tcp::probe(module, probe).boxed(),
        Prober::Dns(module) => dns::probe(module, probe).boxed(),
        Prober::Grpc(module) => grpc::probe(module, probe).boxed(),
        Prober::Websocket(module) => websocket::probe(module, probe).boxed(),
        Prober::Unsupported(why) => ready(Err(Failure::new(Reason::Unsupported, *why))).boxed(),
    }
}

/// As `prober` has it in a module.
fn name(prober: &Prober) -> &'static str {
    match prober {
        Prober::Http(_) => "http",
        Prober::Tcp(_) => "tcp",
        Prober::Dns(_) => "dns",
        Prober::Grpc(_) => "grpc",
        Prober::Websocket(_) => "websocket",
        Prober::Unsupported(_) => "unsupported",
    }
}

fn finish(record: Record, result: Result<(), Failure>) -> Outcome {
    let took = record.elapsed();
    let seconds = took.as_secs_f64();
    record.set(&metric::DURATION, seconds);
    match &result {
        Ok(()) => {
            record.set(&metric::SUCCESS, 1.0);
            record.step(format_args!("Probe succeeded duration_seconds={seconds}"));
        }
        Err(failure) => {
            let reason = failure.reason.as_str();
            record.set_with(&metric::FAILURE_INFO, &[("reason", reason)], 1.0);
            record.step(format_args!(
                "Probe failed duration_seconds={seconds} reason={reason} err={failure}"
            ));
        }
    }
    let (gauges, steps) = record.into_parts();
    Outcome { result, gauges, steps, took }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::Stopwatch;

    async fn settled(
        probing: impl Future<Output = Result<(), Failure>>,
        time: Duration,
    ) -> Option<Reason> {
        let deadline = Stopwatch::start().started() + time;
        settle(probing, deadline).await.err().map(|failure| failure.reason)
    }

    #[tokio::test]
    async fn a_prober_is_taken_at_its_word_unless_it_breaks_down_or_does_not_end() {
        let long = Duration::from_secs(60);
        assert_eq!(settled(async { Ok(()) }, long).await, None);
        let failure = async { Err(Failure::new(Reason::Status, "500")) };
        assert_eq!(settled(failure, long).await, Some(Reason::Status));
        let panic = async { panic!("as a mistake of ours would") };
        assert_eq!(settled(panic, long).await, Some(Reason::Internal));
        let endless = std::future::pending();
        assert_eq!(settled(endless, Duration::from_millis(10)).await, Some(Reason::Timeout));
    }

    #[tokio::test]
    async fn what_was_recorded_is_there_however_a_probe_ends() {
        for (result, success, reason) in [
            (Ok(()), 1.0, None),
            (Err(Failure::timeout("connect")), 0.0, Some("timeout")),
            (Err(Failure::new(Reason::Unsupported, "no ICMP")), 0.0, Some("unsupported")),
        ] {
            let record = Record::start(true);
            record.set(&metric::SUCCESS, 0.0);
            record.set(&metric::IP_PROTOCOL, 4.0);
            let Outcome { gauges, steps, .. } = finish(record, result);
            let value = |name: &str| gauges.iter().find(|it| it.metric.name == name);
            assert_eq!(value("probe_success").map(|it| it.value), Some(success));
            assert_eq!(value("probe_ip_protocol").map(|it| it.value), Some(4.0));
            let said = value("probe_failure_info").map(|it| it.labels[0].1.as_str());
            assert_eq!(said, reason);
            assert_eq!(steps.len(), 1);
        }
    }
}

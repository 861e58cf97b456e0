//! Samples that cannot be had again: what a failure leaves over comes back as bodies, and a body brings it there later.

mod accounts;
mod mackerel;
mod remote_write;

use series::{Series, Timestamp};
use sinks::{Body, Delivery, Sink};

use crate::support::{NOW, in_run};

/// Keeps everything.
fn keep(sink: &Sink, series: &[Series]) -> (Delivery, Vec<Body>) {
    in_run(NOW, 60, async |run| sink.keep(series, run))
}

/// Delivers with time enough for everything that goes well; what is left over comes back.
fn deliver_or_keep(sink: &Sink, series: &[Series]) -> (Delivery, Vec<Body>) {
    in_run(NOW, 60, async |run| sink.deliver_or_keep(series, run).await)
}

/// Sends a body in a run of its own; gives back what is left of it, if anything of it is done with.
fn redeliver_in_part(now: Timestamp, sink: &Sink, body: &Body) -> (Delivery, Option<Body>) {
    let delivery = in_run(now, 60, async |run| sink.redeliver(body, run).await);
    delivery.expect("a body of this sink")
}

/// The same for a body that is done with, or stays as it is.
fn redeliver_at(now: Timestamp, sink: &Sink, body: &Body) -> Delivery {
    let (delivery, rest) = redeliver_in_part(now, sink, body);
    assert_eq!(rest, None, "{delivery:?}");
    delivery
}

fn redeliver(sink: &Sink, body: &Body) -> Delivery {
    redeliver_at(NOW, sink, body)
}

/// How many samples each body holds.
fn sizes(bodies: &[Body]) -> Vec<u64> {
    bodies.iter().map(|body| body.samples).collect()
}

//! `cloudfront`: everything can be read again, so that everything is there.

use std::collections::BTreeMap;
use std::ops::Range;

use tests::live::{Live, now};
use tests::prometheus::Prometheus;

use super::Trial;

/// Requests by distribution.
type Requests = BTreeMap<String, Vec<(i64, f64)>>;

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing() {
    let prometheus = Prometheus::start();
    let live = Live::start(&prometheus.write_url());
    let trial = Trial::of("cloudfront", 30, 8);
    trial.run(&live, 20);
    let due = trial.time(0).as_secs() - 180..trial.time(trial.events).as_secs() - 120;
    let truth = truth(&live, due);
    let held = |held: BTreeMap<BTreeMap<String, String>, Vec<(i64, f64)>>| -> Requests {
        held.into_iter()
            .map(|(labels, samples)| (labels["dimension_DistributionId"].clone(), samples))
            .collect()
    };
    assert_eq!(held(prometheus.raw("aws_cloudfront_requests_sum", "3h", now())), truth);
    let emulated = live.receiver.samples(&[("__name__", "aws_cloudfront_requests_sum")]);
    let seconds = |(ms, value): (i64, f64)| (ms / 1000, value);
    let emulated = emulated.into_iter();
    let emulated =
        emulated.map(|(labels, samples)| (labels, samples.into_iter().map(seconds).collect()));
    assert_eq!(held(emulated.collect()), truth);
    assert_eq!(live.receiver.violations(), Vec::<String>::new());
    assert_eq!(live.mackerel.violations(), Vec::<String>::new());
}

fn truth(live: &Live, window: Range<i64>) -> Requests {
    let fleet = live.aws.fleet();
    let all = fleet.distributions.iter().map(|distribution| {
        let id = &distribution.id;
        (id.clone(), live.aws.expected(id, "Requests", "Sum", window.clone()))
    });
    all.filter(|(_, samples)| !samples.is_empty()).collect()
}

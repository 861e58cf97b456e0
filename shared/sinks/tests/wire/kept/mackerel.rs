//! Bodies of posts to Mackerel.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use emulators::faults::Rule;
use emulators::receivers::mackerel::POST_SERVICE_METRICS;
use sinks::Body;

use super::{deliver_or_keep, keep, redeliver, redeliver_at, sizes};
use crate::mackerel::{api, assert_polite, sink_to, sink_with};
use crate::remote_write::outages::an_hour_later;
use crate::support::{NOW, ago_minutes, counts, deliver, entries, failure, in_run, traffic};

#[test]
fn what_is_kept_is_what_would_have_been_posted_oldest_first() {
    let api = api();
    let mut series = traffic(300, 4);
    let name = series[0].origin.resource.name.clone();
    Arc::make_mut(&mut series[1].origin.resource).name = name;
    let (kept, bodies) = keep(&sink_to(&api), &series);
    assert_eq!((kept.outcome.clone(), counts(&kept)), (Ok(()), (0, 0, 0)));
    assert!(entries(&kept)[0].contains("would both be named"), "{kept:?}");
    assert_eq!(sizes(&bodies), [500, 500, 200]);
    assert!(api.requests().is_empty(), "nothing is sent");

    assert_eq!(counts(&deliver(&sink_to(&api), &series)), (1200, 0, 3));
    let posted: Vec<_> = api.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(posted, bodies.into_iter().map(|body| body.bytes).collect::<Vec<_>>());
    assert_polite(&api);
}

#[test]
fn an_outage_leaves_over_what_was_not_taken_and_it_arrives_later() {
    let api = api();
    let down = Rule::on(POST_SERVICE_METRICS, an_hour_later(503, "maintenance"));
    api.faults().push(down.skip(1).forever());
    let sink = sink_to(&api);
    let (delivery, bodies) = deliver_or_keep(&sink, &traffic(300, 4));
    assert!(failure(&delivery).contains("status 503: maintenance"), "{delivery:?}");
    assert_eq!((counts(&delivery), sizes(&bodies)), ((500, 0, 2), vec![500, 200]));

    api.faults().clear();
    let other = format!("api_key: {}, names: [{{match: .*, name: other}}]", crate::mackerel::KEY);
    for body in bodies {
        let delivery = redeliver(&sink_with(&api, &other), &body);
        assert_eq!((delivery.outcome.clone(), delivery.sent), (Ok(()), body.samples));
    }
    let metrics = api.metrics("web");
    assert_eq!(metrics.len(), 300, "under the names that they were kept with");
    for (number, ago) in [(0, 4), (7, 3), (299, 1)] {
        let points = &metrics[&format!("cloudfront.requests.www{number}_example_com")];
        assert_eq!(points.len(), 4);
        assert_eq!(points[&ago_minutes(ago).as_secs()], (number * 100 + ago) as f64);
    }
    assert_polite(&api);
}

#[test]
fn points_that_mackerel_would_drop_in_silence_by_now_are_given_up() {
    let api = api();
    let (_, bodies) = keep(&sink_to(&api), &traffic(2, 30));
    assert_eq!(sizes(&bodies), [60]);
    // `catch_up` is 23 h 30 min, and five minutes more while sending.
    let later = NOW + Duration::from_secs(23 * 3600 + 20 * 60);
    let delivery = redeliver_at(later, &sink_to(&api), &bodies[0]);
    assert_eq!((delivery.outcome.clone(), counts(&delivery)), (Ok(()), (30, 30, 1)));
    assert_eq!(entries(&delivery), ["30 samples refused: older than this sink takes"]);
}

#[test]
fn a_bad_point_of_a_body_is_given_up_and_the_others_arrive() {
    let api = api();
    api.refuse_metric("cloudfront.requests.www13_example_com");
    let (_, bodies) = keep(&sink_to(&api), &traffic(50, 2));
    let delivery = redeliver(&sink_to(&api), &bodies[0]);
    assert_eq!((delivery.outcome.clone(), delivery.sent, delivery.rejected), (Ok(()), 98, 2));
    assert_eq!(api.metrics("web").len(), 49);
}

#[test]
fn bytes_that_are_no_body_are_said_and_nothing_is_posted() {
    let bytes = Bytes::from_static(b"\x03\x08abc");
    let (api, body) = (api(), Body { bytes, samples: 1, is_rest: false });
    let sink = sink_to(&api);
    let damaged = in_run(NOW, 60, async |run| sink.redeliver(&body, run).await);
    assert_eq!(
        damaged.expect_err("no such body").to_string(),
        "read a kept body: it is no list of points (line 1, column 1)"
    );
    assert!(api.requests().is_empty());
}

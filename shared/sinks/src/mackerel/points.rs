//! From series to the points that are posted. Pure.

use std::ops::Range;
use std::sync::Arc;

use series::{Kind, Sample, Series, Timestamp};

use super::json::{MINUTE, Point};
use super::names::{self, Candidate};
use super::probes;
use super::rules::Rule;
use crate::admission::Admission;
use crate::outgoing::Outgoing;
use crate::refusals::Refusals;

/// Points in one request. No limit is documented; this is what other senders of many points stay below.
pub(super) const MOST_POINTS: usize = 500;
/// Bytes of one request: the limit of Mackerel's own plugin for fluentd.
pub(super) const MOST_BYTES: usize = 100 * 1024;

/// Counted for values that JSON cannot say.
pub(crate) const NOT_FINITE: &str = "not a finite number";

/// What is to be posted.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The points, oldest first: a monitor looks at the newest value and is not evaluated when an older one follows.
    pub(crate) points: Vec<Point>,
    /// The requests, each a stretch of `points`.
    pub(crate) requests: Vec<Range<usize>>,
    /// What is not posted, by reason.
    pub(crate) refusals: Refusals,
    /// Names that met, names that were shortened.
    pub(crate) notes: Vec<String>,
}

/// Plans the posts for `series`. Info series and self metrics never go to Mackerel.
pub(crate) fn plan(
    series: &[Series],
    outgoing: &Outgoing,
    rules: &[Rule],
    admission: &Admission,
) -> Plan {
    let candidates: Vec<_> = series
        .iter()
        .filter(|series| goes_to_mackerel(series.origin.kind))
        .filter_map(|series| Candidate::new(series, outgoing.labels(series)?, rules))
        .collect();
    let (names, notes) = names::assign(&candidates);
    let mut refusals = Refusals::default();
    let points = points(&candidates, &names, admission, &mut refusals);
    let requests = cut(&points);
    Plan { points, requests, refusals, notes }
}

/// Plans the posts for what was kept in one body.
pub(crate) fn plan_kept(mut points: Vec<Point>, admission: &Admission) -> Plan {
    let mut refusals = Refusals::default();
    points.retain(|point| admission.admits(Timestamp::from_secs(point.time), &mut refusals));
    let requests = cut(&points);
    Plan { points, requests, refusals, notes: Vec::new() }
}

fn goes_to_mackerel(kind: Kind) -> bool {
    match kind {
        Kind::CloudFront | Kind::Ecs | Kind::Probe => true,
        Kind::Info | Kind::SelfMetric => false,
    }
}

/// One point a name and minute, the last one wins, as it would at Mackerel.
fn points(
    candidates: &[Candidate<'_>],
    names: &[String],
    admission: &Admission,
    refusals: &mut Refusals,
) -> Vec<Point> {
    let mut points =
        Vec::with_capacity(candidates.iter().map(|one| one.series.samples.len()).sum());
    for (Candidate { series, .. }, name) in candidates.iter().zip(names) {
        let name: Arc<str> = Arc::from(name.as_str());
        for sample in &series.samples {
            let value = value(series, sample);
            if !value.is_finite() {
                refusals.add(NOT_FINITE, 1);
            } else if admission.admits(sample.at, refusals) {
                let time = sample.at.floor(MINUTE).as_secs();
                points.push(Point { name: Arc::clone(&name), time, value });
            }
        }
    }
    points.sort_by(|a, b| (a.time, &a.name).cmp(&(b.time, &b.name)));
    points.dedup_by(|later, kept| {
        let same = later.time == kept.time && later.name == kept.name;
        if same {
            kept.value = later.value;
        }
        same
    });
    points
}

/// The value as Mackerel is to have it.
fn value(series: &Series, sample: &Sample) -> f64 {
    match series.origin.kind {
        Kind::Probe => probes::value(&series.origin.metric, sample),
        Kind::CloudFront | Kind::Ecs | Kind::Info | Kind::SelfMetric => sample.value,
    }
}

fn cut(points: &[Point]) -> Vec<Range<usize>> {
    let mut requests = Vec::new();
    // The brackets around the list; each point brings a comma.
    let (mut start, mut bytes) = (0, 2);
    let mut text = Vec::new();
    for (at, point) in points.iter().enumerate() {
        text.clear();
        serde_json::to_writer(&mut text, point).expect("a name and a finite number are JSON");
        let length = text.len() + 1;
        if at > start && (at - start >= MOST_POINTS || bytes + length > MOST_BYTES) {
            requests.push(start..at);
            (start, bytes) = (at, 2);
        }
        bytes += length;
    }
    if start < points.len() {
        requests.push(start..points.len());
    }
    requests
}

//! For sinks that take corrections (Mackerel overwrites a point of the same time): the last points are looked at again,
//! and those that CloudWatch changed since they were posted are posted again. Pure, over the state.

use std::borrow::Cow;
use std::cell::LazyCell;

use series::{Labels, Part, Sample, Series, Timestamp, Window};

use crate::hash::StableHash;
use crate::state::State;

/// What of `series` is new to a sink: everything from its watermark on, and what changed before it.
pub(crate) fn news(
    series: &[Series],
    sink: &str,
    part: &Part,
    watermark: Timestamp,
    state: &State,
) -> Vec<Series> {
    let of_one = |one: &Series| {
        // Most often all samples are new.
        let id = LazyCell::new(|| identity(&one.labels));
        only(one, |sample| {
            sample.at >= watermark
                || state.posted(sink, part, &id, sample.at) != Some(sample.value.to_bits())
        })
    };
    series.iter().map(of_one).collect()
}

/// What of `series` lies at or after `from`.
pub(crate) fn since(series: &[Series], from: Timestamp) -> Cow<'_, [Series]> {
    let begins_later = |one: &Series| one.samples.first().is_none_or(|first| first.at >= from);
    if series.iter().all(begins_later) {
        return Cow::Borrowed(series);
    }
    Cow::Owned(series.iter().map(|one| only(one, |sample| sample.at >= from)).collect())
}

/// A series with some of its samples. It stays even where none is left: sinks choose names among all series.
fn only(series: &Series, keep: impl Fn(&Sample) -> bool) -> Series {
    let samples = series.samples.iter().filter(|sample| keep(sample)).copied().collect();
    Series { labels: series.labels.clone(), origin: series.origin.clone(), samples }
}

/// Remembers what was posted inside `window`, and forgets what lies before it.
pub(crate) fn remember(
    series: &[Series],
    sink: &str,
    part: &Part,
    window: Window,
    state: &mut State,
) {
    state.forget_before(sink, part, window.from);
    for one in series {
        let id = identity(&one.labels);
        for sample in one.samples.iter().filter(|sample| window.contains(sample.at)) {
            state.remember(sink, part, &id, sample.at, sample.value.to_bits());
        }
    }
}

/// A short name for a label set that stays the same over versions and platforms: a hash of its text.
fn identity(labels: &Labels) -> String {
    format!("{:016x}", StableHash::of(labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use series::{Kind, Origin, Resource};

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    fn from(n: i64) -> Window {
        Window::new(minute(n), minute(100))
    }

    fn requests(points: &[(i64, f64)]) -> Vec<Series> {
        let resource = Resource { id: "E1".to_owned(), name: "www".to_owned() };
        let samples =
            points.iter().map(|(at, value)| Sample { at: minute(*at), value: *value }).collect();
        let origin = Origin {
            kind: Kind::CloudFront,
            metric: "requests".to_owned(),
            resource: resource.into(),
        };
        vec![Series { labels: Labels::named("requests"), origin, samples }]
    }

    #[test]
    fn only_new_late_and_changed_points_are_posted_again() {
        let (part, mut state) = (Part::new("us-east-1"), State::default());
        remember(&requests(&[(1, 10.0), (2, 20.0)]), "m", &part, from(1), &mut state);
        let read_again = requests(&[(1, 10.0), (2, 21.0), (3, 30.0), (4, 40.0)]);
        let news = news(&read_again, "m", &part, minute(4), &state);
        assert_eq!(news, requests(&[(2, 21.0), (3, 30.0), (4, 40.0)]));
    }

    #[test]
    fn what_lies_before_the_cut_is_forgotten() {
        let (part, mut state) = (Part::new("us-east-1"), State::default());
        remember(&requests(&[(1, 10.0), (2, 20.0)]), "m", &part, from(1), &mut state);
        remember(&requests(&[(3, 30.0)]), "m", &part, from(2), &mut state);
        let news =
            news(&requests(&[(1, 10.0), (2, 20.0), (3, 30.0)]), "m", &part, minute(4), &state);
        assert_eq!(news, requests(&[(1, 10.0)]));
    }

    #[test]
    fn what_was_not_posted_before_an_outage_is_not_remembered() {
        let (part, mut state) = (Part::new("us-east-1"), State::default());
        let posted = Window::new(minute(1), minute(2));
        remember(&requests(&[(1, 10.0), (2, 20.0)]), "m", &part, posted, &mut state);
        let again = requests(&[(1, 10.0), (2, 20.0)]);
        assert_eq!(news(&again, "m", &part, minute(9), &state), requests(&[(2, 20.0)]));
    }

    #[test]
    fn an_identity_is_stable() {
        assert_eq!(
            identity(&Labels::named("up").with("a", "b")),
            identity(&Labels::named("up").with("a", "b"))
        );
        assert_eq!(identity(&Labels::new()), "cbf29ce484222325");
    }

    #[test]
    fn a_series_stays_even_where_no_sample_of_it_is_left() {
        assert_eq!(since(&requests(&[(1, 1.0), (2, 2.0)]), minute(2)), requests(&[(2, 2.0)]));
        assert_eq!(since(&requests(&[(1, 1.0)]), minute(2)), requests(&[]));
    }
}

//! CloudWatch's types into ours: points into samples, messages into text. Pure.

use aws_sdk_cloudwatch::types::{MessageData, MetricDataResult};
use series::{Sample, Timestamp, Window};

/// The points inside the window. CloudWatch rounds a window's start down and may so return points from before it; it
/// has no values that are not numbers.
pub(crate) fn samples(result: &MetricDataResult, window: Window) -> impl Iterator<Item = Sample> {
    let points = result.timestamps().iter().zip(result.values());
    points.filter_map(move |(at, value)| {
        let at = Timestamp::from_millis(at.to_millis().ok()?);
        (window.contains(at) && value.is_finite()).then_some(Sample { at, value: *value })
    })
}

/// Oldest first, each time once; of two values for one time the one that was read later.
pub(crate) fn in_order(mut samples: Vec<Sample>) -> Vec<Sample> {
    samples.sort_by_key(|sample| sample.at);
    samples.dedup_by(|later, kept| {
        let same = later.at == kept.at;
        if same {
            kept.value = later.value;
        }
        same
    });
    samples
}

/// What CloudWatch's messages say, as one text.
pub(crate) fn said(messages: &[MessageData]) -> Option<String> {
    let text = |message: &MessageData| match (message.code(), message.value()) {
        (Some(code), Some(value)) => Some(format!("{code}: {value}")),
        (Some(text), None) | (None, Some(text)) => Some(text.to_owned()),
        (None, None) => None,
    };
    let texts: Vec<_> = messages.iter().filter_map(text).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::primitives::DateTime;

    fn at(minute: i64, value: f64) -> Sample {
        Sample { at: Timestamp::from_secs(minute * 60), value }
    }

    #[test]
    fn only_numbers_inside_the_window_are_points() {
        let window = Window::new(Timestamp::from_secs(0), Timestamp::from_secs(600));
        let times = [-1, 0, 1, 2, 3, 9, 10].map(|n| DateTime::from_secs(n * 60));
        let values = [-1.0, 0.0, f64::NAN, f64::INFINITY, 3.0, 9.0, 10.0];
        let result = MetricDataResult::builder()
            .set_timestamps(Some(times.into()))
            .set_values(Some(values.into()))
            .build();
        let samples: Vec<_> = samples(&result, window).collect();
        assert_eq!(samples, [at(0, 0.0), at(3, 3.0), at(9, 9.0)]);
    }

    #[test]
    fn of_two_values_for_one_time_the_later_counts() {
        let samples = vec![at(2, 2.0), at(1, 1.0), at(2, 3.0), at(1, 4.0), at(2, 5.0)];
        assert_eq!(in_order(samples), [at(1, 4.0), at(2, 5.0)]);
    }

    #[test]
    fn messages_are_said_with_their_codes() {
        let message = MessageData::builder;
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[message().build()]), None);
        let messages = [message().code("A").value("b").build(), message().value("c").build()];
        assert_eq!(said(&messages).as_deref(), Some("A: b; c"));
    }
}

//! Samples that a sink will never take, counted by reason. Each reason is one entry of the report: never silent, and
//! never one entry a sample. Whoever has several deliveries to the same sink merges them before they are told.

use std::collections::BTreeMap;

use series::SourceError;

/// What receivers answer, and the reason that it is counted under. Their texts name a series or a timestamp, so that no
/// two are alike. The first that is contained wins. Texts of Prometheus (`storage/errors`), Cortex, which is what Amazon Managed Service for Prometheus speaks, and Mimir.
const KNOWN: &[(&str, &str)] = &[
    ("duplicate sample for timestamp", "duplicate sample for timestamp"),
    ("out of order", "out of order sample"),
    // Prometheus says of these that they are out of bounds as well.
    ("too far in", "timestamp too far in the future"),
    ("out of bounds", "out of bounds"),
    ("too old", "too old sample"),
    ("greater_than_max_sample_age", "too old sample"),
    ("series limit", "series limit exceeded"),
    ("max-series-per", "series limit exceeded"),
    ("label value too long", "label value too long"),
    ("label name too long", "label name too long"),
    ("too many labels", "too many labels"),
    ("label names per series", "too many labels"),
    ("duplicate label name", "duplicate label name"),
    ("invalid label", "invalid label"),
    ("invalid metric name", "invalid metric name"),
    ("missing metric name", "missing metric name"),
];

/// Reasons that time does not heal: a sample only becomes older, and what is there in its place stays there.
const FOR_EVER: &[&str] =
    &["duplicate sample for timestamp", "out of order sample", "out of bounds", "too old sample"];

/// The reason that an answer is counted under.
fn reason_of(said: &str) -> &'static str {
    let known = KNOWN.iter().find(|(text, _)| said.contains(text));
    known.map_or("refused by the receiver", |(_, reason)| reason)
}

/// Whether a sample that was refused with this answer is refused whenever it is asked again.
pub(crate) fn is_for_ever(said: &str) -> bool {
    FOR_EVER.contains(&reason_of(said))
}

/// How many samples were refused, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals(BTreeMap<String, Refused>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Refused {
    samples: u64,
    /// What a receiver said of the first of them.
    said: Option<String>,
}

impl Refusals {
    /// Counts samples that we know no receiver takes.
    pub(crate) fn add(&mut self, reason: &str, samples: u64) {
        self.count(reason, samples, None);
    }

    /// Counts samples that a receiver refused with the answer `said`.
    pub(crate) fn add_answer(&mut self, said: &str, samples: u64) {
        self.count(reason_of(said), samples, Some(said));
    }

    fn count(&mut self, reason: &str, samples: u64, said: Option<&str>) {
        if samples > 0 {
            let refused = self.0.entry(reason.to_owned()).or_default();
            refused.samples += samples;
            refused.said = refused.said.take().or_else(|| said.map(str::to_owned));
        }
    }

    /// Takes over what `other` counted.
    pub fn merge(&mut self, other: Self) {
        for (reason, Refused { samples, said }) in other.0 {
            self.count(&reason, samples, said.as_deref());
        }
    }

    /// Whether to ask again later is in vain for each of them.
    pub(crate) fn are_for_ever(&self) -> bool {
        self.0.keys().all(|reason| FOR_EVER.contains(&reason.as_str()))
    }

    /// How many samples, over all reasons.
    pub(crate) fn samples(&self) -> u64 {
        self.0.values().map(|refused| refused.samples).sum()
    }

    /// The count of one reason.
    #[cfg(test)]
    pub(crate) fn of(&self, reason: &str) -> u64 {
        self.0.get(reason).map_or(0, |refused| refused.samples)
    }

    /// What the receiver said of one of them, if a receiver said anything.
    pub(crate) fn first_answer(&self) -> Option<&str> {
        self.0.values().find_map(|refused| refused.said.as_deref())
    }

    /// One entry of the report for each reason.
    pub fn entries<'a>(&'a self, sink: &'a str) -> impl Iterator<Item = SourceError> + 'a {
        self.0.iter().map(move |(reason, Refused { samples, said })| {
            let plural = if *samples == 1 { "sample" } else { "samples" };
            let said = said.as_ref().map(|said| format!(" ({said})")).unwrap_or_default();
            SourceError::new(sink, format!("{samples} {plural} refused: {reason}{said}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_differ_in_series_and_timestamp_count_under_one_reason() {
        let mut refusals = Refusals::default();
        refusals
            .add_answer("status 400: user=1: err: out of order sample. timestamp=1, series=a", 2);
        refusals
            .add_answer("status 400: user=1: err: out of order sample. timestamp=2, series=b", 3);
        refusals.add_answer("status 400: something new", 1);
        refusals.add("timestamp in the future", 0);
        assert_eq!(refusals.samples(), 6);
        let messages: Vec<_> =
            refusals.entries("remote_write:amp").map(|entry| entry.message).collect();
        assert_eq!(
            messages,
            [
                "5 samples refused: out of order sample (status 400: user=1: err: out of order sample. \
                 timestamp=1, series=a)",
                "1 sample refused: refused by the receiver (status 400: something new)",
            ]
        );
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_first_answer() {
        let mut all = Refusals::default();
        all.add_answer("too old (first)", 1);
        let mut more = Refusals::default();
        more.add_answer("too old (second)", 4);
        all.merge(more);
        assert_eq!(all.of("too old sample"), 5);
        assert_eq!(all.first_answer(), Some("too old (first)"));
    }
}

//! The series that an answer shows, as far as it has room for them. What is left out is counted, and costs no memory.

use series::{Series, exposition};

/// What a line takes besides its labels at most: a value, a timestamp in milliseconds, two spaces, and an escaped newline.
const NUMBERS: usize = 24 + 14 + 2 + 2;

/// Series that were collected, to be shown.
#[derive(Debug)]
pub(crate) struct Shown {
    series: Vec<Series>,
    room: usize,
    left_out: u64,
}

impl Shown {
    /// Nothing yet. `room` is what the lines may take in JSON, in bytes; as much as there is where it is absent.
    pub(crate) fn within(room: Option<usize>) -> Self {
        Self { series: Vec::new(), room: room.unwrap_or(usize::MAX), left_out: 0 }
    }

    /// Takes a series, or as many of its samples as there is room for.
    pub(crate) fn take(&mut self, series: &Series) {
        let line = length_in_json(&series.labels.to_string()) + NUMBERS;
        let fitting = series.samples.len().min(self.room / line);
        self.room -= fitting * line;
        self.left_out += (series.samples.len() - fitting) as u64;
        if fitting > 0 {
            let samples = series.samples[..fitting].to_vec();
            let Series { labels, origin, samples: _ } = series;
            self.series.push(Series { labels: labels.clone(), origin: origin.clone(), samples });
        }
    }

    /// What there was no room for, in samples.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The lines.
    pub(crate) fn text(&self) -> String {
        exposition::write(&self.series)
    }
}

/// Labels hold quotes and backslashes, which JSON escapes once more.
fn length_in_json(text: &str) -> usize {
    serde_json::to_string(text).map_or(text.len(), |json| json.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use series::{Kind, Labels, Origin, Resource, Sample, Timestamp};

    fn series(name: &str, samples: i64) -> Series {
        let resource = Resource { id: "E1".to_owned(), name: "www".to_owned() };
        let sample =
            |at| Sample { at: Timestamp::from_secs(1_795_165_200 + at), value: -f64::MIN_POSITIVE };
        Series {
            labels: Labels::named(name).with("alias", "a \"quoted\" \\ one"),
            origin: Origin {
                kind: Kind::CloudFront,
                metric: "requests".to_owned(),
                resource: resource.into(),
            },
            samples: (0..samples).map(sample).collect(),
        }
    }

    #[test]
    fn without_a_limit_everything_is_shown() {
        let mut shown = Shown::within(None);
        [series("a", 3), series("b", 2)].iter().for_each(|one| shown.take(one));
        assert_eq!((shown.text().lines().count(), shown.left_out()), (5, 0));
    }

    #[test]
    fn what_is_shown_fits_in_json_and_what_does_not_is_counted() {
        for room in [0, 1_000, 2_345, 100_000] {
            let mut shown = Shown::within(Some(room));
            (0..10).for_each(|n| shown.take(&series(&format!("s{n}"), 7)));
            let text = shown.text();
            let lines = text.lines().count() as u64;
            assert_eq!(lines + shown.left_out(), 70, "{room}");
            assert!(length_in_json(&text) <= room + 2, "{room}: {}", length_in_json(&text));
            assert_eq!((lines == 0, lines == 70), (room == 0, room == 100_000), "{room}: {lines}");
        }
    }
}

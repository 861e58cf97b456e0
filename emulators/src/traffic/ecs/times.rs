//! When things happen: schedules that go back and forth without end, as arithmetic.

use std::ops::Range;

/// When something happens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Times {
    /// It does not happen.
    #[default]
    Never,
    /// At these moments (epoch seconds), in ascending order.
    At(Vec<i64>),
    /// Once in each stretch of so many seconds, counted from the epoch.
    Every {
        /// How long a stretch is; at least 1.
        seconds: i64,
        /// How far into the stretch it happens.
        offset: i64,
    },
}

/// One of the times, and which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Occasion {
    pub(super) index: i64,
    /// Epoch seconds.
    pub(super) at: i64,
}

impl Times {
    /// So many times a day, evenly spread; the first of them `offset` seconds after midnight (UTC).
    #[must_use]
    pub fn a_day(count: i64, offset: i64) -> Self {
        Self::Every { seconds: 86_400 / count.max(1), offset }
    }

    /// The occasions in `window`, oldest first.
    pub(super) fn within(&self, window: &Range<i64>) -> Vec<Occasion> {
        let indices = self.index_from(window.start)..self.index_from(window.end);
        indices.filter_map(|index| self.occasion(index)).collect()
    }

    /// How many there are in `window`.
    pub(super) fn count(&self, window: &Range<i64>) -> i64 {
        (self.index_from(window.end) - self.index_from(window.start)).max(0)
    }

    /// Those before `time`, newest first.
    pub(super) fn before(&self, time: i64) -> impl Iterator<Item = Occasion> {
        let newest = self.index_from(time) - 1;
        (0..).map_while(move |back| self.occasion(newest - back))
    }

    /// The index of the first occasion at `time` or after it.
    fn index_from(&self, time: i64) -> i64 {
        match self {
            Self::Never => 0,
            Self::At(times) => {
                let before = times.partition_point(|at| *at < time);
                i64::try_from(before).expect("a list in memory")
            }
            Self::Every { seconds, offset } => {
                let seconds = (*seconds).max(1);
                (time - offset + seconds - 1).div_euclid(seconds)
            }
        }
    }

    fn occasion(&self, index: i64) -> Option<Occasion> {
        let at = match self {
            Self::Never => None,
            Self::At(times) => times.get(usize::try_from(index).ok()?).copied(),
            Self::Every { seconds, offset } => Some(index * (*seconds).max(1) + offset),
        };
        at.map(|at| Occasion { index, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(times: &Times, window: Range<i64>) -> Vec<i64> {
        times.within(&window).iter().map(|occasion| occasion.at).collect()
    }

    #[test]
    fn a_window_takes_its_start_and_leaves_its_end() {
        let cases = [
            (Times::Never, vec![]),
            (Times::At(vec![90, 100, 150, 200]), vec![100, 150]),
            (Times::Every { seconds: 50, offset: 0 }, vec![100, 150]),
            (Times::Every { seconds: 60, offset: 10 }, vec![130, 190]),
            (Times::Every { seconds: 1000, offset: 7 }, vec![]),
        ];
        for (times, expected) in cases {
            assert_eq!(moments(&times, 100..200), expected, "{times:?}");
            let count = i64::try_from(expected.len()).expect("a few");
            assert_eq!(times.count(&(100..200)), count, "{times:?}");
        }
    }

    #[test]
    fn the_past_is_read_backwards_under_the_same_indices() {
        for times in [Times::At(vec![0, 60, 120]), Times::Every { seconds: 60, offset: 0 }] {
            let back: Vec<Occasion> = times.before(120).take(2).collect();
            let forth = times.within(&(0..120));
            assert_eq!(back, [forth[1], forth[0]], "{times:?}");
        }
        assert_eq!(Times::At(vec![60]).before(60).next(), None);
    }

    #[test]
    fn five_times_a_day_is_every_288_minutes() {
        let times = moments(&Times::a_day(5, 600), 0..86_400);
        assert_eq!(times, [600, 17_880, 35_160, 52_440, 69_720]);
    }
}

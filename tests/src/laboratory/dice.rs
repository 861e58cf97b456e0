//! Chance that repeats itself: everything that a seed decides comes from here.

use std::ops::RangeInclusive;

/// The dice: xorshift64*, so that a seed means the same for ever.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub fn of(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike, and the state must not be zero.
        let mut dice = Self((seed ^ 0x9e37_79b9_7f4a_7c15).max(1));
        for _ in 0..8 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    /// A number of a range, both ends included.
    ///
    /// # Panics
    /// When the range is empty.
    pub fn between(&mut self, range: RangeInclusive<i64>) -> i64 {
        let (from, to) = range.into_inner();
        let sides = u64::try_from(to - from + 1).expect("a range with something in it");
        from + i64::try_from(self.next() % sides).expect("less than the range is long")
    }

    /// One of some things.
    ///
    /// # Panics
    /// When there are none.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = self.next() % choices.len() as u64;
        &choices[usize::try_from(index).expect("an index")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolls(seed: u64) -> Vec<i64> {
        let mut dice = Dice::of(seed);
        (0..50).map(|_| dice.between(1..=6)).collect()
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert!((1..=6).all(|side| rolls(3).contains(&side)), "{:?}", rolls(3));
        let mut dice = Dice::of(0);
        let often = (0..1_000).filter(|_| dice.once_in(4)).count();
        assert!((200..300).contains(&often), "{often}");
        assert!(["a", "b"].contains(dice.one_of(&["a", "b"])));
    }
}

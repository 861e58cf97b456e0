//! Finding the bad samples of a refused request by sending its parts. Pure: it says which part is next and is told what
//! became of it.
//!
//! Of a large request a few single samples go first. Where all of these are refused, all of it is (an hour that is there
//! already, sent again to a Prometheus without an out-of-order window), and to look for good ones would use up the run.
//! Then parts are halved, breadth first. Each series stands in a request once and with one timestamp, so the order of
//! parts does not matter to a receiver; one that had taken the good samples of the whole request before it answered 400
//! (Cortex does) is sent identical repeats, which it ignores.

use std::collections::VecDeque;
use std::ops::Range;

use crate::refusals::Refusals;

/// Where in a request the single samples are taken from, in parts of [`PROBED`]: spread, and not in step with series that
/// repeat every so many.
const PROBES: [usize; 5] = [3, 11, 20, 29, 38];
/// The shortest request that is probed. A shorter one is taken apart for little more.
const PROBED: usize = 41;
/// The same for series of which each was refused alone before.
const PROBED_OF_SUSPECTS: usize = 6;

/// One request and what has become of it so far.
#[derive(Debug)]
pub(crate) struct Parts {
    waiting: VecDeque<Part>,
    /// The shortest request that is probed.
    probed: usize,
    taken: Vec<Range<usize>>,
    refused: Refusals,
    /// The single samples that were refused.
    bad: Vec<usize>,
    /// How many of the probes were refused.
    probes_refused: usize,
}

#[derive(Debug)]
struct Part {
    samples: Range<usize>,
    is_probe: bool,
    /// The answer to what it is a half of; none for the whole.
    parent: Option<Answered>,
}

/// Why a part has to be split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Something in it is bad; the answer's text.
    Refused(String),
    /// It is too large; the answer's text.
    TooLarge(String),
}

impl Answered {
    fn text(&self) -> &str {
        let (Self::Refused(text) | Self::TooLarge(text)) = self;
        text
    }
}

/// What a request came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// Samples that the receiver took.
    pub(crate) taken: Vec<Range<usize>>,
    /// Samples that it refused.
    pub(crate) refused: Refusals,
    /// Those of them that it refused alone.
    pub(crate) bad: Vec<usize>,
    /// Samples of which neither is known.
    pub(crate) open: Vec<Range<usize>>,
}

impl Resolved {
    /// How many samples the receiver took.
    pub(crate) fn samples(&self) -> u64 {
        self.taken.iter().map(|part| part.len() as u64).sum()
    }
}

impl Parts {
    /// The parts of a request, which is itself the first.
    pub(crate) fn of(samples: Range<usize>) -> Self {
        Self::probed(samples, PROBED)
    }

    /// The parts of a request of suspects: that all of them are refused again is likely, and soon found out.
    pub(crate) fn of_suspects(samples: Range<usize>) -> Self {
        Self::probed(samples, PROBED_OF_SUSPECTS)
    }

    fn probed(samples: Range<usize>, probed: usize) -> Self {
        let whole = Part { samples, is_probe: false, parent: None };
        Self {
            waiting: VecDeque::from([whole]),
            probed,
            taken: Vec::new(),
            refused: Refusals::default(),
            bad: Vec::new(),
            probes_refused: 0,
        }
    }

    /// What is to be sent next. Anything but the whole request costs one of the run's splits.
    pub(crate) fn next(&self) -> Option<Range<usize>> {
        self.waiting.front().map(|part| part.samples.clone())
    }

    /// Whether the next one is the whole request.
    pub(crate) fn at_start(&self) -> bool {
        self.waiting.front().is_some_and(|part| part.parent.is_none())
    }

    /// The receiver took the part that was next.
    pub(crate) fn taken(&mut self) {
        self.taken.extend(self.waiting.pop_front().map(|part| part.samples));
    }

    /// The receiver did not take the part that was next: it is taken apart, or, if it is a single sample, refused.
    pub(crate) fn not_taken(&mut self, answered: &Answered) {
        let Some(Part { samples, is_probe, parent }) = self.waiting.pop_front() else { return };
        if samples.len() < 2 {
            self.probes_refused += usize::from(is_probe);
            self.bad.push(samples.start);
            self.refused.add_answer(answered.text(), samples.len() as u64);
            return;
        }
        let is_bad_whole = parent.is_none() && matches!(answered, Answered::Refused(_));
        if is_bad_whole && samples.len() >= self.probed {
            self.probe(samples, answered);
        } else {
            let middle = samples.start + samples.len() / 2;
            self.wait(samples.start..middle, false, answered);
            self.wait(middle..samples.end, false, answered);
        }
    }

    /// The probes, and behind them what lies between them.
    fn probe(&mut self, samples: Range<usize>, answered: &Answered) {
        let probes = PROBES.map(|at| samples.start + samples.len() * at / PROBED);
        probes.iter().for_each(|&probe| self.wait(probe..probe + 1, true, answered));
        let mut start = samples.start;
        for end in probes.into_iter().chain([samples.end]) {
            self.wait(start..end, false, answered);
            start = end + 1;
        }
    }

    fn wait(&mut self, samples: Range<usize>, is_probe: bool, parent: &Answered) {
        if !samples.is_empty() {
            self.waiting.push_back(Part { samples, is_probe, parent: Some(parent.clone()) });
        }
    }

    /// Whether the receiver took one of them.
    pub(crate) fn any_taken(&self) -> bool {
        !self.taken.is_empty()
    }

    /// Whether looking on is in vain.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.probes_refused == PROBES.len()
    }

    /// The answer that the next part stems from, if any part is still waiting.
    pub(crate) fn waiting_for_splits(&self) -> Option<&str> {
        self.waiting.front()?.parent.as_ref().map(Answered::text)
    }

    /// The end of splitting: parts that were not told apart are refused as their parent was. A part that is only too
    /// large is not bad: then all parts go on waiting, and its answer's text is the error.
    pub(crate) fn give_up(&mut self) -> Result<(), String> {
        let too_large = self.waiting.iter().find_map(|part| match &part.parent {
            Some(Answered::TooLarge(text)) => Some(text.clone()),
            _ => None,
        });
        if let Some(text) = too_large {
            return Err(text);
        }
        for Part { samples, is_probe: _, parent } in self.waiting.drain(..) {
            if let Some(parent) = parent {
                self.refused.add_answer(parent.text(), samples.len() as u64);
            }
        }
        Ok(())
    }

    /// What it came to so far.
    pub(crate) fn resolve(self) -> Resolved {
        let Self { waiting, probed: _, taken, refused, bad, probes_refused: _ } = self;
        let open = waiting.into_iter().map(|part| part.samples).collect();
        Resolved { taken, refused, bad, open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Sends the parts to a receiver that refuses whatever holds a bad sample.
    fn run(
        samples: usize,
        bad: &BTreeSet<usize>,
        mut splits: u32,
    ) -> (Resolved, BTreeSet<usize>, u32) {
        let mut parts = Parts::of(0..samples);
        let mut stored = BTreeSet::new();
        let mut requests = 0;
        while let Some(part) = parts.next() {
            if !parts.at_start() {
                if splits == 0 || parts.is_hopeless() {
                    break;
                }
                splits -= 1;
            }
            requests += 1;
            if part.clone().any(|sample| bad.contains(&sample)) {
                parts.not_taken(&Answered::Refused("status 400: out of order sample".into()));
            } else {
                stored.extend(part);
                parts.taken();
            }
        }
        parts.give_up().expect("nothing was too large");
        (parts.resolve(), stored, requests)
    }

    #[test]
    fn a_good_request_is_one_request() {
        let (resolved, stored, requests) = run(2000, &BTreeSet::new(), 64);
        assert_eq!((resolved.samples(), stored.len(), requests), (2000, 2000, 1));
    }

    #[test]
    fn one_bad_sample_of_two_thousand_is_found_within_the_limit() {
        for bad in [0, 1, 999, 1000, 1999] {
            let (resolved, stored, requests) = run(2000, &BTreeSet::from([bad]), 64);
            assert_eq!((resolved.samples(), resolved.refused.samples()), (1999, 1), "bad {bad}");
            assert!(!stored.contains(&bad) && requests <= 30, "{requests} requests");
        }
    }

    #[test]
    fn a_request_that_is_bad_throughout_does_not_use_up_the_run() {
        let (resolved, _, requests) = run(2000, &(0..2000).collect(), 64);
        assert_eq!((resolved.samples(), resolved.refused.samples()), (0, 2000));
        assert_eq!(requests, 6);
    }

    #[test]
    fn bad_samples_spread_in_step_do_not_hide_the_good_ones() {
        for step in [2, 5, 10, 20, 41, 100] {
            let bad = (0..1000).step_by(step).collect();
            let (resolved, ..) = run(1000, &bad, 64);
            assert!(resolved.samples() > 0, "one of {step} is bad");
            assert_eq!(resolved.samples() + resolved.refused.samples(), 1000);
        }
    }

    #[test]
    fn what_is_too_large_is_halved_but_never_given_up() {
        let mut parts = Parts::of(0..4);
        parts.not_taken(&Answered::TooLarge("status 413".into()));
        assert_eq!(parts.next(), Some(0..2));
        parts.taken();
        assert_eq!(parts.give_up(), Err("status 413".into()));
        let resolved = parts.resolve();
        assert_eq!((resolved.samples(), resolved.open.first()), (2, Some(&(2..4))));
    }

    proptest! {
        #[test]
        fn every_sample_is_accounted_for_and_no_good_one_is_lost_while_splits_last(
            samples in 1usize..300, bad in proptest::collection::btree_set(0usize..300, 0..6), splits in 0u32..200,
        ) {
            let bad: BTreeSet<_> = bad.into_iter().filter(|at| *at < samples).collect();
            let (resolved, stored, requests) = run(samples, &bad, splits);
            prop_assert_eq!(resolved.samples() + resolved.refused.samples(), samples as u64);
            prop_assert_eq!(resolved.samples(), stored.len() as u64);
            prop_assert!(requests <= splits + 1);
            prop_assert!(stored.is_disjoint(&bad));
            // Six bad samples of 300 need at most 5 probes, 6 stretches and 2 · 6 · 6 halves; the probes must not hit
            // bad ones alone.
            if splits >= 83 && bad.len() < PROBES.len() {
                prop_assert_eq!(resolved.refused.samples(), bad.len() as u64);
            }
        }
    }
}

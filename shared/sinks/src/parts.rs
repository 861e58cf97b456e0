//! Finding the bad samples of a refused request by sending its parts. Pure: it says which part is next and is told what
//! became of it.
//!
//! Of a large request a few single samples go first. Where all of these are refused, all of it is (an hour that is there
//! already, sent again to a Prometheus without an out-of-order window), and to look for good ones would use up the run.
//! Then parts are halved. Each series stands in a request once and with one timestamp, so the order of parts does not
//! matter to a receiver; one that had taken the good samples of the whole request before it answered 400 (Cortex does) is
//! sent identical repeats, which it ignores.

use std::collections::VecDeque;
use std::ops::Range;

use crate::refusals::{self, Refusals};

/// Where in a request the single samples are taken from, in parts of [`PROBED`]: spread, and not in step with series that
/// repeat every so many.
pub(crate) const PROBES: [usize; 5] = [3, 11, 20, 29, 38];
const PROBED: usize = 41;

/// How the bad samples of a request are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// Halves are told apart evenly, so that many good samples are taken soon: what is not found is given up.
    Wide,
    /// One half is told apart before the other: what is not found is looked for from there on in the next run.
    Deep,
    /// The same of what such a search left over. It begins among bad ones, which says nothing of the others.
    Rest,
    /// Each was refused alone before: most likely they are all refused again.
    Suspects,
}

impl Search {
    /// The shortest request that is probed. A shorter one is taken apart for little more.
    fn probed(self) -> usize {
        match self {
            Self::Wide | Self::Deep => PROBED,
            Self::Suspects => PROBES.len() + 1,
            Self::Rest => usize::MAX,
        }
    }
}

/// One request and what has become of it so far.
#[derive(Debug)]
pub(crate) struct Parts {
    waiting: VecDeque<Part>,
    search: Search,
    /// Moves the probes: each run tries others.
    offset: usize,
    taken: Vec<Range<usize>>,
    refused: Refusals,
    bad: Vec<Bad>,
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

/// A single sample that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) at: usize,
    /// For its age, or for what is there in its place: that says nothing of the series' later samples.
    pub(crate) for_its_age: bool,
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
    pub(crate) bad: Vec<Bad>,
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
    pub(crate) fn of(samples: Range<usize>, search: Search, offset: usize) -> Self {
        let whole = Part { samples, is_probe: false, parent: None };
        Self {
            waiting: VecDeque::from([whole]),
            search,
            offset,
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
            let for_its_age = refusals::is_for_ever(answered.text());
            self.bad.push(Bad { at: samples.start, for_its_age });
            self.refused.add_answer(answered.text(), samples.len() as u64);
            return;
        }
        let is_bad_whole = parent.is_none() && matches!(answered, Answered::Refused(_));
        if is_bad_whole && samples.len() >= self.search.probed() {
            self.probe(samples, answered);
        } else {
            self.halve(samples, answered);
        }
    }

    fn halve(&mut self, samples: Range<usize>, answered: &Answered) {
        let middle = samples.start + samples.len() / 2;
        let (first, second) = (samples.start..middle, middle..samples.end);
        if self.search == Search::Wide {
            self.wait(first, false, answered);
            self.wait(second, false, answered);
            return;
        }
        let half = |samples| Part { samples, is_probe: false, parent: Some(answered.clone()) };
        self.waiting.push_front(half(second));
        self.waiting.push_front(half(first));
    }

    /// The probes, and behind them what lies between them.
    fn probe(&mut self, samples: Range<usize>, answered: &Answered) {
        let length = samples.len();
        let mut probes =
            PROBES.map(|at| samples.start + (length * at / PROBED + self.offset) % length);
        probes.sort_unstable();
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

    /// Whether the probes speak for all: suspects, or samples that are refused for their age, which they have in common.
    pub(crate) fn all_are_bad(&self) -> bool {
        self.is_hopeless() && (self.search == Search::Suspects || self.refused.are_for_ever())
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
        let Self { waiting, taken, refused, bad, .. } = self;
        let open = waiting.into_iter().map(|part| part.samples).collect();
        Resolved { taken, refused, bad, open }
    }
}

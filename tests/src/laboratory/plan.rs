//! A seed's plan: all that will go wrong, and when. Drawn before the first run from the dice alone, so that nothing that
//! happens on the way changes what is to come.

use super::dice::Dice;
use super::trouble::{KINDS, Trouble};

/// Which receiver remote write meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Amazon Managed Service for Prometheus as it is at first: a minute out of order, signatures.
    Amp,
    /// The same with the widest window for samples out of order.
    PatientAmp,
    /// Prometheus 2.42 as it is by default: nothing out of order, and one bad sample refuses a request.
    Prometheus,
    /// Prometheus 2.42 with a window of ten minutes: what is older is answered with 500.
    PatientPrometheus,
    /// VictoriaMetrics: takes everything.
    VictoriaMetrics,
    /// A real one, which no seed brings along.
    Real,
}

const PEERS: [Peer; 5] =
    [Peer::Amp, Peer::PatientAmp, Peer::Prometheus, Peer::PatientPrometheus, Peer::VictoriaMetrics];

/// Everything that a seed decides.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where it comes from.
    pub seed: u64,
    /// Which receiver remote write meets.
    pub peer: Peer,
    /// Whether both sinks look again at the last ten minutes: then CloudWatch may be late.
    pub rereads: bool,
    /// Whether there are so many things to read that lists come in pages.
    pub wide: bool,
    /// What begins when, and until when it lasts; in minutes.
    pub troubles: Vec<Spell>,
    /// The minutes, the first one at index 0.
    pub minutes: Vec<Minute>,
}

/// A trouble and its time: from the first minute to before the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// Its kind.
    pub label: &'static str,
    /// What it is.
    pub trouble: Trouble,
    /// When it begins.
    pub from: i64,
    /// When it is over.
    pub to: i64,
}

/// One minute of the schedule.
#[derive(Debug, Clone, Default)]
pub struct Minute {
    /// What is sent, in this order.
    pub sent: Vec<Sent>,
    /// The events are handled at once, each in a container of its own.
    pub at_once: bool,
}

/// An event, and what happens to the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// How many minutes after its time it arrives.
    pub late: i64,
    /// Which container handles it.
    pub container: usize,
    /// That container is new.
    pub cold: bool,
    /// How the invocation goes.
    pub fate: Fate,
}

/// How an invocation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// To its end.
    Ends,
    /// Its process is killed there.
    Dies(Place),
    /// Its process stands still there, for some minutes, and then goes on.
    Freezes(Place, i64),
}

/// How far an invocation comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// So many thousandths of the way that an invocation usually goes.
    Thousandth(u64),
    /// Where it waits after so many polls.
    Poll(u64),
}

/// From so many minutes on a trouble begins once in thirty minutes, and not once in ten.
const LONG: i64 = 600;

/// How many containers there may be at a time.
pub const CONTAINERS: usize = 3;

impl Plan {
    /// A plan by hand, in which nothing goes wrong but what happens to invocations.
    pub fn by_hand(peer: Peer, minutes: Vec<Minute>) -> Self {
        let (seed, rereads, wide, troubles) = (0, false, false, Vec::new());
        Self { seed, peer, rereads, wide, troubles, minutes }
    }

    /// The plan of a seed for so many minutes. A day is calmer than an hour.
    pub fn of(seed: u64, minutes: i64) -> Self {
        let calm = if minutes < LONG { 10 } else { 30 };
        let dice = &mut Dice::of(seed);
        let (peer, rereads) = (*dice.one_of(&PEERS), dice.once_in(3));
        let wide = dice.once_in(12);
        let may_be_late = |label: &str| rereads || label != LATE;
        let mut troubles = Vec::new();
        for minute in 0..minutes {
            if dice.once_in(calm) {
                let kind = dice.one_of(KINDS);
                let (length, trouble) = kind.draw(dice);
                if may_be_late(kind.label) {
                    let (label, from, to) = (kind.label, minute, minute + length);
                    troubles.push(Spell { label, trouble, from, to });
                }
            }
        }
        let minutes = (0..minutes).map(|_| Minute::draw(dice)).collect();
        Self { seed, peer, rereads, wide, troubles, minutes }
    }
}

/// Minutes without a trouble of its own between two, and before the first.
const PEACE: i64 = 4;

impl Plan {
    /// A plan in which each kind of trouble comes once, one after the other.
    pub fn of_every_kind(seed: u64) -> Self {
        let dice = &mut Dice::of(seed);
        let peer = *dice.one_of(&PEERS);
        let mut troubles: Vec<Spell> = Vec::new();
        for kind in KINDS {
            let from = troubles.last().map_or(0, |before| before.to) + PEACE;
            let (length, trouble) = kind.draw(dice);
            troubles.push(Spell { label: kind.label, trouble, from, to: from + length });
        }
        let last = troubles.last().map_or(0, |last| last.to) + PEACE;
        let minutes = (0..last).map(|_| Minute::draw(dice)).collect();
        // Where nobody looks again CloudWatch may not be late.
        Self { seed, peer, rereads: true, wide: false, troubles, minutes }
    }
}

/// CloudWatch may bring data later than the settling time only where somebody looks again.
const LATE: &str = "CloudWatch late";

impl Minute {
    /// One event in time, to a warm container.
    pub fn with(fate: Fate) -> Self {
        Self { sent: vec![Sent::in_time(fate)], at_once: false }
    }

    fn draw(dice: &mut Dice) -> Self {
        if dice.once_in(15) {
            return Self::default();
        }
        let first = Sent::draw(dice);
        if !dice.once_in(10) {
            return Self { sent: vec![first], at_once: false };
        }
        let second = Sent { container: (first.container + 1) % CONTAINERS, ..Sent::draw(dice) };
        Self { sent: vec![first, second], at_once: dice.once_in(2) }
    }
}

impl Sent {
    /// An event that comes in time, to the first container.
    pub fn in_time(fate: Fate) -> Self {
        Self { late: 0, container: 0, cold: false, fate }
    }

    fn draw(dice: &mut Dice) -> Self {
        Self {
            late: if dice.once_in(12) { dice.between(1..=15) } else { 0 },
            container: if dice.once_in(6) { 1 } else { 0 },
            cold: dice.once_in(12),
            fate: Fate::draw(dice),
        }
    }
}

impl Fate {
    fn draw(dice: &mut Dice) -> Self {
        let place = u64::try_from(dice.between(0..=1_000)).expect("no negative place");
        let place = Place::Thousandth(place);
        match dice.between(1..=40) {
            1..=3 => Self::Dies(place),
            4 => Self::Freezes(place, dice.between(1..=5)),
            _ => Self::Ends,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_thousand_seeds_hold_everything_that_can_go_wrong() {
        let plans: Vec<Plan> = (1..=1_000).map(|seed| Plan::of(seed, 90)).collect();
        let troubles = plans.iter().flat_map(|plan| &plan.troubles);
        let labels: BTreeSet<&str> = troubles.map(|spell| spell.label).collect();
        assert_eq!(labels.len(), KINDS.len());
        for peer in PEERS {
            assert!(plans.iter().any(|plan| plan.peer == peer), "{peer:?}");
        }
        let minutes = || plans.iter().flat_map(|plan| &plan.minutes);
        let sent = || minutes().flat_map(|minute| &minute.sent);
        assert!(minutes().any(|minute| minute.sent.is_empty()), "an event that never came");
        assert!(minutes().any(|minute| minute.at_once), "two at once");
        assert!(sent().any(|sent| matches!(sent.fate, Fate::Dies(_))));
        assert!(sent().any(|sent| matches!(sent.fate, Fate::Freezes(..))));
        assert!(sent().any(|sent| sent.late > 10), "later than by ten minutes");
        let late = plans.iter().filter(|plan| plan.troubles.iter().any(|one| one.label == LATE));
        assert!(late.into_iter().all(|plan| plan.rereads));
    }

    #[test]
    fn a_plan_of_every_kind_has_each_of_them_by_itself() {
        let plan = Plan::of_every_kind(1);
        let labels: Vec<&str> = plan.troubles.iter().map(|spell| spell.label).collect();
        assert_eq!(labels, KINDS.iter().map(|kind| kind.label).collect::<Vec<_>>());
        assert!(plan.troubles.windows(2).all(|pair| pair[0].to < pair[1].from));
        assert!(plan.troubles.iter().all(|spell| spell.to < plan.minutes.len() as i64));
    }

    #[test]
    fn a_plan_says_all_that_there_is_to_know() {
        let said = |seed| format!("{:?}", Plan::of(seed, 90));
        assert_eq!(said(5), said(5));
        assert_ne!(said(5), said(6));
    }
}

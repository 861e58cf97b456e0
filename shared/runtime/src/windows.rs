//! Which windows to read for which sinks. Pure: event, settings and state in, lanes out.
//!
//! Every settled datapoint is to reach every sink once, so a window starts where the last one ended (the watermark) and
//! ends where CloudWatch's values have settled. Sinks that stand at the same place share a lane: one pull serves them all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use series::{Part, SourceError, Timestamp, Window};

use crate::function::PartPlan;
use crate::state::State;

/// How much data one slice may hold: what CloudWatch puts on one page
/// ([GetMetricData](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html)).
const MAX_DATAPOINTS: usize = 100_800;

/// When a run takes place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The time of the event, not after `now`: it decides what a run reads.
    pub(crate) time: Timestamp,
    /// The time now: it decides what receivers still take.
    pub(crate) now: Timestamp,
    /// The time between scheduled runs.
    pub(crate) interval: Duration,
}

/// What a sink asks of windows.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The sink's name.
    pub(crate) sink: String,
    /// How old a sample may be at most.
    pub(crate) catch_up: Duration,
    /// How far back points are looked at again, for corrections.
    pub(crate) reread: Duration,
}

/// Sinks that stand at the same place in a part, and what they are to be served there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lane {
    /// Indices of the sinks.
    pub(crate) sinks: Vec<usize>,
    /// What is new to them.
    pub(crate) window: Window,
    /// Which queries.
    pub(crate) choice: Choice,
}

/// Which of a part's queries a lane reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// All but those that are owed from an earlier time.
    AllBut(BTreeSet<String>),
    /// Only these, which are owed.
    Only(BTreeSet<String>),
}

/// What is to be done for one part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Lanes, those of up-to-date sinks first.
    pub(crate) lanes: Vec<Lane>,
    /// Minutes that are not read: given up, since they are older than any receiver would take, or not settled yet.
    pub(crate) left_out: Vec<SourceError>,
}

/// The end of the newest window: everything before it has settled.
pub(crate) fn settled(moment: &Moment, part: &PartPlan) -> Timestamp {
    (moment.time - part.delay).floor(part.period)
}

/// Where a sink starts that has not been served before.
fn first(moment: &Moment, part: &PartPlan) -> Timestamp {
    (settled(moment, part) - moment.interval.max(part.period)).floor(part.period)
}

/// Plans a scheduled run. Notes in the state where new sinks begin and what is given up, so that each lost minute is
/// reported once.
pub(crate) fn scheduled(
    moment: &Moment,
    part: &PartPlan,
    terms: &[Terms],
    state: &mut State,
) -> Plan {
    let to = settled(moment, part);
    let mut plan = Plan::default();
    let mut level: BTreeMap<(Timestamp, BTreeSet<String>), Vec<usize>> = BTreeMap::new();
    let mut owed: BTreeMap<Timestamp, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (index, sink) in terms.iter().enumerate() {
        state.begin(&sink.sink, &part.part, first(moment, part));
        plan.left_out.extend(give_up(moment, part, sink, state));
        let behind = state.owed(&sink.sink, &part.part);
        let from = state.watermark(&sink.sink, &part.part).unwrap_or(to);
        level.entry((from, behind.keys().cloned().collect())).or_default().push(index);
        for (query, from) in behind {
            owed.entry(from).or_default().entry(query).or_default().push(index);
        }
    }
    plan.lanes = level_lanes(level, to)
        .chain(owed_lanes(owed, to))
        .filter(|lane| !lane.window.is_empty())
        .collect();
    plan
}

/// Plans a run without state: the window that is given, or the newest one, for all sinks alike.
pub(crate) fn stateless(
    moment: &Moment,
    part: &PartPlan,
    terms: &[Terms],
    window: Option<Window>,
) -> Plan {
    let newest = settled(moment, part);
    let asked =
        window.map(|asked| Window::new(asked.from.floor(part.period), asked.to.ceil(part.period)));
    let window = match asked {
        Some(asked) => Window::new(asked.from, asked.to.min(newest)),
        None => Window::new(first(moment, part), newest),
    };
    let early = asked.map(|asked| Window::new(asked.from.max(newest), asked.to));
    let early = early.filter(|early| !early.is_empty()).map(|early| {
        let message = format!("{early} has not settled yet and is left out");
        SourceError::new(part.part.to_string(), message)
    });
    let sinks = (0..terms.len()).collect();
    let lane = Lane { sinks, window, choice: Choice::AllBut(BTreeSet::new()) };
    let lanes = if window.is_empty() { Vec::new() } else { vec![lane] };
    Plan { lanes, left_out: early.into_iter().collect() }
}

/// The oldest time that a sink still takes.
pub(crate) fn oldest(now: Timestamp, part: &PartPlan, sink: &Terms) -> Timestamp {
    (now - sink.catch_up).ceil(part.period)
}

fn give_up(moment: &Moment, part: &PartPlan, sink: &Terms, state: &mut State) -> Vec<SourceError> {
    // The event's own interval is tried however old the event is: somebody asked for it.
    let cut = oldest(moment.now, part, sink).min(first(moment, part));
    let mut lost = Vec::new();
    if let Some(watermark) =
        state.watermark(&sink.sink, &part.part).filter(|watermark| *watermark < cut)
    {
        lost.extend(lost_window(sink, &part.part, "all queries", Window::new(watermark, cut)));
        state.advance(&sink.sink, &part.part, cut);
    }
    for (query, from) in state.owed(&sink.sink, &part.part) {
        if from < cut {
            lost.extend(lost_window(sink, &part.part, &query, Window::new(from, cut)));
            state.serve(&sink.sink, &part.part, &query, cut);
        }
    }
    lost
}

fn lost_window(sink: &Terms, part: &Part, what: &str, window: Window) -> Option<SourceError> {
    let message =
        format!("{part}: {window} of {what} is older than catch_up allows and is given up");
    (!window.is_empty()).then(|| SourceError::new(sink.sink.clone(), message))
}

fn level_lanes(
    level: BTreeMap<(Timestamp, BTreeSet<String>), Vec<usize>>,
    to: Timestamp,
) -> impl Iterator<Item = Lane> {
    level.into_iter().rev().map(move |((from, behind), sinks)| Lane {
        sinks,
        window: Window::new(from, to),
        choice: Choice::AllBut(behind),
    })
}

fn owed_lanes(
    owed: BTreeMap<Timestamp, BTreeMap<String, Vec<usize>>>,
    to: Timestamp,
) -> impl Iterator<Item = Lane> {
    owed.into_iter().rev().flat_map(move |(from, queries)| {
        let mut by_sinks: BTreeMap<Vec<usize>, BTreeSet<String>> = BTreeMap::new();
        for (query, sinks) in queries {
            by_sinks.entry(sinks).or_default().insert(query);
        }
        by_sinks.into_iter().map(move |(sinks, queries)| Lane {
            sinks,
            window: Window::new(from, to),
            choice: Choice::Only(queries),
        })
    })
}

impl Choice {
    /// The chosen ones of the queries that there are.
    pub(crate) fn of(&self, queries: &BTreeSet<String>) -> BTreeSet<String> {
        match self {
            Self::AllBut(behind) => queries.difference(behind).cloned().collect(),
            Self::Only(owed) => queries.intersection(owed).cloned().collect(),
        }
    }
}

/// How many periods of so many queries fit into one slice.
pub(crate) fn periods_per_slice(queries: usize) -> u32 {
    u32::try_from(MAX_DATAPOINTS / queries.max(1)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    fn part() -> PartPlan {
        PartPlan { part: Part::new("us-east-1"), period: MINUTE, delay: MINUTE * 2 }
    }

    fn moment(n: i64) -> Moment {
        Moment { time: minute(n), now: minute(n), interval: MINUTE * 5 }
    }

    fn terms(names: &[&str]) -> Vec<Terms> {
        let one = |name: &&str| Terms {
            sink: (*name).to_owned(),
            catch_up: MINUTE * 50,
            reread: Duration::ZERO,
        };
        names.iter().map(one).collect()
    }

    fn windows(plan: &Plan) -> Vec<(Vec<usize>, i64, i64)> {
        let minutes = |at: Timestamp| at.as_secs() / 60;
        let row =
            |lane: &Lane| (lane.sinks.clone(), minutes(lane.window.from), minutes(lane.window.to));
        plan.lanes.iter().map(row).collect()
    }

    #[test]
    fn a_first_run_reads_one_interval_and_is_caught_up_if_it_fails() {
        let mut state = State::default();
        let plan = scheduled(&moment(100), &part(), &terms(&["a"]), &mut state);
        assert_eq!(windows(&plan), [(vec![0], 93, 98)]);
        let next = scheduled(&moment(105), &part(), &terms(&["a"]), &mut state);
        assert_eq!(windows(&next), [(vec![0], 93, 103)]);
    }

    #[test]
    fn a_window_that_was_delivered_is_not_read_again() {
        let mut state = State::default();
        scheduled(&moment(100), &part(), &terms(&["a"]), &mut state);
        state.advance("a", &part().part, minute(98));
        assert_eq!(scheduled(&moment(100), &part(), &terms(&["a"]), &mut state), Plan::default());
        assert_eq!(scheduled(&moment(99), &part(), &terms(&["a"]), &mut state), Plan::default());
    }

    #[test]
    fn sinks_at_the_same_place_share_a_lane_and_a_lagging_one_comes_last() {
        let mut state = State::default();
        scheduled(&moment(60), &part(), &terms(&["a", "b", "c"]), &mut state);
        for (sink, at) in [("a", 98), ("b", 70), ("c", 98)] {
            state.advance(sink, &part().part, minute(at));
        }
        let plan = scheduled(&moment(105), &part(), &terms(&["a", "b", "c"]), &mut state);
        assert_eq!(windows(&plan), [(vec![0, 2], 98, 103), (vec![1], 70, 103)]);
    }

    #[test]
    fn minutes_behind_catch_up_are_reported_once() {
        let mut state = State::default();
        scheduled(&moment(100), &part(), &terms(&["a"]), &mut state);
        state.advance("a", &part().part, minute(98));
        let plan = scheduled(&moment(160), &part(), &terms(&["a"]), &mut state);
        assert_eq!(windows(&plan), [(vec![0], 110, 158)]);
        let message = "us-east-1: 1970-01-01T01:38:00Z to 1970-01-01T01:50:00Z of all queries is older than catch_up \
                       allows and is given up";
        assert_eq!(plan.left_out, [SourceError::new("a", message)]);
        let again = scheduled(&moment(160), &part(), &terms(&["a"]), &mut state);
        assert_eq!(again.left_out, []);
    }

    #[test]
    fn an_owed_query_has_a_lane_of_its_own_and_stays_out_of_the_others() {
        let mut state = State::default();
        scheduled(&moment(100), &part(), &terms(&["a", "b"]), &mut state);
        for sink in ["a", "b"] {
            state.owe(sink, &part().part, "q", minute(95));
            state.advance(sink, &part().part, minute(98));
        }
        let plan = scheduled(&moment(101), &part(), &terms(&["a", "b"]), &mut state);
        assert_eq!(windows(&plan), [(vec![0, 1], 98, 99), (vec![0, 1], 95, 99)]);
        let all = BTreeSet::from(["p".to_owned(), "q".to_owned()]);
        assert_eq!(plan.lanes[0].choice.of(&all), BTreeSet::from(["p".to_owned()]));
        assert_eq!(plan.lanes[1].choice.of(&all), BTreeSet::from(["q".to_owned()]));
    }

    #[test]
    fn a_window_by_hand_is_aligned_and_ends_where_data_has_settled() {
        let asked = Window::new(Timestamp::from_secs(90 * 60 + 30), minute(200));
        let plan = stateless(&moment(100), &part(), &terms(&["a"]), Some(asked));
        assert_eq!(windows(&plan), [(vec![0], 90, 98)]);
        let left_out =
            "1970-01-01T01:38:00Z to 1970-01-01T03:20:00Z has not settled yet and is left out";
        assert_eq!(plan.left_out, [SourceError::new("us-east-1", left_out)]);
    }

    #[test]
    fn a_slice_holds_at_most_what_a_page_holds() {
        assert_eq!(periods_per_slice(500), 201);
        assert_eq!(periods_per_slice(200_000), 1);
        assert_eq!(periods_per_slice(0), 100_800);
    }
}

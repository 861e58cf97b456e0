//! What a function remembers between runs: how far each sink has every part of the source. Pure; `memory` keeps it, and `merge`
//! joins what two invocations made of it.

mod merge;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use series::{Part, Timestamp};

/// The state of one function and shard. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    version: u32,
    sinks: BTreeMap<String, BTreeMap<String, Progress>>,
    /// The newest observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observed: Option<Claim>,
    /// Sinks in whose spool something may wait. Noted before the first body is written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    spools: BTreeMap<String, Head>,
}

/// An observation, and which invocation took it upon itself: what can be had only once is collected only once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    time: i64,
    by: u64,
}

/// The oldest body in a spool, and how often its sink did not take it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Its name; empty where none was tried yet.
    pub(crate) name: String,
    /// Tries that failed.
    pub(crate) tries: u32,
}

/// How far one sink has one part of the source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    /// Every sample before this was delivered, but for those of owed queries.
    watermark: i64,
    /// Where the first run began. Nothing before this is ever read again.
    since: i64,
    /// Queries that stayed unanswered, each with the time from which it is owed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    owed: BTreeMap<String, i64>,
    /// What was posted lately, for sinks that take corrections: series → time → bits of the value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    recent: BTreeMap<String, BTreeMap<i64, u64>>,
}

const VERSION: u32 = 1;

/// A state that cannot be understood. It is never taken for a first run: that would skip or repeat data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParseStateError {
    /// No JSON, or not of this form.
    #[error("the state is damaged; restore an earlier version of it, or delete it to start anew")]
    Damaged(#[source] serde_json::Error),
    /// Written by another version.
    #[error("the state has version {0}, this version of hostless reads {VERSION}")]
    Version(u32),
}

impl State {
    /// Reads a state.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ParseStateError> {
        let state: Self = serde_json::from_slice(body).map_err(ParseStateError::Damaged)?;
        if state.version == VERSION {
            Ok(state)
        } else {
            Err(ParseStateError::Version(state.version))
        }
    }

    /// The state as it is stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let stored = Self { version: VERSION, ..self.clone() };
        serde_json::to_vec(&stored).expect("maps with text keys are always JSON")
    }

    /// How far a sink has a part, if it has been served before.
    pub(crate) fn watermark(&self, sink: &str, part: &Part) -> Option<Timestamp> {
        Some(Timestamp::from_millis(self.progress(sink, part)?.watermark))
    }

    /// Where a sink's first run for a part began.
    pub(crate) fn since(&self, sink: &str, part: &Part) -> Option<Timestamp> {
        Some(Timestamp::from_millis(self.progress(sink, part)?.since))
    }

    /// Notes where a sink begins with a part that it has not been served before.
    pub(crate) fn begin(&mut self, sink: &str, part: &Part, from: Timestamp) {
        if self.progress(sink, part).is_none() {
            let progress = self.progress_mut(sink, part);
            (progress.since, progress.watermark) = (from.as_millis(), from.as_millis());
        }
    }

    /// Sets how far a sink has a part. Never backwards.
    pub(crate) fn advance(&mut self, sink: &str, part: &Part, to: Timestamp) {
        let progress = self.progress_mut(sink, part);
        progress.watermark = progress.watermark.max(to.as_millis());
    }

    /// The queries that a sink is owed, each with the time from which.
    pub(crate) fn owed(&self, sink: &str, part: &Part) -> BTreeMap<String, Timestamp> {
        let owed = self.progress(sink, part).map(|progress| &progress.owed);
        let times = owed.into_iter().flatten();
        times.map(|(query, from)| (query.clone(), Timestamp::from_millis(*from))).collect()
    }

    /// Notes that a sink is owed a query from a time on; an earlier note stands.
    pub(crate) fn owe(&mut self, sink: &str, part: &Part, query: &str, from: Timestamp) {
        self.progress_mut(sink, part).owed.entry(query.to_owned()).or_insert(from.as_millis());
    }

    /// Notes that a sink was served an owed query up to a time. Once it is level with its siblings, nothing is owed.
    pub(crate) fn serve(&mut self, sink: &str, part: &Part, query: &str, to: Timestamp) {
        let progress = self.progress_mut(sink, part);
        if to.as_millis() >= progress.watermark {
            progress.owed.remove(query);
        } else if let Some(from) = progress.owed.get_mut(query) {
            *from = to.as_millis();
        }
    }

    /// Gives up on a query that a sink is owed.
    pub(crate) fn forgive(&mut self, sink: &str, part: &Part, query: &str) {
        self.progress_mut(sink, part).owed.remove(query);
    }

    /// The bits of the value that was posted last for a series and time.
    pub(crate) fn posted(
        &self,
        sink: &str,
        part: &Part,
        series: &str,
        at: Timestamp,
    ) -> Option<u64> {
        self.progress(sink, part)?.recent.get(series)?.get(&at.as_millis()).copied()
    }

    /// Remembers what was posted for a series and time.
    pub(crate) fn remember(
        &mut self,
        sink: &str,
        part: &Part,
        series: &str,
        at: Timestamp,
        bits: u64,
    ) {
        let recent = &mut self.progress_mut(sink, part).recent;
        recent.entry(series.to_owned()).or_default().insert(at.as_millis(), bits);
    }

    /// Forgets what was posted for times before `cut`.
    pub(crate) fn forget_before(&mut self, sink: &str, part: &Part, cut: Timestamp) {
        let recent = &mut self.progress_mut(sink, part).recent;
        for times in recent.values_mut() {
            *times = times.split_off(&cut.as_millis());
        }
        recent.retain(|_, times| !times.is_empty());
    }

    /// The time of the newest observation.
    pub(crate) fn observed(&self) -> Option<Timestamp> {
        self.observed.as_ref().map(|claim| Timestamp::from_millis(claim.time))
    }

    /// Claims the observation of a time.
    pub(crate) fn claim(&mut self, time: Timestamp, by: u64) {
        self.observed = Some(Claim { time: time.as_millis(), by });
    }

    /// Whether the newest observation is this one, claimed by this invocation.
    pub(crate) fn is_claimed(&self, time: Timestamp, by: u64) -> bool {
        self.observed == Some(Claim { time: time.as_millis(), by })
    }

    /// The head of a sink's spool, if something may wait there.
    pub(crate) fn head(&self, sink: &str) -> Option<&Head> {
        self.spools.get(sink)
    }

    /// Notes the head of a sink's spool, or that nothing waits there.
    pub(crate) fn set_head(&mut self, sink: &str, head: Option<Head>) {
        match head {
            Some(head) => drop(self.spools.insert(sink.to_owned(), head)),
            None => drop(self.spools.remove(sink)),
        }
    }

    fn progress(&self, sink: &str, part: &Part) -> Option<&Progress> {
        self.sinks.get(sink)?.get(part.as_str())
    }

    fn progress_mut(&mut self, sink: &str, part: &Part) -> &mut Progress {
        self.sinks.entry(sink.to_owned()).or_default().entry(part.as_str().to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> Part {
        Part::new("us-east-1")
    }

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    #[test]
    fn a_state_survives_being_stored() {
        let mut state = State::default();
        state.begin("remote_write:amp", &part(), minute(4));
        state.advance("remote_write:amp", &part(), minute(10));
        state.owe("remote_write:amp", &part(), "q", minute(8));
        state.remember("remote_write:amp", &part(), "s", minute(9), 1.5f64.to_bits());
        let read = State::parse(&state.to_bytes()).expect("its own form");
        assert_eq!(read.watermark("remote_write:amp", &part()), Some(minute(10)));
        assert_eq!(read.since("remote_write:amp", &part()), Some(minute(4)));
        assert_eq!(
            read.owed("remote_write:amp", &part()),
            BTreeMap::from([("q".to_owned(), minute(8))])
        );
        assert_eq!(
            read.posted("remote_write:amp", &part(), "s", minute(9)),
            Some(1.5f64.to_bits())
        );
        assert_eq!(read.watermark("remote_write:amp", &Part::new("other")), None);
    }

    #[test]
    fn a_damaged_state_is_no_first_run() {
        for body in ["", "{}", "{\"version\":1}", "null", "{\"version\":1,\"sinks\":{},\"more\":1}"]
        {
            assert!(
                matches!(State::parse(body.as_bytes()), Err(ParseStateError::Damaged(_))),
                "{body}"
            );
        }
        let newer = State::parse(b"{\"version\":2,\"sinks\":{}}").expect_err("another version");
        assert_eq!(newer.to_string(), "the state has version 2, this version of hostless reads 1");
    }

    #[test]
    fn an_owed_query_is_settled_once_it_is_level_with_its_siblings() {
        let mut state = State::default();
        state.advance("s", &part(), minute(10));
        state.owe("s", &part(), "q", minute(5));
        state.owe("s", &part(), "q", minute(7));
        assert_eq!(state.owed("s", &part())["q"], minute(5), "the earlier note stands");
        state.serve("s", &part(), "q", minute(8));
        assert_eq!(state.owed("s", &part())["q"], minute(8));
        state.serve("s", &part(), "q", minute(10));
        assert!(state.owed("s", &part()).is_empty());
    }

    #[test]
    fn memory_of_posts_is_bounded_by_time() {
        let mut state = State::default();
        state.remember("s", &part(), "a", minute(1), 1);
        state.remember("s", &part(), "b", minute(2), 2);
        state.forget_before("s", &part(), minute(2));
        assert_eq!(state.posted("s", &part(), "a", minute(1)), None);
        assert_eq!(state.posted("s", &part(), "b", minute(2)), Some(2));
    }
}

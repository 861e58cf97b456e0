//! Two invocations wrote the state: what either of them did is in what comes of it.

use std::collections::BTreeMap;

use super::{Claim, Head, Progress, State};

impl State {
    /// What this writer changed since `base`, applied to what another writer stored meanwhile: watermarks by maximum,
    /// owed queries kept unless this writer served them. At worst something is delivered twice, never skipped.
    #[must_use]
    pub(crate) fn merged_onto(&self, base: &Self, stored: &Self) -> Self {
        let mut merged = stored.clone();
        for (sink, parts) in &self.sinks {
            for (part, mine) in parts {
                let nothing = Progress::default();
                let before =
                    base.sinks.get(sink).and_then(|parts| parts.get(part)).unwrap_or(&nothing);
                let parts = merged.sinks.entry(sink.clone()).or_default();
                parts
                    .entry(part.clone())
                    .and_modify(|theirs| theirs.merge(mine, before))
                    .or_insert_with(|| mine.clone());
            }
        }
        let time = |claim: &Option<Claim>| claim.as_ref().map(|claim| claim.time);
        if time(&self.observed) > time(&merged.observed) {
            merged.observed.clone_from(&self.observed);
        }
        merged.spools = self.merged_spools(base, stored);
        merged
    }

    /// A note stands unless it is the one that this writer found and took away: one too many costs a look, one too few
    /// would leave bodies behind.
    fn merged_spools(&self, base: &Self, stored: &Self) -> BTreeMap<String, Head> {
        let mut merged = stored.spools.clone();
        merged.retain(|sink, head| {
            self.spools.contains_key(sink) || base.spools.get(sink) != Some(head)
        });
        for (sink, mine) in &self.spools {
            let theirs = merged.entry(sink.clone()).or_insert_with(|| mine.clone());
            if base.spools.get(sink) != Some(mine) {
                let tries = if theirs.name == mine.name {
                    theirs.tries.max(mine.tries)
                } else {
                    mine.tries
                };
                *theirs = Head { tries, ..mine.clone() };
            }
        }
        merged
    }
}

impl Progress {
    fn merge(&mut self, mine: &Self, before: &Self) {
        let theirs_reached = self.watermark;
        self.watermark = self.watermark.max(mine.watermark);
        self.since = self.since.min(mine.since);
        for (query, from) in &mine.owed {
            let theirs = self.owed.entry(query.clone()).or_insert(*from);
            // Both were owed it: each may have served a piece from the start, so the one who served more is right.
            let was_owed = before.owed.contains_key(query);
            *theirs = if was_owed { (*theirs).max(*from) } else { (*theirs).min(*from) };
        }
        for query in before.owed.keys().filter(|query| !mine.owed.contains_key(*query)) {
            // Served up to my watermark. Where the other one went further, it left the query out there.
            if theirs_reached <= mine.watermark {
                self.owed.remove(query);
            } else if let Some(from) = self.owed.get_mut(query) {
                *from = (*from).max(mine.watermark);
            }
        }
        for (series, times) in &mine.recent {
            self.recent.entry(series.clone()).or_default().extend(times);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use series::{Part, Timestamp};

    fn part() -> Part {
        Part::new("us-east-1")
    }

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 60)
    }

    #[test]
    fn a_query_that_this_writer_served_is_owed_from_there_on_where_the_other_one_went_further() {
        let mut base = State::default();
        base.advance("s", &part(), minute(10));
        base.owe("s", &part(), "q", minute(5));
        let mut mine = base.clone();
        mine.serve("s", &part(), "q", minute(10));
        assert!(mine.merged_onto(&base, &base).owed("s", &part()).is_empty());
        let mut theirs = base.clone();
        theirs.advance("s", &part(), minute(11));
        let merged = mine.merged_onto(&base, &theirs);
        assert_eq!(merged.watermark("s", &part()), Some(minute(11)));
        assert_eq!(merged.owed("s", &part()), BTreeMap::from([("q".to_owned(), minute(10))]));
    }

    #[test]
    fn an_observation_belongs_to_whoever_claimed_it_first() {
        let mut theirs = State::default();
        theirs.claim(minute(5), 1);
        let mut mine = State::default();
        mine.claim(minute(5), 2);
        let merged = mine.merged_onto(&State::default(), &theirs);
        assert!(merged.is_claimed(minute(5), 1) && !merged.is_claimed(minute(5), 2));
        mine.claim(minute(6), 2);
        let merged = mine.merged_onto(&State::default(), &theirs);
        assert!(merged.is_claimed(minute(6), 2), "a newer one goes on");
    }

    #[test]
    fn a_note_of_a_spool_is_lost_to_nobody() {
        let head = |name: &str, tries| Some(Head { name: name.to_owned(), tries });
        let with = |head: Option<Head>| {
            let mut state = State::default();
            state.set_head("s", head);
            state
        };
        let merged = |base: &State, mine: &State, theirs: &State| {
            mine.merged_onto(base, theirs).head("s").cloned()
        };
        let (none, fresh, tried) = (with(None), with(head("", 0)), with(head("a", 3)));
        assert_eq!(merged(&none, &none, &fresh), head("", 0), "theirs");
        assert_eq!(merged(&none, &fresh, &none), head("", 0), "mine");
        assert_eq!(merged(&fresh, &none, &fresh), None, "I emptied it");
        assert_eq!(merged(&fresh, &none, &tried), head("a", 3), "they put more in");
        assert_eq!(merged(&tried, &tried, &none), head("a", 3), "one look too many");
        let more = with(head("a", 4));
        assert_eq!(merged(&tried, &more, &with(head("a", 6))), head("a", 6));
    }

    proptest! {
        #[test]
        fn a_merge_never_moves_a_watermark_back(base in 0i64..100, mine in 0i64..100, theirs in 0i64..100) {
            let at = |n: i64| { let mut state = State::default(); state.advance("s", &part(), minute(n)); state };
            let merged = at(mine).merged_onto(&at(base), &at(theirs));
            prop_assert_eq!(merged.watermark("s", &part()), Some(minute(mine.max(theirs))));
        }
    }
}

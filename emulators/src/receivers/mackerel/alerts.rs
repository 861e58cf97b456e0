//! Which values a monitor of the real service would have looked at.
//!
//! Documented: a monitor evaluates a metric's newest value only, and only while that is not more than
//! twenty minutes old and not older than what was sent before. A sender that posts a fake newer value, or
//! old minutes last, blinds the monitors; tests can see it here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Number;

use super::organization::Series;
use super::points::Point;

/// A newest value older than this is not evaluated.
const TOO_OLD_SECONDS: i64 = 20 * 60;

/// One look of a monitor at a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The metric.
    pub name: String,
    /// The minute of the value, in Unix seconds.
    pub time: i64,
    /// The value.
    pub value: Number,
}

/// What monitors were shown.
#[derive(Clone, Debug, Default)]
pub struct Newest {
    last: BTreeMap<String, i64>,
    evaluations: Vec<Evaluation>,
}

impl Newest {
    /// All evaluations, in order.
    #[must_use]
    pub fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// After a post of `points`, looks at the newest stored value of each metric that was posted.
    pub fn evaluate(&mut self, points: &[Point], stored: &BTreeMap<String, Series>, now: i64) {
        for name in points.iter().map(|p| &p.name).collect::<BTreeSet<_>>() {
            let newest_sent = points.iter().filter(|p| p.name == *name).map(Point::minute).max();
            let newest_stored = stored.get(name).and_then(|series| series.last_key_value());
            let (Some(sent), Some((&time, value))) = (newest_sent, newest_stored) else {
                continue;
            };
            let before = self.last.get(name).copied().unwrap_or(i64::MIN);
            if sent < before || time < now - TOO_OLD_SECONDS {
                continue;
            }
            self.last.insert(name.clone(), time);
            let value = value.clone();
            self.evaluations.push(Evaluation { name: name.clone(), time, value });
        }
    }
}

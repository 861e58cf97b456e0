//! What an experiment came to.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Balance;
use super::plan::Plan;
use super::subject::Subject;

/// What an experiment came to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What became of all samples, at both sinks.
    pub balance: Balance,
    /// What was reported as refused, by reason; most of it the receivers have already.
    pub reasons: BTreeMap<String, u64>,
    /// What went wrong, and how often.
    pub faults: BTreeMap<&'static str, u64>,
    /// How the invocations ended: `ok`, the type of their error, or that they did not.
    pub ends: BTreeMap<&'static str, u64>,
    /// After how many polls invocations were killed or frozen.
    pub stopped: BTreeSet<u64>,
    /// What must not be.
    pub complaints: Vec<String>,
    /// What happened, line by line.
    pub story: String,
}

impl Verdict {
    /// What to say where something must not be: the first complaints, the story, and how to see it again.
    pub fn indictment(&self, subject: Subject, plan: &Plan) -> Option<String> {
        let first: Vec<&str> = self.complaints.iter().take(10).map(String::as_str).collect();
        (!first.is_empty()).then(|| {
            let (count, name, story) = (self.complaints.len(), subject.name(), &self.story);
            let (seed, minutes) = (plan.seed, plan.minutes.len());
            format!(
                "{story}\n{count} complaints, of which the first are:\n  {}\n\n\
                 again: cargo xtask bench faults --function {name} --minutes {minutes} --from {seed} --seeds 1\n",
                first.join("\n  ")
            )
        })
    }
}

//! What many experiments came to, as a table.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::account::Balance;
use super::verdict::Verdict;

/// Counts by name, in sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(BTreeMap<String, BTreeMap<String, u64>>);

/// The sections in the order of the table, each with its heading.
const SECTIONS: [(&str, &str); 4] = [
    ("samples", "what became of the samples, over both sinks"),
    ("refused", "reported as refused for good, most of it there already"),
    ("invocations", "how the invocations ended"),
    ("faults", "what was done to them"),
];

impl Figures {
    /// The figures of one experiment.
    pub fn of(verdict: &Verdict) -> Self {
        let Balance {
            produced,
            delivered,
            repeated,
            refused,
            unsaid,
            held_back,
            unkept,
            given_up,
            lost,
        } = verdict.balance;
        let samples = [
            ("1 produced", produced),
            ("2 delivered", delivered),
            ("3 refused", refused),
            ("4 of these unsaid: the process was killed", unsaid),
            ("5 too old in the spool, or set aside", held_back),
            ("6 given up", given_up),
            ("7 neither delivered nor kept, and said to be", unkept),
            ("8 lost", lost),
            ("9 repeated", repeated),
        ];
        let mut figures = Self::default();
        figures.enter("samples", samples);
        figures.enter("refused", verdict.reasons.iter().map(|(reason, n)| (reason.as_str(), *n)));
        figures.enter("invocations", verdict.ends.iter().map(|(end, n)| (*end, *n)));
        figures.enter("faults", verdict.faults.iter().map(|(fault, n)| (*fault, *n)));
        figures
    }

    fn enter<'a>(&mut self, section: &str, counts: impl IntoIterator<Item = (&'a str, u64)>) {
        let section = self.0.entry(section.to_owned()).or_default();
        counts.into_iter().for_each(|(name, n)| *section.entry(name.to_owned()).or_default() += n);
    }

    /// Adds those of others.
    pub fn add(&mut self, other: &Self) {
        for (section, counts) in &other.0 {
            self.enter(section, counts.iter().map(|(name, n)| (name.as_str(), *n)));
        }
    }

    /// For another process.
    pub fn to_json(&self) -> Value {
        json!(self.0)
    }

    /// From another process; what is no figure is left out.
    pub fn from_json(value: &Value) -> Self {
        let mut figures = Self::default();
        let nothing = Map::new();
        for (section, counts) in value.as_object().unwrap_or(&nothing) {
            let counts = counts.as_object().unwrap_or(&nothing).iter();
            figures
                .enter(section, counts.filter_map(|(name, n)| Some((name.as_str(), n.as_u64()?))));
        }
        figures
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (section, heading) in SECTIONS {
            writeln!(f, "\n{heading}")?;
            for (name, n) in self.0.get(section).into_iter().flatten() {
                writeln!(
                    f,
                    "  {n:>12}  {}",
                    name.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start()
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up_and_survive_the_way_to_another_process() {
        let balance = Balance { produced: 5, delivered: 4, given_up: 1, ..Balance::default() };
        let faults = BTreeMap::from([("S3 down", 2)]);
        let one = Figures::of(&Verdict { balance, faults, ..Verdict::default() });
        let mut two = Figures::from_json(&one.to_json());
        assert_eq!(two, one);
        two.add(&one);
        let table = two.to_string();
        for line in
            ["            10  produced\n", "             4  S3 down\n", "             0  lost\n"]
        {
            assert!(table.contains(line), "{table}");
        }
    }
}

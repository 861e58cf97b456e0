//! How a section times its CloudWatch data: the keys `period` and `delay`, which mean the same in every section.

use std::time::Duration;

use config::{Findings, Mapping, Node};

const MINUTE: Duration = Duration::from_secs(60);

/// The keys `period` and `delay` of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The distance of datapoints.
    pub period: Duration,
    /// How long a datapoint takes to settle.
    pub delay: Duration,
}

impl Timing {
    /// Takes both keys. Absent or wrong: one minute apart, settled after two.
    pub fn take(section: &mut Mapping<'_>, findings: &mut Findings) -> Self {
        let period = section.take("period").and_then(|node| read_period(node, findings));
        let delay = section.take("delay").and_then(|node| node.duration(findings));
        Self { period: period.unwrap_or(MINUTE), delay: delay.unwrap_or(2 * MINUTE) }
    }
}

/// The datapoints of AWS services are one minute apart; CloudWatch joins whole minutes.
fn read_period(node: &Node, findings: &mut Findings) -> Option<Duration> {
    let period = node.duration(findings)?;
    if period.is_zero() || period.as_millis() % MINUTE.as_millis() != 0 || period > 24 * 60 * MINUTE
    {
        findings.error(node, "must be whole minutes, from 1m to 1d");
        return None;
    }
    Some(period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Document, Sections};

    fn read(text: &str) -> (Timing, Vec<String>) {
        let document =
            Document { name: "f".into(), directory: None, body: format!("ecs: {text}").into() };
        let mut findings = Findings::new();
        let sections = Sections::read(&[document], &mut findings);
        let node = sections.get("ecs").expect("a section");
        let mut section = node.mapping(&mut findings).expect("a mapping");
        let timing = Timing::take(&mut section, &mut findings);
        section.finish(&mut findings);
        (timing, findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_minute_that_settles_in_two_unless_the_section_says_otherwise() {
        let minutes = |period, delay| Timing { period: period * MINUTE, delay: delay * MINUTE };
        assert_eq!(read("{}"), (minutes(1, 2), vec![]));
        assert_eq!(read("{period: 5m, delay: 3m}"), (minutes(5, 3), vec![]));
        assert_eq!(read("{period: 1d, delay: 0s}"), (minutes(24 * 60, 0), vec![]));
    }

    #[test]
    fn a_period_is_whole_minutes() {
        for wrong in ["30s", "90s", "0s", "2d"] {
            let (_, findings) = read(&format!("{{period: {wrong}}}"));
            assert_eq!(
                findings,
                ["f: ecs.period: must be whole minutes, from 1m to 1d"],
                "{wrong}"
            );
        }
    }
}

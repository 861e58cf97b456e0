//! What can go wrong, one row each: what it is called, how long it lasts, and how the dice fill in the rest.
//!
//! A trouble begins at a minute and ends at a later one; what it does to the emulated world is [`site`](super::site)'s
//! business. What befalls single invocations (killed, frozen, repeated, late) stands in the [plan](super::plan).

use std::ops::RangeInclusive;
use std::time::Duration;

use emulators::faults::{Affected, Fault, Rule};

use super::dice::Dice;

/// The two sinks of the laboratory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// Remote write.
    RemoteWrite,
    /// Mackerel.
    Mackerel,
}

impl Receiver {
    /// The time at which it keeps a sample of this time, both in seconds: Mackerel keeps minutes.
    pub fn kept(self, at: i64) -> i64 {
        match self {
            Self::RemoteWrite => at,
            Self::Mackerel => at - at.rem_euclid(60),
        }
    }
}

/// What goes wrong for a while.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// Calls fail as a script says.
    Calls(Rule),
    /// The address of a sink leads nowhere: nobody listens there, or the name is not known.
    Gone(Receiver, &'static str),
    /// The sink's key is another one at once; the new one stands where keys are kept only when the trouble ends.
    KeyReplaced(Receiver),
    /// One metric is refused for good, for the rest of the day.
    Refused(Receiver),
    /// The sink takes no body above so many bytes.
    TooLarge(Receiver, usize),
    /// The clock of the function is off, by so many seconds.
    ClockOff(i64),
}

/// A row: one kind of trouble.
#[derive(Debug)]
pub struct Kind {
    /// What it is called in tables.
    pub label: &'static str,
    minutes: RangeInclusive<i64>,
    make: fn(&mut Dice) -> Trouble,
}

impl Kind {
    /// For how many minutes, and what exactly.
    pub fn draw(&self, dice: &mut Dice) -> (i64, Trouble) {
        (dice.between(self.minutes.clone()), (self.make)(dice))
    }
}

/// Every kind of trouble.
pub const KINDS: &[Kind] = &[
    kind("sink answers 5xx", 5..=40, |dice| {
        let status = *dice.one_of(&[500, 502, 503]);
        at_a_sink(dice, Fault::Status(status, "down".to_owned()))
    }),
    kind("sink down longer than catch_up", 55..=80, |dice| {
        let operation = *dice.one_of(&["remote_write:", "mackerel:"]);
        Trouble::Calls(Rule::on(operation, Fault::Status(404, "gone".to_owned())).forever())
    }),
    kind("sink answers 429 with Retry-After", 1..=10, |dice| {
        let seconds = dice.one_of(&["0", "2", "30", "3600"]).to_string();
        let headers = vec![("retry-after".to_owned(), seconds)];
        at_a_sink(dice, Fault::Answer(429, headers, "too many".to_owned()))
    }),
    kind("sink refuses the caller", 1..=10, |dice| {
        let status = *dice.one_of(&[401, 403, 404]);
        at_a_sink(dice, Fault::Status(status, "no".to_owned()))
    }),
    kind("sink redirects", 1..=10, |dice| {
        let headers = vec![("location".to_owned(), CLOSED.to_owned())];
        at_a_sink(dice, Fault::Answer(307, headers, String::new()))
    }),
    kind("connection cut after the body was stored", 1..=5, |dice| {
        at_a_sink(dice, Fault::CutAfter)
    }),
    kind("connection cut before", 1..=5, |dice| at_a_sink(dice, Fault::CutConnection)),
    kind("answer cut in the middle", 1..=5, |dice| at_a_sink(dice, Fault::CutInBody)),
    kind("sink slow up to the deadline", 1..=5, |dice| {
        let fault = slow(dice);
        at_a_sink(dice, fault)
    }),
    kind("sink never answers", 1..=4, |dice| at_a_sink(dice, Fault::Hang)),
    kind("sink takes small bodies only", 5..=30, too_large),
    kind("sink refuses a metric for good", 1..=1, |dice| Trouble::Refused(receiver(dice))),
    kind("port of the sink closed", 6..=20, |dice| Trouble::Gone(receiver(dice), CLOSED)),
    kind("name of the sink gone", 6..=20, |dice| Trouble::Gone(receiver(dice), UNKNOWN)),
    kind("key of the sink replaced", 1..=10, |dice| Trouble::KeyReplaced(receiver(dice))),
    kind("CloudWatch throttles", 1..=10, |dice| calls(dice, "cloudwatch:", Fault::Throttle)),
    kind("CloudWatch fails", 1..=10, |dice| {
        let fault = failure(dice);
        calls(dice, "cloudwatch:", fault)
    }),
    kind("CloudWatch late", 3..=15, |dice| {
        let minutes = *dice.one_of(&[3, 4, 6]);
        Trouble::Calls(Rule::on(DATA, Fault::LateData(MINUTE * minutes)).forever())
    }),
    kind("CloudWatch answers in part", 1..=15, |dice| {
        let affected = some_queries(dice);
        calls(dice, DATA, Fault::PartialData(affected))
    }),
    kind("CloudWatch owes queries", 1..=15, |dice| {
        let affected = some_queries(dice);
        calls(dice, DATA, Fault::InternalError(affected))
    }),
    kind("CloudWatch slow or silent", 1..=3, |dice| {
        let fault = slow(dice);
        calls(dice, "cloudwatch:", fault)
    }),
    kind("a page is lost", 1..=20, |dice| calls(dice, "", Fault::DropPage)),
    kind("inventory down", 5..=40, |dice| {
        let (fault, api) = (failure(dice), *dice.one_of(&["cloudfront:", "ecs:"]));
        calls(dice, api, fault)
    }),
    kind("S3 down", 1..=15, |dice| {
        let operation = *dice.one_of(&["s3:", "s3:GetObject", "s3:PutObject"]);
        let fault = failure(dice);
        calls(dice, operation, fault)
    }),
    kind("S3 refuses conditional writes", 1..=5, |dice| calls(dice, "s3:Put", Fault::Conflict)),
    kind("S3 writes and its answer is lost", 1..=5, |dice| calls(dice, "s3:Put", Fault::CutAfter)),
    kind("S3 slow or silent", 1..=3, |dice| {
        let fault = slow(dice);
        calls(dice, "s3:", fault)
    }),
    kind("Parameter Store down", 6..=30, |dice| {
        let fault = failure(dice);
        calls(dice, "ssm:", fault)
    }),
    kind("Parameter Store slow or silent", 1..=3, |dice| {
        let fault = slow(dice);
        calls(dice, "ssm:", fault)
    }),
    kind("STS down", 5..=20, |dice| {
        let fault = failure(dice);
        calls(dice, "sts:", fault)
    }),
    kind("clock of the function off", 5..=30, |dice| {
        Trouble::ClockOff(*dice.one_of(&[-900, -120, -40, 40, 120, 900]))
    }),
];

const DATA: &str = "cloudwatch:GetMetricData";
const MINUTE: Duration = Duration::from_secs(60);

/// Nobody listens there.
const CLOSED: &str = "http://127.0.0.1:1";
/// A name that nobody may ever have (RFC 2606).
const UNKNOWN: &str = "http://sink.invalid";

const fn kind(
    label: &'static str,
    minutes: RangeInclusive<i64>,
    make: fn(&mut Dice) -> Trouble,
) -> Kind {
    Kind { label, minutes, make }
}

fn receiver(dice: &mut Dice) -> Receiver {
    *dice.one_of(&[Receiver::RemoteWrite, Receiver::Mackerel])
}

fn at_a_sink(dice: &mut Dice, fault: Fault) -> Trouble {
    let operation = *dice.one_of(&["remote_write:", "mackerel:"]);
    calls(dice, operation, fault)
}

/// All calls while the trouble lasts, or the first few; from the beginning of a run, or from its middle.
fn calls(dice: &mut Dice, operation: &str, fault: Fault) -> Trouble {
    let skip = u32::try_from(*dice.one_of(&[0, 0, 0, 1, 2, 5])).expect("a small number");
    let rule = Rule::on(operation, fault).forever().skip(skip);
    let few = u32::try_from(dice.between(1..=6)).expect("a small number");
    Trouble::Calls(if dice.once_in(2) { rule.times(few) } else { rule })
}

fn too_large(dice: &mut Dice) -> Trouble {
    match receiver(dice) {
        Receiver::RemoteWrite => Trouble::TooLarge(Receiver::RemoteWrite, 700),
        Receiver::Mackerel => Trouble::TooLarge(Receiver::Mackerel, 1_500),
    }
}

/// What any service of AWS may answer.
fn failure(dice: &mut Dice) -> Fault {
    let denied = r#"{"__type":"AccessDeniedException"}"#.to_owned();
    let faults = [
        Fault::Throttle,
        Fault::Status(500, String::new()),
        Fault::Status(503, String::new()),
        Fault::Status(403, denied),
        Fault::CutConnection,
        Fault::CutAfter,
    ];
    dice.one_of(&faults).clone()
}

/// On the machine's clock; for the function it takes [`SPEED`](super::pace::SPEED) times as long.
fn slow(dice: &mut Dice) -> Fault {
    let delay = |millis| Fault::Delay(Duration::from_millis(millis));
    dice.one_of(&[delay(4), delay(15), delay(60), Fault::Hang]).clone()
}

fn some_queries(dice: &mut Dice) -> Affected {
    let metric = |name: &str| Affected::Metric(name.to_owned());
    let choices =
        [metric("Requests"), metric("CPUUtilization"), Affected::Share(0.4), Affected::All];
    dice.one_of(&choices).clone()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_lasts_at_least_a_minute() {
        let labels: BTreeSet<&str> = KINDS.iter().map(|kind| kind.label).collect();
        assert_eq!(labels.len(), KINDS.len());
        for kind in KINDS {
            let mut dice = Dice::of(7);
            let (minutes, trouble) = kind.draw(&mut dice);
            assert!(minutes >= 1, "{}", kind.label);
            assert_eq!(kind.draw(&mut Dice::of(7)), (minutes, trouble), "{}", kind.label);
        }
    }
}

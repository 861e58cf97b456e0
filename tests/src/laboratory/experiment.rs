//! One experiment: a plan is carried out minute by minute, then the weather clears, and the accountant has a look.

use std::fmt::Display;
use std::sync::Arc;

use futures::future::join_all;
use runtime::{Outcome, RunError};
use series::Timestamp;

use super::account::audit;
use super::due::Due;
use super::ledger::Ledger;
use super::pace::in_fast_time;
use super::plan::{CONTAINERS, Fate, Minute, Peer, Plan, Sent};
use super::running::{Ran, Running};
use super::site::{Site, shows_a_secret};
use super::subject::{Container, Subject};
use super::trouble::Receiver;
use super::verdict::Verdict;
use super::watch::Watch;
use crate::world;

/// How many polls an invocation usually takes, as long as none was counted.
const USUAL_POLLS: u64 = 150;

/// How many minutes after the last trouble everything must be in order again: what is not caught up by then is older
/// than remote write's `catch_up` of 50 minutes.
const PATIENCE: i64 = 75;

/// Carries out a plan with a function.
pub fn experiment(subject: Subject, plan: &Plan) -> Verdict {
    let (bench, last) = carry_out(subject, plan, None);
    bench.conclude(last)
}

/// What a real receiver is to be asked about.
pub struct Written {
    /// The site, as it was left.
    pub site: Site,
    /// What the function said.
    pub ledger: Ledger,
    /// The first minute that is not due any more.
    pub end: i64,
    /// What happened.
    pub story: String,
}

/// Carries out a plan with a function that writes to a real receiver at `real`. What that holds is for the caller to ask.
pub fn with_a_real_receiver(subject: Subject, plan: &Plan, real: &str) -> Written {
    let plan = Plan { peer: Peer::Real, ..plan.clone() };
    let (bench, last) = carry_out(subject, &plan, Some(real));
    let Bench { site, ledger, verdict, .. } = bench;
    assert_eq!(verdict.complaints, Vec::<String>::new(), "{}", verdict.story);
    Written { site, ledger, end: last - 2, story: verdict.story }
}

/// From the first minute to the last one that is due.
fn carry_out(subject: Subject, plan: &Plan, real: Option<&str>) -> (Bench, i64) {
    in_fast_time(async {
        let watch = Watch::start();
        let mut bench = Bench::new(subject, plan, real);
        // Where the first run begins is remembered from then on.
        bench.minute(0, &Minute::with(Fate::Ends)).await;
        for (at, minute) in (1..).zip(&plan.minutes) {
            bench.troubles(plan, at);
            bench.minute(at, minute).await;
        }
        let last = bench.clear_up(plan).await;
        bench.ledger.enter_log(&watch.text());
        (bench, last)
    })
}

/// What an experiment works with.
struct Bench {
    site: Site,
    subject: Subject,
    containers: [Option<Arc<Container>>; CONTAINERS],
    /// Invocations that stand still, each with the minute in which it goes on.
    frozen: Vec<(i64, Running)>,
    usual_polls: u64,
    ledger: Ledger,
    verdict: Verdict,
}

impl Bench {
    fn new(subject: Subject, plan: &Plan, real: Option<&str>) -> Self {
        let story = format!("{}, seed {}, {:?}\n", subject.name(), plan.seed, plan.peer);
        Self {
            site: Site::new(subject, plan, real),
            subject,
            containers: [None, None, None],
            frozen: Vec::new(),
            usual_polls: USUAL_POLLS,
            ledger: Ledger::default(),
            verdict: Verdict { story, ..Verdict::default() },
        }
    }

    fn troubles(&mut self, plan: &Plan, at: i64) {
        for spell in plan.troubles.iter().filter(|spell| spell.to == at) {
            self.tell(at, format_args!("over: {}", spell.label));
            self.site.end(&spell.trouble);
        }
        for spell in plan.troubles.iter().filter(|spell| spell.from == at) {
            self.tell(at, format_args!("until {}: {}: {:?}", spell.to, spell.label, spell.trouble));
            self.count(spell.label);
            self.site.begin(&spell.trouble);
        }
    }

    /// A minute of the schedule: what stood still goes on together with the first event.
    async fn minute(&mut self, at: i64, minute: &Minute) {
        self.site.at(world::minute(at));
        match minute.sent.len() {
            0 => self.count("event missing"),
            1 => {}
            _ => self.count("event repeated"),
        }
        let mut together = self.thaw(at);
        for sent in &minute.sent {
            if !minute.at_once && !together.is_empty() {
                self.run(at, std::mem::take(&mut together)).await;
            }
            together.push(self.start(at, sent).await);
        }
        self.run(at, together).await;
    }

    /// The invocations whose time to stand still is over.
    fn thaw(&mut self, at: i64) -> Vec<(Running, Fate)> {
        let (thawed, frozen): (Vec<_>, _) =
            self.frozen.drain(..).partition(|(until, _)| *until <= at);
        self.frozen = frozen;
        for (_, running) in &thawed {
            // It may look at the clock only now.
            let time = self.observation(running.event);
            self.ledger.begun.insert(time);
            self.ledger.stood_still.insert(time);
        }
        thawed.into_iter().map(|(_, running)| (running, Fate::Ends)).collect()
    }

    async fn start(&mut self, at: i64, sent: &Sent) -> (Running, Fate) {
        let Sent { late, container, cold, fate } = *sent;
        self.tell(at, format_args!("{sent:?}"));
        if late > 0 {
            self.count("event late");
        }
        let container = match self.containers[container].clone() {
            Some(warm) if !cold => warm,
            _ => {
                let started = Arc::new(self.subject.start(&self.site.world).await);
                self.containers[container] = Some(Arc::clone(&started));
                started
            }
        };
        // A process that is killed is not there the next time, and one that stands still takes no event.
        if fate != Fate::Ends {
            self.containers[sent.container] = None;
        }
        let time = world::minute(at - late);
        self.ledger.begun.insert(self.observation(time));
        (Running::begin(container, time), fate)
    }

    /// The time of what is observed now for an event of this time: none lies in the future of the function's clock.
    fn observation(&self, event: Timestamp) -> i64 {
        event.min(self.site.world.clock.now()).as_secs()
    }

    /// Lets invocations run at once, each as far as its fate will have it.
    async fn run(&mut self, at: i64, invocations: Vec<(Running, Fate)>) {
        if invocations.len() > 1 {
            self.count("invocations at once");
        }
        let usual = self.usual_polls;
        let running = invocations.into_iter().map(|(running, fate)| running.go(fate, usual));
        for ran in join_all(running).await {
            match ran {
                Ran::Ended(outcome, polls) => {
                    self.usual_polls = polls;
                    self.enter(at, &outcome);
                }
                Ran::Died(polls) => {
                    self.verdict.stopped.insert(polls);
                    self.count("process killed");
                    self.ledger.killed += 1;
                }
                Ran::Overdue => {
                    let complaint = format!("minute {at}: an invocation did not end in time");
                    self.verdict.complaints.push(complaint);
                }
                Ran::Frozen(running, minutes, polls) => {
                    self.verdict.stopped.insert(polls);
                    self.count("process frozen");
                    self.ledger.stood_still.insert(self.observation(running.event));
                    self.frozen.push((at + minutes, running));
                }
            }
        }
    }

    /// After the last trouble: cold starts and undisturbed runs until one of them has nothing to complain of. The last
    /// minute that is due.
    async fn clear_up(&mut self, plan: &Plan) -> i64 {
        let begin = i64::try_from(plan.minutes.len()).expect("a plan of minutes") + 1;
        let still = plan.troubles.iter().filter(|spell| spell.from < begin && spell.to >= begin);
        still.for_each(|spell| self.site.end(&spell.trouble));
        self.site.end_of_all_calls();
        self.containers = [None, None, None];
        self.tell(begin, format_args!("all troubles are over"));
        let mut clean_in_a_row = 0;
        for at in begin..begin + PATIENCE {
            let before = self.ledger.clean;
            self.minute(at, &Minute::with(Fate::Ends)).await;
            clean_in_a_row = if self.ledger.clean > before { clean_in_a_row + 1 } else { 0 };
            if self.frozen.is_empty() && clean_in_a_row >= 2 {
                return at;
            }
        }
        self.verdict.complaints.push("the runs did not become clean again".to_owned());
        begin + PATIENCE - 1
    }

    fn enter(&mut self, at: i64, outcome: &Outcome) {
        let failure = outcome.failure.as_ref().map(RunError::to_string);
        let errors = outcome.report.errors.iter();
        let errors = errors.map(|error| format!("\n       {}: {}", error.source, error.message));
        let end = failure.unwrap_or_else(|| "ok".to_owned());
        self.tell(at, format_args!("  {end}{}", errors.collect::<String>()));
        self.ledger.enter(outcome);
    }

    /// The books are closed.
    fn conclude(self, last: i64) -> Verdict {
        let Self { site, ledger, mut verdict, .. } = self;
        for receiver in [Receiver::RemoteWrite, Receiver::Mackerel] {
            let due = Due::of(&site, receiver, -3..last - 2, &ledger);
            let audit = audit(&site, receiver, &due, &ledger);
            verdict.balance += audit.balance;
            verdict.complaints.extend(audit.complaints);
        }
        for (text, place) in
            [(&ledger.text, "a report, or the log,"), (&site.stored(), "the store")]
        {
            if shows_a_secret(text) {
                verdict.complaints.push(format!("{place} shows a secret"));
            }
        }
        for ((_, reason), samples) in ledger.refused {
            *verdict.reasons.entry(reason).or_default() += samples;
        }
        verdict.ends.insert("killed", ledger.killed);
        for (end, count) in ledger.ends {
            *verdict.ends.entry(end).or_default() += count;
        }
        verdict
    }

    fn count(&mut self, fault: &'static str) {
        *self.verdict.faults.entry(fault).or_default() += 1;
    }

    fn tell(&mut self, at: i64, what: impl Display) {
        self.verdict.story += &format!("{at:5}: {what}\n");
    }
}

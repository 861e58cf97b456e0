//! One experiment: a plan is carried out minute by minute, then the weather clears, and the accountant has a look.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use runtime::{Invocation, Outcome, RunError};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::account::audit;
use super::due::Due;
use super::ledger::Ledger;
use super::pace::in_fast_time;
use super::plan::{CONTAINERS, Fate, Minute, Peer, Place, Plan, Sent};
use super::process::{Progress, polled};
use super::site::{Site, shows_a_secret};
use super::subject::{Container, Subject};
use super::trouble::Receiver;
use super::verdict::Verdict;
use super::watch::Watch;
use crate::world;

/// What Lambda gives an invocation, on the function's clock.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What the function keeps of it for its answer to get out.
const MARGIN: Duration = Duration::from_millis(500);

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

/// An invocation that was begun.
type Running = Pin<Box<dyn Future<Output = Outcome>>>;

/// How far an invocation came in its minute.
enum Ran {
    Ended(Box<Outcome>, u64),
    Died(u64),
    /// Its time was over, and it went on.
    Overdue,
    Frozen(Running, i64, u64),
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
        self.ledger.begun.insert(time.min(self.site.world.clock.now()).as_secs());
        let event = json!({ "time": time.to_string() });
        (Box::pin(handled(container, event)), fate)
    }

    /// Lets invocations run at once, each as far as its fate will have it.
    async fn run(&mut self, at: i64, invocations: Vec<(Running, Fate)>) {
        if invocations.len() > 1 {
            self.count("invocations at once");
        }
        let usual = self.usual_polls;
        let running = invocations.into_iter().map(|(running, fate)| go(running, fate, usual));
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

async fn handled(container: Arc<Container>, event: Value) -> Outcome {
    let invocation = Invocation { time_left: Some(TIMEOUT - MARGIN), ..Invocation::default() };
    container.invoke(&event, invocation).await
}

async fn go(mut running: Running, fate: Fate, usual_polls: u64) -> Ran {
    let most = match fate {
        Fate::Ends => u64::MAX,
        Fate::Dies(Place::Thousandth(part)) | Fate::Freezes(Place::Thousandth(part), _) => {
            usual_polls * part / 1_000
        }
        Fate::Dies(Place::Poll(polls)) | Fate::Freezes(Place::Poll(polls), _) => polls,
    };
    match (timeout(TIMEOUT, polled(&mut running, most)).await, fate) {
        (Err(_), _) => Ran::Overdue,
        (Ok(Progress::Ended(outcome, polls)), _) => Ran::Ended(Box::new(outcome), polls),
        (Ok(Progress::Waits), Fate::Freezes(_, minutes)) => Ran::Frozen(running, minutes, most),
        (Ok(Progress::Waits), _) => Ran::Died(most),
    }
}

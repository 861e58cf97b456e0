//! Probes what is due, a bounded number at a time, until there is no time left for another one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clock::Budget;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use jobs::{Scrape, stored};
use series::{Resource, Series, Timestamp};
use tokio::task::yield_now;

use super::ProbeSource;
use super::complaints::Complaints;
use super::gathering::Due;
use crate::frame::{self, Asked, OFFSET, Outcome, page};

/// So many probes are begun before those that are under way are looked after: whoever has an answer should not have to wait, and to
/// measure the wait, until a hundred others have begun.
const BEGUN_TOGETHER: usize = 8;

/// What probing brought.
#[derive(Debug, Default)]
pub(super) struct Probed<'a> {
    pub(super) series: Vec<Series>,
    pub(super) complaints: Complaints<'a>,
    /// Jobs that had targets to probe of which not one was probed, and why.
    pub(super) idle: BTreeMap<&'a str, String>,
}

/// What became of one target.
enum Done {
    /// Its series; and what is wrong with what it gave.
    Stored(Vec<Series>, Option<String>),
    /// It is none that could be probed: its series, which say so, and why.
    Refused(Vec<Series>, String),
    /// It was not probed, and has no series.
    LeftOut(String),
}

/// What a run has for probing, and how much of it is used.
struct Room<'a> {
    budget: &'a Budget,
    /// What was left when probing began.
    whole: Duration,
    series: AtomicUsize,
    most_series: usize,
}

impl ProbeSource {
    /// Probes all, in their order. A probe is started only if there is time for all that it may take: one that the end of the
    /// run cut short would make a slow target look like a broken one. So what does not fit is left out, and said.
    pub(super) async fn probe<'a>(
        &'a self,
        due: Vec<Due<'a>>,
        time: Timestamp,
        budget: &Budget,
    ) -> Probed<'a> {
        let (whole, most_series) = (budget.remaining(), self.bounds.series);
        let room = &Room { budget, whole, series: AtomicUsize::new(0), most_series };
        let (mut waiting, mut probes) = (due.into_iter(), FuturesUnordered::new());
        let mut probed = Probed::default();
        // For each job, whether a target of it was probed, and why not.
        let mut tried: BTreeMap<&str, Option<String>> = BTreeMap::new();
        loop {
            let free = self.bounds.at_once - probes.len();
            let begun = waiting.by_ref().take(free.min(BEGUN_TOGETHER));
            probes.extend(begun.map(|due| self.probe_one(due, time, room)));
            let may_begin = probes.len() < self.bounds.at_once && waiting.len() > 0;
            let next = match probes.next().now_or_never() {
                Some(next) => next,
                None if may_begin => {
                    yield_now().await;
                    continue;
                }
                None => probes.next().await,
            };
            let Some((Due { job, target, .. }, done)) = next else { break };
            let why = match done {
                Done::Stored(series, complaint) => {
                    probed.series.extend(series);
                    tried.insert(&job.name, None);
                    complaint
                }
                Done::Refused(series, why) => {
                    probed.series.extend(series);
                    tried.entry(&job.name).or_insert_with(|| Some(why.clone()));
                    Some(why)
                }
                Done::LeftOut(why) => {
                    tried.entry(&job.name).or_insert_with(|| Some(why.clone()));
                    Some(why)
                }
            };
            if let Some(why) = why {
                probed.complaints.add(job, &target, why);
            }
        }
        probed.idle = tried.into_iter().filter_map(|(job, why)| Some((job, why?))).collect();
        probed
    }

    async fn probe_one<'a>(
        &'a self,
        due: Due<'a>,
        time: Timestamp,
        room: &Room<'_>,
    ) -> (Due<'a>, Done) {
        let done = self.attempt(&due, time, room).await;
        (due, done)
    }

    async fn attempt(&self, due: &Due<'_>, time: Timestamp, room: &Room<'_>) -> Done {
        let Due { job: _, target, key: _, is_refused } = due;
        if let Some(why) = room.is_full() {
            return Done::LeftOut(why);
        }
        if *is_refused {
            let (series, refusal) = self.store(due, None, Duration::ZERO, time, room);
            return Done::Stored(series, refusal);
        }
        let asked = match Asked::read(&target.params, &self.settings.modules) {
            Ok(asked) => asked,
            Err(refusal) => {
                let (series, _) = self.store(due, None, Duration::ZERO, time, room);
                return Done::Refused(series, refusal.to_string());
            }
        };
        let timeout = frame::timeout(asked.module.timeout, Some(target.timeout), OFFSET);
        if let Some(why) = room.lacks(timeout) {
            return Done::LeftOut(why);
        }
        let Outcome { result: _, gauges, steps: _, took } =
            frame::run(&asked, timeout, &self.equipment, false).await;
        let page = page::series(&gauges, &Arc::new(resource(due)), time);
        let (series, refusal) = self.store(due, Some(page), took, time, room);
        Done::Stored(series, refusal)
    }

    /// What Prometheus would have stored of a scrape; and why it would have refused the page, if so.
    fn store(
        &self,
        due: &Due<'_>,
        page: Option<Vec<Series>>,
        took: Duration,
        time: Timestamp,
        room: &Room<'_>,
    ) -> (Vec<Series>, Option<String>) {
        let mut seen = self.seen.scrape(&due.key);
        let mut added = |series: &Series| seen.adds(series);
        let (series, refusal) =
            stored(due.job, &due.target, Scrape { page, took }, time, &mut added);
        seen.end();
        room.series.fetch_add(series.len(), Ordering::Relaxed);
        (series, refusal)
    }
}

impl Room<'_> {
    /// Why a probe that may take this long is not started, if that is so.
    fn lacks(&self, timeout: Duration) -> Option<String> {
        let seconds = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
        if timeout > self.whole {
            return Some(format!(
                "not probed: one probe may take {}, and this run had {} for all of them; lower scrape_timeout or the \
                 module's timeout, or give the function more time",
                seconds(timeout),
                seconds(self.whole)
            ));
        }
        (timeout > self.budget.remaining()).then(|| {
            "not probed: the run had no time left for them; give the function more time, lower timeouts, or divide the \
             targets between several schedules with \"shard\""
                .to_owned()
        })
    }

    /// Why nothing more can be kept, if that is so.
    fn is_full(&self) -> Option<String> {
        (self.series.load(Ordering::Relaxed) >= self.most_series).then(|| {
            format!(
                "not probed: a run holds {} series; divide the targets between several schedules with \"shard\"",
                self.most_series
            )
        })
    }
}

/// What is probed, as a person and as a series know it.
fn resource(due: &Due<'_>) -> Resource {
    let label = |name| due.target.labels.get(name);
    let (job, instance) = (label("job").unwrap_or_default(), label("instance").unwrap_or_default());
    let name = label("name").unwrap_or(instance).to_owned();
    Resource { id: format!("{job}/{instance}"), name }
}

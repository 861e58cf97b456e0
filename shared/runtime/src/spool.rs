//! The spool: request bodies that a sink could not take and that cannot be had again, in the store.
//!
//! ```text
//! spool/<function>/<shard>/<sink>/<time>-<n>-<samples>         waits, oldest first
//! spool/<function>/<shard>/<sink>/<time>-<n>-<samples>-rest    what is left of one of which its sink took something
//! aside/…                                                      set aside: its sink takes others, but not this one
//! ```
//!
//! A body is what goes over the wire, without headers: no credentials. Its key says how many samples it holds, so that
//! what waits can be counted without being read. Nothing here knows when to drain; `draining` does.

use std::fmt;
use std::pin::pin;

use bytes::Bytes;
use clock::Budget;
use futures::stream::{self, StreamExt};
use series::Timestamp;
use sinks::Body;
use store::{Expect, PutError, Store};
use tokio::time::timeout_at;

use crate::event::Shard;
use crate::hash::StableHash;

/// How many bodies are written at a time.
const WRITERS: usize = 8;

/// How often a body is put where S3 answers with a conflict that is none.
const ATTEMPTS: usize = 4;

/// What the names of rests end with.
const REST: &str = "-rest";

/// Where the bodies of one function and shard for one sink wait.
#[derive(Debug, Clone)]
pub(crate) struct Spool<'a> {
    store: &'a Store,
    /// `<function>/<shard>/<sink>`.
    place: String,
}

/// What became of bodies that were to be kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// What waits now.
    pub(crate) kept: Vec<Waiting>,
    /// How many samples could not be kept, and why.
    pub(crate) lost: Vec<(u64, String)>,
}

/// A body that waits, by what its key says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiting {
    /// The time of the run that could not deliver it.
    pub(crate) at: Timestamp,
    number: u32,
    /// How many samples it holds.
    pub(crate) samples: u64,
    /// It is what is left of a body of which the sink took something.
    pub(crate) is_rest: bool,
}

impl<'a> Spool<'a> {
    /// The spool of a sink.
    pub(crate) fn of(store: &'a Store, function: &str, shard: Shard, sink: &str) -> Self {
        let place = format!("{function}/{}-of-{}/{}", shard.index, shard.count, segment(sink));
        Self { store, place }
    }

    /// What waits, oldest first.
    pub(crate) async fn waiting(&self) -> Result<Vec<Waiting>, String> {
        let prefix = format!("spool/{}", self.place);
        let keys = self.store.list(&prefix).await.map_err(|error| error.to_string())?;
        let names = keys.iter().filter_map(|key| key.rsplit('/').next());
        let mut waiting: Vec<_> = names.filter_map(Waiting::parse).collect();
        waiting.sort_unstable();
        Ok(waiting)
    }

    /// The body; nothing if another invocation was faster.
    pub(crate) async fn body(&self, one: &Waiting) -> Result<Option<Body>, String> {
        let found = self.store.get(&self.key("spool", one)).await;
        let Waiting { samples, is_rest, .. } = *one;
        let body = |(bytes, _)| Body { bytes, samples, is_rest };
        Ok(found.map_err(|error| error.to_string())?.map(body))
    }

    /// Puts what is left of a body into its place. Nothing where its place is empty by now: another invocation was faster,
    /// and what it left over stands there.
    pub(crate) async fn replace(
        &self,
        one: &Waiting,
        rest: Body,
    ) -> Result<Option<Waiting>, String> {
        if self.body(one).await?.is_none() {
            return Ok(None);
        }
        let left = Waiting { samples: rest.samples, is_rest: rest.is_rest, ..one.clone() };
        self.put(&left, rest.bytes).await?;
        self.remove(one).await.map(|()| Some(left))
    }

    /// Takes a body out of the spool.
    pub(crate) async fn remove(&self, one: &Waiting) -> Result<(), String> {
        self.store.delete(&self.key("spool", one)).await.map_err(|error| error.to_string())
    }

    /// Moves a body to where it blocks nothing; says where that is.
    pub(crate) async fn set_aside(&self, one: &Waiting) -> Result<String, String> {
        let key = self.key("aside", one);
        let Some(body) = self.body(one).await? else {
            return Ok(key);
        };
        match self.store.put(&key, body.bytes, Expect::Absent).await {
            Ok(_) | Err(PutError::Conflict(_)) => self.remove(one).await.map(|()| key),
            Err(PutError::Store(error)) => Err(error.to_string()),
        }
    }

    /// Keeps bodies, as many as the budget allows.
    pub(crate) async fn keep(&self, at: Timestamp, bodies: Vec<Body>, budget: &Budget) -> Kept {
        let puts = bodies.into_iter().zip(0..).map(async |(body, number)| {
            let Body { bytes, samples, is_rest } = body;
            let one = Waiting { at, number, samples, is_rest };
            let put = timeout_at(budget.end(), self.put(&one, bytes)).await;
            let put = put.unwrap_or_else(|_| Err("no time was left".to_owned()));
            put.map(|()| one).map_err(|why| (samples, why))
        });
        let mut all = Kept::default();
        let mut written = pin!(stream::iter(puts).buffered(WRITERS));
        while let Some(result) = written.next().await {
            match result {
                Ok(one) => all.kept.push(one),
                Err(lost) => all.lost.push(lost),
            }
        }
        all
    }

    /// An object that is there is our own, from an attempt whose answer was lost: only the invocation that claimed a time
    /// writes its bodies, and of two that leave as much of one, either rest is right. But S3 also refuses a conditional write that meets another one (409) when nothing is there, and then
    /// wants to be asked again; so it is looked.
    async fn put(&self, one: &Waiting, body: Bytes) -> Result<(), String> {
        let key = self.key("spool", one);
        for _ in 0..ATTEMPTS {
            match self.store.put(&key, body.clone(), Expect::Absent).await {
                Ok(_) => return Ok(()),
                Err(PutError::Store(error)) => return Err(error.to_string()),
                Err(PutError::Conflict(_)) => {}
            }
            match self.store.get(&key).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Err(format!("{key}: the store refused {ATTEMPTS} conditional writes, and nothing is there"))
    }

    fn key(&self, root: &str, one: &Waiting) -> String {
        format!("{root}/{}/{one}", self.place)
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:05}-{}", self.at, self.number, self.samples)?;
        if self.is_rest { f.write_str(REST) } else { Ok(()) }
    }
}

impl Waiting {
    /// The name of a body, as written: what does not read as one is somebody else's and is left alone.
    fn parse(name: &str) -> Option<Self> {
        let (name, is_rest) = name.strip_suffix(REST).map_or((name, false), |name| (name, true));
        let mut fields = name.rsplitn(3, '-');
        let (samples, number, at) = (fields.next()?, fields.next()?, fields.next()?);
        let at = Timestamp::parse_rfc3339(at).ok()?;
        let (number, samples) = (number.parse().ok()?, samples.parse().ok()?);
        Some(Self { at, number, samples, is_rest })
    }
}

/// A sink's name as one segment of a key. Where characters had to go, a hash keeps two names apart.
fn segment(sink: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if sink.chars().all(kept) {
        return sink.to_owned();
    }
    let text = sink.replace(|c| !kept(c), "_");
    format!("{text}-{:08x}", StableHash::of(sink) as u32)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1_795_165_200);

    fn body(text: &'static str, samples: u64) -> Body {
        Body { bytes: Bytes::from_static(text.as_bytes()), samples, is_rest: false }
    }

    fn spool(store: &Store) -> Spool<'_> {
        Spool::of(store, "ecs", Shard::default(), "remote_write:amp")
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    #[test]
    fn bodies_wait_in_the_order_of_their_time_and_number() {
        block_on(async {
            let store = Store::memory();
            let spool = spool(&store);
            let later = AT + Duration::from_secs(60);
            let budget = Budget::starting_now(Duration::from_secs(60));
            spool.keep(later, vec![body("c", 5)], &budget).await;
            let Kept { kept, lost } =
                spool.keep(AT, vec![body("a", 2000), body("b", 17)], &budget).await;
            assert_eq!((kept.len(), lost.len()), (2, 0));
            let waiting = spool.waiting().await.expect("memory answers");
            let said: Vec<_> = waiting.iter().map(|one| (one.at, one.samples)).collect();
            assert_eq!(said, [(AT, 2000), (AT, 17), (later, 5)]);
            assert_eq!(spool.body(&waiting[1]).await, Ok(Some(body("b", 17))));
            let keys = store.list("spool").await.expect("memory answers");
            assert_eq!(
                keys[0],
                "spool/ecs/0-of-1/remote_write:amp/2026-11-20T09:00:00Z-00000-2000"
            );
            spool.remove(&waiting[0]).await.expect("memory answers");
            assert_eq!(spool.body(&waiting[0]).await, Ok(None));
        });
    }

    #[test]
    fn a_body_that_is_set_aside_waits_no_more_and_is_not_lost() {
        block_on(async {
            let store = Store::memory();
            let spool = spool(&store);
            let budget = Budget::starting_now(Duration::from_secs(60));
            let Kept { kept, .. } = spool.keep(AT, vec![body("a", 3)], &budget).await;
            let key = spool.set_aside(&kept[0]).await;
            assert_eq!(
                key.as_deref(),
                Ok("aside/ecs/0-of-1/remote_write:amp/2026-11-20T09:00:00Z-00000-3")
            );
            assert_eq!(spool.waiting().await, Ok(Vec::new()));
            assert_eq!(store.list("aside").await.expect("memory answers").len(), 1);
        });
    }

    #[test]
    fn what_is_not_a_body_is_left_alone() {
        for name in ["", "README", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z-1", "x-00001-5"] {
            assert_eq!(Waiting::parse(name), None, "{name}");
        }
        let one = Waiting { at: AT, number: 7, samples: 12, is_rest: false };
        assert_eq!(Waiting::parse("2026-11-20T09:00:00Z-00007-12"), Some(one));
    }

    #[test]
    fn what_is_left_of_a_body_waits_in_its_place() {
        block_on(async {
            let store = Store::memory();
            let spool = spool(&store);
            let budget = Budget::starting_now(Duration::from_secs(60));
            let Kept { kept, .. } = spool.keep(AT, vec![body("a", 3), body("b", 5)], &budget).await;
            let rest = Body { is_rest: true, ..body("rest of a", 2) };
            let left = spool.replace(&kept[0], rest.clone()).await.expect("memory answers");
            let left = left.expect("it was there");
            assert_eq!(left.to_string(), "2026-11-20T09:00:00Z-00000-2-rest");
            assert_eq!(spool.waiting().await, Ok(vec![left.clone(), kept[1].clone()]));
            assert_eq!(spool.body(&left).await, Ok(Some(rest)));
            assert_eq!(spool.body(&kept[0]).await, Ok(None));
            assert_eq!(spool.replace(&kept[0], body("late", 1)).await, Ok(None), "it is gone");
            assert_eq!(spool.waiting().await.map(|waiting| waiting.len()), Ok(2));
        });
    }

    #[test]
    fn every_sink_has_a_place_of_its_own() {
        let table = [
            ("remote_write:amp", "remote_write:amp"),
            ("mackerel:production", "mackerel:production"),
            (
                "https://p.example.com:9090/api/v1/write",
                "https:__p.example.com:9090_api_v1_write-4dde7692",
            ),
        ];
        for (sink, expected) in table {
            assert_eq!(segment(sink), expected);
        }
        assert_ne!(segment("http://a/b"), segment("http://a_b"));
    }
}

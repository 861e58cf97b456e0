//! Keeps the state in the store: read once a run, written with the version that was read, merged where another
//! invocation wrote meanwhile.

use bytes::Bytes;
use series::Timestamp;
use store::{Expect, PutError, Store, Version};

use crate::event::Shard;
use crate::state::State;

/// How often a write is tried against other writers before it is an error.
const MAX_CONFLICTS: u32 = 8;

/// The state of one function and shard, and where it is stored.
pub(crate) struct Memory<'a> {
    store: &'a Store,
    key: String,
    /// What the store holds as far as we know, with its version.
    stored: State,
    version: Option<Version>,
    /// What this run makes of it.
    pub(crate) state: State,
}

impl<'a> Memory<'a> {
    /// Reads the state. Only "not found" means a first run.
    pub(crate) async fn read(
        store: &'a Store,
        function: &str,
        shard: Shard,
    ) -> Result<Self, String> {
        let key = format!("state/{function}/{}-of-{}.json", shard.index, shard.count);
        let mut memory =
            Self { store, key, stored: State::default(), version: None, state: State::default() };
        memory.read_stored().await?;
        memory.state = memory.stored.clone();
        Ok(memory)
    }

    /// Whether nothing was stored: the first run, or the first after somebody deleted the state.
    pub(crate) fn is_new(&self) -> bool {
        self.version.is_none()
    }

    /// The store, for what belongs to the state but not into it.
    pub(crate) fn store(&self) -> &'a Store {
        self.store
    }

    /// Writes the state if it changed.
    pub(crate) async fn write(&mut self) -> Result<(), String> {
        for _ in 0..=MAX_CONFLICTS {
            if self.state == self.stored || self.attempt().await? {
                return Ok(());
            }
        }
        Err(self.overtaken())
    }

    /// Claims the observation of a time for this invocation, and writes that. False where it was made before, or another
    /// invocation is faster: of two that are given the same event, one observes.
    pub(crate) async fn claim(&mut self, time: Timestamp, by: u64) -> Result<bool, String> {
        for _ in 0..=MAX_CONFLICTS {
            // An attempt that failed may have been written all the same.
            if self.stored.is_claimed(time, by) {
                return Ok(true);
            }
            if self.stored.observed().is_some_and(|last| last >= time) {
                return Ok(false);
            }
            self.state.claim(time, by);
            if self.attempt().await? {
                return Ok(true);
            }
        }
        Err(self.overtaken())
    }

    /// One attempt to write. False where somebody else wrote meanwhile: what they did is in the state now.
    async fn attempt(&mut self) -> Result<bool, String> {
        let expect = self.version.clone().map_or(Expect::Absent, Expect::Version);
        match self.store.put(&self.key, Bytes::from(self.state.to_bytes()), expect).await {
            Ok(version) => {
                self.version = Some(version);
                self.stored = self.state.clone();
                Ok(true)
            }
            Err(PutError::Conflict(_)) => self.merge().await.map(|()| false),
            Err(error) => Err(format!("{} could not be written: {error}", self.key)),
        }
    }

    fn overtaken(&self) -> String {
        format!("{} could not be written: others keep writing it", self.key)
    }

    async fn merge(&mut self) -> Result<(), String> {
        let base = self.stored.clone();
        self.read_stored().await?;
        self.state = self.state.merged_onto(&base, &self.stored);
        Ok(())
    }

    async fn read_stored(&mut self) -> Result<(), String> {
        let found = self.store.get(&self.key).await;
        (self.stored, self.version) = match found {
            Ok(None) => (State::default(), None),
            Ok(Some((body, version))) => {
                let state =
                    State::parse(&body).map_err(|error| format!("{}: {error}", self.key))?;
                (state, Some(version))
            }
            Err(error) => return Err(format!("{} could not be read: {error}", self.key)),
        };
        Ok(())
    }
}

//! The bodies that a process keeps to look at: bounded for all probes together, since a hundred probes at once could each keep
//! as much as is fair for one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much all probes of a process keep of bodies at one moment.
const TOGETHER: usize = 64 * 1024 * 1024;

/// The unit of account: permits are 32 bits wide.
const UNIT: usize = 1024;

/// The least that is taken at once.
const STEP: usize = 64 * 1024;

/// How much room there is for bodies. Only what is kept counts: not what a decoder needs for itself (16 MiB of window in the
/// worst case of Brotli), nor what is made of a body to judge it.
#[derive(Debug, Clone)]
pub(crate) struct Bodies {
    room: Arc<Semaphore>,
    size: usize,
}

/// A body, or what came of it so far. Its room is given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct KeptBody {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

/// There is no room left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no room for the body: all bodies that are being judged at this moment may take {together} bytes together; \
     probe less at once, or let body_size_limit be smaller"
)]
pub(crate) struct NoRoom {
    together: usize,
}

impl Bodies {
    pub(crate) fn new() -> Self {
        Self::of_size(TOGETHER)
    }

    pub(crate) fn of_size(size: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(size / UNIT)), size }
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, NoRoom> {
        let no_room = NoRoom { together: self.size };
        let units = u32::try_from(bytes.div_ceil(UNIT)).map_err(|_| no_room)?;
        Arc::clone(&self.room).try_acquire_many_owned(units).map_err(|_| no_room)
    }
}

impl KeptBody {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends to it. Room is taken for what it occupies, which is up to a quarter more than what is in it.
    pub(crate) fn extend(&mut self, more: &[u8], bodies: &Bodies) -> Result<(), NoRoom> {
        let occupied = self.bytes.capacity();
        let missing = (self.bytes.len() + more.len()).saturating_sub(occupied);
        if missing > 0 {
            let grown = missing.max(occupied / 4).next_multiple_of(STEP);
            let taken = bodies.take(grown)?;
            match &mut self.room {
                Some(room) => room.merge(taken),
                None => self.room = Some(taken),
            }
            self.bytes.reserve_exact(occupied + grown - self.bytes.len());
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_room_in_steps_and_gives_it_back() {
        let bodies = Bodies::of_size(3 * STEP);
        let mut one = KeptBody::default();
        assert_eq!(one.extend(b"", &bodies), Ok(()));
        assert_eq!(bodies.room.available_permits(), 3 * STEP / UNIT, "nothing takes nothing");
        assert_eq!(one.extend(b"a", &bodies), Ok(()));
        assert_eq!(one.extend(&vec![b'b'; STEP - 1], &bodies), Ok(()));
        assert_eq!(bodies.room.available_permits(), 2 * STEP / UNIT);
        assert_eq!(one.extend(b"c", &bodies), Ok(()));
        assert_eq!((one.bytes().len(), one.bytes()[STEP]), (STEP + 1, b'c'));

        let mut other = KeptBody::default();
        let refused = other.extend(&vec![0; STEP + 1], &bodies).expect_err("one step is left");
        assert!(refused.to_string().contains("being judged at this moment"), "{refused}");
        assert!(other.bytes().is_empty());
        drop(one);
        assert_eq!(other.extend(&vec![0; 3 * STEP], &bodies), Ok(()));
        assert_eq!(bodies.room.available_permits(), 0);
        drop(other);
        assert_eq!(bodies.room.available_permits(), 3 * STEP / UNIT);
    }
}

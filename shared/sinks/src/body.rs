//! Bodies of requests that were not taken, for the spool.

use bytes::Bytes;

/// The body of a request that was not taken: what would go over the wire, without the address and without credentials.
///
/// Several of them come oldest first, and in one that is for a receiver of remote write each series has one timestamp:
/// sending it again after an unclear failure does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The bytes, encoded and compressed as the sink's protocol asks.
    pub bytes: Bytes,
    /// How many samples they hold.
    pub samples: u64,
    /// They are what is left of a request or body, in a delivery of which the receiver took something.
    pub is_rest: bool,
}

/// Bytes that are no body of this sink. Fits after "failed to"; nothing of the bytes stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read a kept body: {0}")]
pub struct DamagedBody(pub(crate) String);

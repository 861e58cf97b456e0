//! Doors for fuzz targets to what reads the bytes of strangers. Nothing of the product goes through them.

mod http_answer;

pub use http_answer::{HttpAnswer, http_answer};

use crate::dns;

/// Reads a DNS message as a probe reads its answer. The texts of all its records; nothing where it is refused.
pub fn dns_answer(message: &[u8]) -> Option<Vec<String>> {
    dns::texts(message)
}

//! Where things are kept between runs: state, spool, and documents of configuration, in S3, in a folder, or in the
//! memory of the process.
//!
//! Bodies are opaque: this crate knows no format, no state, no spool and no configuration, only keys and versions.
//! Writes are conditional, so that of two writers one learns that the other was faster:
//!
//! ```text
//! get(key)                          -> Some((body, version)) | None
//! put(key, body, Expect::Absent)    -> version | Conflict
//! put(key, body, Expect::Version(v))-> version | Conflict
//! ```
//!
//! Only "not found" means that there is nothing: a store that does not answer, refuses, or has no such bucket is an
//! error, and nobody may take it for a first run.

mod credentials;
mod error;
mod folder;
mod location;
mod objects;
mod service;
mod store;

pub use error::{LocationError, PutError, StoreError};
pub use store::{Expect, Store, Version};

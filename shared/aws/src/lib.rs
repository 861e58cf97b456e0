//! Everything that hostless does with AWS as such: one SDK configuration, other accounts by role, the count of
//! calls over the wire, their pace and their repetition, Parameter Store, and the secrets that live there.
//!
//! This crate knows no series, no sink and no function, and it opens no connection of its own: it is handed an
//! HTTP client, a clock and a way to look up environment variables.
//!
//! [`Aws`] is what a process has one of. Clients are made from [`Aws::config`] (or [`Aws::in_region`]) with
//! [`Aws::counter`] as an interceptor, so that [`Calls`] shows each attempt. Sources make their calls through a [`Caller`],
//! which tries again, at the pace that a [`Limiter`] allows.

mod attempt;
mod calls;
mod credentials;
mod environment;
mod limiter;
mod outcome;
mod parameters;
mod reason;
mod role;
mod sdk;
mod secrets;

pub use attempt::Caller;
pub use calls::{Calls, Counter};
pub use credentials::CachedCredentials;
pub use limiter::{Cost, Limiter, Rate};
pub use outcome::{Failure, Remedy};
pub use parameters::{ParameterError, ParameterStore};
pub use reason::{describe, reason};
pub use role::Role;
pub use sdk::{AccountError, Aws};
pub use secrets::{SecretError, Secrets};

/// Looks up an environment variable. Handed in, so that a test or the demo decides what the environment is.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

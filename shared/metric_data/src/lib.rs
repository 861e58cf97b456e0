//! CloudWatch metrics: which requests to make, asking for them, and turning the answers into samples.
//!
//! Data passes through in one direction: [`Query`] → [`plan`] (pure) → [`fetch`] (the wire) → pages joined and
//! converted (pure) → one [`Answer`] a query; [`read`] goes on from there to series. Whatever goes wrong costs only the queries it happened to: an answer is
//! [`Answer::Complete`], owed ([`Answer::Unanswered`]) or final ([`Answer::Forbidden`]), never a series with holes.
//!
//! This crate keeps no state between calls and reads no clock: windows and budgets are handed in. It knows no names
//! or labels of Prometheus, no sinks, and no CloudWatch namespace in particular.
//!
//! It is the only place that tries a CloudWatch call again, through [`aws::Caller`]. The SDK's own retries are off for these
//! calls, so that every attempt passes the [`Limiter`] and is one count in the client's call counter.

mod answer;
mod attempt;
mod convert;
mod fetch;
mod limiter;
mod list;
mod pages;
mod plan;
mod query;
mod reading;
mod statistic;

pub use answer::{Answer, Fetched};
pub use fetch::fetch;
pub use limiter::{Limiter, Rates};
pub use list::{Listing, list_metrics};
pub use plan::{MAX_POINTS, MAX_QUERIES, periods_per_call, plan};
pub use query::{Metric, Query, QueryKey};
pub use reading::{Entries, Entry, Read, Reading, read};
pub use statistic::{Statistic, StatisticError};

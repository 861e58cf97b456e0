//! Prometheus scrape jobs without a Prometheus: what a `scrape_configs` entry says, which targets it comes to, and what a
//! scrape leaves behind.
//!
//! `job` reads and validates, `discovery` finds targets (`static_configs`, `file_sd_configs`, `http_sd_configs`,
//! `dns_sd_configs`), `target` relabels them, `schedule` says which are due, and `stored` turns what a scrape gave into the
//! series that Prometheus would have stored. Only `discovery` does I/O. This crate does not know what is scraped, or how.

pub mod discovery;
mod job;
mod schedule;
mod shown;
mod stored;
mod target;

pub use discovery::{Discovery, Group};
pub use job::{Job, Limits};
pub use schedule::is_due;
pub use stored::{Scrape, stored};
pub use target::{Target, Targets, targets};

//! The crate from outside: documents go in, sections and findings come out.

mod any_bytes;
mod bad;
mod documents;
mod global;
mod http_client;
mod nodes;
#[path = "../../../../fuzz/properties/config.rs"]
mod property;
mod readers;
mod sections;

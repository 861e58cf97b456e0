//! Wire-level doubles of everything that hostless talks to, for the demo and the tests.
//!
//! One loopback HTTP server plays CloudWatch, CloudFront, ECS, Systems Manager, STS and S3 ([`aws`]);
//! others receive remote write and Mackerel posts ([`receivers`]), hand events to a function's
//! binary ([`lambda`]), and are there to be probed ([`site`]). They speak the real protocols
//! with the real limits, check signatures with a verifier of their own ([`sigv4`]), take their
//! numbers from a deterministic model of traffic ([`traffic`]), misbehave by script ([`faults`])
//! and keep a log of the calls they saw.
//!
//! No product crate and no AWS SDK is used here: a double that shared the encoder with the code
//! under test would agree with its mistakes.

pub mod aws;
pub mod connection;
pub mod faults;
pub mod lambda;
mod long_body;
pub mod receivers;
pub mod server;
pub mod sigv4;
pub mod site;
pub mod traffic;
mod wall_clock;

//! ECS over the wire, and what CloudWatch knows of it.

#[path = "../aws_client/mod.rs"]
mod aws_client;

mod api;
mod lists;
mod metrics;
mod refusals;
mod truth;

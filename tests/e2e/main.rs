//! End-to-end tests.

mod alarms;
mod answers;
mod bad_input;
mod bootstrap;
mod cargo_lambda;
mod cloudwatch;
mod configuration;
mod corrections;
mod discovery;
mod events;
mod fault_laboratory;
mod fault_laboratory_await_points;
mod first_light;
mod lagging;
mod moto;
mod outages;
mod real_receivers;
mod redirects;
mod remote_write_sigv4;
mod roles;
mod scale;
mod secrets;
mod spool;
mod state_in_s3;

//! End-to-end tests.

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
mod first_light;
mod lagging;
mod moto;
mod outages;
mod real_receivers;
mod remote_write_sigv4;
mod scale;
mod secrets;
mod state_in_s3;

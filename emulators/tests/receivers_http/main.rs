//! The receivers, driven over real HTTP by a client that sends exactly the bytes a test names.

mod client;
mod corpus;
mod mackerel;
mod mackerel_limits;
mod personalities;
mod remote_write;
mod remote_write_auth;
mod scripts;

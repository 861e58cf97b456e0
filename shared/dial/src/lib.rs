//! Connections made by hand, each step by itself so that whoever probes can time it: the resolver, TCP, TLS with all that
//! the certificates say.
//!
//! A [`Dialer`] resolves and connects; [`Tls`] is a `tls_config` that can shake hands. At each handshake stands a `witness`,
//! which keeps what the certificates say (`session`) whether or not they are believed, and asks for a `verdict`: `chains` to
//! the certificates that are trusted (`trust`, `anchors`). `certificate` reads X.509.
//!
//! This crate knows no protocol above TLS and measures nothing itself. It follows Go where blackbox_exporter's users see it:
//! which address is used, who is believed, and in which words somebody is not.

mod address;
mod anchors;
mod certificate;
mod chains;
mod dialer;
mod session;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod trust;
mod verdict;
mod witness;
mod words;

pub use address::{Family, Preference, address_hash};
pub use dialer::{Dialer, ResolveError};
pub use session::{ChainFacts, LeafFacts, Session};
pub use stream::SecuredStream;
pub use tls::{Handshake, HandshakeError, Secured, Tls, TlsError};

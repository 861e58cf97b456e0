//! Configuration as it is written, up to the point where each section's reader takes over.
//!
//! [`Sections::read`] turns documents (bytes with a name) into located values, [`Node`]s, joined by top-level key.
//! A reader opens a node as a [`Mapping`], takes the keys it knows and finishes it; what it does not know, and
//! what is of the wrong kind, becomes a [`Finding`] with document, path and reason, and reading goes on:
//!
//! ```
//! # use std::time::Duration;
//! # use config::{Document, Findings, Sections};
//! # let body = b"cloudfront: {period: 5m, dealy: 1m}".to_vec();
//! # let documents = [Document { name: "a.yml".into(), directory: None, body }];
//! let mut findings = Findings::new();
//! let sections = Sections::read(&documents, &mut findings);
//! let node = sections.get("cloudfront").expect("it is there");
//! let mut section = node.mapping(&mut findings).expect("it is a mapping");
//! let period = section.take("period").and_then(|node| node.duration(&mut findings));
//! section.finish(&mut findings);
//!
//! assert_eq!(period, Some(Duration::from_secs(300)));
//! let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
//! assert_eq!(found, ["a.yml: cloudfront.dealy: unknown key"]);
//! ```
//!
//! Beside that, this crate holds what several sections share: durations, secret references, the HTTP client block
//! of Prometheus, relabel rules, `global`.
//!
//! It is pure: no file is opened, no environment read, no clock asked. It knows the names of all sections and the
//! content of none but `global`.

mod document;
pub mod duration;
mod endpoint;
mod expand;
mod finding;
mod global;
mod http_client;
mod keys;
mod locate;
mod mapping;
mod node;
mod path;
mod quote;
pub mod relabel;
mod scalar;
mod secret;
mod sections;
pub mod size;
mod yaml;

pub use document::Document;
pub use endpoint::{Endpoint, redacted};
pub use finding::{Finding, Findings, Severity};
pub use global::Global;
pub use http_client::{Auth, Defaults, Header, HttpClient, OAuth2, Proxy, SigV4, Tls, TlsVersion};
pub use mapping::Mapping;
pub use node::Node;
pub use secret::{Secret, SecretRef, SecretRefError};
pub use sections::Sections;

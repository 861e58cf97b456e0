//! `enable_http3`: what the original demands of a module with it. HTTP/3 itself is not supported yet, which is said of
//! modules that the original would take.

use config::{Findings, Node};

use crate::module::unsupported;

/// What the rules are about.
pub(super) struct Versions<'a> {
    /// Where `enable_http3` stands, if it is true.
    pub(super) http3: Option<&'a Node>,
    pub(super) enable_http2: bool,
    pub(super) valid: &'a [String],
}

impl Versions<'_> {
    /// Says what does not go together. `section` is where the original would complain.
    pub(super) fn check(&self, section: &Node, findings: &mut Findings) {
        let Self { http3, enable_http2, valid } = self;
        let has = |version: &str| valid.iter().any(|own| own == version);
        match http3 {
            Some(_) if has("HTTP/1.1") || has("HTTP/2.0") => findings.error(
                section,
                "HTTP/3 and HTTP/2.0/1.1 cannot be used together - only HTTP/3.0 is allowed when enable_http3 is true",
            ),
            Some(_) if *enable_http2 => findings.error(
                section,
                "when enable_http3 is true, enable_http2 must be set to false",
            ),
            Some(node) => findings.warning(node, format!("{}: probes with this module fail as unsupported", unsupported::HTTP3)),
            None if has("HTTP/3.0") => findings.error(
                section,
                "HTTP/3.0 in valid_http_versions is only allowed when enable_http3 is true",
            ),
            None => {}
        }
    }
}

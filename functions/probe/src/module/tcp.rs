//! The `tcp` section.

use config::{Findings, Node};
use dial::Preference;

use super::Exchange;
use super::query_response::take_exchanges;
use super::reading::{take_preference, take_source_address, take_switch, take_tls};
use super::secrets::Secrets;

/// A TCP probe.
#[derive(Debug)]
pub(crate) struct Tcp {
    pub(crate) preference: Preference,
    /// There is one, which a Lambda function cannot honour: the probe fails as unsupported.
    pub(crate) has_source_address: bool,
    pub(crate) query_response: Vec<Exchange>,
    /// TLS from the first byte on.
    pub(crate) is_tls: bool,
    /// `tls_config`, for `tls` and for `starttls`.
    pub(crate) tls: dial::Tls,
    /// Whether `tls_config` has a `server_name`: if not, the `hostname` parameter is it.
    pub(crate) has_server_name: bool,
}

/// What a module has that does not write the section.
impl Default for Tcp {
    fn default() -> Self {
        Self {
            preference: super::preference("", true),
            has_source_address: false,
            query_response: Vec::new(),
            is_tls: false,
            tls: dial::Tls::new(config::Tls::default()),
            has_server_name: false,
        }
    }
}

pub(super) fn read_tcp(node: &Node, secrets: &mut Secrets, findings: &mut Findings) -> Option<Tcp> {
    let mut section = node.mapping(findings)?;
    let preference = take_preference(&mut section, findings);
    let has_source_address = take_source_address(&mut section, findings);
    let query_response = take_exchanges(&mut section, findings);
    let is_tls = take_switch(&mut section, "tls", false, findings);
    let tls = take_tls(&mut section, findings);
    section.finish_as("plain", findings);
    secrets.add(tls.references());
    Some(Tcp {
        preference,
        has_source_address,
        query_response,
        is_tls,
        has_server_name: tls.server_name.is_some(),
        tls: dial::Tls::new(tls),
    })
}

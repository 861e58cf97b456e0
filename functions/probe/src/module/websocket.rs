//! The `websocket` section.

use config::{Auth, Defaults, Findings, Header, HttpClient, Mapping, Node, Proxy};
use dial::Preference;

use super::Exchange;
use super::query_response::take_exchanges;
use super::reading::take_preference;
use super::secrets::Secrets;

/// A websocket probe.
#[derive(Debug)]
pub(crate) struct Websocket {
    /// Basic or bearer; the original uses nothing else of `http_config` but TLS.
    pub(crate) auth: Option<Auth>,
    pub(crate) headers: Vec<Header>,
    pub(crate) tls: dial::Tls,
    pub(crate) query_response: Vec<Exchange>,
    pub(crate) preference: Preference,
}

/// What a module has that does not write the section.
impl Default for Websocket {
    fn default() -> Self {
        Self {
            auth: None,
            headers: Vec::new(),
            tls: dial::Tls::new(config::Tls::default()),
            query_response: Vec::new(),
            preference: super::preference("", true),
        }
    }
}

pub(super) fn read_websocket(
    node: &Node,
    secrets: &mut Secrets,
    findings: &mut Findings,
) -> Option<Websocket> {
    let mut section = node.mapping(findings)?;
    let client = take_client(&mut section, findings);
    // The sample configuration writes a single text where the types say lists: both are understood.
    let headers = section.take("headers").map(|node| Header::read_all(node, findings));
    let headers = headers.unwrap_or_default();
    let query_response = take_exchanges(&mut section, findings);
    let preference = take_preference(&mut section, findings);
    section.finish_as("plain", findings);
    secrets.add(client.secrets());
    secrets.add(headers.iter().flat_map(|header| &header.values).filter_map(|it| it.reference()));
    Some(Websocket {
        auth: client.auth.filter(|auth| !matches!(auth, Auth::OAuth2(_))),
        headers,
        tls: dial::Tls::new(client.tls),
        query_response,
        preference,
    })
}

/// `http_config`, an HTTP client block under a key of its own.
fn take_client(section: &mut Mapping<'_>, findings: &mut Findings) -> HttpClient {
    let Some(node) = section.take("http_config") else {
        return HttpClient::default();
    };
    let Some(mut block) = node.mapping(findings) else {
        return HttpClient::default();
    };
    let client = HttpClient::take(&mut block, findings, Defaults::default());
    block.finish_as("plain", findings);
    for unused in unused(&client) {
        findings.warning(node, format!("{unused} is not used by websocket probes"));
    }
    client
}

/// What the block may hold and the original passes over.
fn unused(client: &HttpClient) -> impl Iterator<Item = &'static str> {
    let HttpClient { auth, tls: _, proxy, follow_redirects, enable_http2, http_headers } = client;
    let oauth2 = matches!(auth, Some(Auth::OAuth2(_))).then_some("oauth2");
    let proxy = (!matches!(proxy, Proxy::Direct)).then_some("a proxy");
    let redirects = (!follow_redirects).then_some("follow_redirects");
    let http2 = (!enable_http2).then_some("enable_http2");
    let headers = (!http_headers.is_empty()).then_some("http_headers (headers of the section is)");
    [oauth2, proxy, redirects, http2, headers].into_iter().flatten()
}

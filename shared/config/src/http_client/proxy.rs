//! `proxy_url`, `no_proxy`, `proxy_from_environment`, `proxy_connect_header`.

use super::{Header, headers, is_empty, take_text};
use crate::endpoint::Endpoint;
use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::secret::Secret;

/// Through which proxy requests go. `Debug` shows no credentials.
#[derive(Debug, Clone, Default)]
pub enum Proxy {
    /// None.
    #[default]
    Direct,
    /// The one that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name.
    Environment {
        /// Sent to the proxy with CONNECT.
        connect_headers: Vec<Header>,
    },
    /// This one.
    Url {
        /// Its address, perhaps with credentials.
        url: Endpoint,
        /// Hosts, suffixes, addresses and networks that are reached without it, separated by commas.
        no_proxy: Option<String>,
        /// Sent to the proxy with CONNECT.
        connect_headers: Vec<Header>,
    },
}

impl Proxy {
    pub(super) fn take(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Self {
        let block = mapping.node();
        let url_node = mapping.take("proxy_url").filter(|node| !is_empty(node));
        let no_proxy = take_text(mapping, "no_proxy", findings);
        let from_environment = mapping
            .take("proxy_from_environment")
            .and_then(|node| node.boolean(findings))
            .unwrap_or_default();
        let connect_headers = headers::take_connect(mapping, findings);
        let reasons = [
            (
                !connect_headers.is_empty() && !from_environment && url_node.is_none(),
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
            ),
            (
                from_environment && url_node.is_some(),
                "if proxy_from_environment is configured, proxy_url must not be configured",
            ),
            (
                from_environment && no_proxy.is_some(),
                "if proxy_from_environment is configured, no_proxy must not be configured",
            ),
            (
                !from_environment && url_node.is_none() && no_proxy.is_some(),
                "if no_proxy is configured, proxy_url must also be configured",
            ),
        ];
        for (_, reason) in reasons.into_iter().filter(|(wrong, _)| *wrong) {
            findings.error(block, reason);
        }
        let url = url_node.and_then(|node| node.url(findings));
        match url {
            Some(url) => Self::Url { url, no_proxy, connect_headers },
            None if from_environment => Self::Environment { connect_headers },
            None => Self::Direct,
        }
    }

    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Direct => Vec::new(),
            Self::Environment { connect_headers }
            | Self::Url { url: _, no_proxy: _, connect_headers } => {
                connect_headers.iter().flat_map(|header| &header.values).collect()
            }
        }
    }
}

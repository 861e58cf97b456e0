//! Which proxy a request goes through, by the rules of Go's `golang.org/x/net/http/httpproxy`, which are those of
//! Prometheus. Pure.

use std::net::IpAddr;

use aws::Environment;
use config::Endpoint;
use url::{Host, Url};

/// Proxies by scheme, and what goes past them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyRules {
    http: Option<Endpoint>,
    https: Option<Endpoint>,
    past: Option<NoProxy>,
}

/// Hosts that are reached directly. With such a list, even an empty one, the machine itself always is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct NoProxy(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Everything,
    Network { address: IpAddr, prefix: u8 },
    Address { address: IpAddr, port: Option<u16> },
    Domain { suffix: String, itself: bool, port: Option<u16> },
}

impl ProxyRules {
    /// One proxy for all; without a `no_proxy` list, for the machine itself too.
    pub(crate) fn all(proxy: &Url, no_proxy: Option<&str>) -> Self {
        let past = no_proxy.filter(|list| !list.is_empty()).map(NoProxy::parse);
        let proxy = Some(Endpoint::from(proxy.clone()));
        Self { http: proxy.clone(), https: proxy, past }
    }

    /// What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (or their lower-case forms) say.
    pub(crate) fn from_environment(environment: Environment<'_>) -> Self {
        let variable = |upper: &str, lower: &str| {
            let value = environment(upper).filter(|value| !value.is_empty());
            value.or_else(|| environment(lower)).filter(|value| !value.is_empty())
        };
        Self {
            http: variable("HTTP_PROXY", "http_proxy").as_deref().and_then(parse_proxy),
            https: variable("HTTPS_PROXY", "https_proxy").as_deref().and_then(parse_proxy),
            past: Some(NoProxy::parse(&variable("NO_PROXY", "no_proxy").unwrap_or_default())),
        }
    }

    /// The proxy for a URL; `None` goes there directly.
    pub fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        proxy.as_deref().filter(|_| !self.past.as_ref().is_some_and(|past| past.matches(url)))
    }

    /// Whether nothing ever goes through a proxy.
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// A proxy that is neither HTTP nor HTTPS, which we cannot speak.
    pub(crate) fn unsupported(&self) -> Option<&Url> {
        let proxies = [self.http.as_deref(), self.https.as_deref()].into_iter().flatten();
        proxies.into_iter().find(|proxy| !matches!(proxy.scheme(), "http" | "https"))
    }
}

/// `host:port` without a scheme is an HTTP proxy.
fn parse_proxy(text: &str) -> Option<Endpoint> {
    let known = |url: &Url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h");
    let url = Url::parse(text).ok().filter(known);
    url.or_else(|| Url::parse(&format!("http://{text}")).ok()).map(Endpoint::from)
}

impl NoProxy {
    fn parse(list: &str) -> Self {
        Self(list.split(',').filter_map(|entry| Pattern::parse(entry.trim())).collect())
    }

    fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let port = url.port_or_known_default();
        is_this_machine(&host) || self.0.iter().any(|pattern| pattern.matches(&host, port))
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl Pattern {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.to_ascii_lowercase();
        if entry.is_empty() {
            return None;
        }
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Some(network) = parse_network(&entry) {
            return Some(network);
        }
        let (host, port) = split_port(&entry);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Some(Self::Address { address, port });
        }
        // `*.example.org` and `.example.org` are the names below; `example.org` is itself as well.
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let itself = !host.starts_with('.');
        let suffix = if itself { format!(".{host}") } else { host.to_owned() };
        (suffix.len() > 1).then_some(Self::Domain { suffix, itself, port })
    }

    fn matches(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        let right_port = |wanted: &Option<u16>| wanted.is_none() || *wanted == port;
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address)),
            Host::Domain(_) => None,
        };
        match self {
            Self::Everything => true,
            Self::Network { address: network, prefix } => {
                address.is_some_and(|address| is_in(address, *network, *prefix))
            }
            Self::Address { address: wanted, port } => address == Some(*wanted) && right_port(port),
            Self::Domain { suffix, itself, port } => {
                let Host::Domain(name) = host else { return false };
                let name = name.to_ascii_lowercase();
                let matches = name.ends_with(suffix.as_str()) || (*itself && name == suffix[1..]);
                matches && right_port(port)
            }
        }
    }
}

fn parse_network(entry: &str) -> Option<Pattern> {
    let (address, prefix) = entry.split_once('/')?;
    let (address, prefix): (IpAddr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then_some(Pattern::Network { address, prefix })
}

/// The port behind the last colon, unless the colon belongs to a bare IPv6 address.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            port.parse().map_or((entry, None), |port| (host, Some(port)))
        }
        _ => (entry, None),
    }
}

fn is_in(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => (a.to_bits(), n.to_bits(), 128),
        _ => return false,
    };
    let shift = u32::from(width - prefix);
    address.checked_shr(shift).unwrap_or(0) == network.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "http://proxy:3128/";

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn goes_past(no_proxy: &str, target: &str) -> bool {
        ProxyRules::all(&url(PROXY), Some(no_proxy)).proxy_for(&url(target)).is_none()
    }

    #[test]
    fn a_no_proxy_list_is_read_as_go_reads_it() {
        let table = [
            ("example.org", "https://example.org/x", true),
            ("example.org", "https://www.example.org/", true),
            ("example.org", "https://anexample.org/", false),
            (".example.org", "https://www.example.org/", true),
            (".example.org", "https://example.org/", false),
            ("*.example.org", "https://www.example.org/", true),
            ("*.example.org", "https://example.org/", false),
            ("example.org:443", "https://example.org/", true),
            ("example.org:8443", "https://example.org/", false),
            ("EXAMPLE.org", "http://example.ORG/", true),
            ("10.0.0.0/8", "http://10.9.8.7/", true),
            ("10.0.0.0/8", "http://11.0.0.1/", false),
            ("0.0.0.0/0", "http://11.0.0.1/", true),
            ("fd00::/8", "http://[fd12::1]/", true),
            ("fd00::/8", "http://[fe80::1]/", false),
            ("192.0.2.1", "http://192.0.2.1:9090/", true),
            ("192.0.2.1:80", "http://192.0.2.1:9090/", false),
            ("[2001:db8::1]:9090", "http://[2001:db8::1]:9090/", true),
            ("2001:db8::1", "http://[2001:db8::1]:9090/", true),
            ("a.test, b.test", "http://b.test/", true),
            ("*", "http://anything.test/", true),
            (", ,.", "http://anything.test/", false),
            ("other.test", "http://localhost:9090/", true),
            ("other.test", "http://127.0.0.1:9090/", true),
            ("other.test", "http://[::1]:9090/", true),
        ];
        for (list, target, past) in table {
            assert_eq!(goes_past(list, target), past, "no_proxy {list:?}, {target}");
        }
    }

    #[test]
    fn a_proxy_without_a_list_is_for_this_machine_too() {
        let rules = ProxyRules::all(&url(PROXY), None);
        assert_eq!(rules.proxy_for(&url("http://127.0.0.1/")), Some(&url(PROXY)));
    }

    #[test]
    fn the_environment_names_a_proxy_for_each_scheme() {
        let lookup = |name: &str| match name {
            "HTTPS_PROXY" => Some("secure:8080".to_owned()),
            "http_proxy" => Some("http://plain:8080".to_owned()),
            "NO_PROXY" => Some("internal.test".to_owned()),
            _ => None,
        };
        let rules = ProxyRules::from_environment(&lookup);
        assert_eq!(rules.proxy_for(&url("https://a.test/")), Some(&url("http://secure:8080")));
        assert_eq!(rules.proxy_for(&url("http://a.test/")), Some(&url("http://plain:8080")));
        assert_eq!(rules.proxy_for(&url("http://internal.test/")), None);
        assert_eq!(rules.proxy_for(&url("http://127.0.0.1:4566/")), None);
        assert!(ProxyRules::from_environment(&|_| None).is_empty());
    }

    #[test]
    fn a_socks_proxy_is_told_apart() {
        let rules = ProxyRules::all(&url("socks5://proxy:1080"), None);
        assert_eq!(rules.unsupported().map(Url::scheme), Some("socks5"));
        assert_eq!(ProxyRules::all(&url(PROXY), None).unsupported(), None);
    }
}

//! Through a proxy: which one, and CONNECT.

use config::{Header, Proxy};
use http::{ProxyRules, basic_authorization};
use http1::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

use super::connection::Wire;
use super::go_url::GoUrl;
use crate::frame::{self, Failure, Probe, Reason};
use crate::module::Http;

/// The longest answer to CONNECT.
const LONGEST: usize = 64 * 1024;

/// The proxy for a URL. Rules see the URL as it is dialled, which for a target is its address, as in the original. Of other
/// kinds than http and https there is none: neither a section nor the factory would have taken it.
pub(super) fn proxy_for(rules: &ProxyRules, url: &GoUrl) -> Option<Url> {
    let seen = Url::parse(&format!("{}://{}/", url.scheme, url.host)).ok()?;
    rules.proxy_for(&seen).cloned()
}

/// `Proxy-Authorization`, where the proxy's URL has credentials.
pub(super) fn authorization(proxy: &Url) -> Result<Option<HeaderValue>, Failure> {
    if proxy.username().is_empty() && proxy.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| SecretString::from(&*percent_decode_str(text).decode_utf8_lossy());
    let (user, password) =
        (decoded(proxy.username()), decoded(proxy.password().unwrap_or_default()));
    let value = basic_authorization(&user, &password);
    value.map(Some).map_err(|error| Failure::new(Reason::Credentials, error.to_string()))
}

/// Asks the proxy for a tunnel to a host and port.
pub(super) async fn tunnel(
    wire: &mut dyn Wire,
    to: &str,
    proxy: &Url,
    module: &Http,
    probe: &Probe<'_>,
) -> Result<(), Failure> {
    let request = connect_request(to, proxy, module, probe).await?;
    let answered = async {
        wire.write_all(request.expose_secret().as_bytes()).await?;
        wire.flush().await?;
        read_head(wire).await
    };
    let head = probe.within("wait for the proxy", answered).await?;
    let head = head.map_err(|error| refused(&error.to_string()))?;
    let mut words = head.split([' ', '\r', '\n']);
    let version = words.next().filter(|version| version.starts_with("HTTP/1."));
    match version.and(words.next()).and_then(|status| status.parse::<u16>().ok()) {
        Some(200) => Ok(()),
        Some(status) => Err(refused(&format!("it answers CONNECT with status {status}"))),
        None => Err(refused("it does not speak HTTP/1")),
    }
}

async fn connect_request(
    to: &str,
    proxy: &Url,
    module: &Http,
    probe: &Probe<'_>,
) -> Result<SecretString, Failure> {
    let mut lines = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n");
    let mut add = |name: &str, value: &str| lines.push_str(&format!("{name}: {value}\r\n"));
    let mut has_agent = false;
    for Header { name, values } in connect_headers(&module.client.proxy) {
        has_agent |= name.eq_ignore_ascii_case("user-agent");
        let wrong = || {
            Failure::new(
                Reason::Credentials,
                format!("the header {name} for the proxy cannot be sent"),
            )
        };
        HeaderName::try_from(name).map_err(|_| wrong())?;
        for secret in values {
            let got = probe.within("get the headers", probe.equipment.secrets.get(secret)).await?;
            let value =
                got.map_err(|error| Failure::new(Reason::Credentials, error.to_string()))?;
            HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
            add(name, value.expose_secret());
        }
    }
    if !has_agent {
        add("User-Agent", frame::USER_AGENT);
    }
    if let Some(value) = authorization(proxy)? {
        add("Proxy-Authorization", value.to_str().unwrap_or_default());
    }
    lines.push_str("\r\n");
    Ok(lines.into())
}

fn connect_headers(proxy: &Proxy) -> &[Header] {
    match proxy {
        Proxy::Direct => &[],
        Proxy::Environment { connect_headers }
        | Proxy::Url { url: _, no_proxy: _, connect_headers } => connect_headers,
    }
}

/// Reads up to the empty line, a byte at a time: what follows belongs to the tunnel.
async fn read_head(wire: &mut dyn Wire) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        head.push(wire.read_u8().await?);
        if head.len() > LONGEST {
            return Err(std::io::Error::other("its answer has too long a head"));
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn refused(why: &str) -> Failure {
    Failure::new(Reason::Proxy, format!("connect through the proxy: {why}"))
}

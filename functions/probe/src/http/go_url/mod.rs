//! URLs as Go's `net/url` takes them apart. The usual parser for browsers would not do: it resolves dots, drops default ports
//! and mends what is broken, so that a probe would ask for something else than its target says.

mod host;
mod path;

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode;
use secrecy::{ExposeSecret, SecretString};

use self::host::{parse_host, split_port};
use self::path::{check_escapes, escaped_path, printable, resolved_path};

/// An absolute URL, or a reference to be resolved.
#[derive(Clone)]
pub(super) struct GoUrl {
    /// Lower case; empty in a reference without one.
    pub(super) scheme: String,
    pub(super) user: Option<User>,
    /// With its port, as written.
    pub(super) host: String,
    /// Escaped.
    pub(super) path: String,
    query: Option<String>,
    fragment: String,
}

/// What stands before the `@`, decoded.
#[derive(Clone)]
pub(super) struct User {
    pub(super) name: SecretString,
    pub(super) password: SecretString,
}

/// Why a text is no URL, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    #[error("invalid control character in URL")]
    ControlCharacter,
    #[error("missing protocol scheme")]
    NoScheme,
    #[error("first path segment in URL cannot contain colon")]
    Colon,
    #[error("invalid URL escape")]
    Escape,
    #[error("invalid userinfo")]
    User,
    #[error("invalid port after host")]
    Port,
    #[error("invalid host name")]
    Host,
}

impl GoUrl {
    /// Takes a text apart. It need not be UTF-8: servers send anything as `Location`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, UrlError> {
        let (text, fragment) = cut(text, b'#').unwrap_or((text, b""));
        if text.iter().any(|byte| byte.is_ascii_control()) {
            return Err(UrlError::ControlCharacter);
        }
        let (scheme, rest) = split_scheme(text)?;
        let (rest, query) = match cut(rest, b'?') {
            Some((rest, query)) => (rest, Some(printable(query))),
            None => (rest, None),
        };
        let mut url = Self {
            scheme,
            user: None,
            host: String::new(),
            path: String::new(),
            query,
            fragment: printable(fragment),
        };
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                // `http:something` has no host, so that nobody can be asked.
                return Ok(url);
            }
            if cut(rest, b'/').map_or(rest, |(segment, _)| segment).contains(&b':') {
                return Err(UrlError::Colon);
            }
        }
        let has_authority =
            rest.starts_with(b"//") && !(url.scheme.is_empty() && rest.starts_with(b"///"));
        let path = if has_authority { url.read_authority(&rest[2..])? } else { rest };
        url.path = escaped_path(path)?;
        Ok(url)
    }

    /// Reads user, host and port; what is left is the path.
    fn read_authority<'t>(&mut self, text: &'t [u8]) -> Result<&'t [u8], UrlError> {
        let end = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
        let (authority, path) = text.split_at(end);
        let at = authority.iter().rposition(|byte| *byte == b'@');
        if let Some(at) = at {
            self.user = Some(User::parse(&authority[..at])?);
        }
        self.host = parse_host(&authority[at.map_or(0, |at| at + 1)..])?;
        Ok(path)
    }

    /// The URL that a reference means when it is found here (RFC 3986, 5.2, as Go has it).
    pub(super) fn join(&self, reference: &[u8]) -> Result<Self, UrlError> {
        let mut url = Self::parse(reference)?;
        if !url.scheme.is_empty() {
            url.path = resolved_path(&url.path, "");
            return Ok(url);
        }
        url.scheme.clone_from(&self.scheme);
        if !url.host.is_empty() || url.user.is_some() {
            url.path = resolved_path(&url.path, "");
            return Ok(url);
        }
        if url.path.is_empty() && url.query.is_none() {
            url.query.clone_from(&self.query);
            if url.fragment.is_empty() {
                url.fragment.clone_from(&self.fragment);
            }
        }
        url.host.clone_from(&self.host);
        url.user.clone_from(&self.user);
        url.path = resolved_path(&self.path, &url.path);
        Ok(url)
    }

    /// Whether a text is a reference with a scheme of its own. What is no URL has none.
    pub(super) fn is_absolute(text: &[u8]) -> bool {
        Self::parse(text).is_ok_and(|url| !url.scheme.is_empty())
    }

    /// The host without port and brackets.
    pub(super) fn hostname(&self) -> &str {
        split_port(&self.host).0
    }

    /// The port that is written; empty where none is.
    pub(super) fn written_port(&self) -> &str {
        split_port(&self.host).1
    }

    /// The port to connect to; none where the written one is out of range.
    pub(super) fn port(&self) -> Option<u16> {
        match self.written_port() {
            "" if self.is_https() => Some(443),
            "" => Some(80),
            written => written.parse().ok(),
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Puts an address in the place of the host's name; the port stays as it is written.
    pub(super) fn set_address(&mut self, address: IpAddr) {
        let host = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        self.host = match self.written_port() {
            "" => host,
            port => format!("{host}:{port}"),
        };
    }

    /// Path and query, as a request line has them.
    pub(super) fn request_uri(&self) -> String {
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        match &self.query {
            Some(query) => format!("{slash}{}?{query}", self.path),
            None => format!("{slash}{}", self.path),
        }
    }

    /// The whole URL without credentials, as a `Referer`.
    pub(super) fn referer(&self) -> String {
        let slash = if self.path.is_empty() || self.path.starts_with('/') { "" } else { "/" };
        let mut text = format!("{}://{}{slash}{}", self.scheme, self.host, self.path);
        for (mark, part) in [('?', self.query.as_deref()), ('#', Some(self.fragment.as_str()))] {
            if let Some(part) = part.filter(|part| mark == '?' || !part.is_empty()) {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }
}

/// Without credentials, and without the query, which may hold some.
impl fmt::Display for GoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.query.is_some() { "?…" } else { "" };
        write!(f, "{}://{}{}{query}", self.scheme, self.host, self.path)
    }
}

/// As [`fmt::Display`] has it.
impl fmt::Debug for GoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoUrl({self})")
    }
}

impl User {
    fn parse(text: &[u8]) -> Result<Self, UrlError> {
        let allowed =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !text.iter().all(allowed) {
            return Err(UrlError::User);
        }
        let decoded = |part: &[u8]| {
            check_escapes(part)?;
            Ok(SecretString::from(&*percent_decode(part).decode_utf8_lossy()))
        };
        let (name, password) = cut(text, b':').unwrap_or((text, b""));
        Ok(Self { name: decoded(name)?, password: decoded(password)? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.name.expose_secret().is_empty() && self.password.expose_secret().is_empty()
    }
}

/// What stands before and behind the first such byte.
fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|byte| *byte == at)?;
    Some((&text[..position], &text[position + 1..]))
}

fn split_scheme(text: &[u8]) -> Result<(String, &[u8]), UrlError> {
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err(UrlError::NoScheme),
            b':' => {
                let scheme = String::from_utf8_lossy(&text[..index]).to_ascii_lowercase();
                return Ok((scheme, &text[index + 1..]));
            }
            _ => break,
        }
    }
    Ok((String::new(), text))
}

#[cfg(test)]
mod tests;

//! `host:port`, split as Go's `net.SplitHostPort` does, with its error texts: users of blackbox_exporter know them.

use std::fmt;

/// The two halves of an address. An IPv6 address comes without its brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostPort<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: &'a str,
}

/// Why a text is no `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitError {
    address: String,
    what: &'static str,
}

impl<'a> HostPort<'a> {
    /// Splits at the last colon.
    pub(crate) fn split(address: &'a str) -> Result<Self, SplitError> {
        let error = |what| SplitError { address: address.to_owned(), what };
        let (before, port) =
            address.rsplit_once(':').ok_or_else(|| error("missing port in address"))?;
        let host = match address.strip_prefix('[') {
            Some(_) => inside_brackets(address, before).map_err(error)?,
            None if before.contains(':') => return Err(error("too many colons in address")),
            None => before,
        };
        let outside = if address.starts_with('[') { (host, port) } else { (before, port) };
        if [outside.0, outside.1].iter().any(|part| part.contains('[')) {
            return Err(error("unexpected '[' in address"));
        }
        if [outside.0, outside.1].iter().any(|part| part.contains(']')) {
            return Err(error("unexpected ']' in address"));
        }
        Ok(Self { host, port })
    }

    /// The port as a number: digits, or one of the names that Go knows without asking the system. No port is 0.
    pub(crate) fn number(self) -> Result<u16, UnknownPort> {
        if self.port.is_empty() {
            return Ok(0);
        }
        let unknown = || UnknownPort(self.port.to_owned());
        if self.port.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.port.parse().map_err(|_| unknown());
        }
        let name = self.port.to_ascii_lowercase();
        let known = SERVICES.iter().find(|(service, _)| *service == name);
        known.map(|(_, number)| *number).ok_or_else(unknown)
    }
}

/// A port that is neither a number up to 65535 nor a known name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownPort(String);

const SERVICES: [(&str, u16); 15] = [
    ("domain", 53),
    ("ftp", 21),
    ("ftps", 990),
    ("gopher", 70),
    ("http", 80),
    ("https", 443),
    ("imap2", 143),
    ("imap3", 220),
    ("imaps", 993),
    ("pop3", 110),
    ("pop3s", 995),
    ("smtp", 25),
    ("submissions", 465),
    ("ssh", 22),
    ("telnet", 23),
];

/// The host of `[host]:port`, where `before` is what stands before the last colon.
fn inside_brackets<'a>(address: &'a str, before: &str) -> Result<&'a str, &'static str> {
    let end = address.find(']').ok_or("missing ']' in address")?;
    let after = &address[end + 1..];
    if after.is_empty() || !after.starts_with(':') {
        return Err("missing port in address");
    }
    if end + 1 != before.len() {
        return Err("too many colons in address");
    }
    Ok(&address[1..end])
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, what } = self;
        write!(f, "address {address}: {what}")
    }
}

impl fmt::Display for UnknownPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown port {:?}: give a number from 1 to 65535", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_as_go_splits_them() {
        for (address, host, port) in [
            ("example.com:80", "example.com", "80"),
            ("example.com:", "example.com", ""),
            (":0", "", "0"),
            (":", "", ""),
            ("[::1]:53", "::1", "53"),
            ("[fe80::1%eth0]:53", "fe80::1%eth0", "53"),
            ("[example.com]:http", "example.com", "http"),
            ("[]:1", "", "1"),
            ("tcp://x:1", "", ""),
        ] {
            match HostPort::split(address) {
                Ok(split) => assert_eq!(split, HostPort { host, port }, "{address}"),
                Err(error) => assert_eq!((host, port), ("", ""), "{error}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_split_says_why_in_go_s_words() {
        for (address, expected) in [
            ("example.com", "address example.com: missing port in address"),
            ("", "address : missing port in address"),
            ("::1", "address ::1: too many colons in address"),
            ("http://a:1", "address http://a:1: too many colons in address"),
            ("[::1]", "address [::1]: missing port in address"),
            ("[::1", "address [::1: missing ']' in address"),
            ("[::1]x:1", "address [::1]x:1: missing port in address"),
            ("[::1]:1:2", "address [::1]:1:2: too many colons in address"),
            ("a[b:1", "address a[b:1: unexpected '[' in address"),
            ("a]b:1", "address a]b:1: unexpected ']' in address"),
            ("[a[b]:1", "address [a[b]:1: unexpected '[' in address"),
            ("[a]:1]", "address [a]:1]: unexpected ']' in address"),
        ] {
            let error = HostPort::split(address).expect_err(address);
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_port_is_a_number_or_a_name_that_go_knows() {
        let number = |port| HostPort { host: "x", port }.number();
        assert_eq!(number("80"), Ok(80));
        assert_eq!(number("0080"), Ok(80));
        assert_eq!(number("HTTPS"), Ok(443));
        assert_eq!(number(""), Ok(0));
        for wrong in ["65536", "-1", "nobody", "8 0", "99999999999999999999"] {
            let error = number(wrong).expect_err(wrong).to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}

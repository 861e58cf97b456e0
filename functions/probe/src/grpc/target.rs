//! Whom a gRPC probe calls. Pure.

use crate::frame::{Failure, Reason};
use crate::host_port::HostPort;

/// A target, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
}

impl<'a> Target<'a> {
    /// Reads `host:port`, with or without `http://` or `https://` in front and a path behind: neither says whether TLS is
    /// used, the module does.
    pub(super) fn read(target: &'a str, is_tls: bool) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::new(Reason::Target, why);
        let rest = ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme));
        let rest = rest.unwrap_or(target);
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let authority = authority.rsplit_once('@').map_or(authority, |(_, after)| after);
        let default = if is_tls { 443 } else { 80 };
        let (host, port) = match HostPort::split(authority) {
            Ok(HostPort { host, port: "" }) => (host, default),
            Ok(split) => (split.host, split.number().map_err(|error| wrong(error.to_string()))?),
            Err(_) => (authority.trim_start_matches('[').trim_end_matches(']'), default),
        };
        match host.is_empty() {
            true => Err(wrong("the target names no host: it should be host:port".to_owned())),
            false => Ok(Self { host, port }),
        }
    }

    /// As HTTP/2 has it; over TLS grpc-go leaves the port away.
    pub(super) fn authority(&self, is_tls: bool) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.to_owned(),
        };
        if is_tls { host } else { format!("{host}:{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port_whatever_stands_around_it() {
        for (target, host, port, authority) in [
            ("localhost:5000", "localhost", 5000, "localhost:5000"),
            ("localhost", "localhost", 80, "localhost:80"),
            ("localhost:", "localhost", 80, "localhost:80"),
            ("http://localhost:5000/x?y", "localhost", 5000, "localhost:5000"),
            ("https://u:p@localhost", "localhost", 80, "localhost:80"),
            ("[::1]:5000", "::1", 5000, "[::1]:5000"),
            ("[::1]", "::1", 80, "[::1]:80"),
        ] {
            let read = Target::read(target, false).expect(target);
            assert_eq!((read.host, read.port), (host, port), "{target}");
            assert_eq!(read.authority(false), authority, "{target}");
        }
        let read = Target::read("localhost", true).expect("a target");
        assert_eq!((read.port, read.authority(true).as_str()), (443, "localhost"));
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for target in ["", "http://", ":80", "http:///x", "localhost:99999", "localhost:x"] {
            let failure = Target::read(target, false).expect_err(target);
            assert_eq!(failure.reason, Reason::Target, "{target}");
        }
    }
}

//! Whom to ask, and by which names: `resolv.conf` as Prometheus's DNS library reads it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const FILE: &str = "/etc/resolv.conf";
const PORT: u16 = 53;
const MOST_DOTS: usize = 15;
const PATIENCE: Duration = Duration::from_secs(2);

/// The name servers of a machine, with its rules for short names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::discovery) struct NameServers {
    pub(super) servers: Vec<SocketAddr>,
    search: Vec<String>,
    dots: usize,
    /// How long one of them may take for one answer.
    pub(in crate::discovery) patience: Duration,
}

impl NameServers {
    /// Servers alone.
    pub(in crate::discovery) fn plain(servers: Vec<SocketAddr>) -> Self {
        Self { servers, search: Vec::new(), dots: 1, patience: PATIENCE }
    }

    /// Those of this machine.
    pub(in crate::discovery) async fn of_machine() -> Result<Self, String> {
        let text = tokio::fs::read_to_string(FILE).await;
        let text = text.map_err(|error| format!("could not load resolv.conf: {error}"))?;
        let read = Self::parse(&text);
        match read.servers.is_empty() {
            false => Ok(read),
            true => Err(format!("{FILE} names no name server")),
        }
    }

    fn parse(text: &str) -> Self {
        let mut read = Self::plain(Vec::new());
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address: Option<IpAddr> = words.next().and_then(|word| word.parse().ok());
                    read.servers.extend(address.map(|address| SocketAddr::new(address, PORT)));
                }
                Some("domain") => {
                    read.search = words.next().map(str::to_owned).into_iter().collect();
                }
                Some("search") => read.search = words.map(str::to_owned).collect(),
                Some("options") => {
                    let mut dots =
                        words.filter_map(|word| word.strip_prefix("ndots:")?.parse().ok());
                    read.dots = dots.next_back().unwrap_or(read.dots).min(MOST_DOTS);
                }
                _ => {}
            }
        }
        read
    }

    /// The full names that a name may stand for, in the order in which they are tried.
    pub(super) fn full_names(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let has_dots = name.split('.').count() > self.dots;
        let as_it_is = || Some(format!("{name}."));
        let searched = self.search.iter().map(|domain| {
            let domain = domain.trim_matches('.');
            if domain.is_empty() { format!("{name}.") } else { format!("{name}.{domain}.") }
        });
        let first = has_dots.then(as_it_is).flatten();
        let last = (!has_dots).then(as_it_is).flatten();
        first.into_iter().chain(searched).chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::NameServers;

    #[test]
    fn resolv_conf_is_read() {
        let text = "# nameserver 192.0.2.9\n; search no\nnameserver 192.0.2.1\n\tnameserver   2001:db8::1\n\
                    nameserver fe80::1%eth0\ndomain a.example\nsearch b.example c.example\n\
                    options timeout:1 ndots:2 ndots:99\n";
        let read = NameServers::parse(text);
        let servers: Vec<_> = read.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.1:53", "[2001:db8::1]:53"]);
        assert_eq!((read.search.join(" ").as_str(), read.dots), ("b.example c.example", 15));
        assert_eq!(NameServers::parse("domain d.example").search, ["d.example"]);
        assert_eq!(NameServers::parse(""), NameServers::plain(Vec::new()));
    }

    #[test]
    fn short_names_are_tried_under_the_search_domains_first() {
        let read = NameServers::parse("search b.example c.example.\noptions ndots:1");
        assert_eq!(read.full_names("web"), ["web.b.example.", "web.c.example.", "web."]);
        assert_eq!(read.full_names("w.x"), ["w.x.", "w.x.b.example.", "w.x.c.example."]);
        assert_eq!(read.full_names("web."), ["web."]);
        assert_eq!(NameServers::plain(Vec::new()).full_names("web"), ["web."]);
    }
}

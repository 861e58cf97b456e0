//! The real blackbox_exporter, beside us on the same targets.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use crate::child::Child;
use crate::page::Page;
use crate::plain_http;

/// The scrape timeout that it is told, in seconds, as a Prometheus server would.
pub const SCRAPE_TIMEOUT: u32 = 10;

/// A running exporter.
#[derive(Debug)]
pub struct Blackbox {
    child: Child,
    addr: SocketAddr,
}

impl Blackbox {
    /// Starts it with a `blackbox.yml`.
    pub fn start(configuration: &str) -> Self {
        let (child, addr) = Child::serve(
            |addr, folder| {
                let file = folder.path().join("blackbox.yml");
                fs::write(&file, configuration).expect("a configuration");
                let mut command = Command::new("prometheus-blackbox-exporter");
                command
                    .arg(format!("--config.file={}", file.display()))
                    .arg(format!("--web.listen-address={addr}"));
                command
            },
            |addr| {
                plain_http::get(addr, "/-/healthy", &[]).is_ok_and(|answer| answer.status == 200)
            },
        );
        Self { child, addr }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Probes, and says what it found.
    ///
    /// # Panics
    /// When it refuses the request.
    pub fn probe(&self, module: &str, target: &str) -> Page {
        let answer = self.ask(&[("module", module), ("target", target)]);
        assert_eq!(answer.status, 200, "{module} of {target}: {}", answer.body);
        Page::parse(&answer.body)
    }

    /// What it answers to a request with these parameters, whatever that is.
    pub fn ask(&self, parameters: &[(&str, &str)]) -> plain_http::Answer {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let timeout = SCRAPE_TIMEOUT.to_string();
        let headers = [("x-prometheus-scrape-timeout-seconds", timeout.as_str())];
        plain_http::send(self.addr, "GET", &format!("/probe?{query}"), &headers, "")
            .expect("an answer of blackbox_exporter")
    }

    /// What it says of itself in its log.
    pub fn log(&self) -> String {
        self.child.output()
    }
}

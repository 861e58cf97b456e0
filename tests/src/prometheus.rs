//! A real Prometheus that takes remote write.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use series::Timestamp;

use crate::child::Child;
use crate::plain_http;
use crate::samples::{Held, of_matrix};

/// A running Prometheus with an empty database and nothing to scrape.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    addr: SocketAddr,
}

impl Prometheus {
    /// A Prometheus as it is by default: no sample may be older than the newest of its series.
    pub fn start() -> Self {
        Self::with_configuration("")
    }

    /// A Prometheus that takes samples out of order, back to this far (`10m`).
    pub fn with_out_of_order_window(window: &str) -> Self {
        Self::with_configuration(&format!(
            "storage:\n  tsdb:\n    out_of_order_time_window: {window}\n"
        ))
    }

    /// A Prometheus with a configuration of its own.
    pub fn with_configuration(configuration: &str) -> Self {
        let (child, addr) = Child::serve(
            |addr, folder| {
                let file = folder.path().join("prometheus.yml");
                fs::write(&file, configuration).expect("a configuration");
                let mut command = Command::new("prometheus");
                command
                    .arg(format!("--config.file={}", file.display()))
                    .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
                    .arg(format!("--web.listen-address={addr}"))
                    .arg("--web.enable-remote-write-receiver");
                command
            },
            |addr| plain_http::get(addr, "/-/ready", &[]).is_ok_and(|answer| answer.status == 200),
        );
        Self { child, addr }
    }

    /// Where remote write goes.
    pub fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.addr)
    }

    /// The raw samples that `selector` finds in the `range` (`90m`) before a time.
    pub fn raw(&self, selector: &str, range: &str, at: Timestamp) -> Held {
        let (query, time) = (format!("{selector}[{range}]"), at.as_secs().to_string());
        self.ask("/api/v1/query", &[("query", &query), ("time", &time)])
    }

    /// What `query` comes to at each minute from `from` to `to`, both inclusive: what a dashboard shows.
    pub fn each_minute(&self, query: &str, from: Timestamp, to: Timestamp) -> Held {
        let (from, to) = (from.as_secs().to_string(), to.as_secs().to_string());
        let parameters = [("query", query), ("start", &from), ("end", &to), ("step", "60")];
        self.ask("/api/v1/query_range", &parameters)
    }

    /// What Prometheus says of itself in its log.
    pub fn log(&self) -> String {
        self.child.output()
    }

    fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Held {
        let answer = plain_http::get(self.addr, path, parameters).expect("an answer of Prometheus");
        of_matrix(&answer.json())
    }
}

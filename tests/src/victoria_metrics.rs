//! A real VictoriaMetrics that takes remote write.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;
use series::Timestamp;

use crate::child::Child;
use crate::plain_http;
use crate::samples::{Held, labels, of_matrix};

/// A running VictoriaMetrics with an empty database.
#[derive(Debug)]
pub struct VictoriaMetrics {
    _child: Child,
    addr: SocketAddr,
}

impl VictoriaMetrics {
    /// Starts it with these flags beside those that every test needs.
    pub fn start(flags: &[&str]) -> Self {
        let (child, addr) = Child::serve(
            |addr, folder| {
                let mut command = Command::new("victoria-metrics");
                command
                    .arg(format!("-storageDataPath={}", folder.path().join("data").display()))
                    .arg(format!("-httpListenAddr={addr}"))
                    // The tests' time stands still while the months pass.
                    .arg("-retentionPeriod=100y")
                    .args(["-search.latencyOffset=0s", "-search.disableCache"])
                    .args(flags);
                command
            },
            |addr| plain_http::get(addr, "/health", &[]).is_ok_and(|answer| answer.status == 200),
        );
        Self { _child: child, addr }
    }

    /// Where remote write goes.
    pub fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.addr)
    }

    /// All samples as they are stored, repeats included unless the server removes them, of the series that `selector`
    /// finds.
    pub fn export(&self, selector: &str) -> Held {
        self.flush();
        let answer = plain_http::get(self.addr, "/api/v1/export", &[("match[]", selector)])
            .expect("an answer of VictoriaMetrics");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.lines().map(exported).collect()
    }

    /// The raw samples that `selector` finds in the `range` (`90m`) before a time, as a query sees them.
    pub fn raw(&self, selector: &str, range: &str, at: Timestamp) -> Held {
        self.flush();
        let (query, time) = (format!("{selector}[{range}]"), at.as_secs().to_string());
        let parameters = [("query", query.as_str()), ("time", &time)];
        let answer = plain_http::get(self.addr, "/api/v1/query", &parameters);
        of_matrix(&answer.expect("an answer of VictoriaMetrics").json())
    }

    /// Makes visible what was taken a moment ago.
    fn flush(&self) {
        let flushed = plain_http::get(self.addr, "/internal/force_flush", &[]);
        assert_eq!(flushed.expect("an answer of VictoriaMetrics").status, 200);
    }
}

/// One series of `/api/v1/export`: timestamps in milliseconds, values beside them.
fn exported(line: &str) -> (crate::samples::Labels, crate::samples::Samples) {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    let times = line["timestamps"].as_array().expect("timestamps").iter();
    let values = line["values"].as_array().expect("values").iter();
    let samples = times.zip(values).map(|(time, value)| {
        let millis = time.as_i64().expect("milliseconds");
        assert_eq!(millis % 1000, 0, "a whole second");
        (millis / 1000, value.as_f64().expect("a number"))
    });
    (labels(&line["metric"]), samples.collect())
}

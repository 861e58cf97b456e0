//! What the demo shows when the hour is over. Pure: facts in, text out, at most 80 columns wide.

use std::collections::BTreeMap;
use std::ops::Range;

use runtime::SinkReport;
use series::Timestamp;

use super::figures::{bytes, clock_face, count, counted, value};
use super::hour::Run;
use super::layout::{row, title, wrapped};
use super::sparkline;
use super::style::Style;
use super::truth::{Compared, Points};

/// What AWS takes for a metric requested from GetMetricData, in dollars
/// (<https://aws.amazon.com/cloudwatch/pricing/>).
const PRICE: f64 = 0.01 / 1000.0;

const HOURS_A_MONTH: f64 = 730.0;

/// Blocks of a sparkline.
const CELLS: usize = 20;

/// All that is shown.
pub(super) struct Picture {
    /// Where the configuration is, and what it says.
    pub(super) config: &'static str,
    pub(super) document: String,
    pub(super) runs: Vec<Run>,
    pub(super) every_minutes: u64,
    /// What was read, in seconds since the epoch, the end not included.
    pub(super) window: Range<i64>,
    pub(super) gathered: Vec<Gathered>,
    /// Of all that was gathered.
    pub(super) samples: u64,
    /// Those of them that have no name in Mackerel.
    pub(super) unposted: u64,
    pub(super) metrics_a_run: u64,
    pub(super) api_calls: BTreeMap<String, u64>,
    pub(super) sinks: Vec<SinkReport>,
    /// By the sink's name, where somebody could look what arrived.
    pub(super) compared: Vec<(String, Compared)>,
    /// The real receiver, where there is one.
    pub(super) remote: Option<String>,
    pub(super) prometheus: Vec<Graph>,
    pub(super) mackerel: Vec<Graph>,
    /// Breaches of the receivers' rules.
    pub(super) violations: Vec<String>,
}

/// What came from one place.
pub(super) struct Gathered {
    pub(super) from: &'static str,
    pub(super) samples: u64,
    pub(super) series: u64,
    /// What there is, in words.
    pub(super) resources: String,
}

/// Some series of one metric.
pub(super) struct Graph {
    /// CloudWatch's name, for the unit, or the unit.
    pub(super) metric: &'static str,
    pub(super) name: String,
    /// When there may be values, in seconds since the epoch.
    pub(super) moments: Vec<i64>,
    /// What a person calls the resource, and its values.
    pub(super) lines: Vec<(String, Points)>,
}

impl Picture {
    /// Whether every value is where it belongs, and nothing else is.
    pub(super) fn adds_up(&self) -> bool {
        self.complaints().is_empty()
            && self.compared.iter().all(|(_, compared)| compared.is_exact())
    }

    /// How many samples a sink has to get.
    fn due(&self, sink: &SinkReport) -> u64 {
        let unposted = if sink.sink.starts_with("mackerel:") { self.unposted } else { 0 };
        self.samples - unposted
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.violations.clone();
        for sink in &self.sinks {
            if sink.rejected > 0 {
                complaints.push(format!(
                    "{} refused {}",
                    sink.sink,
                    counted(sink.rejected, "sample")
                ));
            }
            if sink.pending > 0 {
                complaints.push(format!(
                    "{} waits for {}",
                    sink.sink,
                    counted(sink.pending, "sample")
                ));
            }
            if sink.sent < self.due(sink) {
                let (sent, due) = (count(sink.sent), counted(self.due(sink), "sample"));
                complaints.push(format!("{} took {sent} of {due}", sink.sink));
            }
        }
        complaints
    }

    /// The whole picture.
    pub(super) fn draw(&self, style: Style) -> String {
        let sections = [
            self.configuration(style),
            self.schedule(style),
            self.gathered(style),
            self.delivered(style),
            self.graphs("Series", "last, and the hour", &self.prometheus, style),
            self.graphs("Mackerel", "the same under readable names", &self.mackerel, style),
            self.next(style),
        ];
        sections.join("\n")
    }

    fn configuration(&self, style: Style) -> String {
        let mut text = title(style, "Configuration", self.config);
        for line in self.document.lines() {
            text.push_str(&format!("  {}\n", style.faint(line)));
        }
        text
    }

    fn schedule(&self, style: Style) -> String {
        let took: u64 = self.runs.iter().map(|run| run.duration_ms).sum();
        let note = format!(
            "{}, one every {} minutes, played in {:.1} s",
            counted(self.runs.len() as u64, "run"),
            self.every_minutes,
            took as f64 / 1000.0
        );
        let mark = |run: &Run| if run.spoilt { style.bad("○") } else { style.good("●") };
        let marks: Vec<String> = self.runs.iter().map(mark).collect();
        let face = |run: Option<&Run>| run.map(|run| clock_face(run.at)).unwrap_or_default();
        let mut text = title(style, "Schedule", &note);
        text.push_str(&format!(
            "  {} {} {} UTC\n",
            face(self.runs.first()),
            marks.join(" "),
            face(self.runs.last())
        ));
        let site = self
            .runs
            .iter()
            .map(|run| if run.site_is_down { style.bad("▼") } else { " ".to_owned() });
        let site = site.collect::<Vec<_>>().join(" ");
        if !site.trim().is_empty() {
            text.push_str(&format!("        {}\n", site.trim_end()));
        }
        text.push_str(&self.outage(style));
        text.push_str(&self.site_outage(style));
        text
    }

    fn outage(&self, style: Style) -> String {
        let after =
            self.runs.iter().rposition(|run| run.spoilt).and_then(|at| self.runs.get(at + 1));
        let Some(after) = after else { return String::new() };
        format!(
            "  {} Mackerel was down at {}; Prometheus got its samples on time.\n    \
             The run of {}, all processes being new, read CloudWatch's gap again\n    \
             and filled it, and sent what the ECS API and the probes had said\n    \
             meanwhile: it had waited in the spool.\n",
            style.bad("○"),
            self.faces(|run| run.spoilt),
            clock_face(after.at)
        )
    }

    fn site_outage(&self, style: Style) -> String {
        let down = self.faces(|run| run.site_is_down);
        if down.is_empty() {
            return String::new();
        }
        format!(
            "  {} The site was down at {down}: probe_success is 0 there, and\n    \
             probe_failure_info{{reason=\"status\"}} says why.\n",
            style.bad("▼")
        )
    }

    /// `09:27 and 09:32`: when some runs were.
    fn faces(&self, is_meant: impl Fn(&Run) -> bool) -> String {
        let meant = self.runs.iter().filter(|run| is_meant(run));
        meant.map(|run| clock_face(run.at)).collect::<Vec<_>>().join(" and ")
    }

    fn gathered(&self, style: Style) -> String {
        let [from, to] =
            [self.window.start, self.window.end].map(|end| clock_face(Timestamp::from_secs(end)));
        let mut text =
            title(style, "Gathered", &format!("what there was to know of {from} to {to}"));
        for Gathered { from, samples, series, resources } in &self.gathered {
            let (samples, series) = (count(*samples), count(*series));
            text.push_str(&format!(
                "  {from:<10} {samples:>6} samples in {series:>3} series: {resources}\n"
            ));
        }
        text.push_str(&self.calls());
        let runs_an_hour = 60.0 / self.every_minutes as f64;
        let price = self.metrics_a_run as f64 * PRICE * runs_an_hour * HOURS_A_MONTH;
        text.push_str(&format!(
            "  {} CloudWatch metrics a run: about ${price:.2} a month, at $0.01 for 1,000\n",
            count(self.metrics_a_run)
        ));
        text
    }

    /// `AWS calls: 14 GetMetricData, 1 ListMetrics, …`, without the names of services.
    fn calls(&self) -> String {
        let mut calls: Vec<_> = self.api_calls.iter().collect();
        calls.sort_by_key(|(operation, calls)| (std::cmp::Reverse(**calls), (*operation).clone()));
        let said = calls.into_iter().map(|(operation, calls)| {
            let (_, name) = operation.split_once(':').unwrap_or(("", operation));
            format!("{} {name}", count(*calls))
        });
        wrapped("  AWS calls: ", "    ", said)
    }

    fn delivered(&self, style: Style) -> String {
        let mut text = title(style, "Delivered", "");
        let header = ["", "samples", "refused", "waiting", "requests", "bytes"];
        text.push_str(&format!("{}\n", style.faint(row(header.map(str::to_owned)))));
        for sink in &self.sinks {
            let SinkReport {
                sink,
                sent,
                rejected,
                spooled: _,
                pending,
                requests,
                bytes: size,
                oldest_seconds: _,
            } = sink;
            let numbers = [sent, rejected, pending, requests].map(|number| count(*number));
            let [sent, rejected, pending, requests] = numbers;
            let size = bytes(*size as f64);
            let cells = [sink.clone(), sent, rejected, pending, requests, size];
            text.push_str(&format!("{}\n", row(cells)));
        }
        text.push_str(&self.info(style));
        text.push_str("  Every value checked against the source:\n");
        for sink in &self.sinks {
            text.push_str(&self.verdict(sink, style));
        }
        for complaint in self.complaints() {
            text.push_str(&format!("  {} {complaint}\n", style.bad("✘")));
        }
        text
    }

    /// Why a receiver of remote write took more samples than there are values.
    fn info(&self, style: Style) -> String {
        let more = self.sinks.iter().map(|sink| sink.sent.saturating_sub(self.due(sink))).max();
        match more {
            None | Some(0) => String::new(),
            Some(more) => {
                let said = format!("{} of info series, for joins", count(more));
                format!("  {}\n", style.faint(format!("(with {said})")))
            }
        }
    }

    fn verdict(&self, sink: &SinkReport, style: Style) -> String {
        let compared = self.compared.iter().find(|(name, _)| *name == sink.sink);
        let (good, said) = match compared {
            Some((_, compared)) => (compared.is_exact(), differences(compared)),
            // Nobody can look into a real receiver from here.
            None => {
                let due = self.due(sink);
                let taken = sink.sent.min(due);
                (taken == due, format!("{} of {} taken", count(taken), count(due)))
            }
        };
        let mark = if good { style.good("✔") } else { style.bad("✘") };
        format!("  {mark} {:<23} {said}\n", sink.sink)
    }

    fn graphs(&self, heading: &str, note: &str, graphs: &[Graph], style: Style) -> String {
        let mut text = title(style, heading, note);
        for graph in graphs {
            let alone = graph.lines.len() == 1 && graph.lines[0].0.is_empty();
            if !alone {
                text.push_str(&format!("  {}\n", graph.name));
            }
            for (alias, points) in &graph.lines {
                let label =
                    if alone { format!("  {}", graph.name) } else { format!("    {alias}") };
                let last = points.last_key_value().map(|(_, last)| value(graph.metric, *last));
                let values: Vec<_> =
                    graph.moments.iter().map(|moment| points.get(moment).copied()).collect();
                let blocks = style.graph(sparkline::draw(&values, CELLS.min(values.len())));
                // Values end in one column, as far as names let them.
                let room = 57_usize.saturating_sub(label.chars().count()).max(2);
                let last = last.unwrap_or_default();
                text.push_str(&format!("{label}{last:>room$}  {blocks}\n"));
            }
        }
        text
    }

    fn next(&self, style: Style) -> String {
        let mut text = title(style, "Go on", "");
        if let Some(remote) = &self.remote {
            text.push_str(&format!(
                "  {}\n      what now stands in {remote}\n",
                style.strong("sum by (alias) (last_over_time(aws_cloudfront_requests_sum[15m]))")
            ));
        }
        let mut commands = vec![
            ("check --config hostless.yml", "all that is wrong with your own files, at once"),
            (
                "invoke cloudfront --config hostless.yml --dry-run",
                "one run for your own AWS account that sends nothing; or invoke ecs",
            ),
            (
                "invoke probe --target https://example.com --debug",
                "one probe by hand; docs/PROBE.md says how to bring your blackbox.yml",
            ),
        ];
        if self.remote.is_none() {
            let command = "--remote-write http://localhost:9090/api/v1/write";
            commands.push((command, "this demo into your own Prometheus"));
        }
        for (arguments, what) in commands {
            let command = style.strong(format!("cargo run -- {arguments}"));
            text.push_str(&format!("  {command}\n      {what}\n"));
        }
        text.push_str("  README.md says how to put it on Lambda.\n");
        text
    }
}

fn differences(compared: &Compared) -> String {
    let Compared { expected, right, missing, different, invented, twice } = *compared;
    let number = |number: u64| if number == 0 { "none".to_owned() } else { count(number) };
    let mut text = format!("{} of {}", count(right), count(expected));
    text.push_str(&format!(", {} missing, {} twice", number(missing), number(twice)));
    if different + invented > 0 {
        text.push_str(&format!(", {} different, {} invented", count(different), count(invented)));
    }
    text
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;

//! What probes of the site come to. What the site itself decides is known without asking: whether it answers, with which status,
//! when its certificate ends. What only a probe can measure is what the function says it saw, if that can be.

use std::collections::{BTreeMap, BTreeSet};

use series::{Labels, Timestamp};

use super::{Origin, Points, Row};
use crate::demo::document::{INSTANCE, JOB, SITE};
use crate::demo::schedule::Schedule;

/// No probe here may take longer: what a target without a `scrape_timeout` of its own has, in seconds.
const LONGEST: f64 = 10.0;

const SECONDS_A_DAY: f64 = 86_400.0;

/// The metric that Mackerel gets as the days that are left.
const EXPIRY: &str = "probe_ssl_earliest_cert_expiry";

/// Metrics with their names in Mackerel. A `.` at the end is followed by the phase.
const IN_MACKEREL: [(&str, &str); 9] = [
    ("probe_success", "success"),
    ("probe_duration_seconds", "duration"),
    ("probe_dns_lookup_time_seconds", "dns_lookup"),
    ("probe_http_duration_seconds", "http."),
    ("probe_http_status_code", "http_status_code"),
    ("probe_http_content_length", "http_content_length"),
    ("probe_http_uncompressed_body_length", "http_body_length"),
    ("probe_http_redirects", "http_redirects"),
    (EXPIRY, "cert_days"),
];

/// The series of all runs. `site_ends` is the end of the site's certificate, `said` what the function saw in each run.
pub(super) fn rows(schedule: Schedule, site_ends: Timestamp, said: &[String]) -> Vec<Row> {
    let down: BTreeSet<_> = schedule.site_outage().map(Timestamp::as_secs).collect();
    let mut all: BTreeMap<String, Points> = BTreeMap::new();
    for at in schedule.times().map(Timestamp::as_secs) {
        for (labels, value) in decided(down.contains(&at), site_ends) {
            all.entry(labels.to_string()).or_default().insert(at, value);
        }
    }
    let known: BTreeSet<String> = all.keys().cloned().collect();
    for Said { series, at, value } in said.iter().flat_map(|text| Said::of_run(text)) {
        if !known.contains(series) {
            all.entry(series.to_owned()).or_default().insert(at, value);
        }
    }
    all.into_iter().map(|(identity, points)| row(identity, points)).collect()
}

/// What cannot have been measured, in words.
pub(super) fn impossible(said: &[String]) -> Vec<String> {
    let strange = said.iter().flat_map(|text| Said::of_run(text)).filter(|said| !said.can_be());
    strange.map(|Said { series, at, value }| format!("{series} was {value} at {at}")).collect()
}

/// What the site decides, at a time.
fn decided(is_down: bool, site_ends: Timestamp) -> Vec<(Labels, f64)> {
    let own = |name: &str| {
        Labels::named(name).with("instance", INSTANCE).with("job", JOB).with("name", SITE)
    };
    let ends = site_ends.as_secs() as f64;
    let (success, status) = if is_down { (0.0, 503.0) } else { (1.0, 200.0) };
    let values = [
        ("up", 1.0),
        ("probe_success", success),
        ("probe_ip_protocol", 4.0),
        ("probe_failed_due_to_regex", 0.0),
        ("probe_http_redirects", 0.0),
        ("probe_http_ssl", 1.0),
        ("probe_http_status_code", status),
        ("probe_http_version", 1.1),
        (EXPIRY, ends),
        ("probe_ssl_last_chain_expiry_timestamp_seconds", ends),
    ];
    let mut decided: Vec<_> = values.map(|(name, value)| (own(name), value)).into();
    if is_down {
        decided.push((own("probe_failure_info").with("reason", "status"), 1.0));
    }
    decided
}

/// A sample as the function showed it.
struct Said<'a> {
    series: &'a str,
    /// Seconds since the epoch.
    at: i64,
    value: f64,
}

impl<'a> Said<'a> {
    fn of_run(text: &'a str) -> impl Iterator<Item = Self> {
        text.lines().filter_map(|line| {
            let (line, at) = line.rsplit_once(' ')?;
            let (series, value) = line.rsplit_once(' ')?;
            Some(Self { series, at: at.parse::<i64>().ok()? / 1000, value: value.parse().ok()? })
        })
    }

    fn can_be(&self) -> bool {
        let is_duration = name(self.series).ends_with("duration_seconds");
        if is_duration { (0.0..=LONGEST).contains(&self.value) } else { self.value.is_finite() }
    }
}

fn name(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

fn row(identity: String, points: Points) -> Row {
    let name = name(&identity);
    let phase = identity.split_once("phase=\"").and_then(|(_, rest)| rest.split('"').next());
    let phase = phase.unwrap_or_default();
    let known = IN_MACKEREL.iter().find(|(metric, _)| *metric == name);
    let in_mackerel = |(_, short): &(&str, &str)| {
        let phase = if short.ends_with('.') { phase } else { "" };
        format!("probe.{short}{phase}.{}", SITE.replace('.', "_"))
    };
    let left = |(at, ends): (&i64, &f64)| (*at, (ends - *at as f64) / SECONDS_A_DAY);
    Row {
        origin: Origin::Probe,
        resource: INSTANCE.to_owned(),
        alias: format!("{INSTANCE} {phase}").trim_end().to_owned(),
        metric: match name {
            EXPIRY => "expiry",
            name if name.ends_with("_seconds") => "seconds",
            _ => "count",
        },
        name: name.to_owned(),
        mackerel: known.map(in_mackerel),
        days: (name == EXPIRY).then(|| points.iter().map(left).collect()),
        points,
        identity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"probe_http_duration_seconds{instance="https://www.example.com",job="blackbox",name="www.example.com",phase="tls"} 0.25 1795165620000"#;

    fn ends() -> Timestamp {
        Timestamp::from_secs(1_795_165_620 + 86_400)
    }

    fn said(lines: &[&str]) -> Vec<String> {
        vec![lines.join("\n")]
    }

    #[test]
    fn the_site_decides_and_the_rest_is_measured() {
        let success = LINE.replace("probe_http_duration_seconds", "probe_success");
        let success = success.replace(",phase=\"tls\"", "").replace("0.25", "0");
        let rows = rows(Schedule::of_the_hour(), ends(), &said(&[LINE, &success]));
        let row = |name: &str| rows.iter().find(|row| row.name == name).expect("a row");
        let outage: Vec<f64> = row("probe_success").points.values().copied().collect();
        assert_eq!(outage, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(row("probe_failure_info").points.len(), 2);
        assert_eq!(row("probe_failure_info").mackerel, None);
        let phase = row("probe_http_duration_seconds");
        assert_eq!(phase.points, Points::from([(1_795_165_620, 0.25)]));
        assert_eq!(phase.mackerel.as_deref(), Some("probe.http.tls.www_example_com"));
        let days = row(EXPIRY).days.as_ref().and_then(|days| days.first_key_value());
        assert_eq!(days, Some((&1_795_165_620, &1.0)));
    }

    #[test]
    fn what_cannot_be_is_said() {
        assert_eq!(impossible(&said(&[LINE])), Vec::<String>::new());
        for value in ["-1", "10.5", "NaN", "+Inf"] {
            let line = LINE.replace("0.25", value);
            assert_eq!(impossible(&said(&[LINE, &line])).len(), 1, "{value}");
        }
    }
}
